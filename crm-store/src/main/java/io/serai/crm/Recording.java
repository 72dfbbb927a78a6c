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
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

import io.serai.crm.plan.Projection;
import io.serai.crm.plan.Unheard;

/** Records what came of deliveries, all of them in one turn. */
final class Recording {
    /** Time for what an adopted record holds to be taken in before it is brought up to date. */
    private static final Duration UNTIL_TAKEN_IN = Duration.ofSeconds(2);

    private final Turn turn;
    private final Session session;
    private final Settings settings;
    private final Workspace workspace;
    private final Map<Long, Current> lanes = new HashMap<>();
    /** Records of spokes that a create claims to have made but that are linked already, and whose they are. */
    private final Map<String, UUID> taken = new HashMap<>();
    /** The golden records of lanes on which something happened between the claim and its result. */
    private final Map<UUID, Golden> overtaken = new HashMap<>();
    private final Columns done = new Columns();
    private final Columns late = new Columns();
    private final Columns second = new Columns();
    private final Columns waiting = new Columns();
    private final Columns adopted = new Columns();
    private final Columns log = new Columns();
    /** When each spoke last confirmed something, by spoke and entity. */
    private final Map<List<String>, Instant> told = new LinkedHashMap<>();

    Recording(Turn turn, Settings settings, Instant now) {
        this.turn = turn;
        this.session = turn.session();
        this.settings = settings;
        this.workspace = new Workspace(settings, now);
    }

    private record Current(long fence, String externalId, Map<String, Object> base, Map<String, Object> ours,
            String revision, Unheard unheard, String state, long wanted) {

        Current without() {
            return new Current(fence, null, null, null, null, Unheard.NOTHING, state, wanted);
        }
    }

    /** Which of them still had their claim. All is committed when this returns. */
    List<Boolean> record(List<DeliveryResult> given) throws SQLException {
        loadLanes(given);
        List<DeliveryResult> results = follow(given);
        loadOvertaken(results);
        loadTaken(results);
        List<Boolean> stood = new ArrayList<>();
        results.forEach(result -> stood.add(record(result)));
        turn.commit(statements().and(workspace.write(turn)));
        return stood;
    }

    private boolean record(DeliveryResult result) {
        Delivery delivery = result.delivery();
        Current lane = lanes.get(delivery.lane());
        boolean stands = lane != null && lane.fence() == delivery.fence();
        log(result);
        turn.touch(delivery.id());
        if (result.externalId() != null) {
            turn.touch(new Workspace.LinkKey(delivery.spoke(), delivery.entity(), result.externalId()));
        }
        if (stands) {
            switch (result.kind()) {
                case DONE, ADOPT -> found(result, lane);
                case RETRY -> waits(result, "BEHIND", result.at().plus(result.retryAfter()), result.countsAsAttempt(),
                        result.problem());
                case PARKED -> refused(result, lane);
                case GONE -> {
                    waits(result, "GONE", result.at(), true, result.problem());
                    new Missing(delivery.spoke(), delivery.entity(), delivery.externalId()).park(workspace, settings,
                            delivery.lane(), delivery.id());
                }
            }
        } else if (lane != null && mayHaveArrived(result) && lane.externalId() != null
                && lane.externalId().equals(delivery.externalId())) {
            writeDone(late, result, lane, lane.externalId(), overtaken.get(delivery.id()));
        }
        return stands;
    }

