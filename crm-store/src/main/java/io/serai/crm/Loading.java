package io.serai.crm;

import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import io.serai.crm.Workspace.EventKey;
import io.serai.crm.Workspace.InvoiceNumber;
import io.serai.crm.Workspace.Known;
import io.serai.crm.Workspace.LinkKey;
import io.serai.crm.Workspace.OrderNumber;
import io.serai.crm.plan.MatchKey;
import io.serai.crm.plan.Unheard;

/**
 * Reads into a {@link Workspace} what planning asks for: all that a batch speaks of at once, so that it costs two round trips
 * however much that is, and what only few messages need when they need it.
 */
final class Loading {
    private static final int MOST_VERSIONS = 1_000;

    private final Session session;
    private final Workspace work;
    /** The links that {@link #awaited} has told of. */
    private final Set<Long> awaited = new HashSet<>();
    /** Spoke and customer. */
    private final Set<String> perhapsMade = new HashSet<>();

    Loading(Session session, Workspace work) {
        this.session = session;
        this.work = work;
    }

    // ---- a batch

    /**
     * Loads all that planning may ask for, in two round trips.
     *
     * @param said the records that messages are about
     * @param records all records that are spoken of
     * @param customers ids of customers
     * @param again messages of the journal that are tried once more
     */
    void batch(Collection<EventKey> events, Collection<LinkKey> said, Collection<LinkKey> records,
            Collection<MatchKey> keys, Collection<String> orderNumbers, Collection<String> invoiceNumbers,
            Collection<UUID> customers, Collection<UUID> again) throws SQLException {
        Map<Entity, Set<UUID>> wanted = new LinkedHashMap<>();
        customers.forEach(id -> want(wanted, Entity.CUSTOMER, id));
        work.read().addAll(events);
        work.read().addAll(said);
        work.read().addAll(records);
        work.read().addAll(again);
        work.read().addAll(keys);
        work.read().addAll(customers);
        Statements first = new Statements();
        messages(first, events);
        firstInLine(first, said);
        journaled(first, again);
        links(first, records, wanted);
        byKeys(first, keys, wanted);
        sales(first, orderNumbers, invoiceNumbers);
        first.execute(session);
        goldens(wanted);
        if (wanted.containsKey(Entity.ORDER)) {
            invoices(wanted.get(Entity.ORDER));
        }
        followMerges(customers);
    }

    private static void want(Map<Entity, Set<UUID>> wanted, Entity entity, UUID id) {
        wanted.computeIfAbsent(entity, _ -> new LinkedHashSet<>()).add(id);
    }

    private void messages(Statements first, Collection<EventKey> events) {
        Columns columns = new Columns();
        events.forEach(key -> columns.add(key.spoke(), key.event()));
        if (!columns.isEmpty()) {
            first.read(
                    """
                            select m.spoke, m.event, m.id, m.received_hash, m.state, m.entity_id, m.version, m.refusal::text
                            from (select unnest(?) spoke, unnest(?) event) k join message m on m.spoke = k.spoke and m.event = k.event
                            """,
                    this::takeMessage, columns.arrays());
        }
    }

    private void firstInLine(Statements first, Collection<LinkKey> said) {
        Columns columns = new Columns();
        said.forEach(key -> columns.add(key.spoke(), key.entity(), key.externalId()));
        if (!columns.isEmpty()) {
            first.read(
                    """
                            select k.spoke, k.entity, k.record, h.message
                            from (select unnest(?) spoke, unnest(?) entity, unnest(?) record) k
                            cross join lateral (select message from held h
                              where h.spoke = k.spoke and h.entity = k.entity and h.record = k.record
                              order by h.position limit 1) h
                            """,
                    row -> work.firstInLine.put(new LinkKey(row.getString(1), row.getString(2), row.getString(3)),
                            row.getObject(4, UUID.class)),
                    columns.arrays());
        }
    }

