package io.serai.crm;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/**
 * An invoice or a credit note that is this process's to make or to ask after.
 *
 * @param entity invoice or credit-note
 * @param fence proves that the claim still stands when its result is recorded
 * @param asks true when an earlier attempt may have succeeded: look the reference up, and write nothing
 * @param reference the hub's own reference, by which the accounting system can be asked
 * @param idempotencyKey the same in every attempt, and again after a restore
 * @param document the whole document; its customer carries the accounting system's own id as {@code externalId}, and a
 *        credit note the invoice's as {@code invoiceExternalId}
 * @param attempt counts from 1
 * @param firstUse true when no attempt before can have told the accounting system the key
 * @param settledAt from when on it is certain that nothing sent earlier is still on its way
 * @param notBefore when it may be sent, by the pace that the spoke allows
 */
public record InvoiceClaim(String entity, UUID id, long fence, boolean asks, String reference, UUID idempotencyKey,
        Map<String, Object> document, int attempt, boolean firstUse, Instant settledAt, Instant notBefore,
        String traceparent) {}
