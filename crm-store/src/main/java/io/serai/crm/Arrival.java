package io.serai.crm;

import java.time.Instant;
import java.util.Map;

/**
 * One thing that a spoke said, ready to be journaled and merged.
 *
 * @param eventId the idempotency key: unique among the spoke's events; null when the sender gave none, which it can then
 *        not repeat
 * @param received exactly what arrived
 * @param document the canonical document, with {@code source} naming the spoke's own record; null when refused
 * @param refusal why an earlier step could not read it; null when fine
 * @param mapping name and version of the mapping that made the document; null when none did
 * @param traceparent W3C trace context; null when unknown
 * @param edit the golden record it edits; null for what spokes say of their own records
 */
public record Arrival(String spoke, String entity, String eventId, String protocol, String contentType,
        byte[] received, Instant receivedAt, Map<String, Object> document, Refusal refusal, String mapping,
        String traceparent, Edit edit) {}
