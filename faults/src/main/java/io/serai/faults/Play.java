package io.serai.faults;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListMap;

/** One run of a scenario from one seed: what happens when is drawn from the seed, and printed. */
final class Play implements AutoCloseable {
    final Scenario scenario;
    final long seed;
    final int points;
    final Random random;
    private final Build build;
    private final Path folder;
    private final Path programs;
    private final long begin = System.nanoTime();
    private final NavigableMap<Instant, String> happened = new ConcurrentSkipListMap<>();
    private final List<Instant> faults = new ArrayList<>();
    private final List<String> breaches = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private Duration deliveryGoal;
    private int faultCount;
    private boolean played;
    private Stage stage;
    private Load load;

    Play(Scenario scenario, long seed, int points, Build build, Path folder, Path programs) {
        this.scenario = scenario;
        this.seed = seed;
        this.points = points;
        this.random = new Random(seed);
        this.build = build;
        this.folder = folder;
        this.programs = programs;
    }

    /**
     * What came of it.
     *
     * @param played whether the story was told to its end, so that what was found afterwards means something
     * @param firstDelivery the longest it took after a fault until a system of the company heard of the hub again; null when
     *        that is not measured
     * @param deliveryGoal the longest it should take; null likewise
     */
    record Result(String row, String name, long seed, boolean played, int faults, int acknowledged,
            Checker.Findings findings,
            Duration firstDelivery, Duration deliveryGoal, Duration took, List<String> breaches, List<String> notes) {

        boolean held() {
            return breaches.isEmpty();
        }
    }

    Stage open(Stage.Needs needs) throws Exception {
        stage = new Stage(build, folder, programs, needs);
        say("everything runs");
        return stage;
    }

    /** Everybody at work, in all the systems. */
    Load company(int peopleEach, Duration pause) {
        return company(peopleEach, pause, Load.ALL_HOMES);
    }

    Load company(int peopleEach, Duration pause, List<String> homes) {
        load = new Load(stage, random.nextLong(), peopleEach, pause, homes);
        return load;
    }

    void say(String what) {
        System.out.printf("%8.1f s  %s%n", (System.nanoTime() - begin) / 1e9, what);
    }

    interface Act {
        void run() throws Exception;
    }

    void fault(String what, Act act) throws Exception {
        say(what);
        faultCount++;
        happened.put(Instant.now(), what);
        act.run();
    }

    /** The fault that came last before a moment, for whoever has to look into what a ledger says of it. */
    private String after(Instant moment) {
        var last = happened.lowerEntry(moment);
        return last == null ? "before the first fault" : "after \"" + last.getValue() + "\"";
    }

    /** From this moment on we count how long it takes until something is delivered again. */
    void expectDelivery(Duration goal) {
        deliveryGoal = goal;
        faults.add(Instant.now());
    }

    void countFaults(int more) {
        faultCount += more;
    }

    /** A time between the two, drawn from the seed. */
    Duration between(long leastMillis, long mostMillis) {
        return Duration.ofMillis(random.nextLong(leastMillis, mostMillis + 1));
    }

    void pass(Duration time) {
        Wait.pass(time);
    }

    void breach(String what) {
        breaches.add(what);
    }

    void require(boolean holds, String otherwise) {
        if (!holds) {
            breach(otherwise);
        }
    }

    /** For the report: a figure that belongs to this scenario alone. */
    void note(String what) {
        notes.add(what);
        say(what);
    }

    Result run() throws Exception {
        Checker.Findings findings = new Checker.Findings(0, 0, 0, 0, 0, List.of());
        try {
            scenario.story().tell(this);
            played = true;
            say("waiting until all is in step");
            findings = new Checker(stage, load, this::after).check(scenario.quiet());
            breaches.addAll(findings.breaches());
        } catch (Exception | AssertionError failed) {
            breaches.add("it could not be played to its end: " + failed);
            failed.printStackTrace(System.out);
        }
        Duration worst = stage == null ? null : firstDelivery();
        if (worst != null && worst.compareTo(deliveryGoal) > 0) {
            // Said and not held against the hub: how long a start takes is the machine's affair as well.
            notes.add("the first delivery came only after " + worst.toMillis() + " ms; the goal is "
                    + deliveryGoal.toSeconds() + " s");
        }
        return new Result(scenario.row(), scenario.name(), seed, played, faultCount,
                load == null ? 0 : load.acknowledged(),
                findings, worst, deliveryGoal, Duration.ofNanos(System.nanoTime() - begin), breaches, notes);
    }

    private Duration firstDelivery() throws Exception {
        Ledgers ledgers = Ledgers.read(stage);
        Duration worst = null;
        for (int i = 0; i < faults.size(); i++) {
            Optional<Duration> first = ledgers.firstWriteAfter(faults.get(i));
            boolean overtaken = i + 1 < faults.size() && (first.isEmpty()
                    || faults.get(i).plus(first.get()).isAfter(faults.get(i + 1)));
            if (first.isPresent() && !overtaken && (worst == null || first.get().compareTo(worst) > 0)) {
                worst = first.get();
            }
        }
        return worst;
    }

    @Override
    public void close() throws Exception {
        if (load != null) {
            load.close();
        }
        if (stage != null) {
            stage.close();
        }
    }
}
