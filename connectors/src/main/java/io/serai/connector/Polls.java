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

    /** One poll. */
    interface Turn extends AutoCloseable {
        /** Where the last poll ended; null before the first. */
        String cursor();

        /** Remembers where this poll got to; only after what it read is committed. */
        void advance(String cursor);

        @Override
        void close();
    }
}
