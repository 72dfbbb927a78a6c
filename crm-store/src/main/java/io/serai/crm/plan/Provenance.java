package io.serai.crm.plan;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * Where each leaf of a golden record came from. Most records owe nearly everything to one message, so the first
 * entry names no paths: it speaks for every leaf that no later entry names.
 */
public final class Provenance {
    /** How many losing values of one field are kept; older ones are in the journal. */
    private static final int MOST_LOST = 5;

    /** @param paths null in the first entry, which speaks for all others */
    private record Entry(Source source, String rule, Set<String> paths) {}

    private final List<Entry> entries = new ArrayList<>();
    private final Map<String, List<Lost>> lost = new LinkedHashMap<>();
    private final Set<String> frozen = new LinkedHashSet<>();
    private boolean changed;

    /** Everything there is was said by this source. */
    public static Provenance first(Source source) {
        Provenance provenance = new Provenance();
        provenance.entries.add(new Entry(source, "first", null));
        return provenance;
    }

    public Source source(String path) {
        return entry(path).source();
    }

    /** Whether nobody else has said anything yet. */
    boolean isAllOf(Source source) {
        return entries.size() == 1 && lost.isEmpty() && entries.getFirst().source().equals(source);
    }

    /** first, only, newest, ranking or edit. */
    public String rule(String path) {
        return entry(path).rule();
    }

    public List<Lost> lost(String path) {
        return lost.getOrDefault(path, List.of());
    }

    private Entry entry(String path) {
        for (int i = entries.size() - 1; i > 0; i--) {
            if (entries.get(i).paths().contains(path)) {
                return entries.get(i);
            }
        }
        return entries.getFirst();
    }

    /** Whether it says something else than when it was read. */
    public boolean changed() {
        return changed;
    }

    /** Whether spokes have fought over a leaf and a person has still to decide: until then nobody changes it. */
    boolean frozen(String path) {
        return frozen.contains(path);
    }

    void freeze(String path) {
        changed |= frozen.add(path);
    }

    /** A person has decided. Returns the leaves of a top-level field that were frozen. */
    public Set<String> thaw(String field) {
        return thaw(path -> Tree.field(path).equals(field));
    }

    /** The record becomes part of another one: whatever was fought over, survivorship decides. Returns all that was frozen. */
    public Set<String> thaw() {
        return thaw(_ -> true);
    }

    /** What is frozen there is frozen here, and nothing else. */
    void frozenAs(Provenance other) {
        frozen.clear();
        frozen.addAll(other.frozen);
    }

    private Set<String> thaw(Predicate<String> which) {
        Set<String> thawed = frozen.stream().filter(which).collect(Collectors.toCollection(LinkedHashSet::new));
        changed |= frozen.removeAll(thawed);
        thawed.forEach(lost::remove);
        return thawed;
    }

    void set(String path, Source source, String rule) {
        changed = true;
        entries.stream().skip(1).forEach(entry -> entry.paths().remove(path));
        if (entries.getFirst().source().equals(source)) {
            return;
        }
        for (Entry entry : entries.subList(1, entries.size())) {
            if (entry.source().equals(source) && entry.rule().equals(rule)) {
                entry.paths().add(path);
                return;
            }
        }
        Set<String> paths = new LinkedHashSet<>();
        paths.add(path);
        entries.add(new Entry(source, rule, paths));
        for (int i = entries.size() - 2; i > 0; i--) {
            if (entries.get(i).paths().isEmpty()) {
                entries.remove(i);
            }
        }
    }

    void lose(String path, Object value, Source source) {
        changed = true;
        List<Lost> values = new ArrayList<>(lost(path));
        values.addFirst(new Lost(value, source));
        lost.put(path, values.subList(0, Math.min(values.size(), MOST_LOST)));
    }

    /** As a document for the database. */
    public Map<String, Object> document() {
        List<Object> set = new ArrayList<>();
        for (Entry entry : entries) {
            Map<String, Object> written = written(entry.source());
            written.put("rule", entry.rule());
            if (entry.paths() != null) {
                written.put("paths", List.copyOf(entry.paths()));
            }
            set.add(written);
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("set", set);
        if (!lost.isEmpty()) {
            Map<String, Object> losers = new LinkedHashMap<>();
            lost.forEach((path, values) -> losers.put(path, values.stream().map(value -> {
                Map<String, Object> written = written(value.source());
                written.put("value", value.value());
                return written;
            }).toList()));
            document.put("lost", losers);
        }
        if (!frozen.isEmpty()) {
            document.put("frozen", List.copyOf(frozen));
        }
        return document;
    }

    private static Map<String, Object> written(Source source) {
        Map<String, Object> written = new LinkedHashMap<>();
        written.put("spoke", source.spoke());
        written.put("message", source.message().toString());
        if (source.mapping() != null) {
            written.put("mapping", source.mapping());
        }
        written.put("at", source.at().toString());
        return written;
    }

    /** Reads what {@link #document()} wrote. */
    @SuppressWarnings("unchecked")
    public static Provenance of(Map<String, Object> document) {
        Provenance provenance = new Provenance();
        for (Map<String, Object> entry : (List<Map<String, Object>>) document.get("set")) {
            List<String> paths = (List<String>) entry.get("paths");
            provenance.entries.add(new Entry(source(entry), (String) entry.get("rule"),
                    paths == null ? null : new LinkedHashSet<>(paths)));
        }
        ((Map<String, List<Map<String, Object>>>) document.getOrDefault("lost", Map.of())).forEach((path, values) -> {
            List<Lost> losers = new ArrayList<>();
            values.forEach(value -> losers.add(new Lost(value.get("value"), source(value))));
            provenance.lost.put(path, losers);
        });
        provenance.frozen.addAll((List<String>) document.getOrDefault("frozen", List.of()));
        return provenance;
    }

    private static Source source(Map<String, Object> written) {
        return new Source((String) written.get("spoke"), UUID.fromString((String) written.get("message")),
                (String) written.get("mapping"), Instant.parse((String) written.get("at")));
    }
}
