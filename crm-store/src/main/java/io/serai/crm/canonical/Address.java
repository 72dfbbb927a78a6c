package io.serai.crm.canonical;

import java.util.List;

/**
 * @param use home, work, billing, shipping or other: a customer has one address for each
 * @param country ISO 3166-1 alpha-2
 */
public record Address(String use, List<String> lines, String city, String region, String postalCode, String country) {}
