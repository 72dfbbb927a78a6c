package io.serai.crm.plan;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * Tells two people who edit one field from two spokes whose own rules fight over it, by the values that lost: whoever
 * fights brings back what was there, or answers every value of the other with one of its own, faster than people do.
 */
final class Restlessness {
    /** Values that have to alternate between two, the present and the new one included, before it is a fight. */
    private static final int FLIPS = 5;
    private static final Duration FLIPS_WITHIN = Duration.ofDays(1);
    /** Values that have to follow each other in a minute, each said by another spoke than the one before. */
    private static final int ANSWERS = 7;
    private static final Duration ANSWERS_WITHIN = Duration.ofMinutes(1);

    private Restlessness() {}

    /**
     * @param lost the values before the present one, the latest first
     * @param kept the present value, and who said it
     * @param said the value that {@code source} says now
     * @param toldAt when the record that speaks was last written to; null when it never was
     */
    static boolean of(Class<?> type, List<Lost> lost, Lost kept, Object said, Source source, Instant toldAt) {
        return flips(type, lost, kept, said, source) || answers(lost, kept, source, toldAt);
    }

    private static boolean flips(Class<?> type, List<Lost> lost, Lost kept, Object said, Source source) {
        if (lost.size() < FLIPS - 2) {
            return false;
        }
        for (int i = 0; i < FLIPS - 2; i++) {
            Object expected = i % 2 == 0 ? said : kept.value();
            if (!Shape.same(type, lost.get(i).value(), expected)) {
                return false;
            }
        }
        return !lost.get(FLIPS - 3).source().at().plus(FLIPS_WITHIN).isBefore(source.at());
    }

    /** What a spoke says after the other's value was written to it is caused by that. */
    private static boolean answers(List<Lost> lost, Lost kept, Source source, Instant toldAt) {
        if (lost.size() < ANSWERS - 2 || toldAt == null || toldAt.isBefore(kept.source().at())) {
            return false;
        }
        Source later = source;
        Source earlier = kept.source();
        for (int i = 0; i < ANSWERS - 1; i++) {
            if (earlier.spoke().equals(later.spoke())) {
                return false;
            }
            later = earlier;
            earlier = i < ANSWERS - 2 ? lost.get(i).source() : earlier;
        }
        return !earlier.at().plus(ANSWERS_WITHIN).isBefore(source.at());
    }
}
