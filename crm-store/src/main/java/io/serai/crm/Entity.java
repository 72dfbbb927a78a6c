package io.serai.crm;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Where each entity lives. The typed columns are read out of the document by the database itself, so that they cannot
 * say anything else than the document.
 */
enum Entity {
    CUSTOMER("customer", "customer", columns("kind", "d->>'kind'", "status", "d->>'status'", "language",
            "d->>'language'", "currency", "d->>'currency'", "member_of", "(d->'memberOf'->>'id')::uuid")), ORDER(
                    "order", "sales_order",
                    columns("number", "d->>'number'", "customer", "(d->'customer'->>'id')::uuid",
                            "status", "d->>'status'", "payment_status", "d->>'paymentStatus'", "currency",
                            "d->>'currency'", "total",
                            "(d->>'total')::numeric", "placed_at", "(d->>'placedAt')::timestamptz", "paid_at",
                            "(d->>'paidAt')::timestamptz")), INVOICE(
                                    "invoice", "invoice",
                                    columns("number", "d->>'number'", "status", "d->>'status'", "paid_amount",
                                            "coalesce((d->>'paidAmount')::numeric, 0)")), PAYMENT(
                                                    "payment", "payment",
                                                    columns("invoice", "(d->>'invoice')::uuid", "sales_order",
                                                            "(d->>'order')::uuid",
                                                            "amount", "(d->>'amount')::numeric", "currency",
                                                            "d->>'currency'", "paid_at",
                                                            "(d->>'paidAt')::timestamptz")), OPPORTUNITY("opportunity",
                                                                    "opportunity",
                                                                    columns("customer", "(d->'customer'->>'id')::uuid",
                                                                            "stage",
                                                                            "d->>'stage'", "amount",
                                                                            "(d->>'amount')::numeric", "currency",
                                                                            "d->>'currency'")), INTERACTION(
                                                                                    "interaction", "interaction",
                                                                                    columns("customer",
                                                                                            "(d->'customer'->>'id')::uuid",
                                                                                            "kind",
                                                                                            "d->>'kind'", "direction",
                                                                                            "d->>'direction'",
                                                                                            "happened_at",
                                                                                            "(d->>'at')::timestamptz"));

    private final String word;
    private final String table;
    private final Map<String, String> columns;

    Entity(String word, String table, Map<String, String> columns) {
        this.word = word;
        this.table = table;
        this.columns = columns;
    }

    String word() {
        return word;
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

    /** Inserts or replaces rows; parameters: id, version, document, provenance, created, updated as arrays of text. */
    String upsert() {
        String names = String.join(", ", columns.keySet());
        String values = String.join(", ", columns.values());
        String updates = columns.keySet().stream().map(name -> name + " = excluded." + name)
                .collect(Collectors.joining(", "));
        return """
                insert into %s (id, version, %s, document, provenance, created_at, updated_at)
                select id::uuid, version::bigint, %s, d, provenance::jsonb, created::timestamptz, updated::timestamptz
                from (select *, document::jsonb d from unnest(?, ?, ?, ?, ?, ?)
                  g(id, version, document, provenance, created, updated)) g
                on conflict (tenant, id) do update set version = excluded.version, %s, document = excluded.document,
                  provenance = excluded.provenance, updated_at = excluded.updated_at
                """.formatted(table, names, values, updates);
    }

    /** Changes rows that exist; same parameters as {@link #upsert()}. */
    String update() {
        String updates = columns.entrySet().stream().map(column -> column.getKey() + " = " + column.getValue())
                .collect(Collectors.joining(", "));
        return """
                update %s t set version = g.version::bigint, %s, document = d, provenance = g.provenance::jsonb,
                  updated_at = g.updated::timestamptz
                from (select *, document::jsonb d from unnest(?::uuid[], ?, ?, ?, ?, ?)
                  g(id, version, document, provenance, created, updated)) g
                where t.id = g.id
                """.formatted(table, updates);
    }

    private static Map<String, String> columns(String... namesAndExpressions) {
        Map<String, String> columns = new LinkedHashMap<>();
        for (int i = 0; i < namesAndExpressions.length; i += 2) {
            columns.put(namesAndExpressions[i], namesAndExpressions[i + 1]);
        }
        return columns;
    }
}
