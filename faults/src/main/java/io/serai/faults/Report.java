package io.serai.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToIntFunction;

/** What came of all runs, as a table for people. */
final class Report {
    private Report() {}

    static String line(Play.Result result) {
        return "%s %s, seed %d: %d faults, %,d acknowledged, lost %d, duplicates %d, order %d, echoes %d, first delivery %s, took %d s"
                .formatted(result.held() ? "HELD  " : "FAILED", result.name(), result.seed(), result.faults(),
                        result.acknowledged(), result.findings().lost(), result.findings().duplicates(),
                        result.findings().order(), result.findings().echoes(),
                        delivery(result.firstDelivery(), result.deliveryGoal()),
                        result.took().toSeconds());
    }

    static String table(List<Play.Result> results) {
        StringBuilder text = new StringBuilder(
                """
                        | row | scenario | runs | faults | acknowledged events | lost | duplicate invoices | order breaches | echoes | first delivery after (worst) | |
                        | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
                        """);
        Map<String, List<Play.Result>> byName = new LinkedHashMap<>();
        results.forEach(result -> byName.computeIfAbsent(result.name(), _ -> new ArrayList<>()).add(result));
        byName.forEach((name, runs) -> text.append("| %s | %s | %d | %,d | %,d | %d | %d | %d | %d | %s | %s |%n"
                .formatted(runs.getFirst().row(), name, runs.size(), sum(runs, Play.Result::faults),
                        sum(runs, Play.Result::acknowledged), sum(runs, run -> run.findings().lost()),
                        sum(runs, run -> run.findings().duplicates()), sum(runs, run -> run.findings().order()),
                        sum(runs, run -> run.findings().echoes()),
                        delivery(runs.stream().map(Play.Result::firstDelivery).filter(Objects::nonNull)
                                .max(Duration::compareTo).orElse(null), runs.getFirst().deliveryGoal()),
                        runs.stream().allMatch(Play.Result::held)
                                ? "held"
                                : "FAILED: seeds " + runs.stream().filter(run -> !run.held())
                                        .map(Play.Result::seed).toList())));
        results.stream().filter(result -> !result.notes().isEmpty()).forEach(
                result -> text.append("\n- ").append(result.name()).append(", seed ").append(result.seed())
                        .append(": ").append(String.join("; ", result.notes())));
        return text.append('\n').toString();
    }

    private static int sum(List<Play.Result> runs, ToIntFunction<Play.Result> figure) {
        return runs.stream().mapToInt(figure).sum();
    }

    private static String delivery(Duration worst, Duration goal) {
        return worst == null
                ? "–"
                : "%.1f s (goal %d s%s)".formatted(worst.toMillis() / 1000.0, goal.toSeconds(),
                        worst.compareTo(goal) > 0 ? ", MISSED" : "");
    }
}
