package io.serai.crm;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * What came of an invoice claim.
 *
 * @param made what the accounting system says it holds (canonical), for {@link Kind#MADE}
 * @param externalId the invoice's id there
 * @param retryAfter when to go on, for RETRY and UNKNOWN
 * @param problem for operators; null when made
 * @param field the field the accounting system complains of; null when none
 */
public record InvoiceResult(InvoiceClaim claim, Kind kind, Map<String, Object> made, String externalId,
        Duration retryAfter, String problem, String field, Instant at, Duration took) {

    public enum Kind {
        /** It exists and has a number. */
        MADE,
        /** The accounting system was asked and has none with our reference. */
        ABSENT,
        /** Certainly not made; try again later. */
        RETRY,
        /** It may have been made: ask before doing anything else. */
        UNKNOWN,
        /** Refused for its content; a person must look. */
        REJECTED,
        /** It may have been made and the accounting system cannot be asked: a person decides. */
        UNDECIDABLE
    }
}
