package io.serai.crm.plan;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How a customer is found by people who search for a name. */
public final class NameSearch {
    private static final int MOST_WORDS = 8;

    private static final char LETTER = 'w';

    private NameSearch() {}

    /** What the entries of customers begin with whose name has a word that begins like this one. */
    public static String prefix(String word) {
        return LETTER + word;
    }

    /**
     * The entries of a customer in a sorted index, beside its match keys: each word of the name, followed by the others. Whoever searches for
     * several words goes to one of them and finds the others there.
     */
    public static Set<String> entries(Map<String, Object> customer) {
        List<String> words = Party.of(customer).words().stream().distinct().limit(MOST_WORDS).toList();
        Set<String> entries = new LinkedHashSet<>();
        for (String first : words) {
            StringBuilder entry = new StringBuilder().append(LETTER).append(first);
            for (String other : words) {
                if (!other.equals(first)) {
                    entry.append(' ').append(other);
                }
            }
            entries.add(entry.toString());
        }
        return entries;
    }
}
