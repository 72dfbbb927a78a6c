package io.serai.connector;

import java.time.Instant;

/**
 * A message as the hub's journal has kept it, to be read once more.
 *
 * @param entity singular
 * @param eventId null when its sender gave none
 * @param protocol webhook, poll, queue, mail, …, as in {@link Item}
 * @param content what arrived, or what a person has made of it
 * @param traceparent may be null
 */
public record Kept(String spoke, String entity, String eventId, String protocol, String contentType, byte[] content,
        Instant receivedAt, String traceparent) {}
