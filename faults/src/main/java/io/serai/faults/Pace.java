package io.serai.faults;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * How fast requests came.
 *
 * @param mean a second, from the first to the last
 * @param most a second, in the fullest {@link #WINDOW}: a shorter one would measure how this machine schedules its processes
 */
record Pace(double mean, double most) {
    static final Duration WINDOW = Duration.ofSeconds(5);

    static Pace of(List<Instant> moments) {
        if (moments.size() < 2) {
            return new Pace(0, 0);
        }
        int most = 0;
        int first = 0;
        for (int last = 0; last < moments.size(); last++) {
            while (!moments.get(first).plus(WINDOW).isAfter(moments.get(last))) {
                first++;
            }
            most = Math.max(most, last - first + 1);
        }
        double seconds = Duration.between(moments.getFirst(), moments.getLast()).toNanos() / 1e9;
        return new Pace((moments.size() - 1) / seconds, most / (double) WINDOW.toSeconds());
    }

    @Override
    public String toString() {
        return "%.1f a second, at most %.1f in any %d s".formatted(mean, most, WINDOW.toSeconds());
    }
}
