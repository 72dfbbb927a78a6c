package io.serai.crm.plan;

import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/**
 * The three-way merge of one message into a golden record. Pure: no clock, no database.
 *
 * <p>Of each link the hub keeps two trees, because a spoke may write down what it is given in its own way (lower-cased,
 * shortened): {@code base}, what the spoke holds in its words, and {@code ours}, the golden values that this stands
 * for. What a spoke changed is the difference of {@code base} and what it says now; what others changed meanwhile is
 * the difference of {@code ours} and the golden record.
 */
public final class Merge {

    /**
     * A field that a person has to decide.
     *
     * @param fought the values before the present one, latest first, when spokes fight over the field and it was frozen; empty
     *     when both sides changed it
     */
    public record Conflict(String path, Object golden, Object theirs, Source source, List<Lost> fought) {}

    /**
     * @param golden the merged document
     * @param changed top-level fields of the golden record that changed; empty when nothing did
     * @param base what the spoke is now known to hold, in its words
     * @param ours the golden values that this stands for
     * @param unheard what was written to the record and is still not spoken of
     * @param echoes how words were known to be no news that were not what the spoke was known to hold
     */
    public record Result(Map<String, Object> golden, Set<String> changed, Map<String, Object> base,
            Map<String, Object> ours, List<Conflict> conflicts, Unheard unheard, Set<Rung> echoes) {}

    private final String entity;
    private final Shape.Fields shape;
    private final Survivorship survivorship;
    private final ToIntFunction<String> rank;

    /** @param rank the rank of a spoke */
    public Merge(String entity, Survivorship survivorship, ToIntFunction<String> rank) {
        this.entity = entity;
        this.shape = Shape.entity(entity);
        this.survivorship = survivorship;
        this.rank = rank;
    }

    /**
     * @param base what the spoke was last known to hold; null at first contact
     * @param ours the golden values that stood for; null at first contact
     * @param theirs what the spoke says now: a field that is absent is not spoken of, a null is cleared
     * @param golden the golden document; null when the record is new
     * @param provenance of the golden document; is updated
     */
    public Result apply(Map<String, Object> base, Map<String, Object> ours, Map<String, Object> theirs,
            Map<String, Object> golden, Provenance provenance, Source source) {
        if (base == null && golden.isEmpty() && provenance.isAllOf(source)) {
            return first(theirs);
        }
        return new Application(base, ours, theirs, golden, provenance, source, false, false).run();
    }

    /** Nothing to merge with: what was said is the golden record, and what the spoke holds. */
    private Result first(Map<String, Object> theirs) {
        Map<String, Object> said = Tree.of(shape, theirs).document(shape);
        return new Result(said, Set.copyOf(said.keySet()), said, said, List.of(), Unheard.NOTHING, Set.of());
    }

    /**
     * As {@link #apply}, for a record that the hub writes to and may not have heard of yet: what it says may be the echo
     * of a write whose answer is still on its way or was lost, perhaps in the spoke's own words, perhaps of a value that
     * others have replaced meanwhile. Such an echo is no edit.
     *
     * @param unheard what was written and not spoken of since
     * @param mayBeEarlier whether what is said may have been said before that
     * @param writtenAt when the record was last written to; null when it never was
     * @param since what others made of the record since the spoke was last known to hold it, the latest first; asked only
     *     when it matters
     */
    public Result applyToWritten(Map<String, Object> base, Map<String, Object> ours, Map<String, Object> theirs,
            Unheard unheard, boolean mayBeEarlier, Instant writtenAt, Map<String, Object> golden,
            Provenance provenance, Source source, Supplier<List<Map<String, Object>>> since) {
        Application application = new Application(base, ours, theirs, golden, provenance, source, false, true);
        application.since = since;
        application.unheard = unheard;
        application.mayBeEarlier = mayBeEarlier;
        application.writtenAt = writtenAt;
        return application.run();
    }

    /**
     * As {@link #applyToWritten}, for a record that is being made in the spoke right now: the answer is still on its way.
     *
     * @param writing what the spoke was told to make
     */
    public Result applyToUnanswered(Map<String, Object> writing, Map<String, Object> theirs, Map<String, Object> golden,
            Provenance provenance, Source source, Supplier<List<Map<String, Object>>> since) {
        Unanswered presumed = Unanswered.of(Tree.of(shape, writing), Tree.of(shape, theirs));
        Application application = new Application(presumed, theirs, golden, provenance, source);
        application.since = since;
        return application.run();
    }

