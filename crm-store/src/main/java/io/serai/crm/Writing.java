package io.serai.crm;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes what a {@link Workspace} has become, so that a batch costs one round trip however many tables it touches. */
final class Writing {
    private static final Logger LOG = LoggerFactory.getLogger(Writing.class);
    private static final String MESSAGES = Insert.into("message", "id uuid", "spoke text", "entity text", "event text",
            "protocol text", "content_type text", "received_at timestamptz", "mapping text", "traceparent text",
            "state text", "entity_id uuid", "version bigint", "refusal json", "finding json", "received bytea",
            "received_hash bytea").sql();
    private static final String INVOICES = issued(Entity.INVOICE);
    private static final String CREDIT_NOTES = issued(Entity.CREDIT_NOTE);
    private static final String LINES = Insert.into("order_line", "sales_order uuid", "line int", "sku text",
            "description text", "quantity numeric", "unit_price numeric", "tax_rate numeric", "amount numeric").sql();
    private static final String KEYS = Insert.into("customer_key", "key text", "customer uuid").sql();
    private static final String LINKS = Insert.into("link", "spoke text", "entity text", "external_id text",
            "entity_id uuid", "base json", "ours json", "revision text", "wanted bigint", "synced bigint", "state text",
            "behind_since timestamptz").with("next_try_at timestamptz").sql();
    private static final String HELD = Insert
            .into("held", "spoke text", "entity text", "record text", "message uuid").sql();
    private static final String CHANGES = Insert.into("change", "sequence bigint", "entity text", "entity_id uuid",
            "version bigint", "fields json", "spoke text", "message uuid", "reason text", "hash bytea")
            .with("at timestamptz").sql();

    private static String issued(Entity entity) {
        return entity.rows("sales_order uuid", "reference text", "idempotency_key uuid")
                .with("state text", "next_try_at timestamptz", "created_at timestamptz", "updated_at timestamptz")
                .sql();
    }

    private final Workspace work;
    private final Integer tenant;
    private final Instant now;
    /** What makes room for new rows. */
    private final Statements before = new Statements();
    private final Statements statements = new Statements();
    private final List<Object> inserted = new ArrayList<>();
    private final List<String> inserts = new ArrayList<>();
    /** A new record is often said, held and logged in one and the same document: it is written out once. */
    private final Map<Map<String, Object>, String> texts = new IdentityHashMap<>();

    Writing(Workspace work, int tenant) {
        this.work = work;
        this.tenant = tenant;
        this.now = work.now();
    }

    Statements statements() {
        messages();
        messagesAgain();
        held();
        goldens();
        links();
        behind();
        if (!work.gone.isEmpty()) {
            Columns rows = new Columns();
            work.gone.forEach(link -> rows.add(link.spoke, link.entity, link.externalId));
            gone(statements, rows);
        }
        changes();
        actions(statements, work.actions, now);
        parked();
        return before.and(together()).and(statements);
    }

    /** New rows of all tables go in one statement: what a statement costs before it does anything is much of a small batch. */
    private Statements together() {
        if (inserts.isEmpty()) {
            return new Statements();
        }
        StringBuilder sql = new StringBuilder();
        for (int i = 0; i < inserts.size() - 1; i++) {
            sql.append(i == 0 ? "with " : ", ").append("part").append(i).append(" as (").append(inserts.get(i))
                    .append(")");
        }
        return new Statements().write(sql.append(' ').append(inserts.getLast()).toString(), inserted.toArray());
    }

    private void insert(String sql, Columns rows, Object... common) {
        if (!rows.isEmpty()) {
            inserts.add(sql);
            inserted.addAll(Arrays.asList(rows.arrays(common)));
        }
    }

    private String text(Map<String, Object> document) {
        return document == null ? null : texts.computeIfAbsent(document, Json::text);
    }

    private void messages() {
        work.passedOn.forEach((message, key) -> before.write("update message set event = ? where id = ?", key.event(),
                message));
        Columns rows = new Columns();
        for (Workspace.JournalRow row : work.journal) {
            Arrival arrival = row.arrived().arrival();
            Outcome outcome = row.outcome();
            rows.add(row.arrived().messageId(), arrival.spoke(), arrival.entity(), row.event(), arrival.protocol(),
                    arrival.contentType(), arrival.receivedAt(), arrival.mapping(), arrival.traceparent(),
                    outcome.state(), outcome.id(), outcome.version(), refusal(outcome.refusal()),
                    Json.text(row.finding()), arrival.received(), row.arrived().hash());
        }
        insert(MESSAGES, rows, tenant);
    }

