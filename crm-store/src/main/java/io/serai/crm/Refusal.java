package io.serai.crm;

/**
 * Why something was not taken.
 *
 * @param step the step that refused it, e.g. {@code mapping:shopify/customer-to-canonical}
 * @param field JSON pointer or column name; null when the whole is meant
 * @param problem a full sentence: what is wrong and what to do
 * @param code short and stable: malformed, invalid, too-large, not-allowed, unknown-reference,
 *        mapping-failed, timeout, key-reuse, waiting, erased
 */
public record Refusal(String step, String field, String problem, String code) {}
