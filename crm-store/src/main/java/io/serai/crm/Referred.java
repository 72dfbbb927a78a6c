package io.serai.crm;

import java.sql.SQLException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** The customers that records refer to, each with its id in one spoke: the oldest where it has several. */
record Referred(Map<UUID, Map<String, Object>> customers) {

    static Referred of(Session session, SpokeProfile profile, Iterable<Golden> goldens) throws SQLException {
        Set<UUID> ids = new LinkedHashSet<>();
        for (Golden golden : goldens) {
            for (String field : List.of("customer", "memberOf")) {
                if (golden.document().get(field) instanceof Map<?, ?> reference && reference.get("id") != null) {
                    ids.add(UUID.fromString(reference.get("id").toString()));
                }
            }
        }
        Map<UUID, Map<String, Object>> customers = new HashMap<>();
        if (ids.isEmpty()) {
            return new Referred(customers);
        }
        Goldens.load(session, Entity.CUSTOMER, List.copyOf(ids)).forEach((id, golden) -> {
            Map<String, Object> customer = new LinkedHashMap<>();
            customer.put("id", id.toString());
            customer.putAll(golden.document());
            customers.put(id, customer);
        });
        new Statements().read("""
                select entity_id, external_id from link
                where spoke = ? and entity = 'customer' and entity_id = any(?::uuid[]) and external_id is not null
                order by id desc
                """, row -> customers.get(row.getObject(1, UUID.class)).put("externalId", row.getString(2)),
                profile.spoke(), (Object) ids.stream().map(UUID::toString).toArray(String[]::new)).execute(session);
        return new Referred(customers);
    }

    /** Puts them in where a document only names them; nothing in place of one that is not there. */
    void into(Map<String, Object> document) {
        for (String field : List.of("customer", "memberOf")) {
            if (document.get(field) instanceof Map<?, ?> reference && reference.get("id") != null) {
                document.put(field, customers.getOrDefault(UUID.fromString(reference.get("id").toString()), Map.of()));
            }
        }
    }
}
