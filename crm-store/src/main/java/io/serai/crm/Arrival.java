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
 * @param record the spoke's own id of the record, where it can be told without the document; null when it cannot
 * @param retry the message in the journal that it is once more; null for what is new
 */
public record Arrival(String spoke, String entity, String eventId, String protocol, String contentType,
        byte[] received, Instant receivedAt, Map<String, Object> document, Refusal refusal, String mapping,
        String traceparent, Edit edit, String record, Retry retry) {

    /**
     * Content type of what the hub itself has read of a record and mapped already: the bytes are the canonical document,
     * whatever the protocol.
     */
    public static final String CANONICAL = "application/vnd.serai.canonical+json";

    public Arrival(String spoke, String entity, String eventId, String protocol, String contentType, byte[] received,
            Instant receivedAt, Map<String, Object> document, Refusal refusal, String mapping, String traceparent,
            Edit edit) {
        this(spoke, entity, eventId, protocol, contentType, received, receivedAt, document, refusal, mapping,
                traceparent, edit, null, null);
    }
}
