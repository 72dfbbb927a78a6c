package io.serai.faults;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Waits for what takes its time, no longer than it may. */
final class Wait {
    /** As long as a machine with other things to do may need for anything. What is promised in time is measured, not waited for. */
    static final Duration LONG = Duration.ofMinutes(5);

    private Wait() {}

    interface Condition {
        boolean holds() throws Exception;
    }

    /** True when the condition held in time; an exception counts as not yet. */
    static boolean upTo(Duration longest, Condition condition) {
        long deadline = System.nanoTime() + longest.toNanos();
        while (true) {
            try {
                if (condition.holds()) {
                    return true;
                }
            } catch (IllegalStateException hopeless) {
                throw hopeless;
            } catch (Exception notYet) {
                // Asked again below.
            }
            if (System.nanoTime() > deadline) {
                return false;
            }
            LockSupport.parkNanos(50_000_000);
        }
    }

    static void until(String what, Duration longest, Condition condition) {
        if (!upTo(longest, condition)) {
            throw new IllegalStateException("Waited " + longest.toSeconds() + " s in vain until " + what);
        }
    }

    /** The scenario is told to let this much time pass. */
    static void pass(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }
}
