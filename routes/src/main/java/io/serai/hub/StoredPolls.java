package io.serai.hub;

import java.time.Duration;
import java.util.Optional;

import io.serai.connector.Polls;
import io.serai.crm.Cursors;

/** The memory for polls, kept in the database: all hubs on it take turns. */
record StoredPolls(Cursors cursors) implements Polls {
    @Override
    public Optional<Turn> claim(String spoke, String what, Duration lease) {
        return cursors.claim(spoke, what, lease).map(turn -> new StoredTurn(cursors, turn));
    }

    private static final class StoredTurn implements Turn {
        private final Cursors cursors;
        private final Cursors.Turn turn;

        private StoredTurn(Cursors cursors, Cursors.Turn turn) {
            this.cursors = cursors;
            this.turn = turn;
        }

        @Override
        public String cursor() {
            return turn.cursor();
        }

        @Override
        public void advance(String cursor) {
            if (!cursors.advance(turn, cursor)) {
                throw new IllegalStateException(
                        "The poll took longer than its lease and another process has gone on; what it read is stored");
            }
        }

        @Override
        public void close() {
            cursors.release(turn);
        }
    }
}
