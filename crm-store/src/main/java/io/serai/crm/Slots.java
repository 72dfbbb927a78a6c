package io.serai.crm;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;

/**
 * When requests to a spoke may go, counted over all its lanes and all processes. The row is locked from here to the end of the
 * transaction that claims the work, so that two claimers cannot give the same moment away. A spoke without limits has no row
 * and costs nothing.
 */
final class Slots {
    /** Moments are given away this far ahead, so that no claimer has to come at exactly the right time. */
    private static final Duration AHEAD = Duration.ofSeconds(1);

    private final SpokeProfile.Terms terms;
    private final String spoke;
    private final int owed;
    private final Instant now;
    private Instant next;
    private LocalDate day;
    private int used;
    private int free;

    private Slots(SpokeProfile profile, int owed, Instant now) {
        this.terms = profile.terms();
        this.spoke = profile.spoke();
        this.owed = owed;
        this.now = now;
        this.next = now;
    }

    /**
     * @param most what could be claimed
     * @param owed requests that were sent beside those that had a moment of their own (look-ups, polls): they count, too
     */
    static Slots open(Session session, SpokeProfile profile, int most, int owed, Instant now) throws SQLException {
        Slots slots = new Slots(profile, owed, now);
        slots.free = most;
        if (slots.terms.limited()) {
            slots.read(session);
        }
        return slots;
    }

    private void read(Session session) throws SQLException {
        new Statements().write("insert into spoke_gate (spoke) values (?) on conflict do nothing", spoke)
                .read("""
                        select case when isfinite(next_at) then next_at end, case when isfinite(day) then day end, used
                        from spoke_gate where spoke = ? for update
                        """, row -> {
                    Instant booked = Goldens.instant(row, 1);
                    next = booked == null ? now : booked;
                    day = row.getObject(2, LocalDate.class);
                    used = row.getInt(3);
                }, spoke).execute(session);
        next = next.plus(terms.between().multipliedBy(owed));
        if (next.isBefore(now)) {
            next = now;
        }
        LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
        used = (today.equals(day) ? used : 0) + owed;
        day = today;
        if (terms.perDay() > 0) {
            free = Math.clamp(terms.perDay() - used, 0, free);
        }
        if (!terms.between().isZero()) {
            long room = now.plus(AHEAD).isBefore(next)
                    ? 0
                    : 1 + Duration.between(next, now.plus(AHEAD)).dividedBy(terms.between());
            free = (int) Math.min(free, room);
        }
    }

    /** How many may be claimed. */
    int free() {
        return free;
    }

    /** The moment of the next one that was claimed. */
    Instant take() {
        Instant at = next;
        next = next.plus(terms.between());
        used++;
        free--;
        return at;
    }

    /** Writes what was taken. A quota that is used up pauses the spoke until the next day. */
    void close(Session session, boolean taken) throws SQLException {
        if (!terms.limited() || !taken && owed == 0) {
            return;
        }
        new Statements().write("update spoke_gate set next_at = ?, day = ?, used = ? where spoke = ?",
                next, day, used, spoke).execute(session);
        if (terms.perDay() > 0 && used >= terms.perDay()) {
            new Statements().write("""
                    update spoke_gate set paused_since = coalesce(paused_since, ?), paused_until = ?, problem = ?
                    where spoke = ?
                    """, now, day.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant(),
                    "the " + terms.perDay() + " requests of this day are used up", spoke).execute(session);
        }
    }
}
