package io.serai.connector;

/**
 * What a spoke answered.
 *
 * @param body the record as the spoke now holds it; null when the protocol does not tell, or a look-up found nothing
 * @param externalId the record's id in the spoke; null when not told
 * @param revision the spoke's revision of the record; null when not told
 */
public record Reply(Object body, String externalId, String revision) {}
