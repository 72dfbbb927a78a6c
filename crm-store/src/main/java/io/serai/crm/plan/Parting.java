package io.serai.crm.plan;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Parts one golden record into the two it was made of. Both begin as they were before; then every later change of the one
 * is made again on the one of the two it belongs to, leaf by leaf. Pure.
 */
public final class Parting {
    private final Shape.Fields shape;
    private final Tree now;
    private final Provenance provenance;
    private final Side kept;
    private final Side absorbed;
    private Map<String, Object> merged;

    /** One of the two, as far as it has come. */
    public final class Side {
        private final Tree tree;
        private final Provenance origin;

        private Side(Map<String, Object> document, Provenance origin) {
            this.tree = Tree.of(shape, document);
            this.origin = origin;
        }

        public Map<String, Object> document() {
            return tree.document(shape);
        }

        public Provenance provenance() {
            return origin;
        }

        private void put(String path, Tree.Leaf leaf, Tree after, Source source) {
            if (leaf.element() != null && !leaf.identifies() && !tree.holdsElement(leaf.element())) {
                // It came from the other one; who changed a part of it has the whole of it.
                after.leaves.forEach((other, part) -> {
                    if (leaf.element().equals(part.element()) && part.value() != null) {
                        tree.leaves.put(other, part);
                        origin.set(other, origin(other, part, source), rule(other, part));
                    }
                });
                return;
            }
            Tree.Leaf before = tree.leaves.put(path, leaf);
            if (before != null && before.value() != null && !before.same(leaf)) {
                origin.lose(path, before.value(), origin.source(path));
            }
            origin.set(path, origin(path, leaf, source), rule(path, leaf));
        }
    }

    /**
     * @param merged the document right after the merge
     * @param now the document as it is now, and {@code provenance} where its values came from
     */
    public Parting(String entity, Map<String, Object> merged, Map<String, Object> kept, Provenance keptProvenance,
            Map<String, Object> absorbed, Provenance absorbedProvenance, Map<String, Object> now,
            Provenance provenance) {
        this.shape = Shape.entity(entity);
        this.merged = merged;
        // A fight is over when a person has ended it meanwhile, and is not when it began meanwhile: its question is still open.
        keptProvenance.frozenAs(provenance);
        this.kept = new Side(kept, keptProvenance);
        this.absorbed = new Side(absorbed, absorbedProvenance);
        this.now = Tree.of(shape, now);
        this.provenance = provenance;
    }

    public Side kept() {
        return kept;
    }

    public Side absorbed() {
        return absorbed;
    }

    /**
     * Makes one change again.
     *
     * @param fields the top-level fields it changed, with their values afterwards; null where one was cleared
     * @param side whose it is
     */
    public void again(Map<String, Object> fields, Source source, Side side) {
        Map<String, Object> changed = new LinkedHashMap<>(merged);
        changed.putAll(fields);
        changed.values().removeIf(Objects::isNull);
        Tree before = Tree.of(shape, merged);
        Tree after = Tree.of(shape, changed);
        after.leaves.forEach((path, leaf) -> {
            if (leaf.value() != null && !leaf.same(before.leaves.get(path))) {
                side.put(path, leaf, after, source);
            }
        });
        before.leaves.forEach((path, leaf) -> {
            Tree.Leaf left = after.leaves.get(path);
            if (leaf.value() != null && (left == null || left.value() == null)) {
                side.tree.leaves.remove(path);
            }
        });
        merged = changed;
    }

    /** The record itself knows best where a value that it still has came from; the log of changes knows less. */
    private Source origin(String path, Tree.Leaf leaf, Source source) {
        return stillThere(path, leaf) ? provenance.source(path) : source;
    }

    private String rule(String path, Tree.Leaf leaf) {
        return stillThere(path, leaf) ? provenance.rule(path) : "only";
    }

    private boolean stillThere(String path, Tree.Leaf leaf) {
        Tree.Leaf there = now.leaves.get(path);
        return there != null && leaf.same(there);
    }
}
