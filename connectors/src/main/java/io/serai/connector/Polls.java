package io.serai.connector;

import java.time.Duration;
import java.util.Optional;

/** The hub's memory for polls: whose turn it is and where to go on. Shared by all processes of a hub. */
public interface Polls {
    /**
     * Claims the next poll; empty while somebody else has it.
     *
     * @param lease how long the poll may take; the hub may hold the turn for less at a time and renew it
     */
    Optional<Turn> claim(String spoke, String what, Duration lease);

    /** Somebody else reads now, or everything is to be read from the beginning. What was read so far is stored. */
    final class TurnLost extends RuntimeException {
        private static final long serialVersionUID = 1;

        public TurnLost(String message) {
            super(message);
        }
    }

    /** One poll. */
    interface Turn extends AutoCloseable {
        /** Where the last poll ended; null before the first. */
        String cursor();

        /**
         * Remembers where this poll got to; only after what it read is committed.
         *
         * @throws TurnLost when the turn has passed to somebody else
         */
        void advance(String cursor);

        /** All that there was has been read, and is committed. */
        void complete();

        @Override
        void close();
    }
}
