package io.serai.crm;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

import io.serai.crm.plan.MatchKey;
import io.serai.crm.plan.NameSearch;
import io.serai.crm.plan.Past;
import io.serai.crm.plan.Projection;
import io.serai.crm.plan.Provenance;
import io.serai.crm.plan.Source;

/** Finds golden records. */
public final class Goldens {
    private static final int MOST_FOUND = 10_000;

    private final Transactions transactions;

    Goldens(Transactions transactions) {
        this.transactions = transactions;
    }

    public Optional<Golden> find(String entity, UUID id) {
        return transactions
                .run(session -> Optional.ofNullable(load(session, Entity.of(entity), List.of(id)).get(id)));
    }

    /**
     * A page of records in the order in which they were made.
     *
     * @param after the previous page's {@code next}; null for the first
     * @throws IllegalArgumentException when the filter names something the entity is not found by
     * @throws TooLong when the filter narrows the list by something without an index, such as a rare status
     */
    public Page<Golden> list(String entityName, Filter filter, String after, int limit) {
        Entity entity = Entity.of(entityName);
        List<String> conditions = new ArrayList<>();
        List<Object> parameters = new ArrayList<>();
        filter.values().forEach((name, value) -> {
            if (!name.equals("spoke")) {
                conditions.add(condition(entity, name, value, filter, parameters));
            }
        });
        if (after != null) {
            conditions.add("t.id > ?::uuid");
            parameters.add(after);
        }
        String where = conditions.isEmpty() ? "" : " where " + String.join(" and ", conditions);
        parameters.add(limit + 1);
        List<Golden> found = new ArrayList<>();
        transactions.list(session -> {
            new Statements().read(select(entity) + where + " order by t.tenant, t.id limit ?",
                    row -> found.add(golden(entity, row)), parameters.toArray()).execute(session);
            return null;
        });
        boolean more = found.size() > limit;
        List<Golden> items = more ? List.copyOf(found.subList(0, limit)) : List.copyOf(found);
        return new Page<>(items, more ? items.getLast().id().toString() : null);
    }

    private static String condition(Entity entity, String name, String value, Filter filter,
            List<Object> parameters) {
        String question = entity.word() + "." + name;
        return switch (question) {
            case "customer.email" -> key(MatchKey.email(value), parameters);
            case "customer.phone" -> key(MatchKey.phone(value), parameters);
            case "customer.identifier" -> {
                int colon = value.indexOf(':');
                if (colon < 1) {
                    throw new IllegalArgumentException("identifier is written scheme:value, e.g. vat:CHE123456789.");
                }
                yield key(MatchKey.identifier(value.substring(0, colon), value.substring(colon + 1)), parameters);
            }
            case "customer.name" -> name(value, parameters);
            case "customer.externalId", "order.externalId" -> {
                parameters.add(entity.word());
                parameters.add(value);
                if (filter.get("spoke") == null) {
                    throw new IllegalArgumentException("externalId needs spoke: ids are only unique within a spoke.");
                }
                parameters.add(filter.get("spoke"));
                yield "t.id = any(array(select entity_id from link where entity = ? and external_id = ? and spoke = ?))";
            }
            case "order.number", "invoice.number", "invoice.status", "credit-note.number", "credit-note.status" ->
                equal("t." + name, value, parameters);
            case "order.paymentStatus" -> equal("t.payment_status", value, parameters);
            case "order.customer", "invoice.customer", "interaction.customer", "opportunity.customer",
                    "payment.invoice" ->
                equal("t." + name, uuid(name, value), parameters);
            case "invoice.order", "payment.order", "credit-note.order" ->
                equal("t.sales_order", uuid(name, value), parameters);
            default -> throw new IllegalArgumentException(
                    "A list of " + entity.word() + "s cannot be narrowed by " + name + ".");
        };
    }

    private static String equal(String column, Object value, List<Object> parameters) {
        parameters.add(value);
        return column + " = ?";
    }

    private static UUID uuid(String name, String value) {
        try {
            return UUID.fromString(value);
        } catch (IllegalArgumentException notAnId) {
            throw new IllegalArgumentException(name + " is not an id: give the golden record's id (a UUID).", notAnId);
        }
    }

    /**
     * The longest word finds the customers, since a short beginning may be that of half of all names; the others are
     * looked for in what follows it. A search that finds more than anybody reads is cut.
     */
    private static String name(String value, List<Object> parameters) {
        List<String> words = new ArrayList<>(MatchKey.words(value));
        if (words.isEmpty()) {
            return "false"; // whoever looks for nothing finds nobody
        }
        words.sort(Comparator.comparingInt(String::length).reversed());
        String longest = words.getFirst();
        StringBuilder others = new StringBuilder();
        parameters.add(NameSearch.prefix(longest));
        parameters.add(NameSearch.prefix(longest) + "\uFFFD");
        for (String word : words) {
            if (!longest.startsWith(word)) {
                others.append(" and position(? in key) > 0");
                parameters.add(" " + word);
            }
        }
        return "t.id = any(array(select customer from customer_key where key >= ? and key < ?" + others + " limit "
                + MOST_FOUND + "))";
    }

