package io.serai.crm.canonical;

import java.util.List;
import java.util.Map;

/**
 * A person or an organization; a person may belong to an organization.
 *
 * @param kind person or organization
 * @param organizationName an organization's name; for a person the company they state
 * @param language BCP 47
 * @param currency ISO 4217
 * @param status prospect, active or inactive
 * @param custom fields under the declared schema {@code custom.schema.json}
 */
public record Customer(String kind, Name name, String organizationName, @IdentifiedBy("address") List<Email> emails,
        @IdentifiedBy("number") List<Phone> phones, @IdentifiedBy("use") List<Address> addresses,
        @IdentifiedBy( {"scheme", "value"}) List<Identifier> identifiers, String language, String currency,
        String status,
        @IdentifiedBy("purpose") List<Consent> consents, @IdentifiedBy List<String> tags, Membership memberOf,
        Map<String, Object> custom, String note){}
