package io.serai.bench;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** Waits for something to become true, looking now and then. */
final class Wait {
    interface Condition {
        boolean holds() throws Exception;
    }

    private Wait() {}

    /** @throws IllegalStateException when it does not become true in time */
    static void until(String what, Duration longest, Duration every, Condition condition) throws Exception {
        long deadline = System.nanoTime() + longest.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("After " + longest.toSeconds() + " s still not so: " + what);
            }
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            LockSupport.parkNanos(every.toNanos());
        }
    }
}
