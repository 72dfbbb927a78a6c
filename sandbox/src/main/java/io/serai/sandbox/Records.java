package io.serai.sandbox;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;

/** Records by id, and in the order they were last changed, so that who polls misses none and repeats none. */
final class Records {
    private final Map<String, Map<String, Object>> byId = new LinkedHashMap<>();
    private final Map<String, String> changedAt = new LinkedHashMap<>();
    private final NavigableMap<String, String> byChange = new TreeMap<>();
    private final Map<String, Map<Object, Set<String>>> byField = new HashMap<>();

    private int ever;

    /** @param indexed fields by which records are often looked for */
    Records(String... indexed) {
        for (String field : indexed) {
            byField.put(field, new HashMap<>());
        }
    }

    /** @param items at most as many as asked for @param cursor where to go on; null at the end */
    record Page(List<Map<String, Object>> items, String cursor) {}

    /** Keeps a record as of a time, which no other record of this collection has. */
    void put(String id, String time, Map<String, Object> record) {
        Map<String, Object> old = byId.put(id, record);
        ever += old == null ? 1 : 0;
        byField.forEach((field, ids) -> {
            if (old != null && old.get(field) != null) {
                ids.get(old.get(field)).remove(id);
            }
            if (record.get(field) != null) {
                ids.computeIfAbsent(record.get(field), value -> new LinkedHashSet<>()).add(id);
            }
        });
        String before = changedAt.put(id, time);
        if (before != null) {
            byChange.remove(before);
        }
        byChange.put(time, id);
    }

    void remove(String id) {
        Map<String, Object> old = byId.remove(id);
        if (old != null) {
            byField.forEach((field, ids) -> {
                if (old.get(field) != null) {
                    ids.get(old.get(field)).remove(id);
                }
            });
            byChange.remove(changedAt.remove(id));
        }
    }

    /** The record, null when there is none. Not to be changed: put a changed copy. */
    Map<String, Object> get(String id) {
        return byId.get(id);
    }

    /** Records whose field has this value. */
    List<Map<String, Object>> find(String field, Object value) {
        if (byField.containsKey(field)) {
            return byField.get(field).getOrDefault(value, Set.of()).stream().map(byId::get).toList();
        }
        return byId.values().stream().filter(record -> value.equals(record.get(field))).toList();
    }

    Collection<Map<String, Object>> all() {
        return byId.values();
    }

    /** How many there have ever been, those that were removed among them: numbers made of it are never given twice. */
    int ever() {
        return ever;
    }

    /**
     * Records changed at or after a time, or after a cursor, oldest change first.
     *
     * @param since time in the ledger's format; null for all
     * @param cursor of the page before; null for the first
     */
    Page page(String since, String cursor, int limit) {
        String from = cursor == null
                ? since == null ? "" : since
                : decode(cursor);
        List<Map<String, Object>> items = new ArrayList<>();
        String last = null;
        for (Map.Entry<String, String> change : byChange.tailMap(from, cursor == null).entrySet()) {
            if (items.size() == limit) {
                return new Page(items, Base64.getUrlEncoder().withoutPadding()
                        .encodeToString((last == null ? from : last).getBytes(StandardCharsets.UTF_8)));
            }
            items.add(byId.get(change.getValue()));
            last = change.getKey();
        }
        return new Page(items, null);
    }

    private static String decode(String cursor) {
        try {
            return new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException foreign) {
            throw RefusedException.field(400, "invalid", "cursor", "is not one of ours; start again without it");
        }
    }
}
