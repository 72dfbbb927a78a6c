package io.serai.crm;

import java.nio.charset.StandardCharsets;
import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
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

import io.serai.crm.plan.MatchKey;
import io.serai.crm.plan.NameSearch;
import io.serai.crm.plan.Projection;
import io.serai.crm.plan.Provenance;
import io.serai.crm.plan.Source;
import io.serai.crm.plan.Unheard;

/**
 * The part of the store that one transaction works on: loaded with few statements, changed in memory, written back with
 * one round trip. It is written in a {@link Turn}, and only while nobody else has changed what it was loaded with.
 */
final class Workspace {
    private final Session session;
    private final Settings settings;
    private final Instant now;

    private final Map<EventKey, Known> messages = new HashMap<>();
    private final Map<LinkKey, LinkRow> links = new HashMap<>();
    private final Map<UUID, GoldenRow> goldens = new LinkedHashMap<>();
    private final Map<MatchKey, Set<UUID>> byKey = new HashMap<>();
    private final Map<String, GoldenRow> ordersByNumber = new HashMap<>();
    private final Map<String, GoldenRow> invoicesByNumber = new HashMap<>();
    private final Map<UUID, GoldenRow> invoicesByOrder = new HashMap<>();
    private final Map<UUID, GoldenRow> creditNotesByOrder = new HashMap<>();

    private final Map<UUID, Known> journaled = new HashMap<>();
    /** Which message is the first in the line of a record, where there is a line. */
    private final Map<LinkKey, UUID> firstInLine = new HashMap<>();
    /** The record in whose line a message stands. */
    private final Map<UUID, LinkKey> lines = new HashMap<>();
    /** What a message that is tried once more has waited for. */
    private final Map<UUID, Awaited> awaitedBefore = new HashMap<>();

    /** From customers that were merged into another one to that one. */
    private final Map<UUID, UUID> redirects = new HashMap<>();

    final List<JournalRow> journal = new ArrayList<>();
    final List<JournalRow> journaledAgain = new ArrayList<>();
    final Map<UUID, LinkKey> joined = new LinkedHashMap<>();
    final Map<UUID, LinkKey> left = new LinkedHashMap<>();
    final List<ActionRow> actions = new ArrayList<>();
    final List<UUID> emptied = new ArrayList<>();
    final List<ChangeRow> changes = new ArrayList<>();
    final List<ParkedRow> parked = new ArrayList<>();
    final List<String> resolved = new ArrayList<>();
    final Map<String, Behind> behind = new LinkedHashMap<>();
    final List<LinkRow> touchedLinks = new ArrayList<>();
    private static final int MOST_VERSIONS = 1_000;

    private final Set<Long> awaited = new LinkedHashSet<>();
    private final Set<String> perhapsMade = new HashSet<>();
    private final Set<Object> read = new HashSet<>();

    record EventKey(String spoke, String event) {}

    record LinkKey(String spoke, String entity, String externalId) {}

    record OrderNumber(String number) {}

    record InvoiceNumber(String number) {}

    /** A message that was here before. */
    record Known(UUID id, byte[] hash, String state, UUID entityId, Long version, Refusal refusal) {}

    /** @param event its idempotency key; null when it has none */
    record JournalRow(Ingest.Prepared arrived, String event, Outcome outcome, Map<String, Object> finding) {}

    /** @param exceptExternalId the record that said it itself; null when nobody's. @param creates whether a record that is missing is made */
    record Behind(String spoke, String entity, UUID id, long version, String exceptExternalId, boolean creates) {}

    /** @param sequence 0, and hash null, until it is chained */
    record ChangeRow(String entity, UUID id, long version, Map<String, Object> fields, Source source, String reason,
            long sequence, byte[] hash) {

        /** What the fields were is left out, so that they can be erased one day. */
        byte[] hash(byte[] previous, long number, Instant at) {
            String text = String.join("|", Long.toString(number), at.toString(), source.spoke(), reason, entity,
                    id.toString(), Long.toString(version), String.valueOf(source.message()));
            return Identifiers.sha256(previous, text.getBytes(StandardCharsets.UTF_8));
        }

        ChangeRow chained(long number, byte[] link) {
            return new ChangeRow(entity, id, version, fields, source, reason, number, link);
        }
    }

