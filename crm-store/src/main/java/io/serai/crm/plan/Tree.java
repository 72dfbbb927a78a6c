package io.serai.crm.plan;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

import io.serai.crm.canonical.Line;

/**
 * A canonical document taken apart into its leaves, each under a path that says what it is rather than where it
 * stands: {@code /emails/anna@example.org/use}. Diff and merge of documents are then diff and merge of maps.
 */
public final class Tree {
    private static final String SEPARATOR = "/";

    /** Path to leaf, in document order. */
    final Map<String, Leaf> leaves = new LinkedHashMap<>();
    /** Lists that the document speaks of, even when it says they are empty. */
    final Set<String> lists = new LinkedHashSet<>();
    /** Objects with fields of their own choosing that the document clears as a whole. */
    final Set<String> cleared = new LinkedHashSet<>();

    /** @param element the path of the list element it belongs to; null outside of lists */
    record Leaf(Object value, Class<?> type, String element, boolean identifies) {

        boolean same(Leaf other) {
            if (other == null) {
                return value == null;
            }
            return identifies && other.identifies || Shape.same(type, value, other.value);
        }
    }

    /** @param document may be null, which is an empty tree */
    public static Tree of(Shape.Fields shape, Map<String, Object> document) {
        Tree tree = new Tree();
        if (document != null) {
            tree.take("", shape, document, null);
        }
        return tree;
    }

    void take(String path, Shape shape, Object value, String element) {
        switch (shape) {
            case Shape.Scalar scalar -> leaves.put(path,
                    new Leaf(scalar.type() == Line.class ? lines(value) : value, scalar.type(), element, false));
            case Shape.Fields fields -> takeFields(path, fields, value, element);
            case Shape.Open _ -> {
                if (value instanceof Map<?, ?> map) {
                    map.forEach((key, inner) -> leaves.put(path + SEPARATOR + escaped(key.toString()),
                            new Leaf(inner, Object.class, element, false)));
                } else if (value == null) {
                    cleared.add(path);
                }
            }
            case Shape.Listing listing -> takeList(path, listing, value);
        }
    }

    /** Lines without what says nothing. Null when there are none. */
    private static Object lines(Object value) {
        if (!(value instanceof Collection<?> lines) || lines.isEmpty()) {
            return null;
        }
        return lines.stream().map(line -> {
            Tree tree = new Tree();
            tree.take("", Shape.LINE, line, null);
            return tree.document(Shape.LINE);
        }).toList();
    }

    private void takeFields(String path, Shape.Fields fields, Object value, String element) {
        if (value instanceof Map<?, ?> map) {
            map.forEach((key, inner) -> {
                Shape shape = fields.fields().get(key);
                if (shape != null) {
                    take(path + SEPARATOR + key, shape, inner, element);
                }
            });
        } else if (value == null) {
            fields.fields().forEach((key, shape) -> take(path + SEPARATOR + key, shape, null, element));
        }
    }

    private void takeList(String path, Shape.Listing listing, Object value) {
        lists.add(path);
        if (!(value instanceof Collection<?> elements)) {
            return;
        }
        for (Object element : elements) {
            String elementPath = path + SEPARATOR + escaped(identity(listing, element));
            if (listing.identity().isEmpty()) {
                leaves.putIfAbsent(elementPath, new Leaf(element, String.class, elementPath, true));
            } else {
                takeElement(elementPath, listing, (Map<?, ?>) element);
            }
        }
    }

    /** The elements of a customer's lists, as places in the document, that say again what another before them has said: they are left out. */
    public static List<String> doubles(Map<String, Object> customer) {
        List<String> doubles = new ArrayList<>();
        Shape.entity("customer").fields().forEach((field, shape) -> {
            if (shape instanceof Shape.Listing listing && customer.get(field) instanceof List<?> elements
                    && elements.size() > 1) {
                Set<String> identities = new HashSet<>();
                for (int i = 0; i < elements.size(); i++) {
                    if (!identities.add(identity(listing, elements.get(i)))) {
                        doubles.add(SEPARATOR + field + SEPARATOR + i);
                    }
                }
            }
        });
        return doubles;
    }

    private void takeElement(String path, Shape.Listing listing, Map<?, ?> element) {
        String field = listing.identity().getFirst();
        if (leaves.containsKey(path + SEPARATOR + field)) {
            return; // two home addresses must not become a third one made of both: the first speaks
        }
        Object value = element.get(field);
        Leaf identifying = new Leaf(value == null ? "other" : value, String.class, path, true);
        leaves.put(path + SEPARATOR + field, identifying);
        takeFields(path, (Shape.Fields) listing.element(), element, path);
        leaves.put(path + SEPARATOR + field, identifying);
    }

