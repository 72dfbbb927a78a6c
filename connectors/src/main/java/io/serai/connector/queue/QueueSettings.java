package io.serai.connector.queue;

import java.util.Optional;
import java.util.Set;

/**
 * A queue that a spoke writes to.
 *
 * @param spoke name of the spoke
 * @param entity singular: customer, order, …
 * @param queue name of the queue on the broker
 * @param login how the hub signs on to the broker; empty when its connection factory knows
 * @param sender the only broker user whose messages count; empty when the broker lets nobody else write
 * @param replies queues that a message may name for its answer, besides the temporary queue of its sender
 * @param content what the messages hold
 * @param consumers how many receive at the same time
 * @param batch how many waiting messages one consumer takes into one transaction
 * @param largest longest content in bytes; a longer one is rejected
 */
public record QueueSettings(String spoke, String entity, String queue, Optional<Login> login, Optional<String> sender,
        Set<String> replies, Content content, int consumers, int batch, int largest) {
    public static final int CONSUMERS = 2;
    public static final int BATCH = 100;
    public static final int LARGEST = 2 << 20;

    public QueueSettings {
        replies = Set.copyOf(replies);
        if (consumers < 1 || batch < 1 || largest < 1) {
            throw new IllegalArgumentException("Numbers of consumers, batch and size must be positive");
        }
    }

    public QueueSettings(String spoke, String entity, String queue) {
        this(spoke, entity, queue, Optional.empty(), Optional.empty(), Set.of(), Content.JSON, CONSUMERS, BATCH,
                LARGEST);
    }

    /** What the text of a message is. */
    public enum Content {
        JSON("application/json"), XML("application/xml"), TEXT("text/plain");

        private final String type;

        Content(String type) {
            this.type = type;
        }

        String type() {
            return type;
        }
    }

    /** Credentials at the broker. */
    public record Login(String user, String password) {
        /** Says who, never with what. */
        @Override
        public String toString() {
            return "Login[user=" + user + "]";
        }
    }

    String step() {
        return "connector:" + spoke + "/" + entity;
    }
}