    /**
     * Fills in what the golden record lacks and overrides nothing: for what a document says in passing of a customer
     * it has no record of, such as the buyer in an order.
     */
    public Result fill(Map<String, Object> theirs, Map<String, Object> golden, Provenance provenance, Source source) {
        return new Application(null, null, theirs, golden, provenance, source, true, false).run();
    }

    /**
     * A merge patch (RFC 7396) that gives one place of a golden record another value.
     *
     * @param path as in {@link Conflict#path}
     * @param value null to clear it
     * @return empty when the place is an element of a list that is not there, or that would have to go as a whole
     */
    public static Optional<Map<String, Object>> patch(String entity, Map<String, Object> golden, String path,
            Object value) {
        Shape.Fields shape = Shape.entity(entity);
        String field = Tree.field(path);
        Tree tree = Tree.of(shape, golden);
        Tree.Leaf kept = tree.leaves.get(path);
        boolean listed = shape.fields().get(field) instanceof Shape.Listing;
        if (listed && (kept == null || kept.identifies() || value == null)) {
            return Optional.empty();
        }
        tree.leaves.put(path, kept == null
                ? new Tree.Leaf(value, Object.class, null, false)
                : new Tree.Leaf(value, kept.type(), kept.element(), false));
        Object whole = tree.document(shape).get(field);
        Map<String, Object> patch = new LinkedHashMap<>();
        patch.put(field, whole instanceof Map<?, ?> object && value == null ? cleared(object, path, field) : whole);
        return Optional.of(patch);
    }

    /** In a merge patch an object's field is cleared by naming it. */
    private static Map<String, Object> cleared(Map<?, ?> object, String path, String field) {
        Map<String, Object> patch = new LinkedHashMap<>();
        object.forEach((name, value) -> patch.put(name.toString(), value));
        patch.put(path.substring(field.length() + 2), null);
        return patch;
    }

    private final class Application {
        private final boolean firstContact;
        private final Tree base;
        private final Tree ours;
        private final Tree theirs;
        private final Tree before;
        private final Tree golden;
        private final Provenance provenance;
        private final Source source;
        private final boolean fillOnly;
        private final boolean written;
        private final boolean unanswered;
        private final List<Conflict> conflicts = new ArrayList<>();
        private Supplier<List<Map<String, Object>>> since = List::of;
        private List<Tree> earlier;
        private Unheard unheard = Unheard.NOTHING;
        private boolean mayBeEarlier;
        private Instant writtenAt;
        private final Set<Rung> echoes = EnumSet.noneOf(Rung.class);

        Application(Map<String, Object> base, Map<String, Object> ours, Map<String, Object> theirs,
                Map<String, Object> golden, Provenance provenance, Source source, boolean fillOnly,
                boolean written) {
            this(base == null, Tree.of(shape, base), Tree.of(shape, ours), theirs, golden, provenance, source, fillOnly,
                    written, false);
        }

        Application(Unanswered presumed, Map<String, Object> theirs, Map<String, Object> golden, Provenance provenance,
                Source source) {
            this(false, presumed.base(), presumed.ours(), theirs, golden, provenance, source, false, true, true);
        }

        private Application(boolean firstContact, Tree base, Tree ours, Map<String, Object> theirs,
                Map<String, Object> golden, Provenance provenance, Source source, boolean fillOnly, boolean written,
                boolean unanswered) {
            this.fillOnly = fillOnly;
            this.written = written;
            this.unanswered = unanswered;
            this.firstContact = firstContact;
            this.base = base;
            this.ours = ours;
            this.theirs = Tree.of(shape, theirs);
            this.theirs.clearLeavesOf(this.base);
            this.before = Tree.of(shape, golden);
            this.golden = before.copy();
            this.provenance = provenance;
            this.source = source;
        }

