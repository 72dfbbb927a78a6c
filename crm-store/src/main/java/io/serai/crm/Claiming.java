package io.serai.crm;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.crm.plan.Projection;

/** Claims lanes of one spoke, and works out what each of them lacks. */
final class Claiming {
    private static final Logger LOG = LoggerFactory.getLogger(Claiming.class);
    /** In the long run a record is written to a spoke once in this time: one that never rests wears nobody out. */
    private static final Duration BREATH = Duration.ofSeconds(2);
    /** Nobody who works is slowed down by that: so many writes of one record may follow each other at once. */
    private static final int BREATHLESS = 30;

    private final Session session;
    private final SpokeProfile profile;
    private final Instant now;

    Claiming(Session session, SpokeProfile profile, Instant now) {
        this.session = session;
        this.profile = profile;
        this.now = now;
    }

    private record Row(long lane, long fence, UUID id, String externalId, Map<String, Object> ours, String revision,
            int attempt, boolean unsure, UUID saidAs, boolean unread, int remade) {}

    /** What {@link Lanes#claim(String, String, int, Duration, int)} says. */
    List<Delivery> claim(int most, Duration lease, int owed) throws SQLException {
        Instant breathless = now.plus(BREATH.multipliedBy(BREATHLESS - 1));
        List<Row> rows = new ArrayList<>();
        Slots slots = Slots.open(session, profile, most, owed, now);
        new Statements().read("""
                with due as (
                  select entity_id, spoke, id, unanswered as unsure from link
                  where spoke = ? and entity = ? and state = 'BEHIND' and next_try_at <= ?
                    and (lease_until is null or lease_until < ?) and busy_until <= ?
                  order by next_try_at limit ? for update skip locked)
                update link l set lease_until = ?, fence = fence + 1, attempts = attempts + 1, unanswered = true,
                  busy_until = greatest(busy_until, ?) + ?::interval
                from due where l.entity_id = due.entity_id and l.spoke = due.spoke and l.id = due.id
                returning l.id, l.fence, l.entity_id, l.external_id, coalesce(l.ours, l.base)::text, l.revision,
                  l.attempts, due.unsure, l.said_as, l.unread, l.busy_until > ?, l.remade
                """,
                row -> {
                    rows.add(new Row(row.getLong(1), row.getLong(2), row.getObject(3, UUID.class),
                            row.getString(4), Json.document(row.getString(5)), row.getString(6), row.getInt(7),
                            row.getBoolean(8), row.getObject(9, UUID.class), row.getBoolean(10),
                            row.getInt(12)));
                    if (row.getBoolean(11)) {
                        warnOfRestless(rows.getLast());
                    }
                }, profile.spoke(), profile.entity(), now, now, breathless, slots.free(), now.plus(lease), now,
                BREATH.toString(), breathless)
                .execute(session);
        List<Delivery> deliveries = rows.isEmpty() ? List.of() : deliveries(rows, slots);
        slots.close(session, !deliveries.isEmpty());
        return deliveries;
    }

    /** Once a minute for each, as long as it goes on. */
    private void warnOfRestless(Row row) {
        if (row.fence() % BREATHLESS == 0) {
            LOG.warn("{} {} changes so often that {} is told only every {} s, and then of the latest state. See who"
                    + " changes it: GET /api/changes or the record's history.", profile.entity(), row.id(),
                    profile.spoke(),
                    BREATH.toSeconds());
        }
    }

