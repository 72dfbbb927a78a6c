package io.serai.crm.plan;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What a spoke may be presumed to hold of a record that was written and not yet answered for: as much of it as the spoke
 * speaks of, for nobody knows how much it keeps of what it is given (one phone number of two, say) and in which words.
 *
 * @param base what the spoke holds, in its words
 * @param ours the written values that this stands for
 */
record Unanswered(Tree base, Tree ours) {

    static Unanswered of(Tree written, Tree theirs) {
        Unanswered presumed = new Unanswered(new Tree(), new Tree());
        theirs.leaves.forEach((path, said) -> {
            if (said.element() == null) {
                presumed.hold(path, written.leaves.get(path), said);
            }
        });
        theirs.lists.forEach(list -> presumed.holdElements(list, written, theirs));
        return presumed;
    }

    private void hold(String path, Tree.Leaf written, Tree.Leaf said) {
        // What is empty there it need not have cleared: it may have no place for it, or speak of another record of its own.
        if (written == null || written.value() == null || said != null && said.value() == null) {
            return;
        }
        boolean echo = said != null && Shape.echoes(written.type(), said.value(), written.value());
        base.leaves.put(path, echo ? said : written);
        ours.leaves.put(path, written);
    }

    /** As many elements as the spoke names, those that it names first of all: whatever it names instead was edited there. */
    private void holdElements(String list, Tree written, Tree theirs) {
        base.lists.add(list);
        ours.lists.add(list);
        Set<String> named = theirs.elements(list);
        List<String> given = new ArrayList<>(written.elements(list));
        Set<String> held = new LinkedHashSet<>(given);
        held.retainAll(named);
        given.removeAll(held);
        int most = named.size();
        given.stream().limit(Math.max(0, most - held.size())).forEach(held::add);
        Set<String> spokenOf = new LinkedHashSet<>();
        theirs.leaves.forEach((path, leaf) -> {
            if (leaf.element() != null && Tree.list(leaf.element()).equals(list)) {
                spokenOf.add(path.substring(leaf.element().length()));
            }
        });
        written.leaves.forEach((path, leaf) -> {
            if (held.contains(leaf.element())
                    && (leaf.identifies() || spokenOf.contains(path.substring(leaf.element().length())))) {
                hold(path, leaf, theirs.leaves.get(path));
            }
        });
    }
}
