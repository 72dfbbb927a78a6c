package io.serai.bench;

import java.util.ArrayDeque;
import java.util.Deque;

/** Ends whatever still runs, the newest first, also after Ctrl-C. */
final class Cleanup {
    private static final Deque<Step> STEPS = new ArrayDeque<>();

    interface Step {
        void run() throws Exception;
    }

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(Cleanup::all));
    }

    private Cleanup() {}

    /** @param step may run twice */
    static synchronized void add(Step step) {
        STEPS.push(step);
    }

    static synchronized void all() {
        Program.stopAll();
        while (!STEPS.isEmpty()) {
            try {
                STEPS.pop().run();
            } catch (Exception failed) {
                System.err.println("Could not tidy up: " + failed);
            }
        }
    }
}
