package io.serai.crm.canonical;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;

/**
 * The invoice of a sale, as the accounting system keeps it.
 *
 * @param number the accounting system's number; null until it has answered
 * @param reference the hub's own reference for it, the same in every attempt
 * @param status requested, issued, paid, rejected, void or credited
 */
public record Invoice(String number, String reference, String orderNumber, Map<String, Object> customer,
        LocalDate issuedOn, LocalDate dueOn, String currency, List<Line> lines,
        BigDecimal total, BigDecimal tax, String status, BigDecimal paidAmount, Instant paidAt) {}
