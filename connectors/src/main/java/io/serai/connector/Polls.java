package io.serai.connector;

import java.time.Duration;
import java.util.Optional;

/** The hub's memory for polls: whose turn it is and where to go on. Shared by all processes of a hub. */
public interface Polls {
    /** Claims the next poll; empty while somebody else has it. A turn not closed within {@code lease} is free again. */
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