    private void messagesAgain() {
        Columns rows = new Columns();
        for (Workspace.JournalRow row : work.journaledAgain) {
            Outcome outcome = row.outcome();
            rows.add(row.arrived().messageId(), row.arrived().arrival().mapping(), outcome.state(), outcome.id(),
                    Objects.toString(outcome.version(), null), refusal(outcome.refusal()), Json.text(row.finding()));
        }
        if (!rows.isEmpty()) {
            statements.write("""
                    update message m set mapping = a.mapping, state = a.state, entity_id = a.entity_id::uuid,
                      version = a.version::bigint, refusal = a.refusal::json, finding = a.finding::json
                    from (select unnest(?::uuid[]) id, unnest(?) mapping, unnest(?) state, unnest(?) entity_id,
                      unnest(?) version, unnest(?) refusal, unnest(?) finding) a
                    where m.id = a.id
                    """, rows.arrays());
        }
        if (!work.emptied.isEmpty()) {
            statements.write("update message set received = '', received_hash = '' where id = any(?::uuid[])",
                    (Object) ids(work.emptied));
            statements.write("update parked_action set edited = null where subject = any(?)",
                    (Object) work.emptied.stream().map(IngestBatch::subject).toArray(String[]::new));
        }
    }

    private void held() {
        Columns rows = new Columns();
        work.joined.forEach(
                (message, record) -> rows.add(record.spoke(), record.entity(), record.externalId(), message));
        insert(HELD, rows, tenant);
        if (!work.left.isEmpty()) {
            statements.write("delete from held where message = any(?::uuid[])", (Object) ids(work.left.keySet()));
        }
    }

    static void actions(Statements statements, List<Workspace.ActionRow> actions, Instant now) {
        Columns rows = new Columns();
        actions.forEach(row -> rows.add(row.subject(), row.action(), row.by(), row.outcome(), row.note()));
        if (!rows.isEmpty()) {
            statements.write("""
                    insert into parked_action (subject, action, by_whom, outcome, note, at)
                    select subject, action, by_whom, outcome, note, here.at
                    from (select unnest(?) subject, unnest(?) action, unnest(?) by_whom, unnest(?) outcome,
                      unnest(?) note) a, (select ?::timestamptz) here(at)
                    """, rows.arrays(now));
        }
    }

    private static String refusal(Refusal refusal) {
        if (refusal == null) {
            return null;
        }
        Map<String, Object> written = new LinkedHashMap<>();
        written.put("step", refusal.step());
        written.put("field", refusal.field());
        written.put("problem", refusal.problem());
        written.put("code", refusal.code());
        return Json.text(written);
    }

    private void goldens() {
        Map<Entity, Columns> made = new LinkedHashMap<>();
        Map<Entity, Columns> changed = new LinkedHashMap<>();
        Map<Entity, Columns> requested = new LinkedHashMap<>();
        List<GoldenRow> customers = new ArrayList<>();
        List<GoldenRow> orders = new ArrayList<>();
        for (GoldenRow golden : work.changed()) {
            String document = text(golden.document);
            String provenance = Json.text(golden.provenance().document());
            if (golden.laneMoved()) {
                statements.write("update " + golden.entity.table()
                        + " set state = ?, next_try_at = ?, attempts = 0, lease_until = null, problem = null"
                        + " where id = ?",
                        golden.lane(), now, golden.id);
            }
            if (golden.entity.issued() && golden.isNew) {
                String reference = golden.text("reference");
                requested.computeIfAbsent(golden.entity, _ -> new Columns())
                        .add(golden.entity.row(golden, document, provenance, work.orderOf(golden), reference,
                                Identifiers.named(tenant, golden.entity.word(), reference)));
                continue;
            }
            (golden.isNew ? made : changed).computeIfAbsent(golden.entity, _ -> new Columns())
                    .add(golden.entity.row(golden, document, provenance));
            if (golden.entity == Entity.CUSTOMER) {
                customers.add(golden);
            } else if (golden.entity == Entity.ORDER) {
                orders.add(golden);
            }
        }
        // What others refer to comes first.
        for (Entity entity : Entity.values()) {
            insert(entity.insert(), made.getOrDefault(entity, new Columns()), tenant, now, now);
            if (changed.containsKey(entity)) {
                statements.write(entity.update(), changed.get(entity).arrays(now));
            }
            if (entity.issued()) {
                insert(entity == Entity.INVOICE ? INVOICES : CREDIT_NOTES,
                        requested.getOrDefault(entity, new Columns()), tenant, "PENDING", now, now, now);
            }
        }
        keys(customers);
        lines(orders);
    }

