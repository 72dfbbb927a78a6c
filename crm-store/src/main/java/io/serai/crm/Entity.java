package io.serai.crm;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Where each entity lives, and which of its fields stand in columns of their own. */
enum Entity {
    CUSTOMER("customer", "customer", Stored.CUSTOMER), ORDER("order", "sales_order", Stored.ORDER), INVOICE("invoice",
            "invoice", Stored.INVOICE), CREDIT_NOTE("credit-note", "credit_note", Stored.CREDIT_NOTE), PAYMENT(
                    "payment", "payment", Stored.PAYMENT), OPPORTUNITY("opportunity", "opportunity",
                            Stored.OPPORTUNITY), INTERACTION("interaction", "interaction", Stored.INTERACTION);

    /** The columns that each table has beside those that all have. */
    private static final class Stored {
        static final List<Column> CUSTOMER = List.of(text("kind", "kind"), text("status", "status"),
                text("language", "language"), text("currency", "currency"), uuid("member_of", "memberOf", "id"));
        static final List<Column> ORDER = List.of(text("number", "number"), uuid("customer", "customer", "id"),
                text("status", "status"), text("payment_status", "paymentStatus"), text("currency", "currency"),
                decimal("total", "total"), time("placed_at", "placedAt"), time("paid_at", "paidAt"));
        static final List<Column> INVOICE = List.of(text("number", "number"), uuid("customer", "customer", "id"),
                text("status", "status"), text("currency", "currency"), decimal("total", "total"),
                new Column("paid_amount", "numeric", List.of("paidAmount"), "0"));
        static final List<Column> CREDIT_NOTE = List.of(text("number", "number"), uuid("customer", "customer", "id"),
                text("status", "status"), text("currency", "currency"), decimal("total", "total"));
        static final List<Column> PAYMENT = List.of(uuid("invoice", "invoice"), uuid("sales_order", "order"),
                decimal("amount", "amount"), text("currency", "currency"), time("paid_at", "paidAt"));
        static final List<Column> OPPORTUNITY = List.of(uuid("customer", "customer", "id"), text("stage", "stage"),
                decimal("amount", "amount"), text("currency", "currency"));
        static final List<Column> INTERACTION = List.of(uuid("customer", "customer", "id"), text("kind", "kind"),
                text("direction", "direction"), time("happened_at", "at"));
    }

    private final String word;
    private final String table;
    private final List<Column> columns;
    private final String insert;
    private final String update;

    /**
     * A field with a column of its own.
     *
     * @param path where the document has it
     * @param missing what the column holds when the document has none; null for null
     */
    private record Column(String name, String type, List<String> path, String missing) {

        Object value(Map<String, Object> document) {
            Object value = document;
            for (String step : path) {
                value = value instanceof Map<?, ?> map ? map.get(step) : null;
            }
            return value == null ? missing : value;
        }
    }

    Entity(String word, String table, List<Column> columns) {
        this.word = word;
        this.table = table;
        this.columns = columns;
        this.insert = rows().with("created_at timestamptz", "updated_at timestamptz").sql();
        this.update = update(table, columns);
    }

    String word() {
        return word;
    }

    /** Whether the accounting system makes it, once for a sale. */
    boolean issued() {
        return this == INVOICE || this == CREDIT_NOTE;
    }

    String table() {
        return table;
    }

    /** @throws IllegalArgumentException when the hub keeps no such entity */
    static Entity of(String word) {
        for (Entity entity : values()) {
            if (entity.word.equals(word)) {
                return entity;
            }
        }
        throw new IllegalArgumentException("The hub keeps no entity \"" + word + "\".");
    }

    /** One row for {@link #insert()} or {@link #update()}. @param further values of columns beside those */
    Object[] row(GoldenRow golden, String document, String provenance, Object... further) {
        Object[] row = new Object[columns.size() + 4 + further.length];
        row[0] = golden.id;
        row[1] = golden.version;
        row[2] = document;
        row[3] = provenance;
        for (int i = 0; i < columns.size(); i++) {
            row[i + 4] = columns.get(i).value(golden.document);
        }
        System.arraycopy(further, 0, row, columns.size() + 4, further.length);
        return row;
    }

    /** Makes new rows; parameters: the columns of {@link #row}, then tenant, when they were made and when changed. */
    String insert() {
        return insert;
    }

    /** Changes rows that exist; parameters: the columns of {@link #row}, then the time. */
    String update() {
        return update;
    }

    /** New rows of the columns of {@link #row}. @param further columns beside those, each as "name type" */
    Insert rows(String... further) {
        List<String> all = new ArrayList<>(List.of("id uuid", "version bigint", "document json", "provenance json"));
        columns.forEach(column -> all.add(column.name() + " " + column.type()));
        all.addAll(List.of(further));
        return Insert.into(table, all.toArray(String[]::new));
    }

    private static String update(String table, List<Column> columns) {
        return """
                update %s t set version = g.version::bigint, document = g.document::json,
                  provenance = g.provenance::json, %s, updated_at = here.at
                from (select unnest(?::uuid[]) id, unnest(?) version, unnest(?) document, unnest(?) provenance, %s) g,
                  (select ?::timestamptz) here(at)
                where t.id = g.id
                """.formatted(table, joined(columns, "%1$s = g.%1$s::%2$s"), joined(columns, "unnest(?) %1$s"));
    }

    private static String joined(List<Column> columns, String pattern) {
        return columns.stream().map(column -> pattern.formatted(column.name(), column.type()))
                .collect(Collectors.joining(", "));
    }

    private static Column text(String name, String... path) {
        return new Column(name, "text", List.of(path), null);
    }

    private static Column uuid(String name, String... path) {
        return new Column(name, "uuid", List.of(path), null);
    }

    private static Column decimal(String name, String... path) {
        return new Column(name, "numeric", List.of(path), null);
    }

    private static Column time(String name, String... path) {
        return new Column(name, "timestamptz", List.of(path), null);
    }
}
