package io.serai.crm;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** What an arrival says, beside the values themselves: whose record it is about, of which revision, and of whom. */
final class Said {
    private Said() {}

    /** What an arrival says of a customer; null when it says nothing of any. */
    static Map<String, Object> customer(Arrival arrival) {
        return arrival.document() == null || arrival.entity().equals("customer")
                ? arrival.document()
                : document(arrival.document().get("customer"));
    }

    /** The id that the spoke gives the record which an arrival is about; null when it does not say. */
    static String record(Arrival arrival) {
        return arrival.record() != null || arrival.document() == null ? arrival.record() : id(arrival.document());
    }

    /** The id that the spoke gives its record; null when it does not say. */
    static String id(Map<String, Object> document) {
        return source(document, "id");
    }

    /** Null when the spoke counts none. */
    static String revision(Map<String, Object> document) {
        return source(document, "revision");
    }

    /** Whether the spoke has no such record any more. */
    static boolean deleted(Map<String, Object> document) {
        return document(document.get("source")) instanceof Map<?, ?> source
                && Boolean.TRUE.equals(source.get("deleted"));
    }

    static Map<String, Object> withoutSource(Map<String, Object> document) {
        Map<String, Object> rest = new LinkedHashMap<>(document);
        rest.remove("source");
        return rest;
    }

    private static String source(Map<String, Object> document, String field) {
        Map<String, Object> source = document(document.get("source"));
        Object value = source == null ? null : source.get(field);
        return value == null ? null : value.toString();
    }

    /** Null when it is none. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> document(Object value) {
        return value instanceof Map<?, ?> ? (Map<String, Object>) value : null;
    }

    /** Null when it is none. */
    static UUID uuid(Object value) {
        try {
            return value == null ? null : UUID.fromString(value.toString());
        } catch (IllegalArgumentException notAnId) {
            return null;
        }
    }
}
