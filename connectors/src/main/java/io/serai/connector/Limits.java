package io.serai.connector;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * How much one process asks of one spoke at a time: so many requests at once, so many a second, and none while the spoke
 * has asked us to wait. What cannot go within {@code wait} fails as throttled, which costs the caller no attempt.
 */
public final class Limits {
    /** Whoever asks for more has most likely a clock or a unit wrong; asking once an hour does no harm. */
    private static final Duration LONGEST_PAUSE = Duration.ofHours(1);

    private final InstantSource clock;
    private final String spoke;
    private final Semaphore concurrent;
    private final AtomicLong requests = new AtomicLong();
    private final long nanosBetween;
    private final long burst;
    private final Duration wait;
    private final Duration pause;
    private long nextNanos = Long.MIN_VALUE;
    private volatile Instant pausedUntil = Instant.MIN;

    /** One request on its way; closing it lets the next one go. */
    public interface Permit extends AutoCloseable {
        @Override
        void close();
    }

    private Limits(InstantSource clock, String spoke, int concurrent, Duration between, Duration wait, Duration pause) {
        this.clock = clock;
        this.spoke = spoke;
        this.concurrent = new Semaphore(concurrent);
        this.nanosBetween = between.toNanos();
        this.burst = Math.max(1_000_000_000L, nanosBetween);
        this.wait = wait;
        this.pause = pause;
    }

    /**
     * Reads {@code limits:} of a connector: concurrent (16), per_second and per_minute (unlimited), wait (PT2S),
     * retry_after: header or a fixed wait (PT10S when the header is absent). What all processes together may ask for is
     * kept where all of them can see it; here each minds its own.
     */
    public static Limits of(Section definition, InstantSource clock, String spoke) {
        return definition.section("limits").map(limits -> {
            String retryAfter = limits.text("retry_after", "header");
            Duration pause = retryAfter.equals("header")
                    ? Duration.ofSeconds(10)
                    : limits.duration("retry_after", null);
            return new Limits(clock, spoke, limits.atLeastOne("concurrent", 16), Terms.between(limits),
                    limits.duration("wait", Duration.ofSeconds(2)), pause);
        }).orElseGet(() -> new Limits(clock, spoke, 16, Duration.ZERO, Duration.ofSeconds(2), Duration.ofSeconds(10)));
    }

    /** @throws ConnectorException throttled, when it cannot go soon; it says how long to wait */
    public Permit enter() throws ConnectorException {
        Instant until = pausedUntil;
        if (until != Instant.MIN) {
            Duration left = Duration.between(clock.instant(), until);
            if (left.isPositive()) {
                throw throttled("has asked us to wait", left);
            }
        }
        acquire();
        try {
            pace();
        } catch (ConnectorException e) {
            concurrent.release();
            throw e;
        }
        requests.incrementAndGet();
        return concurrent::release;
    }

    /** How many requests this process has sent since it started. */
    public long requests() {
        return requests.get();
    }

    /** The spoke asked us to wait; null when it did not say how long. Answers how long it will be left alone: an hour at most. */
    public Duration pause(Duration asked) {
        Duration length = asked == null ? pause : asked.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : asked;
        Instant until = clock.instant().plus(length);
        if (until.isAfter(pausedUntil)) {
            pausedUntil = until;
        }
        return length;
    }

    private void acquire() throws ConnectorException {
        if (concurrent.tryAcquire()) {
            return;
        }
        try {
            if (!concurrent.tryAcquire(wait.toNanos(), TimeUnit.NANOSECONDS)) {
                throw throttled("is busy with as many requests as it may get at once", wait);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ConnectorException(ErrorClass.TRANSIENT, "Interrupted while waiting for " + spoke, e);
        }
    }

    /** A bucket of one second's worth that fills evenly: the caller books the next free moment and waits for it. */
    private void pace() throws ConnectorException {
        if (nanosBetween == 0) {
            return;
        }
        long delay;
        synchronized (this) {
            Instant instant = clock.instant();
            long now = TimeUnit.SECONDS.toNanos(instant.getEpochSecond()) + instant.getNano();
            long next = Math.max(nextNanos, now - burst + nanosBetween);
            delay = next - now;
            if (delay > wait.toNanos()) {
                throw throttled("gets as many requests a second as it may", Duration.ofNanos(delay));
            }
            nextNanos = next + nanosBetween;
        }
        long deadline = System.nanoTime() + delay;
        for (long left = delay; left > 0
                && !Thread.currentThread().isInterrupted(); left = deadline - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    private ConnectorException throttled(String why, Duration retryAfter) {
        return new ConnectorException(ErrorClass.THROTTLED, spoke + " " + why, 0, retryAfter, null, null);
    }
}
