package io.serai.crm;

import java.time.Duration;
import java.util.Set;

/**
 * What the store has to know of a spoke's interest in an entity.
 *
 * @param carries the canonical top-level fields the spoke holds; empty means all
 * @param rank weight in survivorship: the higher rank wins where the policy is ranking
 * @param terms what its system lets the hub do
 */
public record SpokeProfile(String spoke, String entity, Flow out, Set<String> carries, int rank, Terms terms) {

    /** How the spoke hears of changes. */
    public enum Flow {
        /** Not at all. */
        NONE,
        /** Kept in step, created where missing. */
        OUT,
        /** Kept in step where it already has the record. */
        UPDATE,
        /** Makes the invoices. */
        ISSUE
    }

    /**
     * What a spoke's system lets the hub do.
     *
     * @param between the least time between two requests, of all processes together; zero for none
     * @param perDay requests in a day (UTC), of all processes together; 0 for any number
     * @param keysKept how long it remembers an idempotency key; zero when it knows none
     */
    public record Terms(Duration between, int perDay, Duration keysKept) {
        /** Asked as often as one likes, and keys are kept for a day. */
        public static final Terms USUAL = new Terms(Duration.ZERO, 0, Duration.ofHours(24));

        boolean limited() {
            return !between.isZero() || perDay > 0;
        }
    }

    /** With the usual terms. */
    public SpokeProfile(String spoke, String entity, Flow out, Set<String> carries, int rank) {
        this(spoke, entity, out, carries, rank, Terms.USUAL);
    }

    public boolean carries(String field) {
        return carries.isEmpty() || carries.contains(field);
    }
}