        Result run() {
            if (!unheard.isNothing()) {
                hear();
            }
            removeElements();
            theirs.leaves.forEach(this::takeLeaf);
            Set<String> changed = Tree.differences(before, golden);
            Tree held = held();
            return new Result(golden.document(shape), changed, held.document(shape), ours.document(shape), conflicts,
                    unheard, echoes);
        }

        /**
         * The spoke speaks of fields that the hub has written: its first word after that is its own way of writing them
         * down, and no edit. Unless it may be a word from before: then whatever says what was held before is left out.
         */
        private void hear() {
            Set<String> heard = new LinkedHashSet<>();
            for (String field : unheard.before().keySet()) {
                boolean spokenOf = theirs.lists.contains("/" + field)
                        || theirs.leaves.keySet().stream().anyMatch(path -> Tree.field(path).equals(field));
                if (!spokenOf) {
                    continue;
                }
                List<Tree> before = unheard.before(field).stream().map(held -> Tree.of(shape, held)).toList();
                if (!mayBeEarlier || !leaveOutEarlierWords(field, before)) {
                    if (unheard.untold().contains(field)) {
                        learnOwnWords(field, before.getFirst());
                    }
                    heard.add(field);
                }
            }
            unheard = unheard.without(heard);
        }

        /** @return whether there was any */
        private boolean leaveOutEarlierWords(String field, List<Tree> before) {
            boolean[] found = new boolean[1];
            new LinkedHashMap<>(theirs.leaves).forEach((path, said) -> {
                Tree.Leaf held = base.leaves.get(path);
                if (Tree.field(path).equals(field) && !said.same(held)
                        && before.stream().anyMatch(earlier -> repeats(said, earlier.leaves.get(path)))) {
                    found[0] = true;
                    if (held == null) {
                        theirs.leaves.remove(path);
                    } else {
                        theirs.leaves.put(path, held);
                    }
                }
            });
            missing(field, before).forEach(element -> {
                found[0] = true;
                base.leaves.forEach((path, leaf) -> {
                    if (element.equals(leaf.element())) {
                        theirs.leaves.put(path, leaf);
                    }
                });
            });
            if (found[0]) {
                echoes.add(Rung.EARLIER_WORDS);
            }
            return found[0];
        }

        private static boolean repeats(Tree.Leaf said, Tree.Leaf earlier) {
            return said.same(earlier) || earlier != null && Shape.echoes(said.type(), said.value(), earlier.value());
        }

        private void learnOwnWords(String field, Tree before) {
            theirs.leaves.forEach((path, said) -> {
                Tree.Leaf written = base.leaves.get(path);
                if (!Tree.field(path).equals(field) || written == null || said.same(written)) {
                    return;
                }
                boolean noPlaceForIt = said.value() == null && said.same(before.leaves.get(path));
                if (noPlaceForIt || Shape.echoes(said.type(), said.value(), written.value())) {
                    base.leaves.put(path, said);
                    echoes.add(Rung.OWN_WORDS);
                }
            });
            missing(field, List.of(before)).forEach(element -> {
                forget(base, element);
                echoes.add(Rung.OWN_WORDS);
            });
        }

        /** Elements that the hub has added and the spoke does not name. */
        private List<String> missing(String field, List<Tree> before) {
            String list = "/" + field;
            if (!theirs.lists.contains(list)) {
                return List.of();
            }
            Set<String> named = theirs.elements(list);
            return base.elements(list).stream()
                    .filter(element -> !named.contains(element)
                            && before.stream().anyMatch(earlier -> below(earlier, element).isEmpty()))
                    .toList();
        }

        /** Elements that the spoke held and no longer names. A single one that gave way to a single new one was edited, and keeps its place. */
        private void removeElements() {
            if (firstContact) {
                return;
            }
            for (String list : theirs.lists) {
                Set<String> held = base.elements(list);
                Set<String> named = theirs.elements(list);
                Set<String> gone = new LinkedHashSet<>(held);
                gone.removeAll(named);
                Set<String> come = new LinkedHashSet<>(named);
                come.removeAll(held);
                if (gone.size() == 1 && come.size() == 1) {
                    rename(gone.iterator().next(), come.iterator().next());
                } else {
                    gone.forEach(this::remove);
                }
            }
        }

