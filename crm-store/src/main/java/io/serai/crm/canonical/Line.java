package io.serai.crm.canonical;

import java.math.BigDecimal;

/**
 * One line of an order or invoice. Money and quantities are exact decimals.
 *
 * @param line its number, from 1
 * @param quantity null where only the amount is told, as of shipping
 * @param unitPrice null likewise
 * @param taxRate in percent
 */
public record Line(Integer line, String sku, String description, BigDecimal quantity, BigDecimal unitPrice,
        BigDecimal taxRate, BigDecimal amount) {}
