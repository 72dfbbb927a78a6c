package io.serai.hub.parked;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

import io.serai.crm.CrmStore;
import io.serai.crm.Retry;

/**
 * Takes up what can go on without a person: messages whose turn in the line of their record has come, and those that referred
 * to something which is there by now. Any process may do so at any time; the store sees to it that each has one effect, in
 * order.
 */
@Component
final class TakeUp implements SmartLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(TakeUp.class);
    private static final Duration ROUND = Duration.ofSeconds(1);
    private static final int PAGE = 100;

    private final CrmStore store;
    private final Replay replay;
    private volatile CountDownLatch stopping = new CountDownLatch(0);
    private Thread worker;

    TakeUp(CrmStore store, Replay replay) {
        this.store = store;
        this.replay = replay;
    }

    @Override
    public void start() {
        stopping = new CountDownLatch(1);
        worker = Thread.ofVirtual().name("take-up").start(this::run);
    }

    /** Ends before the routes that it sends messages through. */
    @Override
    public int getPhase() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void stop() {
        stopping.countDown();
        try {
            worker.join(Duration.ofSeconds(20));
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isRunning() {
        return stopping.getCount() > 0;
    }

    private void run() {
        try {
            while (isRunning()) {
                if (!round()) {
                    stopping.await(ROUND.toMillis(), TimeUnit.MILLISECONDS);
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** Goes through all that is due, once. True when something went on, so that there may be more behind it. */
    private boolean round() {
        boolean moved = false;
        try {
            UUID last = null;
            for (List<UUID> due = page(null); isRunning() && !due.isEmpty(); due = page(last)) {
                for (UUID message : due) {
                    moved |= isRunning() && takeUp(message);
                    last = message;
                }
            }
        } catch (RuntimeException databaseIsAway) {
            LOG.debug("Nothing is taken up now: {}", databaseIsAway.getMessage());
            return false;
        }
        return moved;
    }

    private List<UUID> page(UUID after) {
        return store.parkedWork().due(after, PAGE);
    }

    /** One that cannot be tried now stays where it is, and keeps no other from going on. */
    private boolean takeUp(UUID message) {
        try {
            String state = replay.again(message, Retry.HUB).state();
            return !state.equals("waiting");
        } catch (RuntimeException notNow) {
            LOG.debug("Message {} waits on: {}", message, notNow.getMessage());
            return false;
        }
    }
}
