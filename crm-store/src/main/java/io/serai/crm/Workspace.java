package io.serai.crm;

import java.nio.charset.StandardCharsets;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import io.serai.crm.plan.MatchKey;
import io.serai.crm.plan.Projection;
import io.serai.crm.plan.Provenance;
import io.serai.crm.plan.Source;

/**
 * The part of the store that one transaction works on: loaded with few statements, changed in memory, written back with
 * one round trip. Lives inside {@link Transactions#write}, so nobody else changes these rows meanwhile.
 */
final class Workspace {
    private final Connection connection;
    private final Settings settings;
    private final Instant now;

    private final Map<EventKey, Known> messages = new HashMap<>();
    private final Map<LinkKey, LinkRow> links = new HashMap<>();
    private final Map<UUID, GoldenRow> goldens = new LinkedHashMap<>();
    private final Map<MatchKey, Set<UUID>> byKey = new HashMap<>();
    private final Map<String, GoldenRow> ordersByNumber = new HashMap<>();
    private final Map<String, GoldenRow> invoicesByNumber = new HashMap<>();
    private final Map<UUID, GoldenRow> invoicesByOrder = new HashMap<>();

    private final Columns messageRows = new Columns();
    private final List<byte[]> payloads = new ArrayList<>();
    private final List<byte[]> hashes = new ArrayList<>();
    private final Columns changeRows = new Columns();
    private final Columns parkedRows = new Columns();
    private final Columns resolvedSubjects = new Columns();
    private final Map<String, Behind> behind = new LinkedHashMap<>();
    private final List<LinkRow> touchedLinks = new ArrayList<>();
    private final Set<Long> awaited = new LinkedHashSet<>();
    private final List<AuditEntry> auditEntries = new ArrayList<>();
    private long auditSequence;
    private byte[] auditHash;

    record EventKey(String spoke, String event) {}

    record LinkKey(String spoke, String entity, String externalId) {}

    /** A message that was here before. */
    record Known(UUID id, byte[] hash, String state, UUID entityId, Long version, Refusal refusal) {}

    /** @param exceptExternalId the record that said it itself; null when nobody's */
    private record Behind(String spoke, String entity, UUID id, long version, String exceptExternalId) {}

    private record AuditEntry(String actor, String action, String entity, UUID id, long version, UUID message) {}

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
        private boolean isNew;
        private boolean changed;
        private Set<MatchKey> keysBefore;
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

