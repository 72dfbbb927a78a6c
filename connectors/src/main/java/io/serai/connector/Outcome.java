package io.serai.connector;

/**
 * What became of an item, after the commit.
 *
 * @param messageId the journal's id of the message
 * @param id the golden record's id; null when there is none
 * @param version the golden record's version; null when there is none
 * @param step the step that refused it; this and the next three are null unless parked, waiting or rejected
 */
public record Outcome(State state, String messageId, String id, Long version, String step, String field,
        String problem, String code) {

    /** What the hub did with the item. All but {@link #REJECTED} mean: stored, do not send again. */
    public enum State {
        APPLIED, UNCHANGED, DUPLICATE, STALE, IGNORED, PARKED, REJECTED, WAITING
    }
}
