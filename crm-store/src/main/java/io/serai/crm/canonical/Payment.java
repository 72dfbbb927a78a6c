package io.serai.crm.canonical;

import java.math.BigDecimal;
import java.time.Instant;

/** Money received for an invoice or an order. */
public record Payment(String invoiceNumber, String orderNumber, BigDecimal amount, String currency, Instant paidAt,
        String method, String reference) {}
