package io.serai.hub.story;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Waits for something to become true, no longer than it may take. */
public final class Await {
    private Await() {}

    /** Repeats the assertion until it holds; fails with its last failure. */
    public static void until(Duration longest, ThrowingCallable assertion) {
        long deadline = System.nanoTime() + longest.toNanos();
        while (true) {
            try {
                assertion.call();
                return;
            } catch (Throwable notYet) {
                if (System.nanoTime() > deadline) {
                    throw notYet instanceof AssertionError error ? error : new AssertionError(notYet);
                }
                LockSupport.parkNanos(20_000_000);
            }
        }
    }

    /** Repeats the question until it has an answer that is not null. */
    public static <T> T value(Duration longest, Callable<T> question) {
        Object[] answer = new Object[1];
        until(longest, () -> {
            answer[0] = question.call();
            if (answer[0] == null) {
                throw new AssertionError("still nothing");
            }
        });
        @SuppressWarnings("unchecked")
        T found = (T) answer[0];
        return found;
    }
}
