package io.serai.crm.canonical;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A sale.
 *
 * @param number the sale's own number, the same in every system: what makes one invoice of it
 * @param customer who bought: a customer document (see {@link Customer}), or its id
 * @param status open, cancelled or completed; null when nobody has said, which is as good as open
 * @param paymentStatus unpaid, paid or refunded
 * @param currency ISO 4217
 * @param creditNoteNumber number of the credit note that took its invoice back; null when none did
 */
public record Order(String number, Map<String, Object> customer, String status, String paymentStatus,
        Instant placedAt, Instant paidAt, String currency, List<Line> lines, BigDecimal total,
        BigDecimal tax, String note, String invoiceNumber, String invoiceStatus,
        String creditNoteNumber) {}
