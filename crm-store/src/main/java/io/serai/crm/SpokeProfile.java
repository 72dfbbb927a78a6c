package io.serai.crm;

import java.util.Set;

/**
 * What the store has to know of a spoke's interest in an entity.
 *
 * @param carries the canonical top-level fields the spoke holds; empty means all
 * @param rank weight in survivorship: the higher rank wins where the policy is ranking
 */
public record SpokeProfile(String spoke, String entity, Flow out, Set<String> carries, int rank) {

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

    public boolean carries(String field) {
        return carries.isEmpty() || carries.contains(field);
    }
}