    /** There is a record in the spoke: written, made, or found there. */
    private void found(DeliveryResult result, Current lane) {
        Delivery delivery = result.delivery();
        boolean wrote = result.kind() == DeliveryResult.Kind.DONE;
        String externalId = delivery.creates() && result.externalId() != null
                ? result.externalId()
                : delivery.externalId();
        UUID owner = delivery.creates() ? taken.get(taken(delivery, externalId)) : null;
        if (owner != null && !owner.equals(delivery.id())) {
            parkTaken(delivery, externalId);
            waits(result, "PARKED", result.at(), true, "record " + externalId + " belongs to another customer");
            return;
        }
        boolean announced = delivery.creates() && lane.externalId() != null && !lane.externalId().equals(externalId);
        if (announced || owner != null) {
            // While we made or found a record there, the spoke told us of another one of its own.
            if (owner == null && wrote) {
                writeDone(second, result, lane.without(), externalId, null);
            }
            waits(result, "BEHIND", result.at(), false, null);
        } else if (wrote) {
            writeDone(done, result, lane, externalId, overtaken.get(delivery.id()));
        } else {
            Duration wait = result.held() == null ? Duration.ZERO : UNTIL_TAKEN_IN;
            adopted.add(delivery.id(), delivery.spoke(), delivery.lane(), delivery.fence(), externalId,
                    result.held() != null, result.at().plus(wait));
        }
        if (delivery.attempt() > 1 && wrote) {
            workspace.resolve(subject(delivery));
        }
    }

    /**
     * What was refused holds the lane up as long as it is all that there is to bring. What the record has become since is tried
     * by itself, and nobody need look at what it was before; the attempts count on. A spoke that has said the same itself
     * meanwhile lacks nothing.
     */
    private void refused(DeliveryResult result, Current lane) {
        if (lane.state().equals("SYNCED") || lane.wanted() > result.delivery().version()) {
            waits(result, "BEHIND", result.at(), true, result.problem());
        } else {
            waits(result, "PARKED", result.at(), true, result.problem());
            park(result);
        }
    }

    private void waits(DeliveryResult result, String state, Instant next, boolean counts, String problem) {
        Delivery delivery = result.delivery();
        boolean refused = result.kind() == DeliveryResult.Kind.PARKED || state.equals("PARKED");
        waiting.add(delivery.id(), delivery.spoke(), delivery.lane(), delivery.fence(), state, next,
                counts ? "0" : "1", problem, Boolean.toString(refused));
    }

    private void park(DeliveryResult result) {
        Delivery delivery = result.delivery();
        workspace.park("DELIVERY", subject(delivery),
                delivery.spoke() + " refuses " + delivery.entity() + " " + result.field(), delivery.spoke(),
                delivery.entity(), delivery.id(), null,
                new Refusal(step(delivery), result.field(), result.problem(), "invalid"),
                Map.of("version", delivery.version(), "fields", delivery.changed()));
    }

    private void parkTaken(Delivery delivery, String externalId) {
        workspace.park("CONFLICT", subject(delivery), delivery.spoke() + " has the record under another customer",
                delivery.spoke(), delivery.entity(), delivery.id(), null,
                new Refusal(step(delivery), null, "Spoke " + delivery.spoke() + " answers with its record " + externalId
                        + ", which belongs to another golden record. Decide whether the two are the same.",
                        "conflict"),
                Map.of("externalId", externalId));
    }

    private static String subject(Delivery delivery) {
        return subject(delivery.spoke(), delivery.lane());
    }

    /** Of what is refused. A customer may have several records in one spoke, each with questions of its own. */
    static String subject(String spoke, long lane) {
        return "delivery:" + spoke + ":" + lane;
    }

    private static String step(Delivery delivery) {
        return "connector:" + delivery.spoke() + "/" + delivery.entity();
    }

    private void loadLanes(List<DeliveryResult> results) throws SQLException {
        Columns claims = new Columns();
        results.forEach(result -> claims.add(result.delivery().id(), result.delivery().spoke(),
                result.delivery().lane()));
        new Statements().read("""
                select l.id, l.fence, l.external_id, l.base::text, coalesce(l.ours, l.base)::text, l.revision,
                  l.unheard::text, l.state, l.wanted
                from (select unnest(?::uuid[]) entity_id, unnest(?) spoke, unnest(?::bigint[]) lane) c
                join link l on l.entity_id = c.entity_id and l.spoke = c.spoke and l.id = c.lane
                """,
                row -> lanes.put(row.getLong(1),
                        new Current(row.getLong(2), row.getString(3), Json.document(row.getString(4)),
                                Json.document(row.getString(5)), row.getString(6),
                                Unheard.of(Json.document(row.getString(7))), row.getString(8), row.getLong(9))),
                claims.arrays()).execute(session);
    }

