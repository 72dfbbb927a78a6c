package io.serai.hub.crm;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import org.apache.camel.Processor;
import org.apache.camel.support.DefaultConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.crm.CrmStore;
import io.serai.crm.SpokeProfile;

/**
 * Works off the lanes of one spoke and entity: claims what is behind, sends each through the route on a thread of its
 * own, and looks again as soon as something changes.
 */
final class LaneConsumer extends DefaultConsumer {
    private static final Logger LOG = LoggerFactory.getLogger(LaneConsumer.class);
    private static final int AT_ONCE = 64;
    private static final Duration LEASE = Duration.ofSeconds(60);
    /** How long a change made by another process may go unnoticed. */
    private static final Duration LONGEST_NAP = Duration.ofMillis(500);
    private static final Duration GATHERING = Duration.ofMillis(5);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);

    private final CrmStore store;
    private final InstantSource clock;
    private final LaneWork<?> work;
    private final Semaphore free = new Semaphore(AT_ONCE);
    private final Object bell = new Object();
    private boolean rung;
    private volatile boolean running;
    private Thread claimer;
    private ExecutorService workers;

    LaneConsumer(CrmEndpoint endpoint, Processor processor, CrmComponent component, String entity, String spoke) {
        super(endpoint, processor);
        this.store = component.store();
        this.clock = component.clock();
        Sending sending = new Sending(endpoint, processor, spoke, entity);
        boolean issues = store.settings().profile(spoke, entity)
                .map(profile -> profile.out() == SpokeProfile.Flow.ISSUE).orElse(false);
        this.work = issues
                ? new InvoiceWork(store.invoices(), sending, clock, component.meters(), spoke)
                : new RecordWork(store, sending, clock, component.meters(), spoke, entity);
        store.onChange(this::ring);
    }

    @Override
    protected void doStart() throws Exception {
        super.doStart();
        running = true;
        workers = Executors.newVirtualThreadPerTaskExecutor();
        claimer = Thread.ofVirtual().name("lane " + getEndpoint().getEndpointUri()).start(this::run);
    }

    /** Takes nothing new and lets what is under way come to its end. */
    @Override
    protected void doStop() throws Exception {
        running = false;
        ring();
        if (claimer != null) {
            claimer.join();
            workers.shutdown();
            if (!workers.awaitTermination(25, TimeUnit.SECONDS)) {
                workers.shutdownNow();
            }
        }
        super.doStop();
    }

    private void ring() {
        synchronized (bell) {
            rung = true;
            bell.notifyAll();
        }
    }

    private void nap(Duration longest) {
        synchronized (bell) {
            if (!rung) {
                try {
                    bell.wait(longest.toMillis());
                } catch (InterruptedException stopping) {
                    running = false;
                }
            }
            rung = false;
        }
    }

    private void run() {
        while (running) {
            try {
                if (!claimAndStart(work)) {
                    nap(LONGEST_NAP);
                }
            } catch (RuntimeException failed) {
                LOG.warn("{} cannot claim work and tries again: {}", getEndpoint().getEndpointUri(),
                        failed.getMessage());
                nap(AFTER_FAILURE);
            }
        }
    }

    /** True when there may be more to claim at once. */
    private <C> boolean claimAndStart(LaneWork<C> lane) {
        int possible = places();
        int unused = possible;
        try {
            Instant now = clock.instant();
            int allowed = lane.pause().allowed(now, possible);
            List<C> claims = allowed == 0 ? List.of() : lane.claim(allowed, LEASE);
            for (C claim : claims) {
                unused--;
                workers.execute(() -> carryOut(lane, claim));
            }
            return allowed == possible && claims.size() == allowed;
        } finally {
            free.release(unused);
        }
    }

    /** Takes all free places; waits a moment for several, since one claim for many costs little more than one for one. */
    private int places() {
        int several = AT_ONCE / 4;
        try {
            if (free.tryAcquire(several, GATHERING.toMillis(), TimeUnit.MILLISECONDS)) {
                return several + free.drainPermits();
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            running = false;
        }
        free.acquireUninterruptibly();
        return 1 + free.drainPermits();
    }

    private <C> void carryOut(LaneWork<C> lane, C claim) {
        try {
            lane.carryOut(claim);
        } catch (RuntimeException failed) {
            LOG.warn("{}: a result could not be recorded; its lease will run out: {}", getEndpoint().getEndpointUri(),
                    failed.getMessage());
        } finally {
            free.release();
        }
    }
}
