package io.serai.crm;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

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
        transactions.run(connection -> {
            new Statements().read("""
                    select spoke, entity, count(*) filter (where state = 'BEHIND'),
                      count(*) filter (where state = 'PARKED'), min(behind_since) filter (where state = 'BEHIND'),
                      (select max(at) from (select at from delivery d where d.spoke = l.spoke and d.entity = l.entity
                        and d.outcome = 'DONE' order by id desc limit 1) last),
                      max(problem)
                    from link l where state in ('BEHIND', 'PARKED') group by spoke, entity
                    """,
                    row -> found.put(row.getString(1) + "/" + row.getString(2),
                            new SpokeStatus(row.getString(1), row.getString(2), row.getLong(3), row.getLong(4),
                                    Goldens.instant(row, 5), Goldens.instant(row, 6), row.getString(7))))
                    .read("""
                            select coalesce(spoke, ''), 'invoice', count(*) filter (where state in ('PENDING', 'SENDING', 'UNKNOWN')),
                              count(*) filter (where state in ('PARKED', 'REJECTED')),
                              min(created_at) filter (where state in ('PENDING', 'SENDING', 'UNKNOWN')), null::timestamptz,
                              max(problem)
                            from invoice where state <> 'DONE' group by spoke
                            """,
                            row -> found.put("invoices " + row.getString(1),
                                    new SpokeStatus(row.getString(1), row.getString(2), row.getLong(3),
                                            row.getLong(4), Goldens.instant(row, 5), null, row.getString(7))))
                    .execute(connection);
            return null;
        });
        List<SpokeStatus> all = new ArrayList<>();
        for (SpokeProfile profile : settings.spokes()) {
            switch (profile.out()) {
                case OUT, UPDATE -> all.add(found.getOrDefault(profile.spoke() + "/" + profile.entity(),
                        new SpokeStatus(profile.spoke(), profile.entity(), 0, 0, null, null, null)));
                case ISSUE -> all.add(issuing(profile, found));
                case NONE -> {
                    // only speaks
                }
            }
        }
        return all;
    }

    private static SpokeStatus issuing(SpokeProfile profile, Map<String, SpokeStatus> found) {
        SpokeStatus waiting = found.get("invoices ");
        SpokeStatus taken = found.get("invoices " + profile.spoke());
        long behind = (waiting == null ? 0 : waiting.behind()) + (taken == null ? 0 : taken.behind());
        return new SpokeStatus(profile.spoke(), "invoice", behind, taken == null ? 0 : taken.parked(),
                taken != null ? taken.oldestBehindSince() : waiting == null ? null : waiting.oldestBehindSince(), null,
                taken == null ? null : taken.lastProblem());
    }
}
