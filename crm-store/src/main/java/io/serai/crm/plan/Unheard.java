package io.serai.crm.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Fields of a spoke's record that the hub wrote and of which the spoke's own word is still to come. What is said of them may
 * have been said before the write.
 *
 * @param before what the record held of each of them, in the spoke's words, before each write since the spoke last spoke of
 *     it, oldest first; null where it held nothing
 * @param untold those of them of which the answers did not say either what the spoke made of them
 * @param heard the revision of which the spoke spoke last; null when it tells none, and of a record that the hub made
 */
public record Unheard(Map<String, List<Object>> before, Set<String> untold, String heard) {
    public static final Unheard NOTHING = new Unheard(Map.of(), Set.of(), null);
    /** Who writes faster than a spoke speaks may meet words that are older still, and takes them for edits. */
    private static final int MOST_BEFORE = 4;

    /**
     * The state after one more write.
     *
     * @param held what the record held before it; null when it was made by it
     * @param sent the fields that were written
     * @param answered the fields of which the answer said what the spoke holds now
     * @param settled those of them that nobody can have said anything else of before, and still be heard
     * @param revision the last known one before the write; null when none
     * @param made the one that the write made; null when the answer did not tell
     */
    public Unheard and(Map<String, Object> held, Set<String> sent, Set<String> answered, Set<String> settled,
            String revision, String made) {
        Map<String, List<Object>> fields = new LinkedHashMap<>(before);
        for (String field : sent) {
            List<Object> values = new ArrayList<>(before.getOrDefault(field, List.of()));
            values.add(held == null ? null : held.get(field));
            fields.put(field, values.subList(Math.max(0, values.size() - MOST_BEFORE), values.size()));
        }
        fields.keySet().removeAll(settled);
        Set<String> nowUntold = new LinkedHashSet<>(untold);
        nowUntold.addAll(sent);
        nowUntold.removeAll(answered);
        String spokenOf = settled.isEmpty() ? before.isEmpty() ? revision : heard : made;
        return fields.isEmpty() ? NOTHING : new Unheard(fields, nowUntold, spokenOf);
    }

    /** The spoke has spoken of these fields since. */
    Unheard without(Set<String> fields) {
        Map<String, List<Object>> rest = new LinkedHashMap<>(before);
        rest.keySet().removeAll(fields);
        return rest.isEmpty() ? NOTHING : new Unheard(rest, untold, heard);
    }

    /** The spoke has spoken, and not of all of this. */
    public Unheard heard(String revision) {
        return new Unheard(before, untold, revision);
    }

    /** What the record held of a field, as documents, oldest first. */
    List<Map<String, Object>> before(String field) {
        return before.get(field).stream().map(value -> {
            Map<String, Object> document = new LinkedHashMap<>();
            document.put(field, value);
            return document;
        }).toList();
    }

    /** Whether nothing is open. */
    public boolean isNothing() {
        return before.isEmpty();
    }

    /** As a document for the database; null when there is nothing to remember. */
    public Map<String, Object> document() {
        if (isNothing()) {
            return null;
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("before", before);
        document.put("untold", List.copyOf(untold));
        document.put("heard", heard);
        return document;
    }

    /** Reads what {@link #document()} wrote; null is nothing. */
    @SuppressWarnings("unchecked")
    public static Unheard of(Map<String, Object> document) {
        return document == null
                ? NOTHING
                : new Unheard((Map<String, List<Object>>) document.get("before"),
                        new LinkedHashSet<>((List<String>) document.get("untold")), (String) document.get("heard"));
    }
}
