package io.serai.faults;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * How fast requests came, each figure a second.
 *
 * @param mean from the first to the last
 * @param minute in the fullest minute
 * @param rush in the fullest five seconds; much of it is how a busy machine schedules its processes
 */
record Pace(double mean, double minute, double rush) {

    static Pace of(List<Instant> moments) {
        if (moments.size() < 2) {
            return new Pace(0, 0, 0);
        }
        double seconds = Duration.between(moments.getFirst(), moments.getLast()).toNanos() / 1e9;
        return new Pace((moments.size() - 1) / seconds, fullest(moments, Duration.ofMinutes(1)),
                fullest(moments, Duration.ofSeconds(5)));
    }

    private static double fullest(List<Instant> moments, Duration window) {
        int most = 0;
        int first = 0;
        for (int last = 0; last < moments.size(); last++) {
            while (!moments.get(first).plus(window).isAfter(moments.get(last))) {
                first++;
            }
            most = Math.max(most, last - first + 1);
        }
        return most / (double) window.toSeconds();
    }

    @Override
    public String toString() {
        return "%.1f a second, at most %.1f in any minute and %.1f in any 5 s".formatted(mean, minute, rush);
    }
}