    private void journaled(Statements first, Collection<UUID> again) {
        if (!again.isEmpty()) {
            first.read(
                    """
                            select m.id, m.received_hash, m.state, m.entity_id, m.version, m.refusal::text, h.spoke, h.entity,
                              h.record, (select f.message from held f
                                where f.spoke = h.spoke and f.entity = h.entity and f.record = h.record
                                order by f.position limit 1), p.awaits, p.awaits_key
                            from message m left join held h on h.message = m.id
                            left join parked p on p.subject = 'message:' || m.id and p.resolved_at is null
                            where m.id = any(?::uuid[])
                            """,
                    this::takeJournaled, (Object) Writing.ids(again));
        }
    }

    private void links(Statements first, Collection<LinkKey> records, Map<Entity, Set<UUID>> wanted) {
        Columns columns = new Columns();
        records.forEach(key -> columns.add(key.spoke(), key.entity(), key.externalId()));
        if (!columns.isEmpty()) {
            first.read(
                    """
                            select l.id, l.spoke, l.entity, l.external_id, l.entity_id, l.base::text, l.ours::text, l.revision,
                              l.wanted, l.synced, l.unheard::text, l.synced_at, l.unanswered,
                              l.state = 'GONE'
                            from (select unnest(?) spoke, unnest(?) entity, unnest(?) external_id) k
                            join link l on l.spoke = k.spoke and l.entity = k.entity and l.external_id = k.external_id
                            """,
                    row -> {
                        LinkRow link = takeLink(row);
                        want(wanted, Entity.of(link.entity), link.entityId);
                    }, columns.arrays());
        }
    }

    private void byKeys(Statements first, Collection<MatchKey> keys, Map<Entity, Set<UUID>> wanted) {
        Columns columns = new Columns();
        Map<String, MatchKey> asked = new HashMap<>();
        for (MatchKey key : keys) {
            asked.put(key.hashed(), key);
            columns.add(key.hashed());
        }
        if (!columns.isEmpty()) {
            first.read("""
                    select q.key, k.customer from (select unnest(?) key) q
                    cross join lateral (select customer from customer_key k where k.key = q.key limit 20) k
                    """, row -> {
                UUID id = row.getObject(2, UUID.class);
                work.byKey.computeIfAbsent(asked.get(row.getString(1)), _ -> new LinkedHashSet<>()).add(id);
                want(wanted, Entity.CUSTOMER, id);
            }, columns.arrays());
        }
    }

    private void sales(Statements first, Collection<String> orderNumbers, Collection<String> invoiceNumbers) {
        orderNumbers.forEach(number -> work.read().add(new OrderNumber(number)));
        invoiceNumbers.forEach(number -> work.read().add(new InvoiceNumber(number)));
        if (!orderNumbers.isEmpty()) {
            first.read(select(Entity.ORDER) + " where t.number = any(?)", row -> takeGolden(Entity.ORDER, row),
                    (Object) orderNumbers.toArray(String[]::new));
            for (Entity issued : List.of(Entity.INVOICE, Entity.CREDIT_NOTE)) {
                first.read(select(issued) + " join sales_order o on o.id = t.sales_order where o.number = any(?)",
                        row -> takeGolden(issued, row), (Object) orderNumbers.toArray(String[]::new));
            }
        }
        if (!invoiceNumbers.isEmpty()) {
            first.read(select(Entity.INVOICE) + " where t.number = any(?)", row -> takeGolden(Entity.INVOICE, row),
                    (Object) invoiceNumbers.toArray(String[]::new));
            first.read(
                    select(Entity.ORDER) + " join invoice i on i.sales_order = t.id where i.number = any(?)",
                    row -> takeGolden(Entity.ORDER, row), (Object) invoiceNumbers.toArray(String[]::new));
            first.read(
                    select(Entity.CREDIT_NOTE)
                            + " join invoice i on i.sales_order = t.sales_order where i.number = any(?)",
                    row -> takeGolden(Entity.CREDIT_NOTE, row), (Object) invoiceNumbers.toArray(String[]::new));
        }
    }