    private static String key(MatchKey key, List<Object> parameters) {
        parameters.add(key.hashed());
        return "t.id = any(array(select customer from customer_key where key = ?))";
    }

    /** Where each value of a record came from; empty when there is no such record. */
    public List<FieldOrigin> origins(String entityName, UUID id) {
        Entity entity = Entity.of(entityName);
        List<FieldOrigin> origins = new ArrayList<>();
        transactions.run(session -> {
            new Statements().read("select document::text, provenance::text from " + entity.table() + " where id = ?",
                    row -> {
                        Provenance provenance = Provenance.of(Json.document(row.getString(2)));
                        for (Map.Entry<String, Object> leaf : Projection.leaves(entity.word(),
                                Json.document(row.getString(1)))) {
                            origins.add(origin(provenance, leaf.getKey(), leaf.getValue()));
                        }
                    }, id).execute(session);
            return null;
        });
        return origins;
    }

    /**
     * All that is known of a field: where its values come from, which lost, and what it was before.
     *
     * @param path of a value as {@link #origins} gives it, of an element of a list, or of a top-level field
     * @return without values and history when the record never said anything there
     */
    public Explanation explain(String entityName, UUID id, String path) {
        int end = path.indexOf('/', 1);
        String field = path.substring(1, end < 0 ? path.length() : end);
        List<FieldOrigin> values = origins(entityName, id).stream()
                .filter(origin -> origin.field().equals(path) || origin.field().startsWith(path + "/")).toList();
        List<Explanation.Change> history = new ArrayList<>();
        transactions.list(session -> {
            new Statements().read("""
                    select c.version, c.at, c.reason, c.spoke, c.message, m.mapping, c.fields::text
                    from change c left join message m on m.id = c.message
                    where c.entity_id = ? and c.entity = ? order by c.version
                    """, row -> {
                Map<String, Object> fields = Json.document(row.getString(7));
                Map<String, Object> then = Past.at(entityName, fields, path);
                Map<String, Object> before = history.isEmpty() ? Map.of() : history.getLast().values();
                if (fields.containsKey(field) && !then.equals(before)) {
                    history.add(new Explanation.Change(row.getLong(1), instant(row, 2), row.getString(3),
                            row.getString(4), row.getObject(5, UUID.class), row.getString(6), then));
                }
            }, id, entityName).execute(session);
            return null;
        });
        return new Explanation(path, values, history);
    }

    private static FieldOrigin origin(Provenance provenance, String path, Object value) {
        Source source = provenance.source(path);
        return new FieldOrigin(path, value, source.spoke(), source.message(), source.mapping(), source.at(),
                provenance.rule(path),
                provenance.lost(path).stream().map(lost -> new FieldOrigin.LostValue(lost.value(),
                        lost.source().spoke(), lost.source().message(), lost.source().at())).toList());
    }

    /** What each spoke holds of a record. */
    public List<Link> links(String entity, UUID id) {
        List<Link> links = new ArrayList<>();
        transactions.run(session -> {
            new Statements().read("""
                    select spoke, external_id, state, wanted, synced, attempts, next_try_at, problem, revision
                    from link where entity_id = ? and entity = ? order by spoke, external_id
                    """,
                    row -> links.add(new Link(row.getString(1), entity, row.getString(2), id, row.getString(3),
                            row.getLong(4), row.getLong(5), row.getInt(6), instant(row, 7), row.getString(8),
                            row.getString(9))),
                    id, entity).execute(session);
            return null;
        });
        return links;
    }

    static Map<UUID, Golden> load(Session session, Entity entity, Collection<UUID> ids) throws SQLException {
        Map<UUID, Golden> found = new LinkedHashMap<>();
        new Statements().read(select(entity) + " where t.id = any(?::uuid[])", row -> {
            Golden golden = golden(entity, row);
            found.put(golden.id(), golden);
        }, (Object) ids.stream().map(UUID::toString).toArray(String[]::new)).execute(session);
        return found;
    }

    private static String select(Entity entity) {
        return "select t.id, t.version, t.document::text, t.created_at, t.updated_at from " + entity.table() + " t";
    }

    private static Golden golden(Entity entity, ResultSet row) throws SQLException {
        return new Golden(entity.word(), row.getObject(1, UUID.class), row.getLong(2),
                Json.document(row.getString(3)), instant(row, 4), instant(row, 5));
    }

    static Instant instant(ResultSet row, int column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    /** References as the golden record keeps them: by id alone. */
    static Map<String, Object> plain(Map<String, Object> document) {
        Map<String, Object> plain = new LinkedHashMap<>(document);
        for (String field : List.of("customer", "memberOf")) {
            if (plain.get(field) instanceof Map<?, ?> reference && reference.get("id") != null) {
                plain.put(field, Map.of("id", reference.get("id")));
            }
        }
        return plain;
    }
}