    private List<Delivery> deliveries(List<Row> rows, Slots slots) throws SQLException {
        Map<UUID, Golden> goldens = Goldens.load(session, Entity.of(profile.entity()),
                rows.stream().map(Row::id).toList());
        Map<UUID, String> traces = traces(goldens);
        Map<Long, Set<String>> unsure = unsure(rows);
        Referred referred = Referred.of(session, profile, goldens.values());
        List<Delivery> deliveries = new ArrayList<>();
        Columns nothing = new Columns();
        Columns making = new Columns();
        List<String> answered = new ArrayList<>();
        for (Row row : rows) {
            Golden golden = goldens.get(row.id());
            Map<String, Object> current = Projection.of(golden.document(), profile::carries);
            // A create that nobody answered is said again word for word: a spoke that knows its key answers as it did the
            // first time, and keeps what it was told then. What is new since follows as an update.
            boolean again = row.externalId() == null && row.attempt() > 1 && row.ours() != null;
            Map<String, Object> wanted = again ? Projection.of(row.ours(), profile::carries) : current;
            long version = again && !Projection.inStep(profile.entity(), wanted, current) ? 1 : golden.version();
            Map<String, Object> held = row.ours() == null
                    ? Map.of()
                    : Projection.of(row.ours(), profile::carries);
            Map<String, Object> patch = row.externalId() == null
                    ? new LinkedHashMap<>(wanted)
                    : Projection.patch(profile.entity(), held, wanted, unsure.getOrDefault(row.lane(), Set.of()));
            if (patch.isEmpty() && !row.unread()) {
                nothing.add(row.id(), profile.spoke(), row.lane(), row.fence(), golden.version());
                if (row.attempt() > 1) {
                    answered.add(Recording.subject(profile.spoke(), row.lane()));
                }
                continue;
            }
            Map<String, Object> whole = new LinkedHashMap<>(golden.document());
            referred.into(whole);
            referred.into(patch);
            // A mapping may write the id into the record there: a create that is repeated says all as it did the first time.
            UUID reference = row.externalId() == null && row.saidAs() != null ? row.saidAs() : row.id();
            whole.put("id", reference.toString());
            whole.put("version", golden.version());
            if (row.externalId() == null) {
                making.add(row.id(), profile.spoke(), row.lane(), Json.text(wanted));
            }
            deliveries.add(new Delivery(row.lane(), row.fence(), profile.spoke(), profile.entity(), row.id(),
                    row.externalId(), row.revision(), version, reference, patch, whole, row.attempt(),
                    row.externalId() == null ? wanted : row.ours(), row.unread(), row.remade(), traces.get(row.id()),
                    slots.take()));
        }
        if (!making.isEmpty()) {
            // The spoke may speak of its new record before the answer is here: an edit there has to be told from an echo.
            new Statements()
                    .write("""
                            update link l set ours = m.ours::json
                            from (select unnest(?::uuid[]) entity_id, unnest(?) spoke, unnest(?::bigint[]) lane, unnest(?) ours) m
                            where l.entity_id = m.entity_id and l.spoke = m.spoke and l.id = m.lane
                            """,
                            making.arrays())
                    .execute(session);
        }
        if (!nothing.isEmpty()) {
            new Statements()
                    .write("""
                            update link l set synced = n.version, unanswered = false, lease_until = null, attempts = 0, problem = null,
                              state = case when wanted > n.version then 'BEHIND' else 'SYNCED' end,
                              behind_since = case when wanted > n.version then coalesce(behind_since, now()) end
                            from (select unnest(?::uuid[]) entity_id, unnest(?) spoke, unnest(?::bigint[]) lane,
                              unnest(?::bigint[]) fence, unnest(?::bigint[]) version) n
                            where l.entity_id = n.entity_id and l.spoke = n.spoke and l.id = n.lane and l.fence = n.fence
                            """,
                            nothing.arrays())
                    .execute(session);
        }
        if (!answered.isEmpty()) {
            // What was refused once is of no concern any more.
            new Statements().write("update parked set resolved_at = ? where subject = any(?) and resolved_at is null",
                    now, answered.toArray(String[]::new)).execute(session);
        }
        return deliveries;
    }

    /**
     * The fields that earlier claims, of which nobody heard again, may have written since the record was last in step. What
     * the spoke itself has said since is not among them: it holds that.
     */
    private Map<Long, Set<String>> unsure(List<Row> rows) throws SQLException {
        Columns lanes = new Columns();
        rows.stream().filter(row -> row.unsure() && row.externalId() != null)
                .forEach(row -> lanes.add(row.id(), profile.spoke(), row.lane()));
        Map<Long, Set<String>> unsure = new HashMap<>();
        if (!lanes.isEmpty()) {
            new Statements().read("""
                    select distinct on (l.id, f.field) l.id, f.field, c.spoke <> l.spoke
                    from (select unnest(?::uuid[]) entity_id, unnest(?) spoke, unnest(?::bigint[]) lane) k
                    join link l on l.entity_id = k.entity_id and l.spoke = k.spoke and l.id = k.lane
                    join change c on c.entity_id = l.entity_id and c.version > l.synced
                    cross join json_object_keys(c.fields) f(field)
                    order by l.id, f.field, c.version desc
                    """, row -> {
                if (row.getBoolean(3) && profile.carries(row.getString(2))) {
                    unsure.computeIfAbsent(row.getLong(1), _ -> new LinkedHashSet<>()).add(row.getString(2));
                }
            }, lanes.arrays()).execute(session);
        }
        return unsure;
    }

    /** The trace that each record's latest change belongs to. */
    private Map<UUID, String> traces(Map<UUID, Golden> goldens) throws SQLException {
        Columns keys = new Columns();
        goldens.values().forEach(golden -> keys.add(golden.id(), golden.version()));
        Map<UUID, String> traces = new HashMap<>();
        new Statements().read("""
                select c.entity_id, m.traceparent
                from (select unnest(?::uuid[]) id, unnest(?::bigint[]) version) k
                join change c on c.entity_id = k.id and c.version = k.version
                join message m on m.id = c.message
                where m.traceparent is not null
                """, row -> traces.put(row.getObject(1, UUID.class), row.getString(2)), keys.arrays())
                .execute(session);
        return traces;
    }
}
