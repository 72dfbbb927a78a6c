package io.serai.crm;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * One thing received, as the journal keeps it, and what became of it.
 *
 * @param eventId null when the sender gave none
 * @param received exactly what arrived; null in lists
 * @param journey what happened to it, step by step; empty in lists
 */
public record Message(UUID id, String spoke, String entity, String protocol, String eventId, String contentType,
        Instant receivedAt, String state, UUID entityId, Long version, Refusal refusal, String mapping,
        String traceparent, byte[] received, List<Step> journey) {

    /** One step. @param detail for people; may be null */
    public record Step(String step, Instant at, String result, String detail) {}
}
