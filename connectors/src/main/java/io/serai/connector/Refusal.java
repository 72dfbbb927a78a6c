package io.serai.connector;

/**
 * Why an item could not be read or mapped.
 *
 * @param step the step that refused it, e.g. {@code connector:shop/customers}
 * @param field JSON pointer or column name; null when the item as a whole is unreadable
 * @param problem a full sentence: what is wrong with the value and what to do
 * @param code malformed, invalid, too-large, not-allowed, unknown-reference, mapping-failed or timeout
 */
public record Refusal(String step, String field, String problem, String code) {}