    /** Lanes that went to another customer while their delivery was under way: merged with it, or parted from it. */
    private List<DeliveryResult> follow(List<DeliveryResult> results) throws SQLException {
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
        loadLanes(followed);
        return followed;
    }

    private void loadOvertaken(List<DeliveryResult> results) throws SQLException {
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
        for (Map.Entry<String, Set<UUID>> entity : wanted.entrySet()) {
            overtaken.putAll(Goldens.load(session, Entity.of(entity.getKey()), entity.getValue()));
        }
    }

    /** Whether the spoke may have done what it was asked. A request of which nothing was heard may even arrive late. */
    private static boolean mayHaveArrived(DeliveryResult result) {
        return result.kind() == DeliveryResult.Kind.DONE
                || result.kind() == DeliveryResult.Kind.RETRY && result.problem() != null;
    }

    private static String taken(Delivery delivery, String externalId) {
        return delivery.spoke() + " " + delivery.entity() + " " + externalId;
    }

    private void loadTaken(List<DeliveryResult> results) throws SQLException {
        Columns made = new Columns();
        for (DeliveryResult result : results) {
            if (result.delivery().creates() && result.externalId() != null) {
                made.add(result.delivery().spoke(), result.delivery().entity(), result.externalId(),
                        result.delivery().lane());
            }
        }
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

    private void log(DeliveryResult result) {
        Delivery delivery = result.delivery();
        if (result.kind() == DeliveryResult.Kind.DONE) {
            told.put(List.of(delivery.spoke(), delivery.entity()), result.at());
        }
        String outcome = switch (result.kind()) {
            case DONE -> "DONE";
            case PARKED, GONE -> "PARKED";
            case RETRY, ADOPT -> "RETRY";
        };
        // Where there is no lane any more somebody may have been erased, whom the spoke's words name.
        String problem = lanes.containsKey(delivery.lane()) ? result.problem() : null;
        log.add(delivery.spoke(), delivery.entity(), delivery.id(), delivery.version(),
                delivery.creates() ? "create" : "update", Json.text(delivery.changed()), outcome, problem,
                delivery.attempt(), result.took().toMillis(), result.at());
    }

    private Statements statements() {
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
                              and l.state not in ('PARKED', 'GONE')
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
                              behind_since = case when w.state = 'GONE' or w.state = 'BEHIND' and l.state = 'SYNCED' then null
                                else coalesce(behind_since, w.next::timestamptz) end,
                              next_try_at = w.next::timestamptz, lease_until = null,
                              ours = case when w.refused = 'true' and l.external_id is null then null else ours end,
                              attempts = greatest(attempts - w.uncounted::int, 0), problem = w.problem
                            from (select unnest(?::uuid[]) entity_id, unnest(?) spoke,
                              unnest(?::bigint[]) lane, unnest(?::bigint[]) fence, unnest(?) state,
                              unnest(?) next, unnest(?) uncounted, unnest(?) problem, unnest(?) refused) w
                            where l.entity_id = w.entity_id and l.spoke = w.spoke and l.id = w.lane and l.fence = w.fence
                            """,
                    waiting.arrays());
        }
        if (!adopted.isEmpty()) {
            statements.write("""
                    update link l set external_id = a.external_id, unread = a.holds::boolean,
                      ours = case when l.external_id is null then null else l.ours end,
                      next_try_at = a.at::timestamptz, lease_until = null
                    from (select unnest(?::uuid[]) entity_id, unnest(?) spoke, unnest(?::bigint[]) lane,
                      unnest(?::bigint[]) fence, unnest(?) external_id, unnest(?) holds, unnest(?) at) a
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
}
