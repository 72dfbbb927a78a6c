package io.serai.crm.canonical;

import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.Map;

/** A sale that may come. */
public record Opportunity(Map<String, Object> customer, String title, String stage, BigDecimal amount,
        String currency, LocalDate closesOn) {}
