package io.serai.crm;

import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.Test;

/**
 * The planner, the lanes and the invoice ledger through thousands of short lives; see {@link Simulation}. What each
 * does follows from its seed: {@code ./serai simulate --from 4711 --seeds 1} lives one again and tells all of it.
 */
class SimulationTest {
    private static final int ENOUGH = Integer.getInteger("simulation.failures", 5);

    @Test
    void everyLifeKeepsThePromises() throws Exception {
        int seeds = Integer.getInteger("simulation.seeds", 300);
        long from = Long.getLong("simulation.from", 1);
        int side = Runtime.getRuntime().availableProcessors() + 1;
        ConcurrentSkipListMap<Long, String> failed = new ConcurrentSkipListMap<>();
        AtomicInteger next = new AtomicInteger();
        AtomicInteger lived = new AtomicInteger();
        long begin = System.nanoTime();
        try (SimulationDatabase database = new SimulationDatabase(seeds, 2 * side);
                ExecutorService workers = Executors.newFixedThreadPool(side)) {
            for (int i = 0; i < side; i++) {
                workers.execute(() -> {
                    for (int n = next.getAndIncrement(); n < seeds && failed.size() < ENOUGH; n = next
                            .getAndIncrement()) {
                        live(database, n, from + n, seeds == 1, failed);
                        lived.incrementAndGet();
                    }
                });
            }
            workers.shutdown();
            workers.awaitTermination(1, TimeUnit.HOURS);
        }
        System.out.printf("Simulation: %d seeds from %d in %.1f s, %d failed%n", lived.get(), from,
                (System.nanoTime() - begin) / 1e9, failed.size());
        failed.forEach((seed, story) -> System.out.println("FAILED " + story.lines().findFirst().orElse("")));
        if (!failed.isEmpty()) {
            throw new AssertionError("The first of " + failed.size() + " that failed: " + failed.firstEntry().getValue()
                    + "\nLive it again: ./serai simulate --from " + failed.firstKey()
                    + " --seeds 1\nOthers: " + failed.tailMap(failed.firstKey(), false).keySet());
        }
    }

    private static void live(SimulationDatabase database, int n, long seed, boolean aloud,
            ConcurrentSkipListMap<Long, String> failed) {
        Simulation simulation = new Simulation(database.runtime, SimulationDatabase.FIRST_TENANT + n, seed);
        try {
            simulation.live();
            if (aloud) {
                System.out.println(String.join("\n", simulation.trace));
            }
        } catch (RuntimeException | Error broken) {
            String reason = broken instanceof Simulation.Broken ? broken.getMessage() : stack(broken);
            failed.put(seed, "seed " + seed + ": " + reason + "\n  " + String.join("\n  ", simulation.trace));
        }
    }

    private static String stack(Throwable failure) {
        java.io.StringWriter text = new java.io.StringWriter();
        failure.printStackTrace(new java.io.PrintWriter(text));
        return text.toString();
    }
}
