package io.serai.crm;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A system with habits of its own: how it writes things down, what it tells of them and when. */
final class SimulatedSpoke {
    /** Names are never cut shorter: no system does, and the planner relies on it. */
    private static final int SHORTEST_CUT = 18;
    private static final Pattern TOKEN = Pattern.compile("(?:^|=)(\\d+) (?:words|family)", Pattern.CASE_INSENSITIVE);

    /**
     * @param cut the longest text it keeps; 0 for any
     * @param dropsNotes has no place for notes, and says nothing of it
     * @param saysEmpty names all fields that are empty, instead of leaving them out
     * @param revisions its messages carry a revision
     * @param answersRevision so do its answers
     * @param answersWhole its answers say what it holds now
     * @param guards refuses a write that does not know its latest revision
     * @param tellsOfWrites its webhook also tells of what the hub wrote
     */
    record Character(boolean upperCase, int cut, boolean lowerCasesEmails, boolean dropsNotes, boolean saysEmpty,
            boolean revisions, boolean answersRevision, boolean answersWhole, boolean guards,
            boolean tellsOfWrites) {

        /** Whether what it tells may arrive in any order: its revisions say what is older, also than a write. */
        boolean counts() {
            return answersRevision;
        }

        static Character any(Random random) {
            boolean revisions = random.nextInt(3) > 0;
            boolean answersRevision = revisions && random.nextInt(3) > 0;
            return new Character(random.nextInt(4) == 0, random.nextInt(3) == 0 ? SHORTEST_CUT + random.nextInt(6) : 0,
                    random.nextInt(3) == 0, random.nextInt(5) == 0, random.nextBoolean(), revisions,
                    answersRevision, random.nextBoolean(), answersRevision && random.nextBoolean(),
                    random.nextInt(4) > 0);
        }
    }

    /** What it tells the hub of one of its records. @param lists whether people changed a list in it */
    record Notice(SimulatedSpoke spoke, String event, Instant made, Map<String, Object> document, boolean lists) {}

    final String name;
    final Character character;
    final Map<String, Map<String, Object>> records = new LinkedHashMap<>();
    private final Map<String, Integer> revisions = new LinkedHashMap<>();
    /** Its records by the hub's reference. */
    final Map<UUID, String> byReference = new LinkedHashMap<>();
    /** What it has still to tell, oldest first. */
    final List<Notice> notices = new ArrayList<>();
    /** How often the hub wrote to each record, and the highest version it wrote. */
    final Map<String, Integer> writes = new LinkedHashMap<>();
    final Map<String, Long> versions = new LinkedHashMap<>();
    private final Map<String, Integer> listEdits = new LinkedHashMap<>();
    boolean away;
    /** Every write of a field that one spoke alone edits, in order. */
    final List<Entry> ledger = new ArrayList<>();
    private int events;

    /** @param token which edit of all it was, counted up through the whole life */
    record Entry(String record, String field, int token, boolean byHub) {}

    SimulatedSpoke(String name, Character character) {
        this.name = name;
        this.character = character;
    }

    /** Somebody there, or the hub, writes fields of a record; it is told of if the spoke tells of such writes. */
    void write(String id, Map<String, Object> patch, Instant now, boolean byHub) {
        records.put(id, over(records.getOrDefault(id, Map.of()), patch));
        patch.forEach((field, value) -> {
            Matcher counted = TOKEN.matcher(String.valueOf(value));
            if (counted.find()) {
                ledger.add(new Entry(id, field, Integer.parseInt(counted.group(1)), byHub));
            }
        });
        revisions.merge(id, 1, Integer::sum);
        if (byHub) {
            writes.merge(id, 1, Integer::sum);
        }
        if (!byHub || character.tellsOfWrites()) {
            boolean lists = !byHub && (patch.containsKey("phones") || patch.containsKey("addresses"));
            listEdits.merge(id, lists ? 1 : 0, Integer::sum);
            notices.add(new Notice(this, name + "-" + ++events, now, whole(id), lists));
        }
    }

    /** What it holds when {@code patch} is written over {@code before}, in its own words. */
    Map<String, Object> over(Map<String, Object> before, Map<String, Object> patch) {
        Map<String, Object> held = new LinkedHashMap<>(before);
        patch.forEach((field, value) -> {
            if (field.equals("note") && character.dropsNotes()) {
                return;
            }
            if (value == null || value.equals(List.of())) {
                held.remove(field);
            } else if (value instanceof Map<?, ?> parts) {
                Map<Object, Object> inner = new LinkedHashMap<>(
                        held.get(field) instanceof Map<?, ?> map ? map : Map.of());
                parts.forEach((part, inside) -> inner.put(part, words(inside)));
                inner.values().removeIf(Objects::isNull);
                held.put(field, inner);
            } else if (value instanceof List<?> elements) {
                held.put(field, elements.stream().map(element -> element(field, (Map<?, ?>) element)).toList());
            } else {
                held.put(field, field.equals("kind") || field.equals("language") ? value : words(value));
            }
        });
        return held;
    }

    private Map<Object, Object> element(String field, Map<?, ?> element) {
        Map<Object, Object> held = new LinkedHashMap<>(element);
        switch (field) {
            case "emails" -> held.computeIfPresent("address",
                    (_, address) -> character.lowerCasesEmails()
                            ? address.toString().toLowerCase(Locale.ROOT)
                            : address);
            case "addresses" -> held.computeIfPresent("city", (_, city) -> words(city));
            default -> {
                // kept as it is
            }
        }
        return held;
    }

    private Object words(Object value) {
        if (!(value instanceof String text)) {
            return value;
        }
        String kept = character.cut() > 0 && text.length() > character.cut()
                ? text.substring(0, character.cut()).strip()
                : text;
        return character.upperCase() ? kept.toUpperCase(Locale.ROOT) : kept;
    }

    /** A record as its messages and answers tell it. */
    Map<String, Object> whole(String id) {
        Map<String, Object> whole = new LinkedHashMap<>(records.get(id));
        if (character.saysEmpty()) {
            List.of("name", "organizationName", "note", "language").forEach(field -> whole.putIfAbsent(field, null));
            List.of("emails", "addresses").forEach(field -> whole.putIfAbsent(field, List.of()));
        }
        whole.putIfAbsent("phones", List.of()); // people take phones away, and that has to be said
        Map<String, Object> source = new LinkedHashMap<>();
        source.put("id", id);
        if (character.revisions()) {
            source.put("revision", Integer.toString(revisions.get(id)));
        }
        whole.put("source", source);
        return whole;
    }

    /** How many edits of lists in a record people have made. */
    int listEdits(String id) {
        return listEdits.getOrDefault(id, 0);
    }

    /** How many of them the hub has heard of. */
    int listEditsHeard(String id) {
        return listEdits(id) - (int) notices.stream().filter(notice -> notice.lists()
                && ((Map<?, ?>) notice.document().get("source")).get("id").equals(id)).count();
    }

    /** Null when it does not say. */
    String answeredRevision(String id) {
        return character.answersRevision() ? Integer.toString(revisions.get(id)) : null;
    }

    /** Whether it refuses a write that knows only this revision of a record. */
    boolean refuses(String id, String known) {
        return character.guards() && known != null && !known.equals(Integer.toString(revisions.get(id)));
    }

    @Override
    public String toString() {
        return name + " " + character;
    }
}
