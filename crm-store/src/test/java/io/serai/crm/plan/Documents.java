package io.serai.crm.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Customers as spokes might write them down, from few enough values that edits often meet. */
final class Documents {
    static final Shape.Fields CUSTOMER = Shape.entity("customer");

    private Documents() {}

    /** What a spoke holds: no nulls. */
    static Arbitrary<Map<String, Object>> held() {
        return documents(0);
    }

    /** What a spoke says: fields may be absent, and null or empty where something is cleared. */
    static Arbitrary<Map<String, Object>> messages() {
        return documents(0.2);
    }

    private static Arbitrary<Map<String, Object>> documents(double nulls) {
        Arbitrary<Object> text = word().injectNull(nulls);
        List<Arbitrary<Map.Entry<String, Object>>> fields = List.of(
                field("name", object(Map.of("given", text, "middle", text, "family", text)).map(o -> (Object) o)
                        .injectNull(nulls)),
                field("organizationName", text), field("language", Arbitraries.of("de", "fr", "it")
                        .map(o -> (Object) o).injectNull(nulls)),
                field("note", text),
                field("emails", list("address", Arbitraries.of("Anna@Example.org", "b@example.org", "c/~d@example.org"),
                        Map.of("use", Arbitraries.of("home", "work").map(o -> (Object) o).injectNull(nulls)), nulls)),
                field("phones", list("number", Arbitraries.of("+41441234567", "+41440000000"), Map.of(), nulls)),
                field("addresses", list("use", Arbitraries.of("home", "billing", "shipping"),
                        Map.of("city", text, "lines",
                                Arbitraries.of(List.of("Seestrasse 1"), List.of("c/o Meier", "Seestrasse 2"))
                                        .map(o -> (Object) o).injectNull(nulls)),
                        nulls)),
                field("consents", list("purpose", Arbitraries.of("post", "news"),
                        Map.of("granted", Arbitraries.of(true, false).map(o -> (Object) o)), nulls)),
                field("tags", Arbitraries.of("vip", "a/b", "~", "late").map(o -> (Object) o).list().uniqueElements()
                        .ofMaxSize(3).map(o -> (Object) o).injectNull(nulls)),
                field("custom", object(Map.of("segment", text, "x/y", text)).map(o -> (Object) o).injectNull(nulls)));
        return Combinators.combine(fields).as(Documents::map)
                .flatMap(all -> Arbitraries.subsetOf(all.keySet()).map(kept -> only(all, kept)));
    }

    private static Arbitrary<Object> word() {
        return Arbitraries.of("Anna", "ANNA", "Müller von der Langen Strasse", "x", "Keller ").map(o -> o);
    }

    private static Arbitrary<Map.Entry<String, Object>> field(String name, Arbitrary<Object> value) {
        return value.map(v -> new java.util.AbstractMap.SimpleEntry<>(name, v));
    }

    private static Map<String, Object> map(List<Map.Entry<String, Object>> entries) {
        Map<String, Object> map = new LinkedHashMap<>();
        entries.forEach(entry -> map.put(entry.getKey(), entry.getValue()));
        return map;
    }

    private static Map<String, Object> only(Map<String, Object> all, Set<String> kept) {
        Map<String, Object> some = new LinkedHashMap<>(all);
        some.keySet().retainAll(kept);
        return some;
    }

    private static Arbitrary<Map<String, Object>> object(Map<String, Arbitrary<Object>> parts) {
        List<Arbitrary<Map.Entry<String, Object>>> fields = new ArrayList<>();
        parts.entrySet().stream().sorted(Map.Entry.comparingByKey())
                .forEach(part -> fields.add(field(part.getKey(), part.getValue())));
        return Combinators.combine(fields).as(Documents::map)
                .flatMap(all -> Arbitraries.subsetOf(all.keySet()).map(kept -> only(all, kept)));
    }

    private static Arbitrary<Object> list(String identity, Arbitrary<String> identities,
            Map<String, Arbitrary<Object>> parts, double nulls) {
        Arbitrary<Map<String, Object>> element = Combinators.combine(identities, object(parts)).as((id, rest) -> {
            Map<String, Object> map = new LinkedHashMap<>();
            map.put(identity, id);
            map.putAll(rest);
            return map;
        });
        return element.list().ofMaxSize(3).uniqueElements(map -> map.get(identity)).map(o -> (Object) o)
                .injectNull(nulls);
    }

    /** The same document without what says nothing: nulls, empty objects, empty lists. */
    static Map<String, Object> tidy(Map<String, Object> document) {
        Map<String, Object> tidy = new LinkedHashMap<>();
        document.forEach((field, value) -> {
            Object kept = switch (value) {
                case Map<?, ?> map -> {
                    Map<String, Object> inner = new LinkedHashMap<>();
                    map.forEach((key, part) -> {
                        if (part != null) {
                            inner.put(key.toString(), part);
                        }
                    });
                    yield inner.isEmpty() ? null : inner;
                }
                case List<?> list -> {
                    List<Object> elements = new ArrayList<>();
                    for (Object element : list) {
                        elements.add(element instanceof Map<?, ?> map ? tidy(cast(map)) : element);
                    }
                    yield elements.isEmpty() ? null : elements;
                }
                case null, default -> value;
            };
            if (kept != null) {
                tidy.put(field, kept);
            }
        });
        return tidy;
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> cast(Object map) {
        return (Map<String, Object>) map;
    }

    /** A spoke as connectors write to it: what is absent stays, null clears, objects are filled in, lists are replaced. */
    static Map<String, Object> written(Map<String, Object> held, Map<String, Object> patch) {
        Map<String, Object> result = new LinkedHashMap<>(held);
        patch.forEach((field, value) -> {
            if (value == null) {
                result.remove(field);
            } else if (value instanceof Map<?, ?> parts) {
                Map<String, Object> inner = new LinkedHashMap<>(
                        result.get(field) instanceof Map<?, ?> before ? cast(before) : Map.of());
                inner.putAll(cast(parts));
                result.put(field, inner);
            } else {
                result.put(field, value);
            }
        });
        return tidy(result);
    }

    /** How a spoke writes down what it is given: e-mail in lower case, names cut at ten letters, blanks gone. */
    static Map<String, Object> normal(Map<String, Object> document) {
        Map<String, Object> normal = new LinkedHashMap<>();
        document.forEach((field, value) -> normal.put(field, switch (value) {
            case String text -> text.length() > 10 ? text.substring(0, 10) : text.strip();
            case Map<?, ?> map -> normal(cast(map));
            case null, default -> value;
        }));
        return lowered(normal);
    }

    static Map<String, Object> lowered(Map<String, Object> document) {
        Map<String, Object> lowered = new LinkedHashMap<>(document);
        lowered.computeIfPresent("emails", (_, emails) -> ((List<?>) emails).stream()
                .map(element -> lower(cast(element))).toList());
        return lowered;
    }

    private static Object lower(Map<String, Object> email) {
        Map<String, Object> lower = new LinkedHashMap<>(email);
        lower.put("address", email.get("address").toString().toLowerCase(java.util.Locale.ROOT));
        return lower;
    }
}
