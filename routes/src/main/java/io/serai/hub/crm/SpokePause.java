package io.serai.hub.crm;

import java.time.Duration;
import java.time.Instant;

/**
 * Holds back a spoke that does not answer at all, so that it is neither hammered nor its records' own retries used up.
 * After the pause a single delivery finds out whether the spoke is back.
 */
final class SpokePause {
    private static final int PATIENCE = 3;
    private static final Duration SHORTEST = Duration.ofMillis(500);
    private static final Duration LONGEST = Duration.ofSeconds(10);

    private Instant until = Instant.MIN;
    private Duration pause = SHORTEST;
    private int silences;

    /** How many deliveries may start now, of the number that could. */
    synchronized int allowed(Instant now, int possible) {
        if (now.isBefore(until)) {
            return 0;
        }
        return silences >= PATIENCE ? Math.min(1, possible) : possible;
    }

    synchronized void answered() {
        silences = 0;
        pause = SHORTEST;
        until = Instant.MIN;
    }

    synchronized void silent(Instant now) {
        silences++;
        if (silences >= PATIENCE && !now.isBefore(until)) {
            until = now.plus(pause);
            pause = pause.multipliedBy(2).compareTo(LONGEST) > 0 ? LONGEST : pause.multipliedBy(2);
        }
    }

    /** The spoke asked for a pause, or would refuse everything for now. */
    synchronized void rest(Instant now, Duration time) {
        Instant end = now.plus(time);
        until = end.isAfter(until) ? end : until;
    }
}
