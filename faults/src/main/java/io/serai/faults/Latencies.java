package io.serai.faults;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How long edits took from the system where they were made to others, in some stretches of a run. */
final class Latencies {
    private record Stretch(Instant begin, Instant end) {}

    private record Edit(int house, Instant at) {}

    private final List<Stretch> stretches = new ArrayList<>();

    /** Lets the time pass; what is edited meanwhile counts. */
    void during(Duration time) {
        Instant begin = Instant.now();
        Wait.pass(time);
        count(begin, Instant.now());
    }

    /** What is edited between the two counts. */
    void count(Instant begin, Instant end) {
        stretches.add(new Stretch(begin, end));
    }

    /** From an edit of these stretches to the first write of it, or of a later one, in each of the systems. */
    List<Duration> of(List<Ledgers.Move> inTime, String... systems) {
        Map<String, Deque<Edit>> open = new HashMap<>();
        List<Duration> latencies = new ArrayList<>();
        inTime.forEach(move -> {
            if (!move.program()) {
                for (String system : systems) {
                    if (!system.equals(move.system()) && counts(move.at())) {
                        open.computeIfAbsent(system + " " + move.email(), _ -> new ArrayDeque<>())
                                .add(new Edit(move.house(), move.at()));
                    }
                }
            } else {
                Deque<Edit> edits = open.getOrDefault(move.system() + " " + move.email(), new ArrayDeque<>());
                while (!edits.isEmpty() && edits.getFirst().house() <= move.house()) {
                    latencies.add(Duration.between(edits.removeFirst().at(), move.at()));
                }
            }
        });
        return latencies;
    }

    private boolean counts(Instant at) {
        return stretches.stream().anyMatch(stretch -> at.isAfter(stretch.begin()) && at.isBefore(stretch.end()));
    }

    static Duration p95(List<Duration> latencies) {
        Duration[] sorted = latencies.toArray(Duration[]::new);
        Arrays.sort(sorted);
        return sorted.length == 0 ? Duration.ZERO : sorted[(int) (sorted.length * 0.95)];
    }

    static String text(Duration time) {
        return "%.0f ms".formatted(time.toNanos() / 1e6);
    }
}
