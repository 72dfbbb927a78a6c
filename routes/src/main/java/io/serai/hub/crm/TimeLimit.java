package io.serai.hub.crm;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Lets work take so long and no longer, whatever it is made of: look-ups, tokens, answers that trickle in. Then its thread is
 * interrupted, and what it waits for ends with an error.
 */
final class TimeLimit implements AutoCloseable {
    private final Duration limit;
    private final Set<Attempt> underWay = ConcurrentHashMap.newKeySet();
    private final ScheduledThreadPoolExecutor watch;

    TimeLimit(Duration limit) {
        this.limit = limit;
        this.watch = new ScheduledThreadPoolExecutor(1, Thread.ofVirtual().name("time-limit").factory());
        this.watch.setRemoveOnCancelPolicy(true);
    }

    /** The thread is as it was afterwards: an interruption does not outlive the work. */
    <T> T within(Supplier<T> work) {
        Attempt attempt = new Attempt(Thread.currentThread());
        underWay.add(attempt);
        ScheduledFuture<?> end = watch.schedule(attempt::interrupt, limit.toMillis(), TimeUnit.MILLISECONDS);
        try {
            return work.get();
        } finally {
            end.cancel(false);
            underWay.remove(attempt);
            attempt.over();
        }
    }

    /** Nothing that is under way gets any more time. */
    void end() {
        underWay.forEach(Attempt::interrupt);
    }

    @Override
    public void close() {
        watch.shutdownNow();
    }

    private static final class Attempt {
        private final Thread thread;
        private boolean over;

        private Attempt(Thread thread) {
            this.thread = thread;
        }

        synchronized void interrupt() {
            if (!over) {
                thread.interrupt();
            }
        }

        synchronized void over() {
            over = true;
            Thread.interrupted();
        }
    }
}
