package io.serai.crm.canonical;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;

/**
 * What takes the invoice of a cancelled sale back.
 *
 * @param number the accounting system's number; null until it has answered
 * @param reference the hub's own reference for it, the same in every attempt
 * @param invoiceNumber the invoice that it takes back
 * @param status requested, issued, rejected or void
 */
public record CreditNote(String number, String reference, String invoiceNumber, String orderNumber,
        Map<String, Object> customer, LocalDate issuedOn, String currency, List<Line> lines,
        BigDecimal total, BigDecimal tax, String status) {}
