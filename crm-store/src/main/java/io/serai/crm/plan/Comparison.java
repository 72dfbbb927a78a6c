package io.serai.crm.plan;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** In what a spoke's record differs from what the hub believes that it holds, and why. Pure. */
public final class Comparison {
    private Comparison() {}

    /** Why a field differs. */
    public enum Why {
        /** The whole record is not there. */
        MISSING,
        /** Somebody changed it there and the hub has not heard. */
        EDITED,
        /** It holds what it held before the hub last wrote: the write did not last. */
        LOST,
        /** It holds the hub's value in words of its own, under the revision that the hub knows. */
        REWORDED,
        /** The spoke should have the record and was never told of it. */
        UNTOLD,
        /** The spoke does not tell what it holds of this record, or tells it so that nobody can read it. */
        UNREADABLE
    }

    /**
     * The fields that differ. What the spoke does not speak of, and what says the same as the hub does, is no difference.
     *
     * @param carries whether the spoke holds a field
     * @param base what it is believed to hold, in its words
     * @param ours the golden values that this stands for
     * @param theirs what it does hold
     * @param sameRevision whether it says that nothing happened to the record since
     * @param earlier what the golden record's fields were before, latest first
     */
    public static Map<String, Why> of(String entity, Predicate<String> carries, Map<String, Object> base,
            Map<String, Object> ours, Map<String, Object> theirs, boolean sameRevision,
            List<Map<String, Object>> earlier) {
        Map<String, Why> differences = new LinkedHashMap<>();
        for (String field : Shape.entity(entity).fields().keySet()) {
            if (!theirs.containsKey(field) || !carries.test(field)
                    || Projection.sameField(entity, field, base, theirs)
                    || Projection.sameField(entity, field, ours, theirs)) {
                continue;
            }
            boolean before = earlier.stream().anyMatch(
                    past -> past.containsKey(field) && Projection.sameField(entity, field, past, theirs));
            differences.put(field, before ? Why.LOST : sameRevision ? Why.REWORDED : Why.EDITED);
        }
        return differences;
    }
}
