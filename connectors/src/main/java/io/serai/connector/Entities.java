package io.serai.connector;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The names of the canonical entities; routes may use the plural. */
final class Entities {
    private static final Map<String, String> SINGULAR = Map.of("customers", "customer", "orders", "order", "invoices",
            "invoice", "credit-notes", "credit-note", "payments", "payment", "opportunities", "opportunity",
            "interactions", "interaction");

    private Entities() {}

    static String singular(String name) {
        String entity = SINGULAR.getOrDefault(name, name);
        if (!SINGULAR.containsValue(entity)) {
            throw new IllegalArgumentException("There is no entity '" + name + "'; there are "
                    + new TreeSet<>(Set.copyOf(SINGULAR.values())));
        }
        return entity;
    }
}