    Workspace(Connection connection, Settings settings, Instant now) {
        this.connection = connection;
        this.settings = settings;
        this.now = now.truncatedTo(ChronoUnit.MICROS); // what the database keeps: the audit chain is computed over it
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
        Statements first = readAuditHead(new Statements());
        Columns eventColumns = new Columns();
        events.forEach(key -> eventColumns.add(key.spoke(), key.event()));
        if (!eventColumns.isEmpty()) {
            first.read("""
                    select m.spoke, m.event, m.id, m.received_hash, m.state, m.entity_id, m.version, m.refusal::text
                    from unnest(?, ?) k(spoke, event) join message m on m.spoke = k.spoke and m.event = k.event
                    """, this::takeMessage, eventColumns.arrays());
        }
        Columns linkColumns = new Columns();
        records.forEach(key -> linkColumns.add(key.spoke(), key.entity(), key.externalId()));
        if (!linkColumns.isEmpty()) {
            first.read(
                    """
                            select l.id, l.spoke, l.entity, l.external_id, l.entity_id, l.base::text, l.ours::text, l.revision, l.wanted
                            from unnest(?, ?, ?) k(spoke, entity, external_id)
                            join link l on l.spoke = k.spoke and l.entity = k.entity and l.external_id = k.external_id
                            """,
                    row -> {
                        LinkRow link = takeLink(row);
                        wanted.computeIfAbsent(Entity.of(link.entity), _ -> new LinkedHashSet<>()).add(link.entityId);
                    }, linkColumns.arrays());
        }
        Columns keyColumns = new Columns();
        keys.stream().filter(key -> key.kind() != MatchKey.Kind.WORD)
                .forEach(key -> keyColumns.add(key.kind().letter(), key.value()));
        if (!keyColumns.isEmpty()) {
            first.read("""
                    select q.kind, q.value, k.customer
                    from unnest(?::"char"[], ?) q(kind, value)
                    cross join lateral (select customer from customer_key k
                      where k.kind = q.kind and k.value = q.value limit 20) k
                    """, row -> {
                UUID id = row.getObject(3, UUID.class);
                byKey.computeIfAbsent(new MatchKey(MatchKey.Kind.of(row.getString(1)), row.getString(2)),
                        _ -> new LinkedHashSet<>()).add(id);
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
        first.execute(connection);
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
                row -> takeGolden(Entity.INVOICE, row), (Object) texts(orders)).execute(connection);
    }

    private void load(Map<Entity, Set<UUID>> wanted) throws SQLException {
        Statements second = new Statements();
        wanted.forEach((entity, ids) -> {
            List<UUID> missing = ids.stream().filter(id -> !goldens.containsKey(id)).toList();
            if (!missing.isEmpty()) {
                second.read(select(entity) + " where t.id = any(?::uuid[])", row -> takeGolden(entity, row),
                        (Object) texts(missing));
            }
        });
        second.execute(connection);
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
        links.put(new LinkKey(link.spoke, link.entity, link.externalId), link);
        return link;
    }

    private void takeGolden(Entity entity, ResultSet row) throws SQLException {
        GoldenRow golden = new GoldenRow(entity, row.getObject(1, UUID.class), row.getLong(2),
                Json.document(row.getString(3)), row.getString(4),
                row.getObject(5, java.time.OffsetDateTime.class).toInstant());
        if (goldens.putIfAbsent(golden.id, golden) == null) {
            if (entity == Entity.CUSTOMER) {
                golden.keysBefore = golden.keys();
            } else if (entity == Entity.INVOICE) {
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
        if (!messages.containsKey(new EventKey(spoke, event))) {
            new Statements().read("""
                    select spoke, event, id, received_hash, state, entity_id, version, refusal::text
                    from message where spoke = ? and event = ?
                    """, this::takeMessage, spoke, event).execute(connection);
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

    /** A record that the hub is about to create in a spoke and whose id there is not known yet; null when there is none. */
    LinkRow awaited(String spoke, GoldenRow golden) throws SQLException {
        if (touchedLinks.stream().anyMatch(link -> link.id != null && link.spoke.equals(spoke)
                && link.entityId.equals(golden.id) && awaited.contains(link.id))) {
            return null; // found its record earlier in this batch
        }
        List<LinkRow> found = new ArrayList<>();
        new Statements().read("""
                select id, spoke, entity, external_id, entity_id, base::text, ours::text, revision, wanted from link
                where entity_id = ?::uuid and spoke = ? and entity = ? and external_id is null
                """, row -> found.add(takeLink(row)), golden.id.toString(), spoke, golden.entity.word())
                .execute(connection);
        found.forEach(link -> awaited.add(link.id));
        return found.isEmpty() ? null : found.getFirst();
    }

    /** What was paid for an order that has no invoice yet. */
    BigDecimal paidFor(GoldenRow order) throws SQLException {
        BigDecimal[] paid = {BigDecimal.ZERO};
        new Statements().read("select coalesce(sum(amount), 0) from payment where sales_order = ? and invoice is null",
                row -> paid[0] = row.getBigDecimal(1), order.id).execute(connection);
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
        golden.keysBefore = Set.of();
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
        Map<String, Object> values = new LinkedHashMap<>();
        fields.forEach(field -> values.put(field, document.get(field)));
        changeRows.add(golden.entity.word(), golden.id, golden.version, Json.text(values), source.spoke(),
                source.message(), reason, now);
        auditEntries.add(new AuditEntry(source.spoke(), reason, golden.entity.word(), golden.id, golden.version,
                source.message()));
        if (golden.entity == Entity.INVOICE && document.get("number") == null) {
            return; // nobody's business until the accounting system has made it
        }
        for (SpokeProfile listener : settings.listeners(golden.entity.word())) {
            boolean first = golden.version == 1 || golden.entity == Entity.INVOICE && fields.contains("number");
            if (first || fields.stream().anyMatch(listener::carries)) {
                behind.put(listener.spoke() + " " + golden.id,
                        new Behind(listener.spoke(), golden.entity.word(), golden.id, golden.version,
                                listener.spoke().equals(source.spoke()) ? exceptExternalId : null));
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
        Arrival arrival = prepared.arrival();
        String refusal = outcome.refusal() == null ? null : Json.text(written(outcome.refusal()));
        messageRows.add(prepared.messageId(), arrival.spoke(), arrival.entity(), event, arrival.protocol(),
                arrival.contentType(), arrival.receivedAt(), arrival.mapping(), arrival.traceparent(),
                outcome.state(), outcome.id(), outcome.version(), refusal, Json.text(finding));
        payloads.add(arrival.received());
        hashes.add(prepared.hash());
        messages.put(new EventKey(arrival.spoke(), event), new Known(prepared.messageId(), prepared.hash(),
                outcome.state().name(), outcome.id(), outcome.version(), outcome.refusal()));
    }

    private static Map<String, Object> written(Refusal refusal) {
        Map<String, Object> written = new LinkedHashMap<>();
        written.put("step", refusal.step());
        written.put("field", refusal.field());
        written.put("problem", refusal.problem());
        written.put("code", refusal.code());
        return written;
    }

    /** @param subject what makes it one and the same open question */
    void park(String kind, String subject, String cause, String spoke, String entity, UUID entityId, UUID message,
            Refusal why, Map<String, Object> detail) {
        parkedRows.add(Identifiers.next(now), kind, subject, cause, spoke, entity, entityId, message, why.step(),
                why.field(), why.problem(), Json.text(detail), now);
    }

    void resolve(String subject) {
        resolvedSubjects.add(subject);
    }

    // ---- writing

    void write() throws SQLException {
        Statements statements = new Statements();
        writeMessages(statements);
        writeGoldens(statements);
        writeLinks(statements);
        writeLog(statements);
        if (!parkedRows.isEmpty()) {
            List<Object> values = new ArrayList<>(List.of(parkedRows.arrays()));
            statements.write(
                    """
                            insert into parked (id, kind, subject, cause, spoke, entity, entity_id, message, step, field, problem, detail, at)
                            select id::uuid, kind, subject, cause, spoke, entity, entity_id::uuid, message::uuid, step, field, problem,
                              detail::jsonb, at::timestamptz
                            from unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                              p(id, kind, subject, cause, spoke, entity, entity_id, message, step, field, problem, detail, at)
                            where kind <> 'POSSIBLE_DUPLICATE' or not exists (select 1 from parked old
                              where old.kind = 'POSSIBLE_DUPLICATE' and old.subject = p.subject)
                            on conflict do nothing
                            """,
                    values.toArray());
        }
        if (!resolvedSubjects.isEmpty()) {
            statements.write("update parked set resolved_at = ? where subject = any(?) and resolved_at is null",
                    now.atOffset(java.time.ZoneOffset.UTC), resolvedSubjects.arrays()[0]);
        }
        statements.execute(connection);
    }

    private void writeMessages(Statements statements) {
        if (messageRows.isEmpty()) {
            return;
        }
        List<Object> values = new ArrayList<>(List.of(messageRows.arrays()));
        values.add(payloads.toArray(byte[][]::new));
        values.add(hashes.toArray(byte[][]::new));
        statements.write("""
                insert into message (id, spoke, entity, event, protocol, content_type, received_at, mapping,
                  traceparent, state, entity_id, version, refusal, finding, received, received_hash)
                select id::uuid, spoke, entity, event, protocol, content_type, received_at::timestamptz, mapping,
                  traceparent, state, entity_id::uuid, version::bigint, refusal::jsonb, finding::jsonb, received, hash
                from unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                  m(id, spoke, entity, event, protocol, content_type, received_at, mapping, traceparent, state,
                    entity_id, version, refusal, finding, received, hash)
                """, values.toArray());
    }

    private void writeGoldens(Statements statements) {
        Map<Entity, Columns> changed = new LinkedHashMap<>();
        Columns newInvoices = new Columns();
        Columns keys = new Columns();
        List<UUID> rekeyed = new ArrayList<>();
        List<UUID> orders = new ArrayList<>();
        for (GoldenRow golden : goldens.values()) {
            if (!golden.changed) {
                continue;
            }
            String document = Json.text(golden.document);
            String provenance = Json.text(golden.provenance().document());
            if (golden.entity == Entity.INVOICE && golden.isNew) {
                newInvoices.add(golden.id, golden.version, document, provenance, golden.createdAt,
                        orderOf(golden), Identifiers.named(settings.tenant(), "invoice", golden.text("reference")));
            } else {
                changed.computeIfAbsent(golden.entity, _ -> new Columns()).add(golden.id, golden.version, document,
                        provenance, golden.createdAt, now);
            }
            if (golden.entity == Entity.CUSTOMER) {
                Set<MatchKey> now = golden.keys();
                if (!now.equals(golden.keysBefore)) {
                    if (!golden.isNew) {
                        rekeyed.add(golden.id);
                    }
                    now.forEach(key -> keys.add(key.kind().letter(), key.value(), golden.id));
                }
            } else if (golden.entity == Entity.ORDER) {
                orders.add(golden.id);
            }
        }
        for (Entity entity : Entity.values()) {
            if (changed.containsKey(entity)) {
                statements.write(entity == Entity.INVOICE ? entity.update() : entity.upsert(),
                        changed.get(entity).arrays());
            }
        }
        if (!rekeyed.isEmpty()) {
            statements.write("delete from customer_key where customer = any(?::uuid[])", (Object) texts(rekeyed));
        }
        if (!keys.isEmpty()) {
            statements.write("""
                    insert into customer_key (kind, value, customer)
                    select kind::"char", value, customer::uuid from unnest(?, ?, ?) k(kind, value, customer)
                    """, keys.arrays());
        }
        if (!orders.isEmpty()) {
            statements.write("delete from order_line where sales_order = any(?::uuid[])", (Object) texts(orders));
            statements.write(
                    """
                            insert into order_line (sales_order, line, sku, description, quantity, unit_price, tax_rate, amount)
                            select o.id, (l->>'line')::int, l->>'sku', l->>'description', (l->>'quantity')::numeric,
                              (l->>'unitPrice')::numeric, (l->>'taxRate')::numeric, (l->>'amount')::numeric
                            from sales_order o cross join lateral jsonb_array_elements(o.document->'lines') l
                            where o.id = any(?::uuid[])
                            """,
                    (Object) texts(orders));
        }
        if (!newInvoices.isEmpty()) {
            statements.write(
                    """
                            insert into invoice (id, version, sales_order, customer, reference, status, currency, total, document, provenance,
                              created_at, updated_at, state, idempotency_key, next_try_at)
                            select id::uuid, version::bigint, sales_order::uuid, (d->'customer'->>'id')::uuid, d->>'reference', d->>'status',
                              d->>'currency', (d->>'total')::numeric, d, provenance::jsonb, created::timestamptz, created::timestamptz,
                              'PENDING', key::uuid, created::timestamptz
                            from (select *, document::jsonb d from unnest(?, ?, ?, ?, ?, ?, ?)
                              i(id, version, document, provenance, created, sales_order, key)) i
                            """,
                    newInvoices.arrays());
        }
    }

    private UUID orderOf(GoldenRow invoice) {
        return invoicesByOrder.entrySet().stream().filter(entry -> entry.getValue() == invoice)
                .map(Map.Entry::getKey).findFirst().orElseThrow();
    }

    private void writeLinks(Statements statements) {
        Columns created = new Columns();
        Columns updated = new Columns();
        for (LinkRow link : touchedLinks) {
            String base = Json.text(link.base);
            String ours = link.ours.equals(link.base) ? null : Json.text(link.ours);
            if (link.id == null) {
                created.add(link.spoke, link.entity, link.externalId, link.entityId, base, ours, link.revision,
                        link.version, link.inStep, now);
            } else {
                updated.add(link.id, link.externalId, base, ours, link.revision, link.version, link.inStep, now);
            }
        }
        if (!created.isEmpty()) {
            statements.write(
                    """
                            insert into link (spoke, entity, external_id, entity_id, base, ours, revision, wanted, synced, state, behind_since,
                              next_try_at)
                            select spoke, entity, external_id, entity_id::uuid, base::jsonb, ours::jsonb, revision, version::bigint,
                              case when in_step::boolean then version::bigint else 0 end,
                              case when in_step::boolean then 'SYNCED' else 'BEHIND' end,
                              case when in_step::boolean then null else at::timestamptz end, at::timestamptz
                            from unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                              l(spoke, entity, external_id, entity_id, base, ours, revision, version, in_step, at)
                            """,
                    created.arrays());
        }
        if (!updated.isEmpty()) {
            statements.write(
                    """
                            update link l set external_id = u.external_id, base = u.base::jsonb, ours = u.ours::jsonb, revision = u.revision,
                              wanted = greatest(wanted, u.version::bigint),
                              synced = case when u.in_step::boolean then u.version::bigint else synced end,
                              state = case when u.in_step::boolean then 'SYNCED' else 'BEHIND' end,
                              behind_since = case when u.in_step::boolean then null else coalesce(behind_since, u.at::timestamptz) end,
                              next_try_at = case when state = 'BEHIND' and attempts > 0 then next_try_at else u.at::timestamptz end
                            from unnest(?::bigint[], ?, ?, ?, ?, ?, ?, ?) u(id, external_id, base, ours, revision, version, in_step, at)
                            where l.id = u.id
                            """,
                    updated.arrays());
        }
        Columns fallen = new Columns();
        Columns missing = new Columns();
        for (Behind one : behind.values()) {
            boolean creates = settings.profile(one.spoke(), one.entity()).orElseThrow()
                    .out() == SpokeProfile.Flow.OUT;
            GoldenRow golden = goldens.get(one.id());
            if (!golden.isNew || golden.version > 1) {
                fallen.add(one.spoke(), one.id(), one.version(), one.exceptExternalId(), now);
            }
            if (creates && one.exceptExternalId() == null) {
                missing.add(one.spoke(), one.entity(), one.id(), one.version(), now);
            }
        }
        if (!fallen.isEmpty()) {
            statements.write(
                    """
                            update link l set wanted = f.version, state = 'BEHIND',
                              behind_since = coalesce(behind_since, f.at::timestamptz),
                              attempts = case when state = 'PARKED' then 0 else attempts end,
                              next_try_at = case when state = 'BEHIND' and attempts > 0 then next_try_at else f.at::timestamptz end
                            from unnest(?, ?::uuid[], ?::bigint[], ?, ?) f(spoke, entity_id, version, except_external_id, at)
                            where l.entity_id = f.entity_id and l.spoke = f.spoke
                              and l.external_id is distinct from coalesce(f.except_external_id, '')
                              and l.wanted < f.version
                            """,
                    fallen.arrays());
        }
        if (!missing.isEmpty()) {
            statements.write(
                    """
                            insert into link (spoke, entity, entity_id, wanted, state, behind_since, next_try_at)
                            select spoke, entity, entity_id, version::bigint, 'BEHIND', at::timestamptz, at::timestamptz
                            from unnest(?, ?, ?::uuid[], ?, ?) m(spoke, entity, entity_id, version, at)
                            where not exists (select 1 from link l where l.entity_id = m.entity_id and l.spoke = m.spoke)
                            """,
                    missing.arrays());
        }
    }

    private void writeLog(Statements statements) throws SQLException {
        if (changeRows.isEmpty()) {
            return;
        }
        statements.write("""
                insert into change (entity, entity_id, version, fields, spoke, message, reason, at)
                select entity, id::uuid, version::bigint, fields::jsonb, spoke, message::uuid, reason, at::timestamptz
                from unnest(?, ?, ?, ?, ?, ?, ?, ?) c(entity, id, version, fields, spoke, message, reason, at)
                """, changeRows.arrays());
        if (auditHash == null) {
            readAuditHead(new Statements()).execute(connection);
        }
        if (auditHash == null) {
            auditHash = new byte[1]; // the tenant's first entry
        }
        Columns entries = new Columns();
        for (AuditEntry entry : auditEntries) {
            auditSequence++;
            String text = String.join("|", Long.toString(auditSequence), now.toString(), entry.actor(), entry.action(),
                    entry.entity(), String.valueOf(entry.id()), Long.toString(entry.version()),
                    String.valueOf(entry.message()));
            auditHash = Identifiers.sha256(auditHash, text.getBytes(StandardCharsets.UTF_8));
            entries.add(auditSequence, now, entry.actor(), entry.action(), entry.entity(), entry.id(), entry.version(),
                    entry.message(), HexFormat.of().formatHex(auditHash));
        }
        statements.write(
                """
                        insert into audit (sequence, at, actor, action, entity, entity_id, version, message, hash)
                        select sequence::bigint, at::timestamptz, actor, action, entity, id::uuid, version::bigint,
                          message::uuid, decode(hash, 'hex')
                        from unnest(?, ?, ?, ?, ?, ?, ?, ?, ?) a(sequence, at, actor, action, entity, id, version, message, hash)
                        """,
                entries.arrays());
        statements.write("""
                insert into audit_head (sequence, hash) values (?, ?)
                on conflict (tenant) do update set sequence = excluded.sequence, hash = excluded.hash
                """, auditSequence, auditHash);
    }

    private Statements readAuditHead(Statements statements) {
        return statements.read("select sequence, hash from audit_head", row -> {
            auditSequence = row.getLong(1);
            auditHash = row.getBytes(2);
        });
    }

    private static String[] texts(Collection<UUID> ids) {
        return ids.stream().map(UUID::toString).toArray(String[]::new);
    }
}