    private void keys(List<GoldenRow> customers) {
        Columns gone = new Columns();
        Columns come = new Columns();
        for (GoldenRow customer : customers) {
            Set<String> before = customer.entriesBefore();
            Set<String> now = customer.entries();
            before.stream().filter(entry -> !now.contains(entry)).forEach(entry -> gone.add(entry, customer.id));
            now.stream().filter(entry -> !before.contains(entry)).forEach(entry -> come.add(entry, customer.id));
        }
        if (!gone.isEmpty()) {
            before.write("""
                    delete from customer_key k using (select unnest(?) key, unnest(?::uuid[]) customer) gone
                    where k.key = gone.key and k.customer = gone.customer
                    """, gone.arrays());
        }
        insert(KEYS, come, tenant);
    }

    private void lines(List<GoldenRow> orders) {
        if (orders.isEmpty()) {
            return;
        }
        Columns rows = new Columns();
        for (GoldenRow order : orders) {
            if (order.document.get("lines") instanceof List<?> lines) {
                for (Object element : lines) {
                    Map<?, ?> line = (Map<?, ?>) element;
                    rows.add(order.id, line.get("line"), line.get("sku"), line.get("description"), line.get("quantity"),
                            line.get("unitPrice"), line.get("taxRate"), line.get("amount"));
                }
            }
        }
        before.write("delete from order_line where sales_order = any(?::uuid[])",
                (Object) ids(orders.stream().map(order -> order.id).toList()));
        insert(LINES, rows, tenant);
    }

    private void links() {
        Columns created = new Columns();
        Columns updated = new Columns();
        for (LinkRow link : work.touchedLinks) {
            String base = text(link.base);
            String ours = link.ours.equals(link.base) ? null : text(link.ours);
            if (link.id == null) {
                created.add(link.spoke, link.entity, link.externalId, link.entityId, base, ours, link.revision,
                        link.version, link.inStep ? link.version : 0L, link.inStep ? "SYNCED" : "BEHIND",
                        link.inStep ? null : now);
            } else {
                updated.add(link.entityId, link.spoke, link.id, link.externalId, base, ours, link.revision,
                        link.version, link.inStep, text(link.unheard.document()));
            }
        }
        insert(LINKS, created, tenant, now);
        if (!updated.isEmpty()) {
            statements.write("""
                    update link l set external_id = u.external_id, base = u.base::json, ours = u.ours::json,
                      revision = u.revision, wanted = greatest(wanted, u.version::bigint),
                      synced = case when u.in_step::boolean then u.version::bigint else synced end,
                      state = case when u.in_step::boolean then 'SYNCED' else 'BEHIND' end,
                      behind_since = case when u.in_step::boolean then null else coalesce(behind_since, at) end,
                      attempts = case when state = 'PARKED' then 1 else attempts end,
                      next_try_at = case when state = 'BEHIND' and attempts > 0 then next_try_at else at end,
                      unheard = u.unheard::json
                    from (select unnest(?::uuid[]) entity_id, unnest(?) spoke, unnest(?::bigint[]) id,
                      unnest(?) external_id, unnest(?) base, unnest(?) ours, unnest(?) revision,
                      unnest(?) version, unnest(?) in_step, unnest(?) unheard) u,
                      (select ?::timestamptz) here(at)
                    where l.entity_id = u.entity_id and l.spoke = u.spoke and l.id = u.id
                    """, updated.arrays(now));
        }
    }

    private void behind() {
        Columns fallen = new Columns();
        Columns missing = new Columns();
        for (Workspace.Behind one : work.behind.values()) {
            GoldenRow golden = work.golden(one.id());
            if (!golden.isNew || golden.version > 1) {
                fallen.add(one.spoke(), one.id(), one.version(), one.exceptExternalId());
            }
            if (one.creates() && one.exceptExternalId() == null) {
                missing.add(one.spoke(), one.entity(), one.id(), one.version());
            }
        }
        if (!fallen.isEmpty()) {
            statements.write("""
                    update link l set wanted = f.version, state = 'BEHIND', behind_since = coalesce(behind_since, at),
                      attempts = case when state = 'PARKED' then 1 else attempts end,
                      next_try_at = case when state = 'BEHIND' and attempts > 0 then next_try_at else at end
                    from (select unnest(?) spoke, unnest(?::uuid[]) entity_id, unnest(?::bigint[]) version,
                      unnest(?) except_external_id) f,
                      (select ?::timestamptz) here(at)
                    where l.entity_id = f.entity_id and l.spoke = f.spoke
                      and l.external_id is distinct from coalesce(f.except_external_id, '')
                      and l.wanted < f.version and l.state <> 'GONE'
                    """, fallen.arrays(now));
        }
        if (!missing.isEmpty()) {
            newLanes(statements, missing, tenant, now);
        }
    }

