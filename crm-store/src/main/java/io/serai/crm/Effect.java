package io.serai.crm;

import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * What an arrival did to the golden records.
 *
 * @param golden the record that it is about; null when there is none
 * @param finding how the record was recognised and what it changed, for the journal
 * @param refusal why it was not done; null when it was
 * @param awaits what would have to be known for it not to be refused; null when that is not it
 */
record Effect(Outcome.State state, GoldenRow golden, Map<String, Object> finding, Refusal refusal, Awaited awaits) {

    Effect(Outcome.State state, GoldenRow golden, Map<String, Object> finding, Refusal refusal) {
        this(state, golden, finding, refusal, null);
    }

    static Effect refused(Refusal refusal) {
        return new Effect(Outcome.State.REJECTED, null, Map.of(), refusal);
    }

    /** A finding. @param how the record was recognised. @param changed the fields that changed */
    static Map<String, Object> found(String how, Collection<String> changed) {
        return Map.of("recognised", how, "changed", List.copyOf(changed));
    }
}