    /** Customers that are not there may have been merged into others, and those into others again. */
    private void followMerges(Collection<UUID> ids) throws SQLException {
        List<UUID> missing = ids.stream().filter(id -> !work.goldens.containsKey(id)).toList();
        if (missing.isEmpty()) {
            return;
        }
        work.redirects.putAll(redirects(session, missing));
        work.read().addAll(work.redirects.values());
        goldens(Entity.CUSTOMER, work.redirects.values());
    }

    /** Where merged customers have gone to, in the end. */
    static Map<UUID, UUID> redirects(Session session, Collection<UUID> ids) throws SQLException {
        Map<UUID, UUID> gone = new HashMap<>();
        new Statements().read("""
                with recursive way(id, at) as (
                  select q.id, m.kept from (select unnest(?::uuid[]) id) q
                    join customer_merge m on m.absorbed = q.id and m.unmerged_at is null
                  union all select way.id, m.kept from way
                    join customer_merge m on m.absorbed = way.at and m.unmerged_at is null)
                select id, at from way where not exists (
                  select 1 from customer_merge m where m.absorbed = way.at and m.unmerged_at is null)
                """, row -> gone.put(row.getObject(1, UUID.class), row.getObject(2, UUID.class)),
                (Object) Writing.ids(ids)).execute(session);
        return gone;
    }

    // ---- one thing

    /** Customers, or those that they were merged into. */
    void customers(Collection<UUID> ids) throws SQLException {
        work.read().addAll(ids);
        goldens(Entity.CUSTOMER, ids);
        followMerges(ids);
    }

    void goldens(Entity entity, Collection<UUID> ids) throws SQLException {
        goldens(Map.of(entity, new LinkedHashSet<>(ids)));
    }

    private void goldens(Map<Entity, Set<UUID>> wanted) throws SQLException {
        Statements second = new Statements();
        wanted.forEach((entity, ids) -> {
            List<UUID> missing = ids.stream().filter(id -> !work.goldens.containsKey(id)).toList();
            if (!missing.isEmpty()) {
                second.read(select(entity) + " where t.id = any(?::uuid[])", row -> takeGolden(entity, row),
                        (Object) Writing.ids(missing));
            }
        });
        second.execute(session);
    }

    /** The records that belong to a customer. @param entity order, invoice, opportunity, interaction, or customer for members of an organization */
    List<GoldenRow> belongings(Entity entity, UUID customer) throws SQLException {
        List<UUID> ids = new ArrayList<>();
        new Statements().read(
                select(entity) + " where t." + (entity == Entity.CUSTOMER ? "member_of" : "customer") + " = ?",
                row -> {
                    takeGolden(entity, row);
                    ids.add(row.getObject(1, UUID.class));
                }, customer).execute(session);
        return ids.stream().map(work.goldens::get).toList();
    }

    /** The invoices of orders, and what takes them back. */
    private void invoices(Collection<UUID> orders) throws SQLException {
        Statements statements = new Statements();
        for (Entity issued : List.of(Entity.INVOICE, Entity.CREDIT_NOTE)) {
            statements.read(select(issued) + " where t.sales_order = any(?::uuid[])",
                    row -> takeGolden(issued, row), (Object) Writing.ids(orders));
        }
        statements.execute(session);
    }

    /** The links of entities, whatever spoke they are of. */
    List<LinkRow> links(Collection<UUID> ids) throws SQLException {
        List<LinkRow> found = new ArrayList<>();
        new Statements()
                .read("""
                        select id, spoke, entity, external_id, entity_id, base::text, ours::text, revision, wanted, synced,
                          unheard::text, synced_at, unanswered, state = 'GONE' from link
                        where entity_id = any(?::uuid[]) order by id
                        """,
                        row -> found.add(takeLink(row)), (Object) Writing.ids(ids))
                .execute(session);
        return found;
    }

