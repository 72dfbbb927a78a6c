package io.serai.hub;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.connector.Polls;
import io.serai.crm.Cursors;

/**
 * The memory for polls, kept in the database: all hubs on it take turns. A turn is held for seconds and renewed while its
 * process lives, so that a long file keeps its turn and a dead process gives it up soon.
 */
final class StoredPolls implements Polls, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StoredPolls.class);
    private static final Duration HELD = Duration.ofSeconds(10);
    private static final Duration RENEWED = Duration.ofSeconds(3);

    private final Cursors cursors;
    private final Set<Cursors.Turn> open = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService renewal = Executors
            .newSingleThreadScheduledExecutor(Thread.ofVirtual().name("poll-renewal").factory());

    StoredPolls(Cursors cursors) {
        this.cursors = cursors;
        renewal.scheduleWithFixedDelay(() -> open.forEach(this::renew), RENEWED.toMillis(), RENEWED.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    private void renew(Cursors.Turn turn) {
        try {
            cursors.renew(turn, HELD);
        } catch (RuntimeException failed) {
            LOG.warn("The turn to read {} of {} could not be renewed: {}", turn.what(), turn.spoke(),
                    failed.getMessage());
        }
    }

    @Override
    public Optional<Turn> claim(String spoke, String what, Duration lease) {
        return cursors.claim(spoke, what, HELD).map(turn -> {
            open.add(turn);
            return new StoredTurn(turn);
        });
    }

    @Override
    public void close() {
        renewal.shutdownNow();
    }

    private final class StoredTurn implements Turn {
        private final Cursors.Turn turn;

        private StoredTurn(Cursors.Turn turn) {
            this.turn = turn;
        }

        @Override
        public String cursor() {
            return turn.cursor();
        }

        @Override
        public void advance(String cursor) {
            if (!cursors.advance(turn, cursor)) {
                throw new TurnLost("Another reader has taken the turn over and goes on; what this one read is stored");
            }
        }

        @Override
        public void complete() {
            cursors.complete(turn);
        }

        @Override
        public void close() {
            open.remove(turn);
            // Who was told to hurry still has to give the turn back.
            boolean interrupted = Thread.interrupted();
            try {
                cursors.release(turn);
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }
    }
}
