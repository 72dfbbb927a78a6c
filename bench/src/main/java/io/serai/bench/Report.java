package io.serai.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Goals and how far they are reached. */
final class Report {
    private final List<Line> lines = new ArrayList<>();
    private final Figures figures;

    /**
     * One goal.
     *
     * @param reference null when the figure stands for itself, as does the ratio
     * @param atLeast whether the goal is a least (or a most)
     */
    private record Line(String figure, double measured, String unit, Double reference, Double ratio, boolean atLeast,
            double goal) {
        boolean met() {
            double compared = ratio == null ? measured : ratio;
            return atLeast ? compared >= goal : compared <= goal;
        }
    }

    Report(Figures figures) {
        this.figures = figures;
        for (int clients : Bench.CLIENTS) {
            if (clients > 1) {
                double goal = clients == 16 ? 0.6 : 0.8;
                ratio("REST, nobody listens, " + clients + " clients", "rest" + clients, "tx" + clients, goal);
            }
        }
        most("REST at 1 client, p50", "rest1.p50", "ms", 3);
        for (int clients : Bench.CLIENTS) {
            ratio("SOAP beside REST, " + clients + (clients == 1 ? " client" : " clients"), "soap" + clients,
                    "rest" + clients, 0.8);
        }
        for (int clients : Bench.LIVE_CLIENTS) {
            ratio("REST, one spoke kept in step, " + clients, "live" + clients, "live.tx" + clients, 0.45);
            most("  oldest not delivered at the end", "live" + clients + ".backlog.seconds", "s", 1);
        }
        ratio("File load into golden records", "bulk", "copy", 0.25);
        if (figures.has("fanout")) {
            lines.add(new Line("Recorded deliveries to three spokes", figures.median("fanout"), "/s", null, null, true,
                    4_000));
        }
        most("Accepted to delivered at " + Pace.PER_SECOND + "/s, p95", "latency.p95", "ms", 200);
        most("CPU per REST message at 64, hub + PostgreSQL", "rest64.cpu", "ms", 0.45);
        if (figures.has("rss")) {
            lines.add(new Line("Memory of the hub after load (RSS)", figures.worst("rss"), "MiB", null, null, false,
                    500));
        }
        most("Start to first answer, existing database", "start", "s", 6);
    }

    private void ratio(String figure, String name, String reference, double goal) {
        if (figures.has(name) && figures.has(reference)) {
            lines.add(new Line(figure, figures.median(name), "/s", figures.median(reference),
                    figures.ratio(name, reference), true, goal));
        }
    }

    private void most(String figure, String name, String unit, double goal) {
        if (figures.has(name)) {
            lines.add(new Line(figure, figures.median(name), unit, null, null, false, goal));
        }
    }

    boolean allMet() {
        return lines.stream().allMatch(Line::met);
    }

    void print() {
        System.out.printf(Locale.ROOT, "%n%-46s %14s %11s %6s %8s%n", "", "measured", "reference", "ratio", "goal");
        for (Line line : lines) {
            System.out.printf(Locale.ROOT, "%-46s %10s %-3s %11s %6s %8s  %s%n", line.figure, number(line.measured),
                    line.unit, line.reference == null ? "" : number(line.reference) + "/s",
                    line.ratio == null ? "" : String.format(Locale.ROOT, "%.2f", line.ratio),
                    (line.atLeast ? "≥ " : "≤ ") + number(line.goal), line.met() ? "met" : "MISSED");
        }
        printClients();
        printOthers();
        System.out.println(
                """

                        Medians of the rounds; a ratio is the median of the rounds' ratios. tx: pgbench, one transaction per customer,
                        statement by statement (upsert, outbox, audit). copy: COPY into a staging table and a merge with outbox and audit
                        rows, one transaction. Both on the hub's own PostgreSQL with its settings, in turn with the hub.""");
    }

    private void printClients() {
        System.out.printf(Locale.ROOT, "%n%-10s %9s %8s %8s %8s %8s   %s%n", "", "per s", "p50 ms", "p95 ms", "p99 ms",
                "max ms", "CPU ms per message: hub + PostgreSQL (+ wrk)");
        for (String name : figures.all().keySet()) {
            if (figures.has(name + ".p50") && figures.has(name + ".p99")) {
                System.out.printf(Locale.ROOT, "%-10s %9.0f %8.2f %8.2f %8.2f %8.1f   %.3f + %.3f (+ %.3f)%n", name,
                        figures.median(name), figures.median(name + ".p50"), figures.median(name + ".p95"),
                        figures.median(name + ".p99"), figures.worst(name + ".max"),
                        figures.median(name + ".cpu.hub"), figures.median(name + ".cpu.postgres"),
                        figures.median(name + ".cpu.wrk"));
            } else if (name.matches("(live\\.)?tx\\d+")) {
                System.out.printf(Locale.ROOT, "%-10s %9.0f%n", name, figures.median(name));
            }
        }
    }

    private void printOthers() {
        System.out.println();
        for (int clients : Bench.LIVE_CLIENTS) {
            if (figures.has("live" + clients)) {
                System.out.printf(Locale.ROOT,
                        "live%d: %.0f customers not delivered at the end, %.1f s until all were%n", clients,
                        figures.median("live" + clients + ".backlog.rows"),
                        figures.median("live" + clients + ".drain.seconds"));
            }
        }
        if (figures.has("latency.p95")) {
            System.out.printf(Locale.ROOT, "accepted to delivered: p50 %.1f ms, p95 %.1f ms, max %.1f ms from sending; "
                    + "p50 %.1f ms, p95 %.1f ms from the answer%n", figures.median("latency.p50"),
                    figures.median("latency.p95"), figures.worst("latency.max"), figures.median("latency.answer.p50"),
                    figures.median("latency.answer.p95"));
        }
        if (figures.has("fanout")) {
            System.out.printf(Locale.ROOT, "fan-out: %.0f deliveries in %.1f s from the first to the last; "
                    + "%.0f/s counted from the moment the file was there%n", figures.median("fanout.deliveries"),
                    figures.median("fanout.seconds"), figures.median("fanout.whole"));
        }
        if (figures.has("rss")) {
            System.out.printf(Locale.ROOT, "memory of the hub: %.0f MiB after load, %.0f MiB at the highest%n",
                    figures.worst("rss"), figures.worst("rss.highest"));
        }
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, value >= 100 ? "%,.0f" : value >= 10 ? "%.1f" : "%.2f", value);
    }

    void write(Path file, Options options, Map<String, String> database) throws IOException {
        List<Map<String, Object>> goals = new ArrayList<>();
        for (Line line : lines) {
            Map<String, Object> goal = new LinkedHashMap<>();
            goal.put("figure", line.figure.strip());
            goal.put("measured", line.measured);
            goal.put("unit", line.unit);
            goal.put("reference", line.reference);
            goal.put("ratio", line.ratio);
            goal.put(line.atLeast ? "atLeast" : "atMost", line.goal);
            goal.put("met", line.met());
            goals.add(goal);
        }
        Map<String, Object> whole = new LinkedHashMap<>();
        whole.put("rounds", options.rounds());
        whole.put("secondsEach", options.seconds());
        whole.put("processors", Runtime.getRuntime().availableProcessors());
        whole.put("database", database);
        whole.put("goals", goals);
        whole.put("rounds of each figure", figures.all());
        Files.writeString(file, JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build()
                .writeValueAsString(whole) + "\n");
    }
}
