package io.serai.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What was measured, round by round. */
final class Figures {
    private final Map<String, List<Double>> values = new LinkedHashMap<>();

    void add(String name, double value) {
        values.computeIfAbsent(name, _ -> new ArrayList<>()).add(value);
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    double median(String name) {
        return median(values.get(name));
    }

    double worst(String name) {
        return values.get(name).stream().mapToDouble(Double::doubleValue).max().orElseThrow();
    }

    /** Median of the rounds' own ratios: a round that the machine slowed down slows both of its sides. */
    double ratio(String name, String reference) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < values.get(name).size(); i++) {
            ratios.add(values.get(name).get(i) / values.get(reference).get(i));
        }
        return median(ratios);
    }

    Map<String, List<Double>> all() {
        return values;
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