        private void remove(String element) {
            if (below(golden, element).isEmpty()) {
                forget(ours, element);
                return;
            }
            if (othersChanged(element) && !wins(disputed(element), null)) {
                forget(ours, element);
                return;
            }
            forget(golden, element);
            forget(ours, element);
        }

        private boolean othersChanged(String element) {
            return !below(golden, element).equals(below(ours, element));
        }

        /** The leaf of an element that others changed. */
        private String disputed(String element) {
            Map<String, Object> known = below(ours, element);
            Map<String, Object> kept = below(golden, element);
            return kept.entrySet().stream().filter(leaf -> !leaf.getValue().equals(known.get(leaf.getKey())))
                    .map(Map.Entry::getKey).findFirst().orElseGet(() -> kept.keySet().iterator().next());
        }

        /** Replaces an element in place, with those of its attributes that the spoke knows nothing of. */
        private void rename(String from, String to) {
            boolean there = !below(golden, from).isEmpty();
            boolean alreadyThere = !below(golden, to).isEmpty();
            if (!there || alreadyThere || othersChanged(from) && !wins(disputed(from), null)) {
                if (there && alreadyThere) {
                    remove(from);
                }
                forget(ours, from);
                return;
            }
            moved(golden, from, to);
            moved(ours, from, to);
        }

        private void moved(Tree tree, String from, String to) {
            Map<String, Tree.Leaf> leaves = new LinkedHashMap<>(tree.leaves);
            tree.leaves.clear();
            leaves.forEach((path, leaf) -> {
                if (!from.equals(leaf.element())) {
                    tree.leaves.put(path, leaf);
                    return;
                }
                String renamed = to + path.substring(from.length());
                Tree.Leaf named = theirs.leaves.get(renamed);
                if (base.leaves.containsKey(path) && (named == null || named.value() == null)) {
                    return;
                }
                Object value = leaf.identifies() && named != null ? named.value() : leaf.value();
                tree.leaves.put(renamed, new Tree.Leaf(value, leaf.type(), to, leaf.identifies()));
                if (tree != golden) {
                    return;
                }
                if (leaf.identifies()) {
                    provenance.set(renamed, source, "only");
                    provenance.lose(renamed, leaf.value(), provenance.source(path));
                } else {
                    provenance.set(renamed, provenance.source(path), provenance.rule(path));
                }
            });
        }

        private void takeLeaf(String path, Tree.Leaf said) {
            boolean edited = firstContact ? said.value() != null : !said.same(base.leaves.get(path));
            if (!edited) {
                if (firstContact) {
                    ours.leaves.put(path, said);
                }
                return;
            }
            Tree.Leaf kept = golden.leaves.get(path);
            if (said.same(kept)) {
                ours.leaves.put(path, kept == null ? said : kept);
                return;
            }
            if (kept != null && written && (provenance.frozen(path) || freezes(path, said, kept))) {
                ours.leaves.put(path, kept);
                return;
            }
            Tree.Leaf known = ours.leaves.get(path);
            boolean othersChanged = kept != null && kept.value() != null && !kept.same(known)
                    || kept == null && known != null && known.value() != null;
            // What is unanswered may have been written before with an older value, and that one have got through.
            if (written && (othersChanged || unanswered || firstContact || kept == null)) {
                Object echoed = othersChanged || unanswered || firstContact
                        ? echoed(path, said, kept)
                        : writtenSince(path, said);
                if (echoed != null) {
                    echoes.add(Rung.VALUE_OF_OTHERS);
                    ours.leaves.put(path, new Tree.Leaf(echoed, said.type(), said.element(), said.identifies()));
                    return;
                }
            }
            if (othersChanged && (fillOnly || !wins(path, said.value()))) {
                ours.leaves.put(path, said);
                return;
            }
            if (!othersChanged) {
                if (kept != null && kept.value() != null) {
                    provenance.lose(path, kept.value(), provenance.source(path));
                }
                provenance.set(path, source, "only");
            }
            if (said.element() != null && !said.identifies() && !hasIdentity(said.element())) {
                if (said.value() == null) {
                    ours.leaves.put(path, said);
                    return;
                }
                // Others removed the element that the spoke edited: what wins comes back as a whole.
                theirs.leaves.forEach((other, leaf) -> {
                    if (said.element().equals(leaf.element()) && leaf.value() != null) {
                        golden.leaves.put(other, leaf);
                        ours.leaves.put(other, leaf);
                        provenance.set(other, source, "newest");
                    }
                });
                return;
            }
            golden.leaves.put(path, said);
            ours.leaves.put(path, said);
        }

