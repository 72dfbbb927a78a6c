package io.serai.crm;

import java.util.Map;
import java.util.UUID;

/**
 * An invoice that is this process's to make or to ask after.
 *
 * @param fence proves that the claim still stands when its result is recorded
 * @param asks true when an earlier attempt may have succeeded: look the reference up, and write nothing
 * @param reference the hub's own reference, by which the accounting system can be asked
 * @param idempotencyKey the same in every attempt, and again after a restore
 * @param document the whole invoice; its customer carries the accounting system's own id as {@code externalId}
 * @param attempt counts from 1
 */
public record InvoiceClaim(UUID id, long fence, boolean asks, String reference, UUID idempotencyKey,
        Map<String, Object> document, int attempt, String traceparent) {}
