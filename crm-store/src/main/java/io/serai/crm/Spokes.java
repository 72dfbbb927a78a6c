package io.serai.crm;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
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

    Spokes(Transactions transactions, Settings settings) {
        this.transactions = transactions;
        this.settings = settings;
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
                        from invoice where state <> 'DONE' group by spoke
                        """, row -> found.put("invoices " + row.getString(1), status(row)))
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
                case ISSUE -> together(found.get("invoices "), found.get("invoices " + profile.spoke()));
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