        /** Ends a fight over a leaf: the golden record keeps its value, and takes it for what the spoke's value stands for. */
        private boolean freezes(String path, Tree.Leaf said, Tree.Leaf kept) {
            List<Lost> lost = provenance.lost(path);
            Lost present = new Lost(kept.value(), provenance.source(path));
            if (!Restlessness.of(said.type(), lost, present, said.value(), source, writtenAt)) {
                return false;
            }
            provenance.freeze(path);
            conflicts.add(new Conflict(path, kept.value(), said.value(), source, lost));
            return true;
        }

        /** The value of others that the spoke repeats; null when it says something of its own. */
        private Object echoed(String path, Tree.Leaf said, Tree.Leaf kept) {
            if (kept != null && Shape.echoes(said.type(), said.value(), kept.value())) {
                return kept.value();
            }
            return provenance.lost(path).stream().filter(lost -> !lost.source().spoke().equals(source.spoke()))
                    .map(Lost::value).filter(value -> Shape.echoes(said.type(), said.value(), value)).findFirst()
                    .orElseGet(() -> writtenSince(path, said));
        }

        /** Provenance keeps few of the values that were lost. While an answer is missing, others may replace many. */
        private Object writtenSince(String path, Tree.Leaf said) {
            if (earlier == null) {
                earlier = since.get().stream().map(fields -> Tree.of(shape, fields)).toList();
            }
            return earlier.stream().map(tree -> tree.leaves.get(path)).filter(Objects::nonNull).map(Tree.Leaf::value)
                    .filter(value -> value != null && Shape.echoes(said.type(), said.value(), value)).findFirst()
                    .orElse(null);
        }

        private boolean hasIdentity(String element) {
            return golden.leaves.values().stream()
                    .anyMatch(leaf -> leaf.identifies() && element.equals(leaf.element()));
        }

        /** Decides a path that both sides changed, and records who lost. */
        private boolean wins(String path, Object said) {
            Tree.Leaf kept = golden.leaves.get(path);
            Object value = kept == null ? null : kept.value();
            Source holder = provenance.source(path);
            Survivorship.Policy policy = holder.spoke().equals(source.spoke())
                    ? Survivorship.Policy.NEWEST
                    : survivorship.policy(entity, Tree.field(path));
            boolean wins = switch (policy) {
                case NEWEST -> true;
                case RANKING -> rank.applyAsInt(source.spoke()) >= rank.applyAsInt(holder.spoke());
                case PARK -> false;
            };
            if (wins) {
                provenance.lose(path, value, holder);
                provenance.set(path, source, policy == Survivorship.Policy.RANKING ? "ranking" : "newest");
            } else {
                provenance.lose(path, said, source);
                if (policy == Survivorship.Policy.PARK) {
                    conflicts.add(new Conflict(path, value, said, source, List.of()));
                }
            }
            return wins;
        }

        /** What the spoke holds now: what it held, with what it says written over it. */
        private Tree held() {
            Tree held = base.copy();
            for (String list : theirs.lists) {
                for (String element : base.elements(list)) {
                    if (below(theirs, element).isEmpty()) {
                        forget(held, element);
                    }
                }
            }
            held.leaves.putAll(theirs.leaves);
            return held;
        }
    }

    /** The top-level field that a path belongs to. */
    public static String field(String path) {
        return Tree.field(path);
    }

    private static Map<String, Object> below(Tree tree, String element) {
        Map<String, Object> values = new LinkedHashMap<>();
        tree.leaves.forEach((path, leaf) -> {
            if (element.equals(leaf.element()) && leaf.value() != null) {
                values.put(path, leaf.identifies() ? path : leaf.value());
            }
        });
        return values;
    }

    private static void forget(Tree tree, String element) {
        tree.leaves.values().removeIf(leaf -> element.equals(leaf.element()));
    }
}