    /** What an element is called in paths. Its second identifying field is a number, whose spelling is not what it is. */
    private static String identity(Shape.Listing listing, Object element) {
        if (listing.identity().isEmpty()) {
            return called(element);
        }
        Map<?, ?> fields = (Map<?, ?>) element;
        return listing.identity().stream().map(fields::get).map(Tree::called)
                .reduce((kind, number) -> kind + ":" + MatchKey.number(number).toLowerCase(Locale.ROOT)).orElseThrow();
    }

    private static String called(Object identity) {
        return String.valueOf(identity == null ? "other" : identity).toLowerCase(Locale.ROOT).strip();
    }

    /** Puts the document together again; leaves without a value are left out. */
    public Map<String, Object> document(Shape.Fields shape) {
        Map<String, Object> document = new LinkedHashMap<>();
        Map<String, Map<String, Object>> elements = new LinkedHashMap<>();
        leaves.forEach((path, leaf) -> {
            if (leaf.value() == null) {
                return;
            }
            if (leaf.element() == null) {
                put(document, path, leaf.value());
                return;
            }
            String list = leaf.element().substring(1, leaf.element().indexOf(SEPARATOR, 1));
            @SuppressWarnings("unchecked")
            List<Object> target = (List<Object>) document.computeIfAbsent(list, _ -> new ArrayList<>());
            if (path.equals(leaf.element())) {
                target.add(leaf.value());
                return;
            }
            elements.computeIfAbsent(leaf.element(), _ -> {
                Map<String, Object> element = new LinkedHashMap<>();
                target.add(element);
                return element;
            }).put(path.substring(leaf.element().length() + 1), leaf.value());
        });
        return ordered(shape, document);
    }

    /** The same document reads the same, whoever put its fields in and in which order. */
    private static Map<String, Object> ordered(Shape.Fields shape, Map<String, Object> document) {
        Map<String, Object> ordered = new LinkedHashMap<>();
        for (String field : shape.fields().keySet()) {
            if (document.containsKey(field)) {
                ordered.put(field, document.get(field));
            }
        }
        return ordered;
    }

    private static void put(Map<String, Object> document, String path, Object value) {
        int separator = path.indexOf(SEPARATOR, 1);
        if (separator < 0) {
            document.put(path.substring(1), value);
            return;
        }
        @SuppressWarnings("unchecked")
        Map<String, Object> inner = (Map<String, Object>) document.computeIfAbsent(path.substring(1, separator),
                _ -> new LinkedHashMap<>());
        inner.put(unescaped(path.substring(separator + 1)), value);
    }

    /** The top-level field that a path belongs to. */
    static String field(String path) {
        int separator = path.indexOf(SEPARATOR, 1);
        return separator < 0 ? path.substring(1) : path.substring(1, separator);
    }

    /** The list that an element belongs to. */
    static String list(String element) {
        return element.substring(0, element.indexOf(SEPARATOR, 1));
    }

    /** The elements of a list, by their paths, in order. */
    Set<String> elements(String list) {
        Set<String> elements = new LinkedHashSet<>();
        leaves.values().forEach(leaf -> {
            if (leaf.element() != null && list(leaf.element()).equals(list)) {
                elements.add(leaf.element());
            }
        });
        return elements;
    }

    /** Top-level fields in which two trees differ, in the order they are met. */
    static Set<String> differences(Tree one, Tree other) {
        Set<String> fields = new LinkedHashSet<>();
        one.leaves.forEach((path, leaf) -> {
            if (!leaf.same(other.leaves.get(path))) {
                fields.add(field(path));
            }
        });
        other.leaves.forEach((path, leaf) -> {
            if (!leaf.same(one.leaves.get(path))) {
                fields.add(field(path));
            }
        });
        return fields;
    }

    /** Spells out which leaves of {@code held} the objects that were cleared as a whole had. */
    void clearLeavesOf(Tree held) {
        for (String object : cleared) {
            held.leaves.forEach((path, leaf) -> {
                if (path.startsWith(object + SEPARATOR)) {
                    leaves.put(path, new Leaf(null, leaf.type(), null, false));
                }
            });
        }
    }

    boolean holdsElement(String element) {
        return leaves.values().stream().anyMatch(leaf -> leaf.identifies() && element.equals(leaf.element()));
    }

    /** Who said the latest of what an element says. */
    Source latest(String element, Provenance provenance) {
        return leaves.entrySet().stream().filter(leaf -> element.equals(leaf.getValue().element()))
                .map(leaf -> provenance.source(leaf.getKey())).max(Comparator.comparing(Source::at)).orElseThrow();
    }

    Tree copy() {
        Tree copy = new Tree();
        copy.leaves.putAll(leaves);
        copy.lists.addAll(lists);
        return copy;
    }

    /** JSON pointer escapes (RFC 6901). */
    private static String escaped(String segment) {
        return segment.indexOf('~') < 0 && segment.indexOf('/') < 0
                ? segment
                : segment.replace("~", "~0").replace(SEPARATOR, "~1");
    }

    private static String unescaped(String segment) {
        return segment.indexOf('~') < 0 ? segment : segment.replace("~1", SEPARATOR).replace("~0", "~");
    }
}
