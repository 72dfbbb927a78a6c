package io.serai.crm;

import java.util.Map;

/**
 * Narrows a list.
 *
 * @param values customer: email, phone, name (words or their beginnings), externalId with spoke, identifier
 *        ({@code scheme:value}); order: number, customer, paymentStatus; invoice: number, order, customer, status;
 *        payment: invoice, order; interaction and opportunity: customer
 */
public record Filter(Map<String, String> values) {
    public static final Filter NONE = new Filter(Map.of());

    String get(String name) {
        return values.get(name);
    }
}
