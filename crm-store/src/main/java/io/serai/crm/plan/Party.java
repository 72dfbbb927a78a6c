package io.serai.crm.plan;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import org.apache.commons.text.similarity.JaroWinklerSimilarity;

/**
 * What of a customer document is compared when nothing stronger than name and address speaks.
 *
 * @param surname what is compared by sound: the family name, or an organization's name
 * @param given the given name; empty for organizations
 * @param streets first lines of the addresses, plain
 */
record Party(String surname, String given, Set<String> postalCodes, Set<String> streets, Set<String> words) {
    private static final double SAME_NAME = 0.90;
    private static final double SAME_STREET = 0.90;
    private static final JaroWinklerSimilarity SIMILARITY = new JaroWinklerSimilarity();

    static Party of(Map<String, Object> customer) {
        Map<?, ?> name = customer.get("name") instanceof Map<?, ?> map ? map : Map.of();
        String organization = text(customer.get("organizationName"));
        boolean person = !"organization".equals(customer.get("kind")) && name.get("family") != null;
        Set<String> words = new LinkedHashSet<>();
        List.of("given", "middle", "family").forEach(part -> words.addAll(MatchKey.words(text(name.get(part)))));
        words.addAll(MatchKey.words(organization));
        Set<String> postalCodes = new TreeSet<>();
        Set<String> streets = new TreeSet<>();
        if (customer.get("addresses") instanceof List<?> addresses) {
            for (Object element : addresses) {
                if (element instanceof Map<?, ?> address) {
                    add(postalCodes, address.get("postalCode"));
                    if (address.get("lines") instanceof List<?> lines && !lines.isEmpty()) {
                        add(streets, lines.getFirst());
                    }
                }
            }
        }
        return new Party(joined(person ? text(name.get("family")) : organization),
                person ? joined(text(name.get("given"))) : "", postalCodes, streets, words);
    }

    /** Whether a person should be asked if the two are one: same sort of name at the same sort of address. */
    boolean resembles(Party other) {
        return similar(surname, other.surname) >= SAME_NAME
                && (given.isEmpty() && other.given.isEmpty() || similar(given, other.given) >= SAME_NAME)
                && streets.stream().anyMatch(street -> other.streets.stream()
                        .anyMatch(theirs -> similar(street, theirs) >= SAME_STREET
                                && numbers(street).equals(numbers(theirs))));
    }

    /** House numbers do not resemble each other: they are the same or they are not. */
    private static List<String> numbers(String street) {
        return List.of(street.split(" ")).stream().filter(word -> Character.isDigit(word.charAt(0))).toList();
    }

    /** Whether the names say that these are two, although they share a phone. */
    boolean contradicts(Party other) {
        return !surname.isEmpty() && !other.surname.isEmpty()
                && (similar(surname, other.surname) < SAME_NAME || !given.isEmpty() && !other.given.isEmpty()
                        && similar(given, other.given) < SAME_NAME && !initial(given, other.given));
    }

    private static boolean initial(String one, String other) {
        return one.charAt(0) == other.charAt(0) && (one.length() == 1 || other.length() == 1);
    }

    private static double similar(String one, String other) {
        return one.isEmpty() || other.isEmpty() ? 0 : SIMILARITY.apply(one, other);
    }

    private static void add(Set<String> values, Object value) {
        String plain = joined(text(value));
        if (!plain.isEmpty()) {
            values.add(plain);
        }
    }

    private static String joined(String text) {
        List<String> words = new ArrayList<>(MatchKey.words(text));
        return String.join(" ", words);
    }

    private static String text(Object value) {
        return value == null ? "" : value.toString();
    }
}
