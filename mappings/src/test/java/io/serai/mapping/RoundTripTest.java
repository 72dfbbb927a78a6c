package io.serai.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a system is told comes back as the same canonical values, else every write would look like a change of its own. */
class RoundTripTest {
    private static final String PERSON = """
            {"kind": "person", "name": {"given": "Anna", "family": "Keller"}, "emails": [{"address": "anna@sandbox.example"}],
             "phones": [{"number": "+41441234567"}],
             "addresses": [{"use": "billing", "lines": ["Bahnhofstrasse 1", "3. Stock"], "city": "Zürich", "region": "ZH", "postalCode": "8001", "country": "CH"},
                           {"use": "shipping", "lines": ["Lagerweg 5"], "city": "Winterthur", "postalCode": "8400", "country": "CH"}],
             "identifiers": [{"scheme": "vat", "value": "CHE-123.456.788"}], "language": "de-CH", "currency": "CHF", "tags": ["vip", "b2c"], "note": "Calls"}""";
    private static final String ORGANIZATION = """
            {"kind": "organization", "organizationName": "Muster AG", "emails": [{"address": "info@muster.example"}], "phones": [{"number": "+41311234567"}],
             "addresses": [{"use": "billing", "lines": ["Industriestrasse 9"], "city": "Bern", "postalCode": "3001", "country": "CH"}],
             "identifiers": [{"scheme": "vat", "value": "CHE-987.654.321"}], "language": "de", "currency": "CHF"}""";

    @Test
    void theShopHoldsWhatItWasTold() {
        var person = Folder.object(PERSON);
        var held = held("shopify", person);
        assertThat(held).containsAllEntriesOf(
                only(person, "kind", "name", "emails", "phones", "addresses", "language", "currency", "tags", "note"));
        var organization = Folder.object(ORGANIZATION);
        assertThat(held("shopify", organization)).containsAllEntriesOf(
                only(organization, "kind", "organizationName", "emails", "phones", "addresses", "language"));
    }

    @Test
    void theBooksHoldWhatTheyWereTold() {
        var person = Folder.object(PERSON);
        var held = held("accounting", person);
        assertThat(held).containsAllEntriesOf(
                only(person, "kind", "name", "emails", "phones", "identifiers", "language", "currency"));
        assertThat(addresses(held)).singleElement().satisfies(address -> assertThat(address)
                .containsEntry("use", "billing").containsEntry("lines", List.of("Bahnhofstrasse 1", "3. Stock")));
        var organization = Folder.object(ORGANIZATION);
        assertThat(held("accounting", organization)).containsAllEntriesOf(only(organization, "kind", "organizationName",
                "emails", "phones", "addresses", "identifiers", "language", "currency"));
    }

    @Test
    void financeHoldsWhatItWasTold() {
        var organization = Folder.object(ORGANIZATION);
        assertThat(held("queue", organization)).containsAllEntriesOf(only(organization, "kind", "organizationName",
                "emails", "phones", "addresses", "identifiers", "language", "currency"));
    }

    @Test
    void whatIsClearedComesBackCleared() {
        var cleared = new LinkedHashMap<String, Object>();
        cleared.put("emails", List.of());
        cleared.put("phones", null);
        cleared.put("language", null);
        for (var system : List.of("shopify", "accounting")) {
            var told = Folder.object(Folder.MAPPINGS.mapping(system + "/customer-from-canonical").apply(cleared,
                    Map.of("operation", "update", "externalId", "7")));
            told.put("id", "7");
            var held = Folder.object(Folder.MAPPINGS.mapping(system + "/customer-to-canonical").apply(told, Map.of()));
            assertThat(held).containsEntry("emails", List.of()).containsEntry("phones", List.of())
                    .containsEntry("language", null).doesNotContainKeys("name", "addresses", "kind");
        }
    }

    /** What the system holds after a create: what it was told, under a number of its own. */
    private static Map<String, Object> held(String system, Map<String, Object> customer) {
        var told = Folder.object(Folder.MAPPINGS.mapping(system + "/customer-from-canonical").apply(customer,
                Map.of("operation", "create", "reference", "r-1")));
        told.put("id", "7");
        told.put("number", "7");
        return Folder.object(Folder.MAPPINGS.mapping(system + "/customer-to-canonical").apply(told, Map.of()));
    }

    private static Map<String, Object> only(Map<String, Object> document, String... fields) {
        var kept = new LinkedHashMap<String, Object>();
        for (var field : fields) {
            kept.put(field, document.get(field));
        }
        return kept;
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> addresses(Map<String, Object> document) {
        return (List<Map<String, Object>>) document.get("addresses");
    }
}
