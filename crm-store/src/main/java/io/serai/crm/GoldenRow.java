package io.serai.crm;

import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import io.serai.crm.plan.MatchKey;
import io.serai.crm.plan.NameSearch;
import io.serai.crm.plan.Provenance;

/** A golden record as one transaction works on it. */
final class GoldenRow {
    final Entity entity;
    final UUID id;
    long version;
    Map<String, Object> document;
    private String writtenProvenance;
    private Provenance provenance;
    final Instant createdAt;
    boolean isNew;
    /** How far the lane of an invoice or credit note has got; null for anything else. */
    private String lane;
    private boolean laneMoved;
    boolean changed;
    /** Null when it is new. */
    Map<String, Object> before;
    private Map<String, Object> keyed;
    private Set<MatchKey> keys;

    GoldenRow(Entity entity, UUID id, long version, Map<String, Object> document, String provenance,
            Instant createdAt) {
        this.entity = entity;
        this.id = id;
        this.version = version;
        this.document = document;
        this.writtenProvenance = provenance;
        this.createdAt = createdAt;
    }

    void provenance(Provenance other) {
        provenance = other;
    }

    Provenance provenance() {
        if (provenance == null) {
            provenance = Provenance.of(Json.document(writtenProvenance));
        }
        return provenance;
    }

    /** By what a customer is found; worked out once for each state of the document. */
    Set<MatchKey> keys() {
        if (keyed != document) {
            keys = MatchKey.of(document);
            keyed = document;
        }
        return keys;
    }

    /** All that leads to a customer in the index. */
    Set<String> entries() {
        return entries(document, keys());
    }

    /** The same, as the index has it. */
    Set<String> entriesBefore() {
        return isNew ? Set.of() : entries(before, keysBefore());
    }

    /** By what it was found. */
    Set<MatchKey> keysBefore() {
        return isNew ? Set.of() : MatchKey.of(before);
    }

    private static Set<String> entries(Map<String, Object> customer, Set<MatchKey> keys) {
        Set<String> entries = new LinkedHashSet<>(NameSearch.entries(customer));
        keys.forEach(key -> entries.add(key.hashed()));
        return entries;
    }

    String text(String field) {
        Object value = document.get(field);
        return value == null ? null : value.toString();
    }

    String lane() {
        return lane;
    }

    /** Where it stands so far. */
    void lane(String state) {
        lane = state;
    }

    void moveLane(String state) {
        lane = state;
        laneMoved = true;
    }

    boolean laneMoved() {
        return laneMoved;
    }

    /** The id of the customer that an order, invoice, interaction or opportunity belongs to. */
    UUID customer() {
        return document.get("customer") instanceof Map<?, ?> customer && customer.get("id") != null
                ? UUID.fromString(customer.get("id").toString())
                : null;
    }
}
