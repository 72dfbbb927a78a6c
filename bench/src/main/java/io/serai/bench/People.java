package io.serai.bench;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Customers that nobody has seen before, as {@code customers.lua} makes them: who number n is follows from n alone. Numbers
 * are given out once in a whole run, so nobody comes twice.
 */
final class People {
    /** More than any one measurement can send; 50 of them fit into the Swiss mobile numbers. */
    static final int SHARE = 1_000_000;

    private static final String[] GIVEN = ("Anna Luca Mia Noah Lena Elias Sofia Liam Nina Jonas Laura David Sarah Simon "
            + "Julia Marco Elena Fabian Chiara Nicolas Alice Hugo Camille Gabriel Louise Arthur Jeanne Paul Emma Oskar "
            + "Greta Karl Ida Bruno Clara Felix Marta Pietro Giulia Andrea Olivia George Amelia Harry Isla Jack Freya "
            + "Oscar").split(" ");
    private static final String[] HEAD = ("Ab Ber Bru Dom Eg Fal Fri Ger Gis Hab Hir Hol Im Jen Kam Kel Kun Lan Leu Lin "
            + "Mar Mei Nae Ober Pfis Rap Rie Sal Scha Sta Tan Wal").split(" ");
    private static final String[] TAIL = ("bach berg blatt deg dorf egg er feld ger hof holz inger ler li mann matt mer ner "
            + "rain sen ser stein ter thal ti wald weger wiler wyl zger zli zer").split(" ");
    private static final String[] STREET = ("Bahnhofstrasse Dorfstrasse Seeweg Kirchgasse Ringstrasse Lindenweg "
            + "Schulstrasse Bergstrasse Mühlegasse Gartenweg Hauptstrasse").split(" ");
    private static final String[] CITY = "Aarau Basel Bern Biel Chur Luzern Olten Thun Uster Winterthur Zug Zürich"
            .split(" ");
    private static final String[] LANGUAGE = {"de", "de", "fr", "it", "en"};
    private static final AtomicLong NEXT = new AtomicLong();

    private final long number;
    private final int hash;

    private People(long number) {
        this.number = number;
        this.hash = (int) ((number * 69_069 + 12_345) & 0x7fffffff);
    }

    /** The first of so many numbers that are nobody else's. */
    static long share(int size) {
        return NEXT.getAndAdd(size);
    }

    static People of(long number) {
        return new People(number);
    }

    /** A file for the drop folder. */
    static byte[] csv(long first, int rows) {
        StringBuilder text = new StringBuilder(
                "id;first_name;last_name;company;email;phone;street;zip;city;country;vat_id;language\n");
        for (int i = 0; i < rows; i++) {
            People one = of(first + i);
            text.append("%d;%s;%s;;%s;%s;%s %d;%d;%s;CH;;%s%n".formatted(one.number, one.given(), one.family(),
                    one.email(), one.phone(), one.street(), one.house(), one.postalCode(), one.city(),
                    one.language()));
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    String email() {
        return given() + "." + family() + "." + number + "@example.com";
    }

    /** The canonical document. */
    String json() {
        return """
                {"source":{"id":"%d","revision":"1"},"kind":"person","name":{"given":"%s","family":"%s"},\
                "emails":[{"address":"%s","use":"work"}],"phones":[{"number":"%s","use":"mobile"}],\
                "addresses":[{"use":"billing","lines":["%s %d"],"city":"%s","postalCode":"%d","country":"CH"}],\
                "language":"%s"}""".formatted(number, given(), family(), email(), phone(), street(), house(), city(),
                postalCode(), language());
    }

    private String given() {
        return GIVEN[(hash >> 16) % GIVEN.length];
    }

    private String family() {
        return HEAD[(hash >> 6) % HEAD.length] + TAIL[(hash >> 11) % TAIL.length];
    }

    private String phone() {
        return "+417%d%07d".formatted(5 + number / 10_000_000, number % 10_000_000);
    }

    private String street() {
        return STREET[(hash >> 4) % STREET.length];
    }

    private int house() {
        return (hash >> 7) % 140 + 1;
    }

    private String city() {
        return CITY[(hash >> 5) % CITY.length];
    }

    private int postalCode() {
        return 1000 + (hash >> 9) % 8600;
    }

    private String language() {
        return LANGUAGE[hash % LANGUAGE.length];
    }
}
