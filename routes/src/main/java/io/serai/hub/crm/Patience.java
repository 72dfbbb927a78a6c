package io.serai.hub.crm;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** How long to wait before the next try. */
final class Patience {
    private static final Duration LONGEST = Duration.ofMinutes(5);

    /** Whoever wants to be left alone for longer is asked once an hour all the same. */
    private static final Duration LONGEST_ASKED = Duration.ofHours(1);

    private Patience() {}

    /** Doubles with every attempt up to five minutes, give or take a fifth, so that many do not come back at once. */
    static Duration after(int attempt) {
        long millis = Math.min(LONGEST.toMillis(), 500L << Math.min(attempt - 1, 20));
        return Duration.ofMillis((long) (millis * (0.8 + 0.4 * ThreadLocalRandom.current().nextDouble())));
    }

    /** The same, and not before the spoke wants to be asked again. */
    static Duration after(int attempt, Duration asked) {
        Duration own = after(attempt);
        Duration bounded = asked.compareTo(LONGEST_ASKED) > 0 ? LONGEST_ASKED : asked;
        return bounded.compareTo(own) > 0 ? bounded : own;
    }
}
