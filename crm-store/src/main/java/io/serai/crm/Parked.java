package io.serai.crm;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/**
 * Something that a person must look at.
 *
 * @param kind POISON, INVALID, CONFLICT, POSSIBLE_DUPLICATE, UNKNOWN_OUTCOME, FROZEN_FIELD, DELIVERY or SUBSCRIBER
 * @param subject what makes it one and the same question, however often it comes up
 * @param cause the same for all that have the same reason
 * @param entityId the golden record it is about; null when there is none
 * @param message the message it came from; null when it came from none
 * @param resolvedAt null while open
 */
public record Parked(UUID id, String kind, String subject, String cause, String spoke, String entity, UUID entityId,
        UUID message,
        String step, String field, String problem, Map<String, Object> detail, Instant at, Instant resolvedAt) {}
