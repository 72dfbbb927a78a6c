package io.serai.crm;

import java.time.Instant;

/**
 * How far a spoke has got with an entity.
 *
 * @param behind records it has still to hear of
 * @param parked records whose delivery a person must look at
 * @param oldestBehindSince null when nothing is behind
 * @param lastDelivered null when nothing ever was
 * @param lastProblem the latest reason among what is behind or parked; null when there is none
 */
public record SpokeStatus(String spoke, String entity, long behind, long parked, Instant oldestBehindSince,
        Instant lastDelivered, String lastProblem) {}
