package io.serai.connector;

import java.time.Duration;
import java.time.Instant;

/**
 * How often something failed on end, and when to try again: after one second, then after twice as long each time, up to five minutes.
 *
 * @param next the end of the pause, before which nothing is tried
 */
public record Setback(int count, Duration pause, Instant next) {
    public static final Setback NONE = new Setback(0, Duration.ZERO, Instant.MIN);
    private static final Duration LONGEST = Duration.ofMinutes(5);

    /** It failed once more. */
    public Setback again(Instant now) {
        Duration doubled = Duration.ofSeconds(1L << Math.min(count, 10));
        Duration longer = doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled;
        return new Setback(count + 1, longer, now.plus(longer));
    }

    public boolean pausing(Instant now) {
        return now.isBefore(next);
    }
}
