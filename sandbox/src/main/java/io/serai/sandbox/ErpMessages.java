package io.serai.sandbox;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the ERP says to the hub, in the words of the hub's SOAP service {@code urn:serai:customers:v1}. */
final class ErpMessages {
    private ErpMessages() {}

    /**
     * A customer as the ERP holds it.
     *
     * @param edited the fields just edited: those now empty are said to be cleared; others that are empty are not said
     */
    static Map<String, Object> customer(Map<String, Object> held, Map<String, Object> edited) {
        boolean organization = "ORG".equals(held.get("partnerType"));
        Map<String, Object> said = new LinkedHashMap<>();
        said.put("id", held.get("customerNumber"));
        said.put("revision", held.get("changeNumber"));
        said.put("kind", organization ? "organization" : "person");
        if (organization) {
            say(said, "organizationName", held, "name1", edited);
        } else {
            say(said, "givenName", held, "name2", edited);
            say(said, "familyName", held, "name1", edited);
        }
        say(said, "email", held, "email", edited);
        say(said, "phone", held, "phone", edited);
        Map<String, Object> address = new LinkedHashMap<>();
        if (held.get("street") != null) {
            // A line cannot be nil; an address without one has none.
            address.put("line", held.get("street"));
        }
        say(address, "city", held, "city", edited);
        say(address, "postalCode", held, "postalCode", edited);
        say(address, "country", held, "country", edited);
        if (!address.isEmpty()) {
            said.put("address", address);
        }
        say(said, "vatId", held, "vatId", edited);
        say(said, "language", held, "language", edited);
        return Map.of("customer", said);
    }

    private static void say(Map<String, Object> said, String element, Map<String, Object> held, String field,
            Map<String, Object> edited) {
        if (held.get(field) != null || edited.containsKey(field)) {
            said.put(element, held.get(field));
        }
    }

    static Map<String, Object> order(Map<String, Object> order) {
        Map<String, Object> said = new LinkedHashMap<>();
        said.put("number", order.get("orderNumber"));
        said.put("customerId", order.get("customerNumber"));
        said.put("placedAt", order.get("placedAt"));
        said.put("paid", order.get("paid"));
        if (order.get("paidAt") != null) {
            said.put("paidAt", order.get("paidAt"));
        }
        said.put("currency", order.get("currency"));
        said.put("line", ((List<?>) order.get("lines")).stream().map(ErpMessages::line).toList());
        said.put("total", order.get("total"));
        return Map.of("order", said);
    }

    private static Map<String, Object> line(Object line) {
        Map<String, Object> said = new LinkedHashMap<>();
        for (String field : List.of("sku", "description", "quantity", "unitPrice", "taxRate")) {
            if (line instanceof Map<?, ?> map && map.get(field) != null) {
                said.put(field, map.get(field));
            }
        }
        return said;
    }
}
