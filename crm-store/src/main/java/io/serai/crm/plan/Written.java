package io.serai.crm.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the hub wrote to a spoke's record and of which the spoke's own word is still to come.
 *
 * @param unheard fields that were written: what is said of them may have been said before
 * @param untold fields of which the answer did not say what the spoke made of them
 * @param before what the record held, before each of the last writes, of the fields that were written; the latest first
 * @param heard the revision of the record that the spoke last spoke of by itself; null when unknown
 * @param revision what the last write made of it; null when the answer did not tell
 */
public record Written(Set<String> unheard, Set<String> untold, List<Map<String, Object>> before, String heard,
        String revision) {
    public static final Written NOTHING = new Written(Set.of(), Set.of(), List.of(), null, null);
    /** Who writes faster than a spoke speaks will meet words that are older still, and takes them for edits. */
    private static final int MOST_BEFORE = 4;

    /**
     * The state after one more write.
     *
     * @param held what the record held before it; null when it was made by it
     * @param known the last known revision of the record before it; null when none
     * @param sent the fields that were written
     * @param told the fields of which the answer said what the spoke holds now
     * @param made the revision that it made; null when the answer did not tell
     */
    public Written and(Map<String, Object> held, String known, Set<String> sent, Set<String> told, String made) {
        Set<String> nowUntold = new LinkedHashSet<>(untold);
        nowUntold.addAll(sent);
        nowUntold.removeAll(told);
        Set<String> nowUnheard = new LinkedHashSet<>(unheard);
        List<Map<String, Object>> earlier = new ArrayList<>(before);
        if (held != null) {
            nowUnheard.addAll(sent); // of a record that was just made nobody has said anything before
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        sent.forEach(field -> fields.put(field, held == null ? null : held.get(field)));
        earlier.addFirst(fields);
        return new Written(nowUnheard, nowUntold, List.copyOf(earlier.subList(0, Math.min(earlier.size(),
                MOST_BEFORE))), known != null && known.equals(revision) ? heard : known, made);
    }

    /** The spoke has spoken of these fields since. */
    Written without(Set<String> fields) {
        Set<String> nowUnheard = new LinkedHashSet<>(unheard);
        Set<String> nowUntold = new LinkedHashSet<>(untold);
        nowUnheard.removeAll(fields);
        nowUntold.removeAll(fields);
        if (nowUnheard.isEmpty() && nowUntold.isEmpty()) {
            return NOTHING;
        }
        List<Map<String, Object>> earlier = new ArrayList<>();
        before.forEach(held -> {
            Map<String, Object> rest = new LinkedHashMap<>(held);
            rest.keySet().removeAll(fields);
            if (!rest.isEmpty()) {
                earlier.add(rest);
            }
        });
        return new Written(nowUnheard, nowUntold, earlier, heard, revision);
    }

    /** Whoever speaks now speaks of what was written: it is long ago, or the revision says so. */
    public Written settled() {
        return unheard.isEmpty()
                ? this
                : untold.isEmpty() ? NOTHING : new Written(Set.of(), untold, before, heard, revision);
    }

    /** The spoke has spoken of a revision that the last write had overtaken. */
    public Written heard(String of) {
        return this == NOTHING ? this : new Written(unheard, untold, before, of, revision);
    }

    /** What the record held of a field before the writes that reached it. */
    List<Map<String, Object>> before(String field) {
        return before.stream().filter(fields -> fields.containsKey(field)).toList();
    }

    /** As a document for the database; null when there is nothing to remember. */
    public Map<String, Object> document() {
        if (unheard.isEmpty() && untold.isEmpty()) {
            return null;
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("unheard", List.copyOf(unheard));
        document.put("untold", List.copyOf(untold));
        document.put("before", before);
        document.put("heard", heard);
        document.put("revision", revision);
        return document;
    }

    /** Reads what {@link #document()} wrote; null is nothing. */
    @SuppressWarnings("unchecked")
    public static Written of(Map<String, Object> document) {
        return document == null
                ? NOTHING
                : new Written(new LinkedHashSet<>((List<String>) document.get("unheard")),
                        new LinkedHashSet<>((List<String>) document.get("untold")),
                        (List<Map<String, Object>>) document.get("before"), (String) document.get("heard"),
                        (String) document.get("revision"));
    }
}
