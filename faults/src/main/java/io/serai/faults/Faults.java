package io.serai.faults;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code ./serai faults}: lets bad things happen to a real hub and says what the company's systems hold afterwards. */
public final class Faults {
    private static final String HELP = """
            ./serai faults [options]        lets bad things happen to a real hub, and then reads the systems' ledgers

              --only NAME[,NAME]   only these scenarios, by name or by row
              --seeds N            with seeds 1 to N (default: 1)
              --seed N             with this one seed, such as the one that a failing run names
              --points N           how often the fault happens, or how many seconds it lasts (default: of the scenario)
              --mutants            takes one protection after the other away and sees the scenario fail
              --folder DIR         where the processes live (default: data/faults); the last run is kept
              --report FILE        the table, as Markdown too (default: <folder>/report.md)
              --list               says what there is
            """;

    private Faults() {}

    public static void main(String... arguments) throws Exception {
        Options options;
        try {
            options = Options.of(arguments);
        } catch (IllegalArgumentException wrong) {
            System.err.println(wrong.getMessage() + "\n");
            System.err.print(HELP);
            System.exit(2);
            return;
        }
        if (options.help()) {
            System.out.print(HELP);
        } else if (options.list()) {
            Scenarios.ALL.forEach(scenario -> System.out.printf("%4s  %-15s %s%s%n", scenario.row(), scenario.name(),
                    scenario.says(), Scenarios.promised().contains(scenario) ? "" : " (not kept yet)"));
        } else if (options.mutants()) {
            System.exit(Mutants.run(options.folder(), options.scenarios()) ? 0 : 1);
        } else {
            Build build = Build.own().fromJars();
            learn(build, options.folder());
            List<Play.Result> results = new ArrayList<>();
            for (Scenario scenario : options.scenarios()) {
                for (long seed : options.seeds()) {
                    results.add(play(scenario, seed, options.points(scenario), build, options.folder()));
                }
            }
            String table = Report.table(results);
            System.out.println("\n" + table);
            Files.writeString(options.report(), table);
            System.exit(results.stream().allMatch(Play.Result::held) ? 0 : 1);
        }
    }

    /** A hub that stops properly leaves behind what its JVM has learned. */
    private static void learn(Build build, Path folder) throws Exception {
        if (!Files.exists(build.learned())) {
            Path own = folder.toAbsolutePath().resolve("learn");
            Postgres.delete(own);
            try (Stage stage = new Stage(build, own, programs(folder), Stage.Needs.ONE_HUB)) {
                // A second JVM writes it all down meanwhile.
                stage.hub().stop(Wait.LONG);
            }
        }
    }

    private static Path programs(Path folder) throws java.io.IOException {
        return Files.createDirectories(folder.toAbsolutePath().resolve("programs"));
    }

    /** Plays one scenario from one seed, and says what came of it. */
    static Play.Result play(Scenario scenario, long seed, int points, Build build, Path folder) throws Exception {
        System.out.printf("%n=== %s (row %s): %s; seed %d, points %d%n", scenario.name(), scenario.row(),
                scenario.says(), seed, points);
        Path own = folder.toAbsolutePath().resolve(scenario.name());
        Postgres.delete(own);
        Path programs = programs(folder);
        Play.Result result;
        try (Play play = new Play(scenario, seed, points, build, own, programs)) {
            result = play.run();
        }
        System.out.println(Report.line(result));
        if (!result.held()) {
            result.breaches().stream().limit(25).forEach(breach -> System.out.println("    BREACH " + breach));
            System.out.printf("    again: ./serai faults --only %s --seed %d --points %d%n", scenario.name(), seed,
                    points);
        }
        return result;
    }
}
