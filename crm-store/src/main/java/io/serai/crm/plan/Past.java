package io.serai.crm.plan;

import java.util.LinkedHashMap;
import java.util.Map;

/** What a record said earlier, and how it comes to say it again. Pure. */
public final class Past {
    private Past() {}

    /**
     * What a document says at a place.
     *
     * @param path of a value, an element of a list or a top-level field, as {@link Projection#leaves} writes it
     * @return the path of each value there, and the value; empty when it says nothing
     */
    public static Map<String, Object> at(String entity, Map<String, Object> document, String path) {
        Map<String, Object> values = new LinkedHashMap<>();
        Tree.of(Shape.entity(entity), document).leaves.forEach((leafPath, leaf) -> {
            if (leaf.value() != null && below(leafPath, path)) {
                values.put(leafPath, leaf.value());
            }
        });
        return values;
    }

    /** The document with what an earlier one said at a place, and nothing else there. */
    public static Map<String, Object> again(String entity, Map<String, Object> document, Map<String, Object> earlier,
            String path) {
        Shape.Fields shape = Shape.entity(entity);
        Tree tree = Tree.of(shape, document);
        tree.leaves.keySet().removeIf(leaf -> below(leaf, path));
        Tree.of(shape, earlier).leaves.forEach((leafPath, leaf) -> {
            if (below(leafPath, path)) {
                tree.leaves.put(leafPath, leaf);
            }
        });
        return tree.document(shape);
    }

    /** The document with another value at the path of one it has, or of a field outside of lists; null when it has no such place. */
    public static Map<String, Object> with(String entity, Map<String, Object> document, String path, Object value) {
        Shape.Fields shape = Shape.entity(entity);
        Tree tree = Tree.of(shape, document);
        Tree.Leaf there = tree.leaves.get(path);
        if (there == null && shape.fields().get(Tree.field(path)) instanceof Shape.Listing) {
            return null;
        }
        tree.leaves.put(path, there == null
                ? new Tree.Leaf(value, Object.class, null, false)
                : new Tree.Leaf(value, there.type(), there.element(), there.identifies()));
        return tree.document(shape);
    }

    /** Writes down whose word it is that a record now says something else, and which values that replaced. */
    public static void record(String entity, Map<String, Object> before, Map<String, Object> after,
            Provenance provenance, Source source, String rule) {
        Tree old = Tree.of(Shape.entity(entity), before);
        Tree now = Tree.of(Shape.entity(entity), after);
        old.leaves.forEach((path, leaf) -> {
            if (leaf.value() != null && !leaf.same(now.leaves.get(path))) {
                provenance.lose(path, leaf.value(), provenance.source(path));
            }
        });
        now.leaves.forEach((path, leaf) -> {
            if (!leaf.same(old.leaves.get(path))) {
                provenance.set(path, source, rule);
            }
        });
    }

    private static boolean below(String leaf, String path) {
        return leaf.equals(path) || leaf.startsWith(path.endsWith("/") ? path : path + "/");
    }
}
