package io.serai.crm.plan;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import org.apache.commons.codec.language.ColognePhonetic;

/**
 * Something by which a customer can be found again.
 *
 * @param value normalised
 */
public record MatchKey(Kind kind, String value) {

    /** What a key is worth. The letter is how the database keeps it. */
    public enum Kind {
        /** E-mail address in lower case: decides. */
        EMAIL('e'),
        /** Phone number in E.164: decides unless names contradict it. */
        PHONE('p'),
        /** Tax or other official number without blanks and dots: decides. */
        IDENTIFIER('i'),
        /** Sound of the name and the place: only says who is worth comparing. */
        BLOCK('b'),
        /** A word of the name: for people who search. */
        WORD('w');

        private final String letter;

        Kind(char letter) {
            this.letter = String.valueOf(letter);
        }

        public String letter() {
            return letter;
        }

        public static Kind of(String letter) {
            for (Kind kind : values()) {
                if (kind.letter.equals(letter)) {
                    return kind;
                }
            }
            throw new IllegalArgumentException("No kind of match key has the letter \"" + letter + "\".");
        }

        /** Whether equality of the key makes two records one. */
        public boolean decides() {
            return this == EMAIL || this == PHONE || this == IDENTIFIER;
        }
    }

    private static final Pattern MARKS = Pattern.compile("\\p{M}+");
    private static final Pattern NOT_WORD = Pattern.compile("[^\\p{L}\\p{N}]+");
    private static final int LONGEST_WORD = 60;

    public static MatchKey email(String address) {
        return new MatchKey(Kind.EMAIL, address.strip().toLowerCase(Locale.ROOT));
    }

    public static MatchKey phone(String number) {
        return new MatchKey(Kind.PHONE, number.strip());
    }

    public static MatchKey identifier(String scheme, String value) {
        return new MatchKey(Kind.IDENTIFIER,
                scheme.toLowerCase(Locale.ROOT) + ":"
                        + NOT_WORD.matcher(value).replaceAll("").toUpperCase(Locale.ROOT));
    }

    /** The words of a name as they are searched: without accents, in lower case. */
    public static List<String> words(String name) {
        List<String> words = new ArrayList<>();
        for (String word : NOT_WORD.split(plain(name))) {
            if (!word.isEmpty()) {
                words.add(word.length() > LONGEST_WORD ? word.substring(0, LONGEST_WORD) : word);
            }
        }
        return words;
    }

    static String plain(String text) {
        boolean ascii = text.chars().allMatch(c -> c < 128);
        String base = ascii ? text : MARKS.matcher(Normalizer.normalize(text, Normalizer.Form.NFKD)).replaceAll("");
        return base.toLowerCase(Locale.ROOT).replace("ß", "ss");
    }

    /** All keys of a customer document. */
    public static Set<MatchKey> of(Map<String, Object> customer) {
        Set<MatchKey> keys = new LinkedHashSet<>();
        each(customer, "emails", "address", address -> keys.add(email(address)));
        each(customer, "phones", "number", number -> keys.add(phone(number)));
        if (customer.get("identifiers") instanceof List<?> identifiers) {
            for (Object identifier : identifiers) {
                if (identifier instanceof Map<?, ?> map && map.get("value") != null) {
                    keys.add(identifier(String.valueOf(map.get("scheme")), map.get("value").toString()));
                }
            }
        }
        Party party = Party.of(customer);
        party.words().forEach(word -> keys.add(new MatchKey(Kind.WORD, word)));
        if (!party.surname().isEmpty()) {
            String sound = sound(party.surname());
            party.postalCodes().forEach(code -> keys.add(new MatchKey(Kind.BLOCK, sound + "@" + code)));
        }
        return keys;
    }

    private static String sound(String word) {
        String sound = new ColognePhonetic().colognePhonetic(word);
        return sound == null || sound.isEmpty() ? word : sound;
    }

    private static void each(Map<String, Object> customer, String list, String field,
            java.util.function.Consumer<String> consumer) {
        if (customer.get(list) instanceof List<?> elements) {
            for (Object element : elements) {
                if (element instanceof Map<?, ?> map && map.get(field) instanceof String text && !text.isBlank()) {
                    consumer.accept(text);
                }
            }
        }
    }
}
