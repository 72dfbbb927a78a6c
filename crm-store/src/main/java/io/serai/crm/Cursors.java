package io.serai.crm;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Whose turn it is to poll a spoke, and from where; shared by all processes of the hub. */
public final class Cursors {
    private final Transactions transactions;
    private final InstantSource clock;

    Cursors(Transactions transactions, InstantSource clock) {
        this.transactions = transactions;
        this.clock = clock;
    }

    /** A poll that is ours until its lease runs out. @param cursor where the last one ended; null before the first */
    public record Turn(String spoke, String what, long fence, String cursor) {}

    /** Empty while another process has the turn. */
    public Optional<Turn> claim(String spoke, String what, Duration lease) {
        Instant now = clock.instant();
        List<Turn> turns = new ArrayList<>();
        transactions.run(session -> {
            new Statements().read("""
                    insert into poll (spoke, what, lease_until, fence) values (?, ?, ?, 1)
                    on conflict (tenant, spoke, what) do update
                      set lease_until = excluded.lease_until, fence = poll.fence + 1
                      where poll.lease_until < ?
                    returning fence, cursor
                    """, row -> turns.add(new Turn(spoke, what, row.getLong(1), row.getString(2))), spoke, what,
                    now.plus(lease), now).execute(session);
            return null;
        });
        return turns.stream().findFirst();
    }

    /** Remembers where the poll got to. @return false when the turn had passed to somebody else */
    public boolean advance(Turn turn, String cursor) {
        return transactions.run(session -> {
            List<Long> found = new ArrayList<>();
            new Statements()
                    .read("update poll set cursor = ? where spoke = ? and what = ? and fence = ? returning fence",
                            row -> found.add(row.getLong(1)), cursor, turn.spoke(), turn.what(), turn.fence())
                    .execute(session);
            return !found.isEmpty();
        });
    }

    /** Notes that all there was has been read; without effect when the turn has passed to somebody else. */
    public void complete(Turn turn) {
        transactions.run(session -> {
            new Statements().write("update poll set read_at = ? where spoke = ? and what = ? and fence = ?",
                    clock.instant(), turn.spoke(), turn.what(), turn.fence()).execute(session);
            return null;
        });
    }

    /** Keeps the turn for longer; without effect when it has passed to somebody else. */
    public void renew(Turn turn, Duration lease) {
        transactions.run(session -> {
            new Statements().write("update poll set lease_until = ? where spoke = ? and what = ? and fence = ?",
                    clock.instant().plus(lease), turn.spoke(), turn.what(), turn.fence())
                    .execute(session);
            return null;
        });
    }

    /** Lets the next one poll. */
    public void release(Turn turn) {
        transactions.run(session -> {
            new Statements().write("update poll set lease_until = ? where spoke = ? and what = ? and fence = ?",
                    clock.instant().minusMillis(1), turn.spoke(), turn.what(), turn.fence())
                    .execute(session);
            return null;
        });
    }
}
