package io.serai.crm;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * What came of a delivery.
 *
 * @param held the canonical form of what the spoke says it now holds; null when it does not say
 * @param externalId the record's id in the spoke; null when unchanged or not told
 * @param revision the spoke's revision after the write; null when not told
 * @param retryAfter for {@link Kind#RETRY}
 * @param countsAsAttempt false when the spoke only asked to wait
 * @param problem why not done, for operators; null when done
 * @param field the field the spoke complains of; null when none
 */
public record DeliveryResult(Delivery delivery, Kind kind, Map<String, Object> held, String externalId,
        String revision, Duration retryAfter, boolean countsAsAttempt, String problem, String field, Instant at,
        Duration took) {

    DeliveryResult of(Delivery other) {
        return new DeliveryResult(other, kind, held, externalId, revision, retryAfter, countsAsAttempt, problem, field,
                at, took);
    }

    public enum Kind {
        /** The spoke confirmed. */
        DONE,
        /** Try again later. */
        RETRY,
        /**
         * The spoke has the record already, under {@code externalId}: what it holds is taken in, and then that one is brought up
         * to date.
         */
        ADOPT,
        /** Trying again would not help; a person must look. */
        PARKED,
        /** Of an update: the spoke has no such record any more; a person must look. */
        GONE
    }
}