    /** @param awaits what it waits for; null for a person */
    record ParkedRow(UUID id, String kind, String subject, String cause, String spoke, String entity, UUID entityId,
            UUID message, Refusal why, Map<String, Object> detail, Awaited awaits) {}

    /** Something whose appearing lets a parked message go on. @param entity order, invoice or customer */
    record Awaited(String entity, String key) {}

    /** What was done about a parked matter. @param note why, or what came of it; may be null */
    record ActionRow(String subject, String action, String by, String outcome, String note) {}

    static final class LinkRow {
        Long id;
        final String spoke;
        final String entity;
        String externalId;
        final UUID entityId;
        Map<String, Object> base;
        Map<String, Object> ours;
        String revision;
        long version;
        /** The version that the spoke was last known to hold. */
        long synced;
        Unheard unheard = Unheard.NOTHING;
        /** When it was last written to; null when it never was. */
        Instant writtenAt;
        /** Whether something may have been written to it without anybody knowing. */
        boolean unanswered;
        boolean inStep;
        String problem;
        private boolean touched;

        LinkRow(Long id, String spoke, String entity, String externalId, UUID entityId) {
            this.id = id;
            this.spoke = spoke;
            this.entity = entity;
            this.externalId = externalId;
            this.entityId = entityId;
        }
    }

    static final class GoldenRow {
        final Entity entity;
        final UUID id;
        long version;
        Map<String, Object> document;
        private String writtenProvenance;
        private Provenance provenance;
        final Instant createdAt;
        boolean isNew;
        /** How far the lane of an invoice or credit note has got; null for anything else. */
        private String lane;
        private boolean laneMoved;
        private boolean changed;
        /** Null when it is new. */
        private Map<String, Object> before;
        private Map<String, Object> keyed;
        private Set<MatchKey> keys;

        GoldenRow(Entity entity, UUID id, long version, Map<String, Object> document, String provenance,
                Instant createdAt) {
            this.entity = entity;
            this.id = id;
            this.version = version;
            this.document = document;
            this.writtenProvenance = provenance;
            this.createdAt = createdAt;
        }

        void provenance(Provenance other) {
            provenance = other;
        }

        Provenance provenance() {
            if (provenance == null) {
                provenance = Provenance.of(Json.document(writtenProvenance));
            }
            return provenance;
        }

        /** By what a customer is found; worked out once for each state of the document. */
        Set<MatchKey> keys() {
            if (keyed != document) {
                keys = MatchKey.of(document);
                keyed = document;
            }
            return keys;
        }

        /** All that leads to a customer in the index. */
        Set<String> entries() {
            return entries(document, keys());
        }

        /** The same, as the index has it. */
        Set<String> entriesBefore() {
            return isNew ? Set.of() : entries(before, keysBefore());
        }

        /** By what it was found. */
        Set<MatchKey> keysBefore() {
            return isNew ? Set.of() : MatchKey.of(before);
        }

        private static Set<String> entries(Map<String, Object> customer, Set<MatchKey> keys) {
            Set<String> entries = new LinkedHashSet<>(NameSearch.entries(customer));
            keys.forEach(key -> entries.add(key.hashed()));
            return entries;
        }

        String text(String field) {
            Object value = document.get(field);
            return value == null ? null : value.toString();
        }

        String lane() {
            return lane;
        }

        boolean laneMoved() {
            return laneMoved;
        }

        /** The id of the customer that an order, invoice, interaction or opportunity belongs to. */
        UUID customer() {
            return document.get("customer") instanceof Map<?, ?> customer && customer.get("id") != null
                    ? UUID.fromString(customer.get("id").toString())
                    : null;
        }
    }