    /** Lanes to spokes that have none for a record yet. @param missing spoke, entity, id and version of each */
    static void newLanes(Statements statements, Columns missing, Integer tenant, Instant now) {
        statements.write("""
                insert into link (tenant, spoke, entity, entity_id, wanted, state, behind_since, next_try_at)
                select here.tenant, spoke, entity, entity_id, version, 'BEHIND', at, at
                from (select unnest(?) spoke, unnest(?) entity, unnest(?::uuid[]) entity_id,
                  unnest(?::bigint[]) version) m,
                  (select ?::int, ?::timestamptz) here(tenant, at)
                where not exists (select 1 from link l where l.entity_id = m.entity_id and l.spoke = m.spoke)
                """, missing.arrays(tenant, now));
    }

    /** What is on its way to a record that is gone no longer counts. @param records spoke, entity and id there of each */
    static void gone(Statements statements, Columns records) {
        statements.write("""
                update link l set state = 'GONE', behind_since = null, attempts = 0, lease_until = null,
                  fence = fence + 1
                from (select unnest(?) spoke, unnest(?) entity, unnest(?) external_id) g
                where l.spoke = g.spoke and l.entity = g.entity and l.external_id = g.external_id
                """, records.arrays());
    }

    private void changes() {
        if (work.changes.isEmpty()) {
            return;
        }
        Columns rows = new Columns();
        for (ChangeRow change : work.changes) {
            rows.add(change.sequence(), change.entity(), change.id(), change.version(), text(change.fields()),
                    change.source().spoke(), change.source().message(), change.reason(), change.hash());
        }
        insert(CHANGES, rows, tenant, now);
    }

    private void parked() {
        // What is asked twice in one batch is one question, and its last wording counts.
        Map<String, Workspace.ParkedRow> questions = new LinkedHashMap<>();
        work.parked.forEach(row -> questions.put(row.subject(), row));
        Columns rows = new Columns();
        for (Workspace.ParkedRow row : questions.values()) {
            Awaited awaits = row.awaits();
            rows.add(row.id(), row.kind(), row.subject(), row.cause(), row.spoke(), row.entity(), row.entityId(),
                    row.message(), row.why().step(), row.why().field(), row.why().problem(), Json.text(row.detail()),
                    awaits == null ? null : awaits.entity(), awaits == null ? null : awaits.key());
        }
        if (!rows.isEmpty()) {
            Set<String> told = new HashSet<>();
            statements.read(
                    """
                            insert into parked (id, kind, subject, cause, spoke, entity, entity_id, message, step, field, problem,
                              detail, awaits, awaits_key, at)
                            select id::uuid, kind, subject, cause, spoke, entity, entity_id::uuid, message::uuid, step, field,
                              problem, detail::json, awaits, awaits_key, here.at
                            from (select unnest(?) id, unnest(?) kind, unnest(?) subject, unnest(?) cause,
                              unnest(?) spoke, unnest(?) entity, unnest(?) entity_id, unnest(?) message,
                              unnest(?) step, unnest(?) field, unnest(?) problem, unnest(?) detail,
                              unnest(?) awaits, unnest(?) awaits_key) p,
                              (select ?::timestamptz) here(at)
                            where kind <> 'POSSIBLE_DUPLICATE' or not exists (select 1 from parked old
                              where old.kind = 'POSSIBLE_DUPLICATE' and old.subject = p.subject)
                            on conflict (tenant, subject) where resolved_at is null do update
                              set kind = excluded.kind, cause = excluded.cause, entity_id = excluded.entity_id,
                                message = excluded.message, step = excluded.step, field = excluded.field, problem = excluded.problem,
                                detail = excluded.detail, awaits = excluded.awaits, awaits_key = excluded.awaits_key
                            returning id, kind, spoke, cause, not exists (select 1 from parked known
                              where known.cause = parked.cause and known.resolved_at is null)
                            """,
                    row -> {
                        if (row.getBoolean(5) && told.add(row.getString(4))) {
                            LOG.warn("Parked for a new reason: {} of spoke {}, {}. See ./serai parked show {}",
                                    row.getString(2), row.getString(3), row.getString(4), row.getString(1));
                        }
                    }, rows.arrays(now));
        }
        if (!work.resolved.isEmpty()) {
            statements.write("update parked set resolved_at = ? where subject = any(?) and resolved_at is null", now,
                    work.resolved.toArray(String[]::new));
        }
    }

    static String[] ids(Collection<UUID> ids) {
        return ids.stream().map(UUID::toString).toArray(String[]::new);
    }
}
