package io.serai.hub.api;

import java.util.List;

/** What the API keeps apart: the word in the address, the entity, and what it can be searched by. */
enum Kind {
    CUSTOMERS("customers", "customer", true,
            List.of("email", "phone", "name", "externalId", "spoke", "identifier")), ORDERS("orders", "order", true,
                    List.of("number", "customer", "paymentStatus")), INVOICES("invoices", "invoice", false,
                            List.of("number", "order", "status")), CREDIT_NOTES("credit-notes", "credit-note", false,
                                    List.of("number", "order", "status")), PAYMENTS("payments", "payment", true,
                                            List.of("invoice", "order")), OPPORTUNITIES("opportunities", "opportunity",
                                                    true,
                                                    List.of("customer")), INTERACTIONS("interactions", "interaction",
                                                            true,
                                                            List.of("customer"));

    final String plural;
    final String entity;
    final boolean writable;
    final List<String> filters;

    Kind(String plural, String entity, boolean writable, List<String> filters) {
        this.plural = plural;
        this.entity = entity;
        this.writable = writable;
        this.filters = filters;
    }

    static Kind of(String plural) {
        for (Kind kind : values()) {
            if (kind.plural.equals(plural)) {
                return kind;
            }
        }
        throw new io.serai.hub.web.Problem(404, "not-found", "There is nothing here.");
    }
}
