package io.serai.faults;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A customer whom one system of the company keeps and the others hear of. Every edit moves the person one house up the
 * street, so that the house number says which edit a system has seen last.
 */
final class Person {
    private static final List<String> SYLLABLES = List.of("ba", "ke", "mo", "ru", "ti", "la", "ne", "so", "du", "vi",
            "fa", "go", "hu", "je", "pi", "za", "wo", "ry", "qua", "sche");
    private static final List<String> GIVEN = List.of("Anna", "Bruno", "Carla", "Dario", "Elena", "Fabio", "Greta",
            "Hugo", "Ines", "Jonas", "Klara", "Luca", "Mara", "Nils", "Olga", "Paul", "Rosa", "Sven", "Tina", "Urs");
    private static final Pattern HOUSE = Pattern.compile("Lane \\d+ (\\d+)");

    /** Who keeps the person: erp, shop, queue or file. */
    final String home;
    final int index;
    /** What the home calls the person; null before it does. */
    volatile String id;
    /** The house that the home's last acknowledged edit says. */
    volatile int house;
    /** The number of edits, the one under way included. */
    int edits;

    Person(String home, int index) {
        this.home = home;
        this.index = index;
    }

    String given() {
        return GIVEN.get(index % GIVEN.size());
    }

    String family() {
        int size = SYLLABLES.size();
        String name = SYLLABLES.get(index % size) + SYLLABLES.get(index / size % size)
                + SYLLABLES.get((index * 7 + 3) % size) + SYLLABLES.get((index * 3 + index / size) % size);
        return Character.toUpperCase(name.charAt(0)) + name.substring(1);
    }

    String email() {
        return "p" + index + "." + home + "@example.org";
    }

    String zip() {
        return Integer.toString(1000 + index % 9000);
    }

    String street(int number) {
        return "Lane " + index + " " + number;
    }

    /** The house that a street names; -1 when it names none. */
    static int house(Object street) {
        Matcher matcher = HOUSE.matcher(String.valueOf(street));
        return matcher.matches() ? Integer.parseInt(matcher.group(1)) : -1;
    }

    Map<String, Object> inErp(int number) {
        return Map.of("partnerType", "PERS", "name1", family(), "name2", given(), "email", email(), "street",
                street(number), "postalCode", zip(), "city", "Zug", "country", "CH");
    }

    Map<String, Object> inShop(int number) {
        return Map.of("first_name", given(), "last_name", family(), "email", email(), "addresses", addresses(number));
    }

    List<Map<String, Object>> addresses(int number) {
        return List.of(Map.of("address1", street(number), "zip", zip(), "city", "Zug", "country_code", "CH"));
    }

    Map<String, Object> inQueue(int number) {
        return Map.of("number", "Q-" + index, "firstName", given(), "lastName", family(), "email", email(), "street",
                street(number), "zip", zip(), "city", "Zug", "country", "CH");
    }

    /** As an order names its buyer. It travels by another queue than the edits, so it says nothing that they change. */
    Map<String, Object> asBuyer() {
        return Map.of("number", "Q-" + index, "firstName", given(), "lastName", family(), "email", email());
    }

    String inFile(int number) {
        return String.join(";", "N-" + index, given(), family(), "", email(), "", street(number), zip(), "Zug", "CH",
                "", "de");
    }
}
