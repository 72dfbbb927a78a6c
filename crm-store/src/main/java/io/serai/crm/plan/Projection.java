package io.serai.crm.plan;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;

/** What a spoke should hold, and what it takes to get it there. Pure. */
public final class Projection {
    private Projection() {}

    /** The part of a golden document that a spoke carries. */
    public static Map<String, Object> of(Map<String, Object> golden, Predicate<String> carries) {
        Map<String, Object> projected = new LinkedHashMap<>();
        golden.forEach((field, value) -> {
            if (carries.test(field)) {
                projected.put(field, value);
            }
        });
        return projected;
    }

    /**
     * The top-level fields that have to be written so that the spoke holds {@code wanted}: with the new value, an empty
     * list where no element is left, null where the field, or a part of it, was cleared. Empty when there is nothing to
     * write.
     *
     * @param ours the golden values that stand for what the spoke holds
     * @param unsure fields that may have been written without anybody knowing: they are written in any case
     */
    public static Map<String, Object> patch(String entity, Map<String, Object> ours, Map<String, Object> wanted,
            Set<String> unsure) {
        Shape.Fields shape = Shape.entity(entity);
        Set<String> fields = Tree.differences(Tree.of(shape, ours), Tree.of(shape, wanted));
        fields.addAll(unsure);
        Map<String, Object> patch = new LinkedHashMap<>();
        for (Map.Entry<String, Shape> field : shape.fields().entrySet()) {
            if (fields.contains(field.getKey())) {
                Object empty = field.getValue() instanceof Shape.Listing ? List.of() : null;
                Object value = wanted.getOrDefault(field.getKey(), empty);
                patch.put(field.getKey(), hasParts(field.getValue())
                        ? withCleared(ours.get(field.getKey()), value)
                        : value);
            }
        }
        return patch;
    }

    private static boolean hasParts(Shape shape) {
        return shape instanceof Shape.Fields || shape instanceof Shape.Open;
    }

    /** A part that is not mentioned stays in the spoke, so a part that is gone has to be mentioned. */
    private static Object withCleared(Object held, Object wanted) {
        if (!(held instanceof Map<?, ?> before) || !(wanted instanceof Map<?, ?> after)) {
            return wanted;
        }
        Map<Object, Object> parts = new LinkedHashMap<>(after);
        before.keySet().forEach(part -> parts.putIfAbsent(part, null));
        return parts;
    }

    /** What is held after {@code said} was written over {@code held}: fields that are not said stay, lists are replaced. */
    public static Map<String, Object> over(String entity, Map<String, Object> held, Map<String, Object> said) {
        Map<String, Object> result = new LinkedHashMap<>(held == null ? Map.of() : held);
        Shape.Fields shape = Shape.entity(entity);
        said.forEach((field, value) -> {
            if (!shape.fields().containsKey(field)) {
                return;
            }
            if (value == null) {
                result.remove(field);
            } else if (hasParts(shape.fields().get(field)) && result.get(field) instanceof Map<?, ?> before
                    && value instanceof Map<?, ?> after) {
                Map<Object, Object> merged = new LinkedHashMap<>(before);
                merged.putAll(after);
                merged.values().removeIf(Objects::isNull);
                result.put(field, merged);
            } else {
                result.put(field, value);
            }
        });
        return result;
    }

    /** Whether a spoke that holds {@code ours} lacks nothing of {@code wanted}. */
    public static boolean inStep(String entity, Map<String, Object> ours, Map<String, Object> wanted) {
        Shape.Fields shape = Shape.entity(entity);
        return Tree.differences(Tree.of(shape, ours), Tree.of(shape, wanted)).isEmpty();
    }

    /** Whether two documents say the same in one top-level field. */
    public static boolean sameField(String entity, String field, Map<String, Object> one, Map<String, Object> other) {
        return inStep(entity, of(one, field::equals), of(other, field::equals));
    }

    /** Every leaf of a document with its path, for people who ask where a value came from. */
    public static List<Map.Entry<String, Object>> leaves(String entity, Map<String, Object> document) {
        List<Map.Entry<String, Object>> leaves = new ArrayList<>();
        Tree.of(Shape.entity(entity), document).leaves.forEach((path, leaf) -> {
            if (leaf.value() != null) {
                leaves.add(Map.entry(path, leaf.value()));
            }
        });
        return leaves;
    }
}
