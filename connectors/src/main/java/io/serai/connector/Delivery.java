package io.serai.connector;

/**
 * One write (or look-up) for a spoke.
 *
 * @param externalId the record's id in the spoke; null for a create
 * @param revision the spoke's revision that the hub knows; null when unknown
 * @param body the record in the spoke's own words (plain Java)
 * @param idempotencyKey the same for every attempt at the same write
 * @param reference the hub's own stable reference for the record
 * @param traceparent W3C trace context; may be null
 */
public record Delivery(Operation operation, String externalId, String revision, Object body, String idempotencyKey,
        String reference, String traceparent) {}
