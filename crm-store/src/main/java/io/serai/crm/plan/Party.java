package io.serai.crm.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

import org.apache.commons.text.similarity.JaroWinklerSimilarity;

/** What of a customer document is compared when nothing stronger than name and address speaks. */
final class Party {
    private static final double SAME_NAME = 0.90;
    private static final double SAME_STREET = 0.90;
    private static final JaroWinklerSimilarity SIMILARITY = new JaroWinklerSimilarity();

    private final Map<String, Object> customer;
    private final String surname;
    private final String given;
    private final List<String> words;
    /** The name by which a person or an organization is called; empty when the document only states its kind, or not even that. */
    private final List<String> personal;
    private final List<String> corporate;

    private Party(Map<String, Object> customer) {
        this.customer = customer;
        Map<?, ?> name = customer.get("name") instanceof Map<?, ?> map ? map : Map.of();
        List<String> organization = words(customer.get("organizationName"));
        List<String> givenName = words(name.get("given"));
        List<String> familyName = words(name.get("family"));
        boolean person = !"organization".equals(customer.get("kind"));
        this.surname = String.join(" ", person && !familyName.isEmpty() ? familyName : organization);
        this.given = person ? String.join(" ", givenName) : "";
        this.words = new ArrayList<>(givenName);
        words.addAll(words(name.get("middle")));
        words.addAll(familyName);
        boolean called = name.values().stream().noneMatch(part -> standsIn(part));
        this.personal = "person".equals(customer.get("kind")) && called ? List.copyOf(words) : List.of();
        this.corporate = person ? List.of() : organization;
        words.addAll(organization);
    }

    /** Whether an address or a number was written where a name is wanted; systems that cannot do without one are told so. */
    private static boolean standsIn(Object part) {
        return part instanceof String text && (text.contains("@") || text.chars().noneMatch(Character::isLetter));
    }

    static Party of(Map<String, Object> customer) {
        return new Party(customer);
    }

    /** What is compared by sound: the family name, or an organization's name. Empty when there is none. */
    String surname() {
        return surname;
    }

    /** All words of the name. */
    List<String> words() {
        return words;
    }

    /** Postal code and house number of each address: who resembles another shares one of them. */
    Set<String> houses() {
        Set<String> houses = new TreeSet<>();
        addresses(address -> {
            String code = plain(address.get("postalCode"));
            String street = street(address);
            if (!code.isEmpty() && !street.isEmpty()) {
                houses.add(code + " " + String.join(" ", numbers(street)));
            }
        });
        return houses;
    }

    private Set<String> streets() {
        Set<String> streets = new TreeSet<>();
        addresses(address -> streets.add(street(address)));
        streets.remove("");
        return streets;
    }

    /** The first line of an address. */
    private static String street(Map<?, ?> address) {
        return address.get("lines") instanceof List<?> lines && !lines.isEmpty() ? plain(lines.getFirst()) : "";
    }

    private void addresses(Consumer<Map<?, ?>> each) {
        if (customer.get("addresses") instanceof List<?> addresses) {
            for (Object element : addresses) {
                if (element instanceof Map<?, ?> address) {
                    each.accept(address);
                }
            }
        }
    }

    /** Whether a person should be asked if the two are one: same sort of name at the same sort of address. */
    boolean resembles(Party other) {
        if (similar(surname, other.surname) < SAME_NAME
                || !(given.isEmpty() && other.given.isEmpty()) && similar(given, other.given) < SAME_NAME) {
            return false;
        }
        Set<String> theirs = other.streets();
        return streets().stream().anyMatch(street -> theirs.stream().anyMatch(
                another -> similar(street, another) >= SAME_STREET && numbers(street).equals(numbers(another))));
    }

    /** House numbers do not resemble each other: they are the same or they are not. */
    private static List<String> numbers(String street) {
        return List.of(street.split(" ")).stream().filter(word -> Character.isDigit(word.charAt(0))).toList();
    }

    /** Whether the names say that these are two, although they share a phone. */
    boolean contradicts(Party other) {
        return !words.equals(other.words) && (otherKind(other) || differ(surname, other.surname)
                || differ(given, other.given) && !initial(given, other.given));
    }

    /**
     * Whether one is a person and the other an organization. A kind counts where there is a name of that kind: systems that keep
     * nothing but an address call everybody a person. And it counts where the names differ: systems that keep one name for all
     * (the accounting service) guess the kind from it, so "Muster Handel" may be a person there and an organization elsewhere.
     */
    boolean otherKind(Party other) {
        return otherKind(personal, other.corporate) || otherKind(other.personal, corporate);
    }

    private static boolean otherKind(List<String> personal, List<String> corporate) {
        return !personal.isEmpty() && !corporate.isEmpty() && !personal.equals(corporate);
    }

    private static boolean differ(String one, String other) {
        return !one.isEmpty() && !other.isEmpty() && similar(one, other) < SAME_NAME;
    }

    private static boolean initial(String one, String other) {
        return one.charAt(0) == other.charAt(0) && (one.length() == 1 || other.length() == 1);
    }

    private static double similar(String one, String other) {
        return one.isEmpty() || other.isEmpty() ? 0 : SIMILARITY.apply(one, other);
    }

    private static String plain(Object text) {
        return String.join(" ", words(text));
    }

    private static List<String> words(Object text) {
        return text == null ? List.of() : MatchKey.words(text.toString());
    }
}
