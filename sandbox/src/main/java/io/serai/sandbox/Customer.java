package io.serai.sandbox;

/**
 * A fictitious customer.
 *
 * @param index which one; the same index always has the same e-mail and phone, and no two share one
 * @param company null for a person
 * @param email in a domain reserved for examples
 * @param phone E.164, from a range reserved for drama where the country has one; null when those are used up
 * @param country ISO 3166-1 alpha-2
 * @param vatId null for a person
 * @param language ISO 639-1
 */
public record Customer(int index, String firstName, String lastName, String company, String email, String phone,
        String street, String zip, String city, String country, String vatId, String language) {}
