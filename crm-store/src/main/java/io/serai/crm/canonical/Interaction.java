package io.serai.crm.canonical;

import java.time.Instant;
import java.util.Map;

/**
 * Something said between a customer and us.
 *
 * @param kind email, lead, call or note
 * @param direction in or out
 */
public record Interaction(String kind, String direction, Instant at, String subject, String text,
        Map<String, Object> customer) {}
