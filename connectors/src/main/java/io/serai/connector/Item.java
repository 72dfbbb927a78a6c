package io.serai.connector;

import java.time.Instant;

/**
 * One record as a spoke sent it.
 *
 * @param body the record as plain Java (maps, lists, strings, numbers), or text or bytes not parsed yet; null when refused unread
 * @param eventId identifies the event among all of this spoke's: the idempotency key; null when the sender
 *     gave none
 * @param received exactly what arrived, for the journal
 * @param contentType media type of {@code received}
 * @param protocol soap, rest, webhook, poll, queue, file or mail
 * @param row line number in a file, counted from 1; null elsewhere
 * @param receivedAt when the hub received it
 * @param traceparent W3C trace context of the caller; null when it gave none
 * @param refusal why it could not be read; null when it could
 */
public record Item(Object body, String eventId, byte[] received, String contentType, String protocol, Long row,
        Instant receivedAt, String traceparent, Refusal refusal) {}