    /** An order with its invoice, and what takes that back. */
    void sale(UUID order) throws SQLException {
        goldens(Entity.ORDER, List.of(order));
        invoices(List.of(order));
    }

    /** A message of the journal that is to be tried once more or given up. */
    void journaled(UUID message) throws SQLException {
        work.read().add(message);
        Statements statements = new Statements();
        journaled(statements, Set.of(message));
        statements.execute(session);
    }

    /** As {@link Workspace#message}, and asks the database when the batch was not loaded with it. */
    Known message(String spoke, String event) throws SQLException {
        work.read().add(new EventKey(spoke, event));
        if (!work.messages.containsKey(new EventKey(spoke, event))) {
            new Statements().read("""
                    select spoke, event, id, received_hash, state, entity_id, version, refusal::text
                    from message where spoke = ? and event = ?
                    """, this::takeMessage, spoke, event).execute(session);
        }
        return work.message(spoke, event);
    }

    /**
     * A record that the hub is about to create in a spoke and whose id there is not known yet; null when there is none. While
     * the write is under way, {@link LinkRow#ours} is what is written.
     */
    LinkRow awaited(String spoke, GoldenRow golden) throws SQLException {
        for (LinkRow link : work.touchedLinks) {
            if (link.id != null && link.spoke.equals(spoke) && link.entityId.equals(golden.id)
                    && awaited.contains(link.id)) {
                if (link.unanswered) {
                    perhapsMade.add(spoke + " " + golden.id);
                }
                return null; // found its record earlier in this batch
            }
        }
        List<LinkRow> found = new ArrayList<>();
        new Statements().read("""
                select id, spoke, entity, external_id, entity_id, base::text,
                  case when lease_until > ? then ours end::text, revision, wanted, synced,
                  unheard::text, synced_at, unanswered, state = 'GONE' from link
                where entity_id = ?::uuid and spoke = ? and entity = ? and (external_id is null or unanswered)
                order by external_id nulls first
                """, row -> found.add(takeLink(row)), work.now(), golden.id.toString(), spoke,
                golden.entity.word())
                .execute(session);
        if (!found.isEmpty() && found.getFirst().externalId != null) {
            perhapsMade.add(spoke + " " + golden.id);
            return null;
        }
        found.forEach(link -> awaited.add(link.id));
        return found.isEmpty() ? null : found.getFirst();
    }

    /**
     * Whether the hub may have made a record of its own in the spoke, whose id it never heard: it knows another one there by
     * now, and something that was written is unanswered. To be asked after {@link #awaited}.
     */
    boolean perhapsMade(String spoke, GoldenRow golden) {
        return perhapsMade.contains(spoke + " " + golden.id);
    }

    /**
     * What a record was made by others since the spoke was last known to hold it: the changed fields of each version, the
     * latest first. Any of it may have been written to the spoke without an answer that was recorded. Of a customer whom
     * the spoke has twice, also by the spoke itself.
     */
    List<Map<String, Object>> since(LinkRow link) {
        List<Map<String, Object>> versions = new ArrayList<>();
        if (link.unanswered) {
            versions("""
                    version > ? and (spoke <> ? or exists (select 1 from link other
                      where other.entity_id = c.entity_id and other.spoke = c.spoke and other.id <> ?))
                    """, versions, link.entityId, link.synced, link.spoke, link.id, MOST_VERSIONS);
        }
        return versions;
    }

    /** All that a record that the hub made may say. */
    List<Map<String, Object>> ever(GoldenRow golden) {
        List<Map<String, Object>> versions = new ArrayList<>();
        versions("true", versions, golden.id, MOST_VERSIONS);
        return versions;
    }

