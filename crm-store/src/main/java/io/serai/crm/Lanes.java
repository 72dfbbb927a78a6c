package io.serai.crm;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.crm.plan.Projection;
import io.serai.crm.plan.Unheard;

/**
 * Hands out what has to be written to spokes, and records what came of it. A lane is one spoke's copy of one record:
 * it has at most one delivery at a time, and always towards the latest version.
 */
public final class Lanes implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Lanes.class);
    private static final int LARGEST_BATCH = 256;
    /** Time for what an adopted record holds to be taken in before it is brought up to date. */
    private static final Duration UNTIL_TAKEN_IN = Duration.ofSeconds(2);
    /** So long after a write a spoke may still say what it said before, when no revisions tell the order of its words. */
    static final Duration SETTLING = Duration.ofSeconds(30);
    /** In the long run a record is written to a spoke once in this time: one that never rests wears nobody out. */
    private static final Duration BREATH = Duration.ofSeconds(2);
    /** Nobody who works is slowed down by that: so many writes of one record may follow each other at once. */
    private static final int BREATHLESS = 30;

    private final Transactions transactions;
    private final Settings settings;
    private final InstantSource clock;
    private final Ingest ingest;
    private final Gatherer<DeliveryResult, Boolean> recorder;

    Lanes(Transactions transactions, Settings settings, InstantSource clock, Ingest ingest) {
        this.ingest = ingest;
        this.transactions = transactions;
        this.settings = settings;
        this.clock = clock;
        this.recorder = new Gatherer<>("record", 1, LARGEST_BATCH, 4 * LARGEST_BATCH,
                (results, _) -> recordBatch(results));
    }

    private record Row(long lane, long fence, UUID id, String externalId, Map<String, Object> ours, String revision,
            int attempt, boolean unsure) {}

    /**
     * Claims lanes of a spoke that are behind and due. A claim that is not recorded within the lease is free again.
     * Lanes that turn out to lack nothing are closed here and not handed out.
     */
    public List<Delivery> claim(String spoke, String entity, int most, Duration lease) {
        return claim(spoke, entity, most, lease, 0);
    }

    /** As above. @param owed requests that were sent beside those of deliveries; they count where requests are counted */
    public List<Delivery> claim(String spoke, String entity, int most, Duration lease, int owed) {
        SpokeProfile profile = settings.profile(spoke, entity)
                .orElseThrow(
                        () -> new IllegalArgumentException("Spoke " + spoke + " does not listen to " + entity + "."));
        Instant now = clock.instant();
        OffsetDateTime breathless = time(now.plus(BREATH.multipliedBy(BREATHLESS - 1)));
        return transactions.run(session -> {
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
                      l.attempts, due.unsure, l.busy_until > ?
                    """,
                    row -> {
                        rows.add(new Row(row.getLong(1), row.getLong(2), row.getObject(3, UUID.class),
                                row.getString(4), Json.document(row.getString(5)), row.getString(6), row.getInt(7),
                                row.getBoolean(8)));
                        if (row.getBoolean(9)) {
                            warnOfRestless(rows.getLast(), spoke, entity);
                        }
                    }, spoke, entity, time(now), time(now), breathless, slots.free(), time(now.plus(lease)), time(now),
                    BREATH.toString(), breathless)
                    .execute(session);
            List<Delivery> deliveries = rows.isEmpty() ? List.of() : deliveries(session, profile, rows, slots);
            slots.close(session, !deliveries.isEmpty());
            return deliveries;
        });
    }

    /** Once a minute for each, as long as it goes on. */
    private static void warnOfRestless(Row row, String spoke, String entity) {
        if (row.fence() % BREATHLESS == 0) {
            LOG.warn("{} {} changes so often that {} is told only every {} s, and then of the latest state. See who"
                    + " changes it: GET /api/changes or the record's history.", entity, row.id(), spoke,
                    BREATH.toSeconds());
        }
    }

    private List<Delivery> deliveries(Session session, SpokeProfile profile, List<Row> rows, Slots slots)
            throws SQLException {
        Map<UUID, Golden> goldens = Goldens.load(session, Entity.of(profile.entity()),
                rows.stream().map(Row::id).toList());
        Map<UUID, String> traces = traces(session, goldens);
        Map<Long, Set<String>> unsure = unsure(session, rows, profile);
        Map<UUID, Map<String, Object>> customers = customers(session, profile, goldens.values());
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
            if (patch.isEmpty()) {
                nothing.add(row.id(), profile.spoke(), row.lane(), row.fence(), golden.version());
                if (row.attempt() > 1) {
                    answered.add("delivery:" + profile.spoke() + ":" + row.id());
                }
                continue;
            }
            Map<String, Object> whole = new LinkedHashMap<>(golden.document());
            refer(whole, customers);
            refer(patch, customers);
            whole.put("id", golden.id().toString());
            whole.put("version", golden.version());
            if (row.externalId() == null) {
                making.add(row.id(), profile.spoke(), row.lane(), Json.text(wanted));
            }
            deliveries.add(new Delivery(row.lane(), row.fence(), profile.spoke(), profile.entity(), row.id(),
                    row.externalId(), row.revision(), version, patch, whole, row.attempt(),
                    row.externalId() == null ? wanted : row.ours(), traces.get(row.id()),
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
                    time(clock.instant()), answered.toArray(String[]::new)).execute(session);
        }
        return deliveries;
    }

    /**
     * The fields that earlier claims, of which nobody heard again, may have written since the record was last in step. What
     * the spoke itself has said since is not among them: it holds that.
     */
    private static Map<Long, Set<String>> unsure(Session session, List<Row> rows, SpokeProfile profile)
            throws SQLException {
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
    private static Map<UUID, String> traces(Session session, Map<UUID, Golden> goldens) throws SQLException {
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

    /** The customers that records refer to, each with its id in the spoke: the oldest where it has several. */
    static Map<UUID, Map<String, Object>> customers(Session session, SpokeProfile profile,
            Iterable<Golden> goldens) throws SQLException {
        Set<UUID> ids = new LinkedHashSet<>();
        for (Golden golden : goldens) {
            for (String field : List.of("customer", "memberOf")) {
                if (golden.document().get(field) instanceof Map<?, ?> reference && reference.get("id") != null) {
                    ids.add(UUID.fromString(reference.get("id").toString()));
                }
            }
        }
        Map<UUID, Map<String, Object>> customers = new HashMap<>();
        if (ids.isEmpty()) {
            return customers;
        }
        Goldens.load(session, Entity.CUSTOMER, List.copyOf(ids)).forEach((id, golden) -> {
            Map<String, Object> customer = new LinkedHashMap<>();
            customer.put("id", id.toString());
            customer.putAll(golden.document());
            customers.put(id, customer);
        });
        new Statements().read("""
                select entity_id, external_id from link
                where spoke = ? and entity = 'customer' and entity_id = any(?::uuid[]) and external_id is not null
                order by id desc
                """, row -> customers.get(row.getObject(1, UUID.class)).put("externalId", row.getString(2)),
                profile.spoke(), (Object) ids.stream().map(UUID::toString).toArray(String[]::new)).execute(session);
        return customers;
    }

    static void refer(Map<String, Object> document, Map<UUID, Map<String, Object>> customers) {
        for (String field : List.of("customer", "memberOf")) {
            if (document.get(field) instanceof Map<?, ?> reference && reference.get("id") != null) {
                document.put(field, customers.getOrDefault(UUID.fromString(reference.get("id").toString()), Map.of()));
            }
        }
    }

    /** Records what came of deliveries; returns when it is committed. False for a claim that no longer stood. */
    public List<Boolean> record(List<DeliveryResult> results) {
        return record(results, Duration.ZERO);
    }

    /** As above. @param patience how long they may wait for results of others, to be recorded together */
    public List<Boolean> record(List<DeliveryResult> results, Duration patience) {
        if (results.isEmpty()) {
            return List.of();
        }
        List<Boolean> stood = recorder.call(results, patience);
        List<Arrival> found = new ArrayList<>();
        for (int i = 0; i < results.size(); i++) {
            DeliveryResult result = results.get(i);
            if (stood.get(i) && result.kind() == DeliveryResult.Kind.ADOPT && result.held() != null) {
                found.add(found(result));
            }
        }
        if (!found.isEmpty()) {
            ingest.ingest(found);
        }
        return stood;
    }

    /** What an adopted record held already is taken in like any message before anything is written over it. */
    private static Arrival found(DeliveryResult result) {
        Delivery delivery = result.delivery();
        Map<String, Object> document = new LinkedHashMap<>(result.held());
        Map<String, Object> source = new LinkedHashMap<>();
        source.put("id", result.externalId());
        if (result.revision() != null) {
            source.put("revision", result.revision());
        }
        document.put("source", source);
        return new Arrival(delivery.spoke(), delivery.entity(),
                "adopted " + delivery.lane() + " " + delivery.fence(), "poll", Arrival.CANONICAL,
                Json.text(document).getBytes(StandardCharsets.UTF_8), result.at(), document, null, null,
                delivery.traceparent(), null);
    }

    /** One result that cannot be recorded must not keep the others from it. */
    private List<Boolean> recordBatch(List<DeliveryResult> results) {
        try {
            return recordTogether(results);
        } catch (Transactions.Unstorable bad) {
            if (results.size() == 1) {
                return recordTogether(List.of(withoutAnswer(results.getFirst(), bad)));
            }
            int middle = results.size() / 2;
            List<Boolean> stood = new ArrayList<>(recordBatch(results.subList(0, middle)));
            stood.addAll(recordBatch(results.subList(middle, results.size())));
            return stood;
        }
    }

    /** What the spoke answered cannot be kept. Writing again would only bring the same answer, so a person must look. */
    private static DeliveryResult withoutAnswer(DeliveryResult result, Transactions.Unstorable bad) {
        return new DeliveryResult(result.delivery(), DeliveryResult.Kind.PARKED, null, null, null, null, true,
                "The spoke's answer cannot be stored: " + bad.reason(), null, result.at(), result.took());
    }

    private List<Boolean> recordTogether(List<DeliveryResult> given) {
        return transactions.write(turn -> {
            Session session = turn.session();
            Map<Long, Current> lanes = current(session, given);
            List<DeliveryResult> results = follow(session, given, lanes);
            Workspace workspace = new Workspace(settings, clock.instant());
            Map<UUID, Golden> goldens = overtaken(session, results, lanes);
            Columns done = new Columns();
            Columns late = new Columns();
            Columns second = new Columns();
            Columns waiting = new Columns();
            Columns adopted = new Columns();
            Columns log = new Columns();
            Map<List<String>, Instant> told = new LinkedHashMap<>();
            List<Boolean> stood = new ArrayList<>();
            Map<String, UUID> taken = taken(session, results);
            for (DeliveryResult result : results) {
                Delivery delivery = result.delivery();
                Current lane = lanes.get(delivery.lane());
                boolean stands = lane != null && lane.fence() == delivery.fence();
                stood.add(stands);
                log(log, told, result);
                turn.touch(delivery.id());
                if (result.externalId() != null) {
                    turn.touch(new Workspace.LinkKey(delivery.spoke(), delivery.entity(), result.externalId()));
                }
                if (!stands) {
                    if (lane != null && mayHaveArrived(result)
                            && lane.externalId() != null && lane.externalId().equals(delivery.externalId())) {
                        writeDone(late, result, lane, lane.externalId(), goldens.get(delivery.id()));
                    }
                    continue;
                }
                String subject = "delivery:" + delivery.spoke() + ":" + delivery.id();
                switch (result.kind()) {
                    case DONE, ADOPT -> {
                        String externalId = delivery.creates() && result.externalId() != null
                                ? result.externalId()
                                : delivery.externalId();
                        UUID owner = delivery.creates() ? taken.get(taken(delivery, externalId)) : null;
                        boolean announced = delivery.creates() && lane.externalId() != null
                                && !lane.externalId().equals(externalId);
                        if (owner != null && !owner.equals(delivery.id())) {
                            parkTaken(workspace, delivery, externalId, subject);
                            waiting.add(delivery.id(), delivery.spoke(), delivery.lane(), delivery.fence(), "PARKED",
                                    time(result.at()), "0",
                                    "record " + externalId + " belongs to another customer");
                            continue;
                        }
                        if (announced || owner != null) {
                            // While we made or found a record there, the spoke told us of another one of its own.
                            if (owner == null && result.kind() == DeliveryResult.Kind.DONE) {
                                writeDone(second, result, lane.without(), externalId, null);
                            }
                            waiting.add(delivery.id(), delivery.spoke(), delivery.lane(), delivery.fence(), "BEHIND",
                                    time(result.at()), "1", null);
                        } else if (result.kind() == DeliveryResult.Kind.ADOPT) {
                            Duration wait = result.held() == null ? Duration.ZERO : UNTIL_TAKEN_IN;
                            adopted.add(delivery.id(), delivery.spoke(), delivery.lane(), delivery.fence(),
                                    externalId, time(result.at().plus(wait)));
                        } else {
                            writeDone(done, result, lane, externalId, goldens.get(delivery.id()));
                        }
                        if (delivery.attempt() > 1 && result.kind() == DeliveryResult.Kind.DONE) {
                            workspace.resolve(subject);
                        }
                    }
                    case RETRY ->
                        waiting.add(delivery.id(), delivery.spoke(), delivery.lane(), delivery.fence(), "BEHIND",
                                time(result.at().plus(result.retryAfter())), result.countsAsAttempt() ? "0" : "1",
                                result.problem());
                    case PARKED -> {
                        waiting.add(delivery.id(), delivery.spoke(), delivery.lane(), delivery.fence(), "PARKED",
                                time(result.at()), "0",
                                result.problem());
                        workspace.park("DELIVERY", subject,
                                delivery.spoke() + " refuses " + delivery.entity() + " " + result.field(),
                                delivery.spoke(), delivery.entity(), delivery.id(), null,
                                new Refusal("connector:" + delivery.spoke() + "/" + delivery.entity(), result.field(),
                                        result.problem(), "invalid"),
                                Map.of("version", delivery.version(), "fields", delivery.changed()));
                    }
                }
            }
            turn.commit(write(done, late, second, waiting, adopted, log, told).and(workspace.write(turn)));
            return stood;
        });
    }

    /** The golden records of lanes on which something happened between the claim and its result. */
    private Map<UUID, Golden> overtaken(Session session, List<DeliveryResult> results,
            Map<Long, Current> lanes) throws SQLException {
        Map<String, Set<UUID>> wanted = new LinkedHashMap<>();
        for (DeliveryResult result : results) {
            Delivery delivery = result.delivery();
            Current lane = lanes.get(delivery.lane());
            if (lane != null && (lane.fence() == delivery.fence()
                    ? result.kind() == DeliveryResult.Kind.DONE && !Objects.equals(lane.ours(), delivery.held())
                    : mayHaveArrived(result))) {
                wanted.computeIfAbsent(delivery.entity(), _ -> new LinkedHashSet<>()).add(delivery.id());
            }
        }
        Map<UUID, Golden> goldens = new HashMap<>();
        for (Map.Entry<String, Set<UUID>> entity : wanted.entrySet()) {
            goldens.putAll(Goldens.load(session, Entity.of(entity.getKey()), entity.getValue()));
        }
        return goldens;
    }

    /** Whether the spoke may have done what it was asked. A request of which nothing was heard may even arrive late. */
    private static boolean mayHaveArrived(DeliveryResult result) {
        return result.kind() == DeliveryResult.Kind.DONE
                || result.kind() == DeliveryResult.Kind.RETRY && result.problem() != null;
    }

    private record Current(long fence, String externalId, Map<String, Object> base, Map<String, Object> ours,
            String revision, Unheard unheard) {

        Current without() {
            return new Current(fence, null, null, null, null, Unheard.NOTHING);
        }
    }

    private static Map<Long, Current> current(Session session, List<DeliveryResult> results)
            throws SQLException {
        Map<Long, Current> lanes = new HashMap<>();
        Columns claims = new Columns();
        results.forEach(result -> claims.add(result.delivery().id(), result.delivery().spoke(),
                result.delivery().lane()));
        new Statements().read("""
                select l.id, l.fence, l.external_id, l.base::text, coalesce(l.ours, l.base)::text, l.revision,
                  l.unheard::text
                from (select unnest(?::uuid[]) entity_id, unnest(?) spoke, unnest(?::bigint[]) lane) c
                join link l on l.entity_id = c.entity_id and l.spoke = c.spoke and l.id = c.lane
                """,
                row -> lanes.put(row.getLong(1),
                        new Current(row.getLong(2), row.getString(3), Json.document(row.getString(4)),
                                Json.document(row.getString(5)), row.getString(6),
                                Unheard.of(Json.document(row.getString(7))))),
                claims.arrays()).execute(session);
        return lanes;
    }

    /** Lanes that went to another customer while their delivery was under way: merged with it, or parted from it. */
    private static List<DeliveryResult> follow(Session session, List<DeliveryResult> results,
            Map<Long, Current> lanes) throws SQLException {
        Columns lost = new Columns();
        for (DeliveryResult result : results) {
            if (!lanes.containsKey(result.delivery().lane()) && result.delivery().entity().equals("customer")) {
                lost.add(result.delivery().id(), result.delivery().spoke(), result.delivery().lane());
            }
        }
        if (lost.isEmpty()) {
            return results;
        }
        Map<Long, UUID> found = new HashMap<>();
        new Statements().read("""
                select l.id, l.entity_id
                from (select unnest(?::uuid[]) entity_id, unnest(?) spoke, unnest(?::bigint[]) lane) c
                join customer_merge m on c.entity_id in (m.kept, m.absorbed)
                join link l on l.entity_id in (m.kept, m.absorbed) and l.spoke = c.spoke and l.id = c.lane
                """, row -> found.put(row.getLong(1), row.getObject(2, UUID.class)), lost.arrays()).execute(session);
        List<DeliveryResult> followed = results.stream().map(result -> {
            UUID now = found.get(result.delivery().lane());
            return now == null ? result : result.of(result.delivery().now(now));
        }).toList();
        lanes.putAll(current(session, followed));
        return followed;
    }

    private static String taken(Delivery delivery, String externalId) {
        return delivery.spoke() + " " + delivery.entity() + " " + externalId;
    }

    /** Records of spokes that a create claims to have made but that are linked already, and whose they are. */
    private static Map<String, UUID> taken(Session session, List<DeliveryResult> results) throws SQLException {
        Columns made = new Columns();
        for (DeliveryResult result : results) {
            if (result.delivery().creates() && result.externalId() != null) {
                made.add(result.delivery().spoke(), result.delivery().entity(), result.externalId(),
                        result.delivery().lane());
            }
        }
        Map<String, UUID> taken = new LinkedHashMap<>();
        if (!made.isEmpty()) {
            new Statements()
                    .read("""
                            select l.spoke, l.entity, l.external_id, l.entity_id from (select unnest(?) spoke,
                              unnest(?) entity, unnest(?) external_id, unnest(?::bigint[]) lane) m
                            join link l on l.spoke = m.spoke and l.entity = m.entity and l.external_id = m.external_id
                            where l.id <> m.lane
                            """,
                            row -> taken.put(row.getString(1) + " " + row.getString(2) + " " + row.getString(3),
                                    row.getObject(4, UUID.class)),
                            made.arrays())
                    .execute(session);
        }
        return taken;
    }

    private static void parkTaken(Workspace workspace, Delivery delivery, String externalId, String subject) {
        workspace.park("CONFLICT", subject, delivery.spoke() + " has the record under another customer",
                delivery.spoke(), delivery.entity(), delivery.id(), null,
                new Refusal("connector:" + delivery.spoke() + "/" + delivery.entity(), null, "Spoke "
                        + delivery.spoke() + " answers with its record " + externalId
                        + ", which belongs to another golden record. Decide whether the two are the same.",
                        "conflict"),
                Map.of("externalId", externalId));
    }

    /** @param golden what the record is now, when the lane was touched since the claim; null when it was not */
    private void writeDone(Columns done, DeliveryResult result, Current lane, String externalId, Golden golden) {
        Delivery delivery = result.delivery();
        Map<String, Object> sent = Goldens.plain(delivery.patch());
        if (golden != null) {
            sent.keySet().removeAll(saidSince(delivery, sent, lane, golden));
        }
        Map<String, Object> held = new LinkedHashMap<>(sent);
        if (result.held() != null) {
            // Fields that were not written may differ because somebody edited them there: their own message will tell.
            result.held().forEach((field, value) -> {
                if (delivery.creates() && golden == null || sent.containsKey(field)) {
                    held.put(field, value);
                }
            });
        }
        held.remove("source");
        Set<String> answered = new LinkedHashSet<>(sent.keySet());
        answered.retainAll(result.held() == null ? Set.of() : result.held().keySet());
        Unheard unheard = lane.unheard().and(lane.base(), sent.keySet(), answered,
                settles(result, lane, sent) ? answered : Set.of(), lane.revision(), result.revision());
        Map<String, Object> base = Projection.over(delivery.entity(), lane.base(), held);
        Map<String, Object> ours = Projection.over(delivery.entity(), lane.ours(), sent);
        String revision = result.revision() == null || Revisions.older(result.revision(), lane.revision())
                ? lane.revision()
                : result.revision();
        String inStep = null;
        if (golden != null) {
            SpokeProfile profile = settings.profile(delivery.spoke(), delivery.entity()).orElseThrow();
            inStep = Boolean.toString(Projection.inStep(delivery.entity(), Projection.of(ours, profile::carries),
                    Projection.of(golden.document(), profile::carries)));
        }
        done.add(delivery.id(), delivery.spoke(), delivery.lane(), delivery.fence(), externalId, Json.text(base),
                ours.equals(base) ? null : Json.text(ours), revision, delivery.version(), result.at(), inStep,
                unheard.isNothing() ? null : Json.text(unheard.document()));
    }

    /**
     * Whether the answer is the spoke's latest word: it has a revision of its own and shows that nobody else has changed
     * anything meanwhile. Of a record that was just made nobody can have said anything before.
     */
    private static boolean settles(DeliveryResult result, Current lane, Map<String, Object> sent) {
        Map<String, Object> held = result.held();
        if (held == null || result.delivery().creates()) {
            return held != null;
        }
        String entity = result.delivery().entity();
        return result.revision() != null && lane.base() != null
                && lane.base().keySet().stream().allMatch(field -> sent.containsKey(field) || held.containsKey(field))
                && held.keySet().stream().allMatch(field -> sent.containsKey(field)
                        || Projection.sameField(entity, field, lane.base(), held));
    }

    /**
     * Fields that were written, and of which the spoke said something between the claim and its result. Nobody knows
     * which came last there. Where what was written is what the golden record says, the spoke's word is kept, so that a
     * difference is written again; else what was written is, for the same reason.
     */
    private static Set<String> saidSince(Delivery delivery, Map<String, Object> sent, Current lane, Golden golden) {
        Map<String, Object> before = delivery.held() == null ? Map.of() : delivery.held();
        Map<String, Object> since = lane.ours() == null ? Map.of() : lane.ours();
        Map<String, Object> after = Projection.over(delivery.entity(), before, sent);
        Set<String> touched = new LinkedHashSet<>();
        for (String field : sent.keySet()) {
            boolean said = !Projection.sameField(delivery.entity(), field, before, since);
            if (said && Projection.sameField(delivery.entity(), field, after, golden.document())) {
                touched.add(field);
            }
        }
        return touched;
    }

    /** @param told when each spoke last confirmed something, by spoke and entity */
    private static void log(Columns log, Map<List<String>, Instant> told, DeliveryResult result) {
        Delivery delivery = result.delivery();
        if (result.kind() == DeliveryResult.Kind.DONE) {
            told.put(List.of(delivery.spoke(), delivery.entity()), result.at());
        }
        String outcome = switch (result.kind()) {
            case DONE -> "DONE";
            case PARKED -> "PARKED";
            case RETRY, ADOPT -> "RETRY";
        };
        log.add(delivery.spoke(), delivery.entity(), delivery.id(), delivery.version(),
                delivery.creates() ? "create" : "update", Json.text(delivery.changed()), outcome, result.problem(),
                delivery.attempt(), result.took().toMillis(), result.at());
    }

    private static Statements write(Columns done, Columns late, Columns second, Columns waiting, Columns adopted,
            Columns log, Map<List<String>, Instant> told) {
        Statements statements = new Statements();
        if (!done.isEmpty()) {
            statements.write(
                    """
                                  update link l set external_id = d.external_id, base = d.base::json, ours = d.ours::json,
                                    revision = d.revision, synced_at = d.at::timestamptz,
                                    synced = case when d.in_step = 'true' then wanted else greatest(synced, d.version) end,
                                    state = case when coalesce(d.in_step::boolean, wanted <= greatest(synced, d.version))
                                      then 'SYNCED' else 'BEHIND' end,
                                    behind_since = case when not coalesce(d.in_step::boolean, wanted <= greatest(synced, d.version))
                                      then coalesce(behind_since, d.at::timestamptz) end,
                                    attempts = 0, lease_until = null, problem = null, unheard = d.unheard::json,
                            unanswered = false
                                  from (select unnest(?::uuid[]) entity_id, unnest(?) spoke, unnest(?::bigint[]) lane,
                                    unnest(?::bigint[]) fence, unnest(?) external_id, unnest(?) base, unnest(?) ours,
                                    unnest(?) revision, unnest(?::bigint[]) version, unnest(?) at, unnest(?) in_step, unnest(?) unheard) d
                                  where l.entity_id = d.entity_id and l.spoke = d.spoke and l.id = d.lane and l.fence = d.fence
                                  """,
                    done.arrays());
        }
        if (!late.isEmpty()) {
            // A write whose claim had lapsed may have undone a later one: better written once too often.
            statements.write(
                    """
                            update link l set base = d.base::json, ours = d.ours::json, state = 'BEHIND',
                              unheard = d.unheard::json, behind_since = coalesce(behind_since, d.at::timestamptz)
                            from (select unnest(?::uuid[]) entity_id, unnest(?) spoke, unnest(?::bigint[]) lane,
                              unnest(?::bigint[]) fence, unnest(?) external_id, unnest(?) base, unnest(?) ours,
                              unnest(?) revision, unnest(?::bigint[]) version, unnest(?) at, unnest(?) in_step, unnest(?) unheard) d
                            where l.entity_id = d.entity_id and l.spoke = d.spoke and l.id = d.lane and d.in_step = 'false'
                              and l.state <> 'PARKED'
                            """,
                    late.arrays());
        }
        if (!second.isEmpty()) {
            statements.write(
                    """
                            insert into link (spoke, entity, entity_id, external_id, base, ours, revision, wanted, synced, state,
                              behind_since, next_try_at, synced_at, unheard)
                            select l.spoke, l.entity, l.entity_id, d.external_id, d.base::json, d.ours::json, d.revision,
                              l.wanted, d.version, case when l.wanted > d.version then 'BEHIND' else 'SYNCED' end,
                              case when l.wanted > d.version then d.at::timestamptz end, d.at::timestamptz, d.at::timestamptz,
                              d.unheard::json
                            from (select unnest(?::uuid[]) entity_id, unnest(?) spoke,
                              unnest(?::bigint[]) lane, unnest(?::bigint[]) fence, unnest(?) external_id,
                              unnest(?) base, unnest(?) ours, unnest(?) revision, unnest(?::bigint[]) version,
                              unnest(?) at, unnest(?) in_step, unnest(?) unheard) d
                            join link l on l.entity_id = d.entity_id and l.spoke = d.spoke and l.id = d.lane
                            """,
                    second.arrays());
        }
        if (!waiting.isEmpty()) {
            statements.write(
                    """
                            update link l set state = case when w.state = 'BEHIND' and l.state = 'SYNCED' then 'SYNCED' else w.state end,
                              behind_since = case when w.state = 'BEHIND' and l.state = 'SYNCED' then null
                                else coalesce(behind_since, w.next::timestamptz) end,
                              next_try_at = w.next::timestamptz, lease_until = null,
                              ours = case when w.state = 'PARKED' and l.external_id is null then null else ours end,
                              attempts = attempts - w.uncounted::int, problem = w.problem
                            from (select unnest(?::uuid[]) entity_id, unnest(?) spoke,
                              unnest(?::bigint[]) lane, unnest(?::bigint[]) fence, unnest(?) state,
                              unnest(?) next, unnest(?) uncounted, unnest(?) problem) w
                            where l.entity_id = w.entity_id and l.spoke = w.spoke and l.id = w.lane and l.fence = w.fence
                            """,
                    waiting.arrays());
        }
        if (!adopted.isEmpty()) {
            statements.write("""
                    update link l set external_id = a.external_id, ours = null, next_try_at = a.at::timestamptz,
                      lease_until = null
                    from (select unnest(?::uuid[]) entity_id, unnest(?) spoke, unnest(?::bigint[]) lane,
                      unnest(?::bigint[]) fence, unnest(?) external_id, unnest(?) at) a
                    where l.entity_id = a.entity_id and l.spoke = a.spoke and l.id = a.lane and l.fence = a.fence
                    """, adopted.arrays());
        }
        statements.write("""
                insert into delivery (spoke, entity, entity_id, version, operation, fields, outcome, problem, attempt,
                  millis, at)
                select spoke, entity, id::uuid, version::bigint, operation, fields::json, outcome, problem,
                  attempt::int, millis::int, at::timestamptz
                from (select unnest(?) spoke, unnest(?) entity, unnest(?) id, unnest(?) version,
                  unnest(?) operation, unnest(?) fields, unnest(?) outcome, unnest(?) problem,
                  unnest(?) attempt, unnest(?) millis, unnest(?) at) d
                """, log.arrays());
        if (!told.isEmpty()) {
            Columns confirmed = new Columns();
            told.forEach((lane, at) -> confirmed.add(lane.getFirst(), lane.getLast(), at));
            Spokes.writeTold(statements, confirmed);
        }
        return statements;
    }

    static OffsetDateTime time(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }

    @Override
    public void close() {
        recorder.close();
    }
}
