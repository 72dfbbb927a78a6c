package io.serai.hub.crm;

import java.time.Duration;
import java.time.Instant;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.crm.Spokes;
import io.serai.crm.StoreUnavailable;

/**
 * How much this process asks of one spoke, over all its lanes: as many records at a time as the spoke keeps up with, one
 * while it is sick, and none while it has asked for a rest or is paused. So a sick spoke is neither hammered nor are its
 * records' own attempts used up, and no other spoke has to do with it.
 */
final class SpokeGate {
    private static final Logger LOG = LoggerFactory.getLogger(SpokeGate.class);
    private static final int PATIENCE = 3;
    private static final Duration SHORTEST = Duration.ofMillis(500);
    private static final Duration LONGEST = Duration.ofSeconds(10);
    /** What many at once have to say about the same rush counts once. */
    private static final Duration ONE_RUSH = Duration.ofSeconds(1);
    private static final Duration FRESH = Duration.ofSeconds(5);

    private final Spokes spokes;
    private final String spoke;
    private final int widest;

    /** Whether somebody was answered since a record was forbidden. */
    private boolean allowsOthers;
    private double width;
    private Instant narrowedAt = Instant.MIN;
    private int failures;
    private Duration pause = SHORTEST;
    private Instant sickUntil = Instant.MIN;
    private Instant restsUntil = Instant.MIN;
    /** What all processes know; null when the spoke is not paused. */
    private Instant pausedUntil;
    private Instant askedAt = Instant.MIN;
    private long booked;
    private long charged;

    /** @param widest how many records each lane may have under way at most */
    SpokeGate(Spokes spokes, String spoke, int widest) {
        this.spokes = spokes;
        this.spoke = spoke;
        this.widest = widest;
        this.width = widest;
    }

    /** How many deliveries a lane may start now, of the number that it could, beside those it has under way. */
    synchronized int allowed(Instant now, int possible) {
        if (!closedFor(now).isZero()) {
            return 0;
        }
        boolean asksForAll = failures >= PATIENCE || pausedUntil != null;
        int underWay = widest - possible;
        return Math.clamp((asksForAll ? 1 : (int) width) - underWay, 0, possible);
    }

    /** Whether fewer are sent at a time than could be. */
    synchronized boolean narrow() {
        return width < widest || failures >= PATIENCE || pausedUntil != null;
    }

    /** How long nothing may be sent; zero when it may. */
    synchronized Duration closedFor(Instant now) {
        Instant until = sickUntil.isAfter(restsUntil) ? sickUntil : restsUntil;
        until = pausedUntil != null && pausedUntil.isAfter(until) ? pausedUntil : until;
        return until.isAfter(now) ? Duration.between(now, until) : Duration.ZERO;
    }

    /** The spoke has done what it was asked, or said why not: it is well. */
    void answered(Instant now) {
        boolean wasPaused;
        synchronized (this) {
            failures = 0;
            allowsOthers = true;
            pause = SHORTEST;
            sickUntil = Instant.MIN;
            width = Math.min(widest, width + 1 / width);
            // What was on its way when the pause began says nothing about it.
            wasPaused = pausedUntil != null && !now.isBefore(pausedUntil);
            pausedUntil = wasPaused ? null : pausedUntil;
        }
        try {
            if (wasPaused && spokes.resume(spoke)) {
                LOG.info("spoke {} answers again; its pause is over", spoke);
            }
        } catch (StoreUnavailable databaseIsAway) {
            LOG.warn("The end of the pause of {} could not be written down; the next answer will", spoke);
        }
    }

    /** No answer, or an error that is the spoke's own. After several in a row a single delivery asks, at growing distances. */
    synchronized void failed(Instant now) {
        failures++;
        if (failures >= PATIENCE && !now.isBefore(sickUntil)) {
            sickUntil = now.plus(pause);
            pause = pause.multipliedBy(2).compareTo(LONGEST) > 0 ? LONGEST : pause.multipliedBy(2);
        }
    }

    /** The spoke asked for a rest, and gets fewer at a time from then on. */
    synchronized void throttled(Instant now, Duration rest) {
        Instant end = now.plus(rest);
        restsUntil = end.isAfter(restsUntil) ? end : restsUntil;
        crowded(now);
    }

    /**
     * The spoke forbids what it was asked. True when that is about this one record: others were answered since the last
     * time. Two in a row are about the hub, whatever they are about.
     */
    synchronized boolean forbidsOne() {
        boolean one = allowsOthers;
        allowsOthers = false;
        return one;
    }

    /** More was claimed than the spoke gets through. */
    synchronized void crowded(Instant now) {
        if (narrowedAt.plus(ONE_RUSH).isBefore(now)) {
            narrowedAt = now;
            width = Math.max(1, width / 2);
        }
    }

    /**
     * The spoke as a whole would refuse everything for now. All processes leave it alone, a person is told once, and after
     * the pause a single delivery asks.
     */
    void pause(Instant now, Duration time, String entity, String cause, String problem) {
        synchronized (this) {
            if (pausedUntil != null && now.isBefore(pausedUntil)) {
                return;
            }
            pausedUntil = now.plus(time);
        }
        LOG.warn("spoke {} is paused for {}: {}", spoke, time, problem);
        try {
            spokes.pause(new Spokes.Pause(spoke, now, now.plus(time), problem), entity, cause);
        } catch (StoreUnavailable databaseIsAway) {
            LOG.warn("The pause of {} could not be written down; it holds in this process", spoke);
        }
    }

    /** Learns from time to time what other processes or people have said about the spoke. */
    void refresh(Instant now) {
        synchronized (this) {
            if (now.isBefore(askedAt.plus(FRESH))) {
                return;
            }
            askedAt = now;
        }
        Instant until = spokes.pauses().stream().filter(known -> known.spoke().equals(spoke))
                .map(Spokes.Pause::until).findFirst().orElse(null);
        synchronized (this) {
            pausedUntil = until;
        }
    }

    /** Requests that were sent beside those that had been booked. @param sent all that this process ever sent */
    synchronized int owed(long sent) {
        int owed = (int) Math.max(0, sent - booked - charged);
        charged += owed;
        return owed;
    }

    /** Deliveries were claimed, each with one request. */
    synchronized void booked(int claims) {
        booked += claims;
    }
}