    private void versions(String which, List<Map<String, Object>> versions, Object... parameters) {
        try {
            new Statements().read("select fields::text from change c where entity_id = ? and " + which
                    + " order by version desc limit ?", row -> versions.add(Json.document(row.getString(1))),
                    parameters).execute(session);
        } catch (SQLException failed) {
            throw new StoreUnavailable("The database did not tell earlier versions: " + failed.getMessage(), failed);
        }
    }

    /** What was paid for an order, whether it had an invoice by then or not. */
    BigDecimal paidFor(GoldenRow order) throws SQLException {
        BigDecimal[] paid = {work.paid.getOrDefault(order.id, BigDecimal.ZERO)};
        if (!order.isNew) {
            work.read().add(order.id.toString());
            new Statements().read("select coalesce(sum(amount), 0) from payment where sales_order = ?",
                    row -> paid[0] = paid[0].add(row.getBigDecimal(1)), order.id).execute(session);
        }
        return paid[0];
    }

    // ---- rows

    private static String select(Entity entity) {
        return "select t.id, t.version, t.document::text, t.provenance::text, t.created_at"
                + (entity.issued() ? ", t.sales_order, t.state" : "") + " from " + entity.table() + " t";
    }

    private void takeMessage(ResultSet row) throws SQLException {
        work.messages.put(new EventKey(row.getString(1), row.getString(2)),
                new Known(row.getObject(3, UUID.class), row.getBytes(4), row.getString(5),
                        row.getObject(6, UUID.class), row.getObject(7, Long.class), refusal(row.getString(8))));
    }

    private void takeJournaled(ResultSet row) throws SQLException {
        UUID id = row.getObject(1, UUID.class);
        work.journaled.put(id, new Known(id, row.getBytes(2), row.getString(3), row.getObject(4, UUID.class),
                row.getObject(5, Long.class), refusal(row.getString(6))));
        if (row.getString(7) != null) {
            LinkKey record = new LinkKey(row.getString(7), row.getString(8), row.getString(9));
            work.lines.put(id, record);
            work.firstInLine.put(record, row.getObject(10, UUID.class));
        }
        if (row.getString(11) != null) {
            work.awaitedBefore.put(id, new Awaited(row.getString(11), row.getString(12)));
        }
    }

    static Refusal refusal(String written) {
        if (written == null) {
            return null;
        }
        Map<String, Object> refusal = Json.document(written);
        return new Refusal((String) refusal.get("step"), (String) refusal.get("field"),
                (String) refusal.get("problem"), (String) refusal.get("code"));
    }

    private LinkRow takeLink(ResultSet row) throws SQLException {
        LinkRow link = new LinkRow(row.getLong(1), row.getString(2), row.getString(3), row.getString(4),
                row.getObject(5, UUID.class));
        link.base = Json.document(row.getString(6));
        link.ours = row.getString(7) == null ? link.base : Json.document(row.getString(7));
        link.revision = row.getString(8);
        link.version = row.getLong(9);
        link.synced = row.getLong(10);
        link.unheard = Unheard.of(Json.document(row.getString(11)));
        OffsetDateTime writtenAt = row.getObject(12, OffsetDateTime.class);
        link.writtenAt = writtenAt == null ? null : writtenAt.toInstant();
        link.unanswered = row.getBoolean(13);
        link.gone = row.getBoolean(14);
        work.links.put(new LinkKey(link.spoke, link.entity, link.externalId), link);
        return link;
    }

    private void takeGolden(Entity entity, ResultSet row) throws SQLException {
        GoldenRow golden = new GoldenRow(entity, row.getObject(1, UUID.class), row.getLong(2),
                Json.document(row.getString(3)), row.getString(4),
                row.getObject(5, OffsetDateTime.class).toInstant());
        if (entity.issued()) {
            golden.lane(row.getString(7));
            work.take(golden, row.getObject(6, UUID.class));
        } else {
            work.take(golden, null);
        }
    }
}
