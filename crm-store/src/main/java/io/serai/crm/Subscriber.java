package io.serai.crm;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * Somebody who follows the change log. Its secrets are not part of what is told of it.
 *
 * @param name for people, unique
 * @param url where a webhook is sent; null for the other kinds
 * @param follows which changes it gets, and how much of each
 * @param position the number of the last change that is done
 * @param behind how many changes of the log are not yet done, its filter aside
 * @param behindSince when the first of those was made; null when it is not behind
 * @param attempts tries in vain since it last took a change
 * @param refusals how often the next change was refused
 * @param setAside changes set aside since the last one that was taken
 * @param failingSince null while it is well
 * @param problem what was wrong at the last attempt; null while it is well
 * @param takenAt when it last took a change; null when it never did
 * @param nextTryAt not before this
 * @param oldSecretUntil until when the secret before this one signs as well; null when there is none
 */
public record Subscriber(UUID id, Kind kind, String name, String url, Follows follows, State state, long position,
        long behind, Instant behindSince, int attempts, int refusals, int setAside, Instant failingSince,
        String problem,
        Instant takenAt, Instant nextTryAt, Instant oldSecretUntil, Instant createdAt) {

    /** How it is told. */
    public enum Kind {
        /** An HTTP request for each change. */
        WEBHOOK,
        /** Topics of the broker. */
        TOPIC,
        /** Topics of Kafka. */
        KAFKA
    }

    /** Whether it is told. */
    public enum State {
        ACTIVE, DISABLED
    }

    /**
     * Which changes a subscriber gets, and how much of each.
     *
     * @param entities empty for all
     * @param spokes whose changes; empty for everybody's
     * @param whole whether each change comes with the whole record as it was then
     */
    public record Follows(List<String> entities, List<String> spokes, boolean whole) {
        /** All changes, without the records. */
        public static final Follows EVERYTHING = new Follows(List.of(), List.of(), false);
    }
}
