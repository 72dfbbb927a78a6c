package io.serai.sandbox;

import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Fictitious customers, the same for the same seed. E-mail, phone and VAT id follow from the index alone and are never shared,
 * so customers of different index ranges are different customers whatever the seed. The sandbox's own traffic uses the
 * indices below {@link #FIRST_BULK_INDEX}.
 */
public final class Customers {
    /** Where bulk data starts, so as not to be the traffic's people. */
    public static final int FIRST_BULK_INDEX = 5_000;
    private static final String[] TRADES = "Weberei Druck Optik Logistik Holzbau Feinkost Keramik Textil Garten Solar"
            .split(" ");
    private static final Country[] TURN = {Country.CH, Country.DE, Country.FR, Country.CH, Country.GB, Country.IT,
            Country.CH, Country.DE, Country.FR, Country.CH};
    private static final List<String> DOMAINS = List.of("example.com", "example.org", "example.net");

    private final long seed;

    public Customers(long seed) {
        this.seed = seed;
    }

    /** @param count how many, from index {@code first} on */
    public Stream<Customer> stream(int first, int count) {
        return IntStream.range(first, first + count).mapToObj(this::customer);
    }

    /** The customer of this index. */
    public Customer customer(int index) {
        SplittableRandom random = new SplittableRandom(seed * 1_000_003 + index);
        Country country = TURN[index % TURN.length];
        String given = pick(random, country.given);
        String family = pick(random, country.family);
        boolean organization = random.nextInt(5) == 0;
        String[] town = pick(random, country.towns).split(" ", country == Country.GB ? 3 : 2);
        String zip = country == Country.GB ? town[0] + " " + town[1] : town[0];
        return new Customer(index, given, family,
                organization ? family + " " + pick(random, TRADES) + " " + country.legalForm : null,
                email(given, family, index), country.phone(turnOf(index)),
                country.street(pick(random, country.streets), 1 + random.nextInt(120)), zip, town[town.length - 1],
                country.name(), organization ? country.vatId("%09d".formatted(100_000_000 + index)) : null,
                country.language);
    }

    /** How many customers of the same country come before. */
    private static int turnOf(int index) {
        Country country = TURN[index % TURN.length];
        int inTurn = (int) Stream.of(TURN).filter(country::equals).count();
        int before = (int) Stream.of(TURN).limit(index % TURN.length).filter(country::equals).count();
        return index / TURN.length * inTurn + before;
    }

    private static String email(String given, String family, int index) {
        String plain = Normalizer.normalize((given + "." + family).replace("ß", "ss").replace("ı", "i"),
                Normalizer.Form.NFD);
        return plain.toLowerCase(Locale.ROOT).replaceAll("[^a-z.]", "") + "." + index + "@"
                + DOMAINS.get(index % DOMAINS.size());
    }

    private static String pick(SplittableRandom random, String[] from) {
        return from[random.nextInt(from.length)];
    }
}
