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

    final List<JournalRow> journal = new ArrayList<>();
    final List<ChangeRow> changes = new ArrayList<>();
    final List<ParkedRow> parked = new ArrayList<>();
    final List<String> resolved = new ArrayList<>();
    final Map<String, Behind> behind = new LinkedHashMap<>();
    final List<LinkRow> touchedLinks = new ArrayList<>();
    private static final int MOST_VERSIONS = 1_000;

    private final Set<Long> awaited = new LinkedHashSet<>();
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

    record ParkedRow(UUID id, String kind, String subject, String cause, String spoke, String entity, UUID entityId,
            UUID message, Refusal why, Map<String, Object> detail) {}

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

        private Set<MatchKey> keysBefore() {
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

    /** Loads all that planning may ask for, in two round trips. */
    void load(Collection<EventKey> events, Collection<LinkKey> records, Collection<MatchKey> keys,
            Collection<String> orderNumbers, Collection<String> invoiceNumbers, Collection<UUID> ids)
            throws SQLException {
        Map<Entity, Set<UUID>> wanted = new LinkedHashMap<>();
        for (UUID id : ids) {
            wanted.computeIfAbsent(Entity.CUSTOMER, _ -> new LinkedHashSet<>()).add(id);
        }
        read.addAll(events);
        read.addAll(records);
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
        Columns linkColumns = new Columns();
        records.forEach(key -> linkColumns.add(key.spoke(), key.entity(), key.externalId()));
        if (!linkColumns.isEmpty()) {
            first.read(
                    """
                            select l.id, l.spoke, l.entity, l.external_id, l.entity_id, l.base::text, l.ours::text, l.revision,
                              l.wanted, l.synced
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
            first.read(select(Entity.INVOICE)
                    + " join sales_order o on o.id = t.sales_order where o.number = any(?)",
                    row -> takeGolden(Entity.INVOICE, row), (Object) orderNumbers.toArray(String[]::new));
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
    }

    void load(Entity entity, Collection<UUID> ids) throws SQLException {
        load(Map.of(entity, new LinkedHashSet<>(ids)));
    }

    /** The invoices of orders. */
    void loadInvoices(Collection<UUID> orders) throws SQLException {
        new Statements().read(select(Entity.INVOICE) + " where t.sales_order = any(?::uuid[])",
                row -> takeGolden(Entity.INVOICE, row), (Object) Writing.ids(orders)).execute(session);
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
                + (entity == Entity.INVOICE ? ", t.sales_order" : "") + " from " + entity.table() + " t";
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
            if (entity == Entity.INVOICE) {
                invoicesByOrder.put(row.getObject(6, UUID.class), golden);
            }
            index(golden);
        }
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
            case PAYMENT, OPPORTUNITY, INTERACTION -> {
                // found through their links only
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

    /** Null when the spoke's record is not linked. */
    LinkRow link(String spoke, String entity, String externalId) {
        return externalId == null ? null : links.get(new LinkKey(spoke, entity, externalId));
    }

    /** Null when not loaded or not there. */
    GoldenRow golden(UUID id) {
        return goldens.get(id);
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

    Set<UUID> withKey(MatchKey key) {
        return byKey.getOrDefault(key, Set.of());
    }

    /**
     * A record that the hub is about to create in a spoke and whose id there is not known yet; null when there is none. While
     * the write is under way, {@link LinkRow#ours} is what is written.
     */
    LinkRow awaited(String spoke, GoldenRow golden) throws SQLException {
        if (touchedLinks.stream().anyMatch(link -> link.id != null && link.spoke.equals(spoke)
                && link.entityId.equals(golden.id) && awaited.contains(link.id))) {
            return null; // found its record earlier in this batch
        }
        List<LinkRow> found = new ArrayList<>();
        new Statements().read("""
                select id, spoke, entity, external_id, entity_id, base::text,
                  case when lease_until > ? then ours end::text, revision, wanted, synced from link
                where entity_id = ?::uuid and spoke = ? and entity = ? and external_id is null
                """, row -> found.add(takeLink(row)), now.atOffset(ZoneOffset.UTC), golden.id.toString(), spoke,
                golden.entity.word())
                .execute(session);
        found.forEach(link -> awaited.add(link.id));
        return found.isEmpty() ? null : found.getFirst();
    }

    /**
     * What a record was made by others since the spoke was last known to hold it: the changed fields of each version, the
     * latest first. Any of it may have been written to the spoke without an answer that was recorded.
     */
    List<Map<String, Object>> since(LinkRow link) {
        List<Map<String, Object>> versions = new ArrayList<>();
        changes.stream()
                .filter(change -> change.id().equals(link.entityId) && !change.source().spoke().equals(link.spoke))
                .forEach(change -> versions.addFirst(change.fields()));
        try {
            new Statements().read("""
                    select fields::text from change where entity_id = ? and version > ? and spoke <> ?
                    order by version desc limit ?
                    """, row -> versions.add(Json.document(row.getString(1))), link.entityId, link.synced, link.spoke,
                    MOST_VERSIONS).execute(session);
        } catch (SQLException failed) {
            throw new StoreUnavailable("The database did not tell earlier versions: " + failed.getMessage(), failed);
        }
        return versions;
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

    /** A new invoice of an order; its lane starts with the commit. */
    GoldenRow createInvoice(GoldenRow order, Map<String, Object> document, Source source) {
        UUID id = Identifiers.next(now);
        GoldenRow invoice = create(Entity.INVOICE, id, Map.of(), source);
        invoicesByOrder.put(order.id, invoice);
        change(invoice, document, document.keySet(), source, "requested", null);
        return invoice;
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
        if (golden.entity == Entity.INVOICE && document.get("number") == null) {
            return; // nobody's business until the accounting system has made it
        }
        for (SpokeProfile listener : settings.listeners(golden.entity.word())) {
            boolean first = golden.version == 1 || golden.entity == Entity.INVOICE && fields.contains("number");
            if (first || fields.stream().anyMatch(listener::carries)) {
                behind.put(listener.spoke() + " " + golden.id,
                        new Behind(listener.spoke(), golden.entity.word(), golden.id, golden.version,
                                listener.spoke().equals(source.spoke()) ? exceptExternalId : null,
                                listener.out() == SpokeProfile.Flow.OUT));
            }
        }
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
        link.inStep = !listens || Projection.inStep(link.entity, Projection.of(ours, profile::carries),
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

    /** @param subject what makes it one and the same open question */
    void park(String kind, String subject, String cause, String spoke, String entity, UUID entityId, UUID message,
            Refusal why, Map<String, Object> detail) {
        parked.add(new ParkedRow(Identifiers.next(now), kind, subject, cause, spoke, entity, entityId, message, why,
                detail));
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

    UUID orderOf(GoldenRow invoice) {
        return invoicesByOrder.entrySet().stream().filter(entry -> entry.getValue() == invoice)
                .map(Map.Entry::getKey).findFirst().orElseThrow();
    }
}
