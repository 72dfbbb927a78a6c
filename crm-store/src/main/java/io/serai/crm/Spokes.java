package io.serai.crm;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** How the configured spokes are doing. */
public final class Spokes {
    private final Transactions transactions;
    private final Settings settings;
    private final InstantSource clock;

    Spokes(Transactions transactions, Settings settings, InstantSource clock) {
        this.transactions = transactions;
        this.settings = settings;
        this.clock = clock;
    }

    /** One entry for every spoke and entity that the hub writes to. Costs little however many records are in step. */
    public List<SpokeStatus> status() {
        Map<String, SpokeStatus> found = new HashMap<>();
        Map<String, Instant> delivered = new HashMap<>();
        Statements statements = new Statements().read("""
                select spoke, entity, count(*) filter (where state = 'BEHIND'),
                  count(*) filter (where state = 'PARKED'), min(behind_since) filter (where state = 'BEHIND'),
                  max(problem)
                from link where state in ('BEHIND', 'PARKED') group by spoke, entity
                """, row -> found.put(row.getString(1) + "/" + row.getString(2), status(row)))
                .read("""
                        select coalesce(spoke, ''), 'invoice',
                          count(*) filter (where state in ('PENDING', 'SENDING', 'UNKNOWN')),
                          count(*) filter (where state in ('PARKED', 'REJECTED')),
                          min(created_at) filter (where state in ('PENDING', 'SENDING', 'UNKNOWN')), max(problem)
                        from invoice where state not in ('DONE', 'WITHDRAWN') group by spoke
                        """, row -> found.put("invoice for " + row.getString(1), status(row)))
                .read("""
                        select coalesce(spoke, ''), 'credit-note',
                          count(*) filter (where state in ('PENDING', 'SENDING', 'UNKNOWN')),
                          count(*) filter (where state in ('PARKED', 'REJECTED')),
                          min(created_at) filter (where state in ('PENDING', 'SENDING', 'UNKNOWN')), max(problem)
                        from credit_note where state not in ('DONE', 'WITHDRAWN') group by spoke
                        """, row -> found.put("credit-note for " + row.getString(1), status(row)))
                .read("select spoke, entity, at from told",
                        row -> delivered.put(row.getString(1) + "/" + row.getString(2), Goldens.instant(row, 3)));
        transactions.run(session -> {
            statements.execute(session);
            return null;
        });
        List<SpokeStatus> all = new ArrayList<>();
        for (SpokeProfile profile : settings.spokes()) {
            String lane = profile.spoke() + "/" + profile.entity();
            SpokeStatus waiting = switch (profile.out()) {
                case OUT, UPDATE -> found.get(lane);
                case ISSUE -> together(found.get(profile.entity() + " for "),
                        found.get(profile.entity() + " for " + profile.spoke()));
                case NONE -> null;
            };
            if (profile.out() != SpokeProfile.Flow.NONE) {
                all.add(waiting == null
                        ? new SpokeStatus(profile.spoke(), profile.entity(), 0, 0, null, delivered.get(lane), null)
                        : new SpokeStatus(profile.spoke(), profile.entity(), waiting.behind(), waiting.parked(),
                                waiting.oldestBehindSince(), delivered.get(lane), waiting.lastProblem()));
            }
        }
        return all;
    }

    /** Why and until when nobody may ask a spoke for anything. */
    public record Pause(String spoke, Instant since, Instant until, String problem) {}

    /** The spokes that are paused, and those whose pause has ended and that have not answered since. */
    public List<Pause> pauses() {
        List<Pause> pauses = new ArrayList<>();
        transactions.run(session -> {
            new Statements().read("""
                    select spoke, paused_since, paused_until, problem from spoke_gate where paused_until is not null
                    """, row -> pauses.add(new Pause(row.getString(1), Goldens.instant(row, 2),
                    Goldens.instant(row, 3), row.getString(4)))).execute(session);
            return null;
        });
        return pauses;
    }

    /**
     * Pauses a spoke in all processes, and lets a person know, once for the whole spoke.
     *
     * @param entity whose delivery met with the problem
     * @param cause what all such pauses have in common, for people who look at many
     */
    public void pause(Pause pause, String entity, String cause) {
        transactions.write(turn -> {
            Workspace workspace = new Workspace(settings, pause.since());
            workspace.park("DELIVERY", "spoke:" + pause.spoke(), cause, pause.spoke(), entity, null, null,
                    new Refusal("connector:" + pause.spoke() + "/" + entity, null, pause.problem(), "paused"),
                    Map.of());
            turn.commit(workspace.write(turn).and(new Statements().write("""
                    insert into spoke_gate (spoke, paused_since, paused_until, problem) values (?, ?, ?, ?)
                    on conflict (tenant, spoke) do update set paused_until = excluded.paused_until,
                      paused_since = coalesce(spoke_gate.paused_since, excluded.paused_since),
                      problem = excluded.problem
                    """, pause.spoke(), pause.since(), pause.until(), pause.problem())));
            return null;
        });
    }

    /** Ends a spoke's pause: it has answered, or a person says so. @return false when it was not paused */
    public boolean resume(String spoke) {
        return transactions.write(turn -> {
            List<String> paused = new ArrayList<>();
            new Statements().read("""
                    update spoke_gate set paused_since = null, paused_until = null, problem = null
                    where spoke = ? and paused_until is not null returning spoke
                    """, row -> paused.add(row.getString(1)), spoke).execute(turn.session());
            Workspace workspace = new Workspace(settings, clock.instant());
            workspace.resolve("spoke:" + spoke);
            turn.commit(workspace.write(turn));
            return !paused.isEmpty();
        });
    }

    /** Notes when spokes confirmed what they were told. @param confirmed one row for each spoke and entity: spoke, entity, time */
    static void writeTold(Statements statements, Columns confirmed) {
        statements.write(
                """
                        insert into told (spoke, entity, at) select spoke, entity, at::timestamptz from (select
                          unnest(?) spoke, unnest(?) entity, unnest(?) at) t
                        on conflict (tenant, spoke, entity) do update set at = greatest(told.at, excluded.at)
                        """,
                confirmed.arrays());
    }

    private static SpokeStatus status(ResultSet row) throws SQLException {
        return new SpokeStatus(row.getString(1), row.getString(2), row.getLong(3), row.getLong(4),
                Goldens.instant(row, 5), null, row.getString(6));
    }

    /** Invoices that nobody has taken yet, and those that this spoke has. */
    private static SpokeStatus together(SpokeStatus free, SpokeStatus taken) {
        if (free == null || taken == null) {
            return free == null ? taken : free;
        }
        Instant oldest = Stream.of(free.oldestBehindSince(), taken.oldestBehindSince()).filter(Objects::nonNull)
                .min(Comparator.naturalOrder()).orElse(null);
        return new SpokeStatus(taken.spoke(), taken.entity(), free.behind() + taken.behind(),
                free.parked() + taken.parked(), oldest, null, taken.lastProblem());
    }
}
