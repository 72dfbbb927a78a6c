package io.serai.crm.plan;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;

/** Makes one golden record of two, field by field, by the same survivorship that decides between spokes. Pure. */
public final class Union {
    private final String entity;
    private final Survivorship survivorship;
    private final ToIntFunction<String> rank;

    /**
     * @param document what both together say
     * @param changed top-level fields in which that differs from what the kept one said
     */
    public record Result(Map<String, Object> document, Set<String> changed) {}

    /** @param rank the rank of a spoke */
    public Union(String entity, Survivorship survivorship, ToIntFunction<String> rank) {
        this.entity = entity;
        this.survivorship = survivorship;
        this.rank = rank;
    }

    /** @param provenance of the kept one; becomes that of both, with what lost */
    public Result of(Map<String, Object> kept, Provenance provenance, Map<String, Object> absorbed,
            Provenance absorbedProvenance) {
        Shape.Fields shape = Shape.entity(entity);
        Tree before = Tree.of(shape, kept);
        Tree both = before.copy();
        Tree theirs = Tree.of(shape, absorbed);
        Map<String, Boolean> decided = new HashMap<>();
        theirs.leaves.forEach((path, leaf) -> {
            if (leaf.value() == null) {
                return;
            }
            Tree.Leaf own = before.leaves.get(path);
            Source said = absorbedProvenance.source(path);
            boolean shared = leaf.element() != null && before.holdsElement(leaf.element());
            boolean lacking = own == null || own.value() == null;
            if (!lacking && leaf.same(own)) {
                return;
            }
            // Half of one address and half of another are no address: of what both have, one has its way as a whole.
            boolean takes = shared
                    ? decided.computeIfAbsent(leaf.element(),
                            element -> wins(path, theirs.latest(element, absorbedProvenance),
                                    before.latest(element, provenance)))
                    : lacking || wins(path, said, provenance.source(path));
            if (!takes) {
                provenance.lose(path, leaf.value(), said);
                return;
            }
            if (shared) {
                replace(both, before, theirs, leaf.element(), provenance);
            }
            absorbedProvenance.lost(path).reversed()
                    .forEach(lost -> provenance.lose(path, lost.value(), lost.source()));
            if (!lacking) {
                provenance.lose(path, own.value(), provenance.source(path));
            }
            provenance.set(path, said, lacking ? absorbedProvenance.rule(path) : rule(path));
            both.leaves.put(path, leaf);
        });
        return new Result(both.document(shape), Tree.differences(before, both));
    }

    /** Takes out what only the kept one's element had. */
    private static void replace(Tree both, Tree before, Tree theirs, String element, Provenance provenance) {
        before.leaves.forEach((path, leaf) -> {
            boolean theirsToo = theirs.leaves.get(path) != null && theirs.leaves.get(path).value() != null;
            if (element.equals(leaf.element()) && !theirsToo && both.leaves.remove(path) != null
                    && leaf.value() != null) {
                provenance.lose(path, leaf.value(), provenance.source(path));
            }
        });
    }

    private String rule(String path) {
        return survivorship.policy(entity, Tree.field(path)) == Survivorship.Policy.RANKING ? "ranking" : "newest";
    }

    private boolean wins(String path, Source said, Source holder) {
        Survivorship.Policy policy = holder.spoke().equals(said.spoke())
                ? Survivorship.Policy.NEWEST
                : survivorship.policy(entity, Tree.field(path));
        return switch (policy) {
            case NEWEST -> said.at().isAfter(holder.at());
            case RANKING -> Comparator.comparingInt((Source source) -> rank.applyAsInt(source.spoke()))
                    .thenComparing(Source::at).compare(said, holder) > 0;
            case PARK -> false;
        };
    }
}
