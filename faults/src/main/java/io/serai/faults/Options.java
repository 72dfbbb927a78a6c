package io.serai.faults;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/** @param points null for each scenario's own */
record Options(List<Scenario> scenarios, List<Long> seeds, Integer points, boolean mutants, Path folder, Path report,
        boolean list, boolean help) {

    static Options of(String... arguments) {
        List<Scenario> scenarios = Scenarios.promised();
        List<Long> seeds = List.of(1L);
        Integer points = null;
        boolean mutants = false;
        boolean list = false;
        boolean help = false;
        Path folder = Path.of("data/faults");
        Path report = null;
        for (int i = 0; i < arguments.length; i++) {
            String word = arguments[i];
            switch (word) {
                case "--only" -> scenarios = Arrays.stream(value(arguments, ++i, word).split(","))
                        .flatMap(name -> Scenarios.asked(name).stream()).toList();
                case "--seeds" -> seeds = LongStream.rangeClosed(1, number(arguments, ++i, word)).boxed().toList();
                case "--seed" -> seeds = List.of(number(arguments, ++i, word));
                case "--points" -> points = (int) number(arguments, ++i, word);
                case "--mutants" -> mutants = true;
                case "--folder" -> folder = Path.of(value(arguments, ++i, word));
                case "--report" -> report = Path.of(value(arguments, ++i, word));
                case "--list" -> list = true;
                case "--help" -> help = true;
                default -> throw new IllegalArgumentException("./serai faults does not know " + word);
            }
        }
        return new Options(scenarios, seeds, points, mutants, folder,
                report == null ? folder.resolve("report.md") : report, list, help);
    }

    int points(Scenario scenario) {
        return points == null ? scenario.points() : points;
    }

    private static String value(String[] arguments, int at, String word) {
        if (at >= arguments.length) {
            throw new IllegalArgumentException(word + " needs a value");
        }
        return arguments[at];
    }

    private static long number(String[] arguments, int at, String word) {
        try {
            long number = Long.parseLong(value(arguments, at, word));
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException notANumber) {
            // Said below.
        }
        throw new IllegalArgumentException(word + " needs a number above 0, not " + arguments[at]);
    }
}
