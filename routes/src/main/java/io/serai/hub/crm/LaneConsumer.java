package io.serai.hub.crm;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import org.apache.camel.Processor;
import org.apache.camel.support.DefaultConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.connector.Terms;
import io.serai.crm.CrmStore;
import io.serai.crm.SpokeProfile;

/**
 * Works off the lanes of one spoke and entity: claims what is behind, sends each through the route on a thread of its
 * own, and looks again as soon as something changes. A claim outlives the longest call by a little: so nobody else takes a
 * record over that is being written, and a process that dies is replaced as soon as that is sure.
 */
final class LaneConsumer extends DefaultConsumer {
    private static final Logger LOG = LoggerFactory.getLogger(LaneConsumer.class);
    private static final Duration BEYOND_THE_CALL = Duration.ofSeconds(3);
    /** How long a change made by another process may go unnoticed. */
    private static final Duration LONGEST_NAP = Duration.ofMillis(500);
    /** One claim for many costs little more than one for one, so claims that are not full keep this distance. */
    private static final Duration GATHERING = Duration.ofMillis(10);
    private static final int MOST_UNRECORDED = 512;
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);
    /** What is under way when the hub stops may come to its end, or else is ended. */
    private static final Duration FAREWELL = Duration.ofSeconds(5);
    private static final Duration RECORDING = Duration.ofSeconds(8);

    private final CrmStore store;
    private final CrmComponent component;
    private final InstantSource clock;
    private final LaneWork<?, ?> work;
    private final String spoke;
    private final String entity;
    private final Sending sending;
    private final SpokeGate gate;
    private final Duration lease;
    private final TimeLimit limit;
    private final int atOnce;
    /** Places for records that are on their way to the spoke. */
    private final Semaphore free;
    /** Places for results that are on their way to the store. */
    private final Semaphore unrecorded = new Semaphore(MOST_UNRECORDED);
    private final Object bell = new Object();
    private boolean rung;
    private volatile boolean running;
    private volatile long stopsAt;
    private Thread claimer;
    private ExecutorService workers;

    LaneConsumer(CrmEndpoint endpoint, Processor processor, CrmComponent component, String entity, String spoke) {
        super(endpoint, processor);
        this.component = component;
        this.store = component.store();
        this.clock = component.clock();
        this.spoke = spoke;
        this.entity = entity;
        Terms terms = component.terms(spoke, entity);
        this.lease = terms.longestCall().plus(BEYOND_THE_CALL);
        this.limit = new TimeLimit(terms.longestCall());
        this.atOnce = CrmComponent.atOnce(terms);
        this.free = new Semaphore(atOnce);
        this.gate = component.gate(spoke);
        this.sending = new Sending(endpoint, processor, spoke, entity);
        boolean issues = store.settings().profile(spoke, entity)
                .map(profile -> profile.out() == SpokeProfile.Flow.ISSUE).orElse(false);
        this.work = issues
                ? new InvoiceWork(store.invoices(), sending, gate, clock, component.meters(), spoke, entity)
                : new RecordWork(store, sending, gate, clock, component.meters(), spoke, entity);
        store.onChange(this::ring);
    }

    @Override
    protected void doStart() throws Exception {
        super.doStart();
        running = true;
        workers = Executors.newVirtualThreadPerTaskExecutor();
        component.started(this);
        claimer = Thread.ofVirtual().name("lane " + getEndpoint().getEndpointUri()).start(this::run);
    }

    /** Takes nothing new and lets what is under way come to its end; what does not end soon is ended and given back. */
    @Override
    protected void doStop() throws Exception {
        component.stopped(this, getEndpoint().getCamelContext().isStopping());
        takeNoMore();
        if (claimer != null) {
            // It may be waiting for a place, which only the end of something under way can free.
            if (!claimer.join(Duration.ofNanos(Math.max(0, stopsAt - System.nanoTime())))) {
                limit.end();
                claimer.join();
            }
            workers.shutdown();
            if (!workers.awaitTermination(stopsAt - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                limit.end();
                if (!workers.awaitTermination(RECORDING.toMillis(), TimeUnit.MILLISECONDS)) {
                    workers.shutdownNow();
                }
            }
        }
        super.doStop();
    }

    boolean serves(String someSpoke, String someEntity) {
        return spoke.equals(someSpoke) && entity.equals(someEntity);
    }

    Sending sending() {
        return sending;
    }

    /** The farewell begins with the first call of this. */
    void takeNoMore() {
        if (running) {
            stopsAt = System.nanoTime() + FAREWELL.toNanos();
            running = false;
        }
        ring();
    }

    @Override
    protected void doShutdown() throws Exception {
        limit.close();
        super.doShutdown();
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
                gate.refresh(clock.instant());
                long begun = System.nanoTime();
                if (!claimAndStart(work)) {
                    nap(LONGEST_NAP);
                    LockSupport.parkNanos(begun + GATHERING.toNanos() - System.nanoTime());
                }
            } catch (RuntimeException failed) {
                LOG.warn("{} cannot claim work and tries again: {}", getEndpoint().getEndpointUri(),
                        failed.getMessage());
                nap(AFTER_FAILURE);
            }
        }
    }

    /** True when there may be more to claim at once. */
    private <C, R> boolean claimAndStart(LaneWork<C, R> lane) {
        int possible = places();
        int unused = possible;
        try {
            int allowed = running ? gate.allowed(clock.instant(), possible) : 0;
            List<C> claims = allowed == 0
                    ? List.of()
                    : lane.claim(allowed, lease, gate.owed(component.requests(spoke)));
            gate.booked(claims.size());
            for (C claim : claims) {
                unused--;
                workers.execute(() -> carryOut(lane, claim));
            }
            return allowed == possible && claims.size() == allowed;
        } finally {
            free.release(unused);
        }
    }

    /** Takes all free places; waits a moment for several. */
    private int places() {
        int several = Math.max(1, atOnce / 2);
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

    private <C, R> void carryOut(LaneWork<C, R> lane, C claim) {
        try {
            R result = outcome(lane, claim);
            try {
                lane.record(result);
            } finally {
                unrecorded.release();
            }
        } catch (RuntimeException failed) {
            LOG.warn("{}: a result could not be recorded; its lease will run out: {}", getEndpoint().getEndpointUri(),
                    failed.getMessage());
        }
    }

    /** Gives the place at the spoke up as soon as there is one for the result. */
    private <C, R> R outcome(LaneWork<C, R> lane, C claim) {
        try {
            waitUntil(lane.notBefore(claim));
            Duration closed = running ? gate.closedFor(clock.instant()) : Duration.ZERO;
            boolean tries = running && closed.isZero();
            R result = tries ? limit.within(() -> lane.attempt(claim)) : lane.untried(claim, closed);
            unrecorded.acquireUninterruptibly();
            return result;
        } finally {
            free.release();
            if (gate.narrow()) {
                ring();
            }
        }
    }

    private void waitUntil(Instant moment) {
        synchronized (bell) {
            while (running) {
                long left = Duration.between(clock.instant(), moment).toMillis();
                if (left <= 0) {
                    return;
                }
                try {
                    bell.wait(left);
                } catch (InterruptedException stopping) {
                    return;
                }
            }
        }
    }
}
