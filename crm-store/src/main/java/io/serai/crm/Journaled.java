package io.serai.crm;

import java.time.Instant;
import java.util.UUID;

/**
 * A message of the journal that is to be read once more.
 *
 * @param content what was received, or what a person has made of it
 * @param editedAs null for what was received; {@code body} when the content is an edited message in the spoke's own form,
 *        {@code document} when it is a canonical document
 */
public record Journaled(UUID id, String spoke, String entity, String eventId, String protocol, String contentType,
        Instant receivedAt, String traceparent, byte[] content, String editedAs) {}