    Workspace(Session session, Settings settings, Instant now) {
        this.session = session;
        this.settings = settings;
        this.now = now.truncatedTo(ChronoUnit.MICROS); // what the database keeps: the chain of changes is computed over it
    }

    Instant now() {
        return now;
    }

    // ---- loading

    /**
     * Loads all that planning may ask for, in two round trips.
     *
     * @param said the records that messages are about
     * @param records all records that are spoken of
     * @param again messages of the journal that are tried once more
     */
    void load(Collection<EventKey> events, Collection<LinkKey> said, Collection<LinkKey> records,
            Collection<MatchKey> keys, Collection<String> orderNumbers, Collection<String> invoiceNumbers,
            Collection<UUID> ids, Collection<UUID> again) throws SQLException {
        Map<Entity, Set<UUID>> wanted = new LinkedHashMap<>();
        for (UUID id : ids) {
            wanted.computeIfAbsent(Entity.CUSTOMER, _ -> new LinkedHashSet<>()).add(id);
        }
        read.addAll(events);
        read.addAll(said);
        read.addAll(records);
        read.addAll(again);
        read.addAll(keys);
        read.addAll(ids);
        orderNumbers.forEach(number -> read.add(new OrderNumber(number)));
        invoiceNumbers.forEach(number -> read.add(new InvoiceNumber(number)));
        Statements first = new Statements();
        Columns eventColumns = new Columns();
        events.forEach(key -> eventColumns.add(key.spoke(), key.event()));
        if (!eventColumns.isEmpty()) {
            first.read(
                    """
                            select m.spoke, m.event, m.id, m.received_hash, m.state, m.entity_id, m.version, m.refusal::text
                            from (select unnest(?) spoke, unnest(?) event) k join message m on m.spoke = k.spoke and m.event = k.event
                            """,
                    this::takeMessage, eventColumns.arrays());
        }
        loadLines(first, said, again);
        Columns linkColumns = new Columns();
        records.forEach(key -> linkColumns.add(key.spoke(), key.entity(), key.externalId()));
        if (!linkColumns.isEmpty()) {
            first.read(
                    """
                            select l.id, l.spoke, l.entity, l.external_id, l.entity_id, l.base::text, l.ours::text, l.revision,
                              l.wanted, l.synced, l.unheard::text, l.synced_at, l.unanswered
                            from (select unnest(?) spoke, unnest(?) entity, unnest(?) external_id) k
                            join link l on l.spoke = k.spoke and l.entity = k.entity and l.external_id = k.external_id
                            """,
                    row -> {
                        LinkRow link = takeLink(row);
                        wanted.computeIfAbsent(Entity.of(link.entity), _ -> new LinkedHashSet<>()).add(link.entityId);
                    }, linkColumns.arrays());
        }
        Columns keyColumns = new Columns();
        Map<String, MatchKey> asked = new HashMap<>();
        for (MatchKey key : keys) {
            asked.put(key.hashed(), key);
            keyColumns.add(key.hashed());
        }
        if (!keyColumns.isEmpty()) {
            first.read("""
                    select q.key, k.customer from (select unnest(?) key) q
                    cross join lateral (select customer from customer_key k where k.key = q.key limit 20) k
                    """, row -> {
                UUID id = row.getObject(2, UUID.class);
                byKey.computeIfAbsent(asked.get(row.getString(1)), _ -> new LinkedHashSet<>()).add(id);
                wanted.computeIfAbsent(Entity.CUSTOMER, _ -> new LinkedHashSet<>()).add(id);
            }, keyColumns.arrays());
        }
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
        }
        first.execute(session);
        load(wanted);
        if (wanted.containsKey(Entity.ORDER)) {
            loadInvoices(wanted.get(Entity.ORDER));
        }
        followMerges(ids);
    }

    /** Customers that are not there may have been merged into others, and those into others again. */
    private void followMerges(Collection<UUID> ids) throws SQLException {
        List<UUID> missing = ids.stream().filter(id -> !goldens.containsKey(id)).toList();
        if (missing.isEmpty()) {
            return;
        }
        redirects.putAll(redirects(session, missing));
        read.addAll(redirects.values());
        load(Entity.CUSTOMER, redirects.values());
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

    /** Loads the records that belong to a customer. @param entity order, invoice, opportunity, interaction, or customer for members of an organization */
    List<GoldenRow> loadOf(Entity entity, UUID customer) throws SQLException {
        List<UUID> ids = new ArrayList<>();
        new Statements().read(
                select(entity) + " where t." + (entity == Entity.CUSTOMER ? "member_of" : "customer") + " = ?",
                row -> {
                    takeGolden(entity, row);
                    ids.add(row.getObject(1, UUID.class));
                }, customer).execute(session);
        return ids.stream().map(goldens::get).toList();
    }

    /** The links of entities, whatever spoke they are of. */
    List<LinkRow> loadLinks(Collection<UUID> ids) throws SQLException {
        List<LinkRow> found = new ArrayList<>();
        new Statements()
                .read("""
                        select id, spoke, entity, external_id, entity_id, base::text, ours::text, revision, wanted, synced,
                          unheard::text, synced_at, unanswered from link
                        where entity_id = any(?::uuid[]) order by id
                        """,
                        row -> found.add(takeLink(row)), (Object) Writing.ids(ids))
                .execute(session);
        return found;
    }

    private void loadLines(Statements first, Collection<LinkKey> said, Collection<UUID> again) {
        Columns records = new Columns();
        said.forEach(key -> records.add(key.spoke(), key.entity(), key.externalId()));
        if (!records.isEmpty()) {
            first.read(
                    """
                            select k.spoke, k.entity, k.record, h.message
                            from (select unnest(?) spoke, unnest(?) entity, unnest(?) record) k
                            cross join lateral (select message from held h
                              where h.spoke = k.spoke and h.entity = k.entity and h.record = k.record
                              order by h.position limit 1) h
                            """,
                    row -> firstInLine.put(new LinkKey(row.getString(1), row.getString(2), row.getString(3)),
                            row.getObject(4, UUID.class)),
                    records.arrays());
        }
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

    private void takeJournaled(ResultSet row) throws SQLException {
        UUID id = row.getObject(1, UUID.class);
        journaled.put(id, new Known(id, row.getBytes(2), row.getString(3), row.getObject(4, UUID.class),
                row.getObject(5, Long.class), refusal(row.getString(6))));
        if (row.getString(7) != null) {
            LinkKey record = new LinkKey(row.getString(7), row.getString(8), row.getString(9));
            lines.put(id, record);
            firstInLine.put(record, row.getObject(10, UUID.class));
        }
        if (row.getString(11) != null) {
            awaitedBefore.put(id, new Awaited(row.getString(11), row.getString(12)));
        }
    }

    void load(Entity entity, Collection<UUID> ids) throws SQLException {
        load(Map.of(entity, new LinkedHashSet<>(ids)));
    }

    /** The invoices of orders, and what takes them back. */
    void loadInvoices(Collection<UUID> orders) throws SQLException {
        Statements statements = new Statements();
        for (Entity issued : List.of(Entity.INVOICE, Entity.CREDIT_NOTE)) {
            statements.read(select(issued) + " where t.sales_order = any(?::uuid[])",
                    row -> takeGolden(issued, row), (Object) Writing.ids(orders));
        }
        statements.execute(session);
    }

    private void load(Map<Entity, Set<UUID>> wanted) throws SQLException {
        Statements second = new Statements();
        wanted.forEach((entity, ids) -> {
            List<UUID> missing = ids.stream().filter(id -> !goldens.containsKey(id)).toList();
            if (!missing.isEmpty()) {
                second.read(select(entity) + " where t.id = any(?::uuid[])", row -> takeGolden(entity, row),
                        (Object) Writing.ids(missing));
            }
        });
        second.execute(session);
    }

    private static String select(Entity entity) {
        return "select t.id, t.version, t.document::text, t.provenance::text, t.created_at"
                + (entity.issued() ? ", t.sales_order, t.state" : "") + " from " + entity.table() + " t";
    }

    private void takeMessage(ResultSet row) throws SQLException {
        messages.put(new EventKey(row.getString(1), row.getString(2)),
                new Known(row.getObject(3, UUID.class), row.getBytes(4), row.getString(5),
                        row.getObject(6, UUID.class), row.getObject(7, Long.class), refusal(row.getString(8))));
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
        links.put(new LinkKey(link.spoke, link.entity, link.externalId), link);
        return link;
    }

    /** What all this rests on; see {@link Turn#touch}. */
    Set<Object> read() {
        return read;
    }

    private void takeGolden(Entity entity, ResultSet row) throws SQLException {
        GoldenRow golden = new GoldenRow(entity, row.getObject(1, UUID.class), row.getLong(2),
                Json.document(row.getString(3)), row.getString(4),
                row.getObject(5, java.time.OffsetDateTime.class).toInstant());
        read.add(golden.id);
        if (goldens.putIfAbsent(golden.id, golden) == null) {
            if (entity == Entity.CUSTOMER) {
                golden.before = golden.document; // the keys that led here are known
                return;
            }
            if (entity.issued()) {
                issued(entity).put(row.getObject(6, UUID.class), golden);
                golden.lane = row.getString(7);
            }
            index(golden);
        }
    }

    private Map<UUID, GoldenRow> issued(Entity entity) {
        return entity == Entity.INVOICE ? invoicesByOrder : creditNotesByOrder;
    }

    private void index(GoldenRow golden) {
        switch (golden.entity) {
            case CUSTOMER -> golden.keys()
                    .forEach(key -> byKey.computeIfAbsent(key, _ -> new LinkedHashSet<>()).add(golden.id));
            case ORDER -> ordersByNumber.put(golden.text("number"), golden);
            case INVOICE -> {
                if (golden.text("number") != null) {
                    invoicesByNumber.put(golden.text("number"), golden);
                }
            }
            case CREDIT_NOTE, PAYMENT, OPPORTUNITY, INTERACTION -> {
                // found through their orders and links only
            }
        }
    }

    // ---- looking

    Known message(String spoke, String event) {
        return messages.get(new EventKey(spoke, event));
    }

    /** As {@link #message}, and asks the database when the batch was not loaded with it. */
    Known lookUpMessage(String spoke, String event) throws SQLException {
        read.add(new EventKey(spoke, event));
        if (!messages.containsKey(new EventKey(spoke, event))) {
            new Statements().read("""
                    select spoke, event, id, received_hash, state, entity_id, version, refusal::text
                    from message where spoke = ? and event = ?
                    """, this::takeMessage, spoke, event).execute(session);
        }
        return message(spoke, event);
    }

    /** A message of the journal that is tried once more; null when there is none. */
    Known journaled(UUID id) {
        return journaled.get(id);
    }

    /** What the message waited for when it was tried last; null when for a person. */
    Awaited awaitedBefore(UUID message) {
        return awaitedBefore.get(message);
    }

    /** Whether a message about this record has to wait for an earlier one. */
    boolean held(LinkKey record) {
        return firstInLine.containsKey(record);
    }

    /** Whether the message has to wait for nobody. */
    boolean mayGo(UUID message) {
        LinkKey record = lines.get(message);
        return record == null || message.equals(firstInLine.get(record));
    }

    /** Null when the spoke's record is not linked. */
    LinkRow link(String spoke, String entity, String externalId) {
        return externalId == null ? null : links.get(new LinkKey(spoke, entity, externalId));
    }

    /** The record, or for a customer that was merged the one it was merged into. Null when not loaded or not there. */
    GoldenRow golden(UUID id) {
        return goldens.get(redirects.getOrDefault(id, id));
    }

    GoldenRow order(String number) {
        return ordersByNumber.get(number);
    }

    GoldenRow invoice(String number) {
        return invoicesByNumber.get(number);
    }

    GoldenRow invoiceOf(GoldenRow order) {
        return invoicesByOrder.get(order.id);
    }

    GoldenRow creditNoteOf(GoldenRow order) {
        return creditNotesByOrder.get(order.id);
    }

    Set<UUID> withKey(MatchKey key) {
        return byKey.getOrDefault(key, Set.of());
    }

    /**
     * A record that the hub is about to create in a spoke and whose id there is not known yet; null when there is none. While
     * the write is under way, {@link LinkRow#ours} is what is written.
     */
    LinkRow awaited(String spoke, GoldenRow golden) throws SQLException {
        for (LinkRow link : touchedLinks) {
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
                  unheard::text, synced_at, unanswered from link
                where entity_id = ?::uuid and spoke = ? and entity = ? and (external_id is null or unanswered)
                order by external_id nulls first
                """, row -> found.add(takeLink(row)), now.atOffset(ZoneOffset.UTC), golden.id.toString(), spoke,
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

    /** What was paid for an order that has no invoice yet. */
    BigDecimal paidFor(GoldenRow order) throws SQLException {
        read.add(order.id.toString());
        BigDecimal[] paid = {BigDecimal.ZERO};
        new Statements().read("select coalesce(sum(amount), 0) from payment where sales_order = ? and invoice is null",
                row -> paid[0] = row.getBigDecimal(1), order.id).execute(session);
        for (GoldenRow golden : goldens.values()) {
            if (golden.entity == Entity.PAYMENT && golden.isNew
                    && order.id.toString().equals(golden.document.get("order"))) {
                paid[0] = paid[0].add(new BigDecimal(golden.text("amount")));
            }
        }
        return paid[0];
    }

    // ---- changing

    GoldenRow create(Entity entity, UUID id, Map<String, Object> document, Source source) {
        GoldenRow golden = new GoldenRow(entity, id, 0, new LinkedHashMap<>(), null, now);
        golden.provenance = Provenance.first(source);
        golden.isNew = true;
        goldens.put(id, golden);
        if (!document.isEmpty()) {
            change(golden, document, document.keySet(), source, "created", null);
        }
        return golden;
    }

    /** A new invoice or credit note of an order; its lane starts with the commit. */
    void request(Entity entity, GoldenRow order, Map<String, Object> document, Source source) {
        GoldenRow requested = create(entity, Identifiers.next(now), Map.of(), source);
        requested.lane = "PENDING";
        issued(entity).put(order.id, requested);
        change(requested, document, document.keySet(), source, "requested", null);
    }

    /** Nothing was made for it, and nothing will be. */
    void withdraw(GoldenRow requested, Source source) {
        requested.lane = "WITHDRAWN";
        requested.laneMoved = true;
        Map<String, Object> document = new LinkedHashMap<>(requested.document);
        document.put("status", "void");
        change(requested, document, List.of("status"), source, "withdrawn", null);
        resolve(requested.entity.word() + ":" + requested.id);
    }

    /** What was withdrawn is wanted after all: under the same reference and key, for nothing was made. */
    void requestAgain(GoldenRow withdrawn, Source source) {
        withdrawn.lane = "PENDING";
        withdrawn.laneMoved = true;
        Map<String, Object> document = new LinkedHashMap<>(withdrawn.document);
        document.put("status", "requested");
        change(withdrawn, document, List.of("status"), source, "requested", null);
    }

    /**
     * Gives a golden record its next version and notes who has to hear of it.
     *
     * @param exceptExternalId the record of {@code source}'s spoke that said it; null when none did
     */
    void change(GoldenRow golden, Map<String, Object> document, Collection<String> fields, Source source,
            String reason, String exceptExternalId) {
        golden.document = document;
        golden.version++;
        golden.changed = true;
        index(golden);
        Map<String, Object> values = document;
        if (fields.size() != document.size() || !document.keySet().containsAll(fields)) {
            values = new LinkedHashMap<>();
            for (String field : fields) {
                values.put(field, document.get(field));
            }
        }
        changes.add(new ChangeRow(golden.entity.word(), golden.id, golden.version, values, source, reason, 0, null));
        if (golden.entity.issued() && document.get("number") == null) {
            return; // nobody's business until the accounting system has made it
        }
        for (SpokeProfile listener : settings.listeners(golden.entity.word())) {
            boolean first = golden.version == 1 || golden.entity.issued() && fields.contains("number");
            if (first || fields.stream().anyMatch(listener::carries)) {
                behind.put(listener.spoke() + " " + golden.id,
                        new Behind(listener.spoke(), golden.entity.word(), golden.id, golden.version,
                                listener.spoke().equals(source.spoke()) ? exceptExternalId : null,
                                listener.out() == SpokeProfile.Flow.OUT));
            }
        }
    }

    /** Keeps what was learned of where values came from, although none changed. */
    void note(GoldenRow golden) {
        if (golden.provenance().changed()) {
            golden.changed = true;
        }
    }

    /**
     * A customer comes back that was merged into another one.
     *
     * @param version the last that anybody may know of it
     * @param fields all that it says or said before
     */
    GoldenRow bringBack(UUID id, long version, Map<String, Object> document, Set<String> fields, Provenance provenance,
            Source source) {
        GoldenRow golden = new GoldenRow(Entity.CUSTOMER, id, version, new LinkedHashMap<>(), null, now);
        golden.provenance = provenance;
        golden.isNew = true;
        goldens.put(id, golden);
        change(golden, document, fields, source, "unmerged", null);
        return golden;
    }

    /** Takes a customer out: it has become part of another one. */
    void takeAway(GoldenRow golden, Map<String, Object> fields, Source source, String reason) {
        goldens.remove(golden.id);
        changes.add(
                new ChangeRow(golden.entity.word(), golden.id, golden.version + 1, fields, source, reason, 0, null));
    }

    LinkRow newLink(String spoke, GoldenRow golden, String externalId) {
        LinkRow link = new LinkRow(null, spoke, golden.entity.word(), externalId, golden.id);
        links.put(new LinkKey(spoke, golden.entity.word(), externalId), link);
        return link;
    }

    /** Notes what a spoke's record holds, and whether it lacks anything of the golden record. */
    void hold(LinkRow link, GoldenRow golden, Map<String, Object> base, Map<String, Object> ours, String revision) {
        SpokeProfile profile = settings.profile(link.spoke, link.entity).orElse(null);
        boolean listens = profile != null
                && (profile.out() == SpokeProfile.Flow.OUT || profile.out() == SpokeProfile.Flow.UPDATE);
        link.base = base;
        link.ours = ours;
        link.revision = revision == null ? link.revision : revision;
        link.version = golden.version;
        // As long as nobody knows what became of a write, the lane stays behind: the next claim makes sure.
        link.inStep = !listens
                || !link.unanswered && Projection.inStep(link.entity, Projection.of(ours, profile::carries),
                        Projection.of(golden.document, profile::carries));
        links.put(new LinkKey(link.spoke, link.entity, link.externalId), link);
        if (!link.touched) {
            link.touched = true;
            touchedLinks.add(link);
        }
    }

    void journal(Ingest.Prepared prepared, String event, Outcome outcome, Map<String, Object> finding) {
        journal.add(new JournalRow(prepared, event, outcome, finding));
        if (event != null) {
            messages.put(new EventKey(prepared.arrival().spoke(), event), new Known(prepared.messageId(),
                    prepared.hash(), outcome.state().name(), outcome.id(), outcome.version(), outcome.refusal()));
        }
    }

    /** What became of a message of the journal when it was tried once more. */
    void journalAgain(Ingest.Prepared prepared, Outcome outcome, Map<String, Object> finding) {
        journaledAgain.add(new JournalRow(prepared, null, outcome, finding));
        journaled.put(prepared.messageId(), new Known(prepared.messageId(), prepared.hash(), outcome.state().name(),
                outcome.id(), outcome.version(), outcome.refusal()));
    }

    /** Nothing of what the message said is kept, nor of what a person made of it. */
    void empty(UUID message) {
        emptied.add(message);
    }

    /** From now on messages about the record wait until this one, and those before it, have gone. */
    void joinLine(LinkKey record, UUID message) {
        lines.put(message, record);
        firstInLine.putIfAbsent(record, message);
        joined.put(message, record);
    }

    /** Lets the next in the line go. */
    void leaveLine(UUID message) {
        LinkKey record = lines.remove(message);
        if (record != null) {
            // Nobody has looked who is next: until the line is worked off, all others wait.
            firstInLine.put(record, message);
            left.put(message, record);
        }
    }

    /** @param subject what makes it one and the same open question */
    void park(String kind, String subject, String cause, String spoke, String entity, UUID entityId, UUID message,
            Refusal why, Map<String, Object> detail) {
        park(kind, subject, cause, spoke, entity, entityId, message, why, detail, null);
    }

    /** @param awaits whose appearing lets it go on without a person; null for nothing */
    void park(String kind, String subject, String cause, String spoke, String entity, UUID entityId, UUID message,
            Refusal why, Map<String, Object> detail, Awaited awaits) {
        parked.add(new ParkedRow(Identifiers.next(now), kind, subject, cause, spoke, entity, entityId, message, why,
                detail, awaits));
    }

    void act(String subject, String action, String by, String outcome, String note) {
        actions.add(new ActionRow(subject, action, by, outcome, note));
    }

    void resolve(String subject) {
        resolved.add(subject);
    }

    // ---- writing

    /** What it takes to write all this in {@code turn}; others may add to it before it is committed. */
    Statements write(Turn turn) {
        chain(turn);
        touch(turn);
        return new Writing(this, settings.tenant()).statements();
    }

    /** Numbers the changes and chains each to the one before. */
    private void chain(Turn turn) {
        long sequence = turn.sequence();
        byte[] hash = turn.hash();
        for (int i = 0; i < changes.size(); i++) {
            sequence++;
            hash = changes.get(i).hash(hash, sequence, now);
            changes.set(i, changes.get(i).chained(sequence, hash));
        }
        turn.chained(sequence, hash);
    }

    /** Whoever has read any of this has to read it again. */
    private void touch(Turn turn) {
        for (JournalRow row : journal) {
            if (row.event() != null) {
                turn.touch(new EventKey(row.arrived().arrival().spoke(), row.event()));
            }
        }
        journaledAgain.forEach(row -> turn.touch(row.arrived().messageId()));
        joined.values().forEach(turn::touch);
        left.values().forEach(turn::touch);
        for (LinkRow link : touchedLinks) {
            turn.touch(new LinkKey(link.spoke, link.entity, link.externalId));
            turn.touch(link.entityId);
        }
        behind.values().forEach(one -> turn.touch(one.id()));
        for (GoldenRow golden : changed()) {
            turn.touch(golden.id);
            switch (golden.entity) {
                case CUSTOMER -> {
                    golden.keysBefore().forEach(turn::touch);
                    golden.keys().forEach(turn::touch);
                }
                case ORDER -> turn.touch(new OrderNumber(golden.text("number")));
                case INVOICE -> {
                    turn.touch(new OrderNumber(golden.text("orderNumber")));
                    turn.touch(new InvoiceNumber(golden.text("number")));
                }
                case CREDIT_NOTE -> turn.touch(new OrderNumber(golden.text("orderNumber")));
                case PAYMENT -> turn.touch(golden.document.get("order"));
                case OPPORTUNITY, INTERACTION -> {
                    // nobody reads them but through their links
                }
            }
        }
    }

    /** The golden records that were made or got a new version. */
    List<GoldenRow> changed() {
        return goldens.values().stream().filter(golden -> golden.changed).toList();
    }

    /** The order of an invoice or credit note. */
    UUID orderOf(GoldenRow requested) {
        return issued(requested.entity).entrySet().stream().filter(entry -> entry.getValue() == requested)
                .map(Map.Entry::getKey).findFirst().orElseThrow();
    }
}
