package io.serai.crm;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

import io.serai.crm.plan.MatchKey;

/**
 * All that leads to what is held about a person.
 *
 * @param customers the ids they ever had
 * @param belongings ids of orders, invoices and so on, by entity
 * @param keys by what they were ever recognised
 * @param changes numbers of the changes that say something of them
 * @param former customers they were one with for a while
 * @param records what spokes, and the hub, call them: with the spoke before it, or the id alone
 */
record Held(Set<UUID> customers, Map<Entity, Set<UUID>> belongings, Set<MatchKey> keys, Set<Long> changes,
        Set<UUID> former, Set<String> records) {
    static final List<Entity> BELONGINGS = List.of(Entity.ORDER, Entity.INVOICE, Entity.CREDIT_NOTE,
            Entity.OPPORTUNITY, Entity.INTERACTION);

    Set<UUID> all() {
        Set<UUID> all = new LinkedHashSet<>(customers);
        belongings.values().forEach(all::addAll);
        return all;
    }

    /** All that is held about a customer and whoever was merged into it. */
    static Held of(Session session, UUID customer) throws SQLException {
        Held held = new Held(new LinkedHashSet<>(List.of(customer)), new LinkedHashMap<>(), new LinkedHashSet<>(),
                new LinkedHashSet<>(), new LinkedHashSet<>(), new LinkedHashSet<>());
        new Statements().read("""
                with recursive part(id) as (
                  select ?::uuid union select m.absorbed from part
                    join customer_merge m on m.kept = part.id and m.unmerged_at is null)
                select id from part
                """, row -> held.customers().add(row.getObject(1, UUID.class)), customer).execute(session);
        Object customers = Writing.ids(held.customers());
        Statements statements = new Statements();
        for (Entity entity : BELONGINGS) {
            Set<UUID> ids = new LinkedHashSet<>();
            held.belongings().put(entity, ids);
            statements.read("select id from " + entity.table() + " where customer = any(?::uuid[])",
                    row -> ids.add(row.getObject(1, UUID.class)), customers);
        }
        Set<UUID> payments = new LinkedHashSet<>();
        held.belongings().put(Entity.PAYMENT, payments);
        // While two were one, the log of the kept one speaks of both.
        statements.read("""
                select p.id from payment p join sales_order o on o.id = p.sales_order where o.customer = any(?::uuid[])
                union select p.id from payment p join invoice i on i.id = p.invoice where i.customer = any(?::uuid[])
                """, row -> payments.add(row.getObject(1, UUID.class)), customers, customers)
                .read("""
                        select c.sequence, c.fields::text, exists (select 1 from customer_merge m
                          where m.kept = c.entity_id and c.version >= m.version and c.at <= m.unmerged_at)
                        from change c where c.entity_id = any(?::uuid[]) and c.entity = 'customer'
                        """, row -> {
                    held.changes().add(row.getLong(1));
                    if (!row.getBoolean(3)) {
                        held.keys().addAll(keys(Json.document(row.getString(2))));
                    }
                }, customers)
                .read("""
                        select c.sequence from customer_merge m join change c on c.entity_id = m.kept
                          and c.version >= m.version and c.at <= m.unmerged_at where m.absorbed = any(?::uuid[])
                        """, row -> held.changes().add(row.getLong(1)), customers)
                .read("select kept from customer_merge where absorbed = any(?::uuid[]) and unmerged_at is not null",
                        row -> held.former().add(row.getObject(1, UUID.class)), customers)
                .read("""
                        select spoke || '/' || external_id from link
                        where entity_id = any(?::uuid[]) and entity = 'customer' and external_id is not null
                        """, row -> held.records().add(row.getString(1)), customers)
                .read("select document::text from customer where id = any(?::uuid[])",
                        row -> held.keys().addAll(keys(Json.document(row.getString(1)))), customers)
                .execute(session);
        held.customers().forEach(id -> held.records().add(id.toString()));
        Set<UUID> emptied = new LinkedHashSet<>();
        List.of(Entity.ORDER, Entity.OPPORTUNITY, Entity.INTERACTION)
                .forEach(entity -> emptied.addAll(held.belongings().get(entity)));
        new Statements().read("select sequence from change where entity_id = any(?::uuid[])",
                row -> held.changes().add(row.getLong(1)), (Object) Writing.ids(emptied)).execute(session);
        return held;
    }

    private static Set<MatchKey> keys(Map<String, Object> document) {
        Set<MatchKey> keys = new LinkedHashSet<>(MatchKey.of(document));
        keys.removeIf(key -> !key.kind().decides());
        return keys;
    }

    /**
     * The messages that speak of a person: those that led to one of their records, and of those that led nowhere (refused,
     * parked, waiting, of no concern) the ones that name an address or number of theirs as the hub keeps it, or a spoke's
     * record of them. The journal has no index for this, which
     * every message would pay for: it is read through.
     */
    Set<UUID> messages(Session session, UUID from) throws SQLException {
        session.patient();
        Set<UUID> found = new LinkedHashSet<>();
        String[] named = keys.stream().filter(key -> key.kind() != MatchKey.Kind.IDENTIFIER)
                .map(MatchKey::value).toArray(String[]::new);
        String[] called = records.toArray(String[]::new);
        new Statements().read("""
                select id from message where id >= ? and (entity_id = any(?::uuid[])
                  or (entity_id is null or entity_id = any(?::uuid[]))
                    and (spoke || '/' || (finding ->> 'customer') = any(?) or finding ->> 'customer' = any(?))
                  or entity_id is null and (
                    id in (select message from held where entity = 'customer' and spoke || '/' || record = any(?))
                    or id in (select message from parked
                      where entity = 'customer' and spoke || '/' || (detail ->> 'record') = any(?))
                    or exists (
                      select 1 from unnest(?) w(word) where position(w.word in lower(encode(received, 'escape'))) > 0)))
                """, row -> found.add(row.getObject(1, UUID.class)), from, Writing.ids(all()), Writing.ids(former),
                called, called, called, called, named).execute(session);
        return found;
    }

    /** All of it in one document; empty when the customer is not there. */
    Optional<Map<String, Object>> export(Session session) throws SQLException {
        session.patient();
        Map<String, Object> export = new LinkedHashMap<>();
        Object ids = Writing.ids(customers);
        Object all = Writing.ids(all());
        export.put("customers", rows(session, "select id, version, document, provenance, created_at, updated_at"
                + " from customer where id = any(?::uuid[])", ids));
        if (((List<?>) export.get("customers")).isEmpty()) {
            return Optional.empty();
        }
        export.put("merges", rows(session, "select kept, absorbed, kept_before, absorbed_before, merged_by, at,"
                + " unmerged_at from customer_merge where kept = any(?::uuid[]) or absorbed = any(?::uuid[])",
                ids, ids));
        for (Map.Entry<Entity, Set<UUID>> one : belongings.entrySet()) {
            Entity entity = one.getKey();
            export.put(plural(entity),
                    rows(session, "select id, version, document, provenance, created_at, updated_at from "
                            + entity.table() + " where id = any(?::uuid[])",
                            (Object) Writing.ids(one.getValue())));
        }
        export.put("links", rows(session, "select spoke, entity, external_id, entity_id, base as holds, ours,"
                + " revision, state, synced_at from link where entity_id = any(?::uuid[])", all));
        export.put("changes", rows(session, "select sequence, entity, entity_id, version, fields, spoke, message,"
                + " reason, at from change where sequence = any(?) order by sequence",
                (Object) changes.toArray(Long[]::new)));
        export.put("messages", rows(session, "select id, spoke, entity, protocol, event, content_type, received_at,"
                + " mapping, state, entity_id, version, refusal, finding, received from message"
                + " where id = any(?::uuid[]) order by id",
                (Object) Writing.ids(messages(session, new UUID(0, 0)))));
        export.put("deliveries", rows(session, "select spoke, entity, entity_id, version, operation, fields,"
                + " outcome, problem, at from delivery where entity_id = any(?::uuid[])", all));
        export.put("parked", rows(session, "select id, kind, spoke, entity, entity_id, message, field, problem,"
                + " detail, at, resolved_at from parked where entity_id = any(?::uuid[])", all));
        return Optional.of(export);
    }

    private static List<Map<String, Object>> rows(Session session, String sql, Object... parameters)
            throws SQLException {
        List<Map<String, Object>> rows = new ArrayList<>();
        new Statements().read(sql, row -> rows.add(row(row)), parameters).execute(session);
        return rows;
    }

    private static Map<String, Object> row(ResultSet row) throws SQLException {
        Map<String, Object> columns = new LinkedHashMap<>();
        ResultSetMetaData about = row.getMetaData();
        for (int i = 1; i <= about.getColumnCount(); i++) {
            Object value = switch (about.getColumnTypeName(i)) {
                case "json", "document" -> Json.value(row.getString(i));
                case "timestamptz" -> Goldens.instant(row, i);
                case "bytea" -> text(row.getBytes(i));
                case "int8", "int4", "record_version" -> row.getObject(i, Long.class);
                default -> row.getString(i);
            };
            if (value != null) {
                columns.put(about.getColumnLabel(i), value);
            }
        }
        return columns;
    }

    /** As it reads; what is no text, in base64. */
    private static String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException noText) {
            return "base64:" + Base64.getEncoder().encodeToString(bytes);
        }
    }

    static String plural(Entity entity) {
        return entity == Entity.OPPORTUNITY ? "opportunities" : entity.word() + "s";
    }
}
