package io.serai.crm.plan;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

import org.apache.commons.codec.digest.MurmurHash3;
import org.apache.commons.codec.language.ColognePhonetic;

/**
 * Something by which a customer can be recognised.
 *
 * @param value normalised
 */
public record MatchKey(Kind kind, String value) {

    /** What a key is worth. */
    public enum Kind {
        /** E-mail address in lower case: decides. */
        EMAIL('e'),
        /** Phone number in E.164: decides unless names contradict it. */
        PHONE('p'),
        /** Tax or other official number without blanks and dots: decides. A {@linkplain #plausible placeholder} is none. */
        IDENTIFIER('i'),
        /** Sound of the name, and the house: only says who is worth comparing. */
        BLOCK('b');

        private final char letter;

        Kind(char letter) {
            this.letter = letter;
        }

        /** Whether equality of the key makes two records one. */
        public boolean decides() {
            return this != BLOCK;
        }
    }

    private static final Pattern MARKS = Pattern.compile("\\p{M}+");
    private static final Pattern NOT_WORD = Pattern.compile("[^\\p{L}\\p{N}]+");
    private static final int LONGEST_WORD = 60;
    private static final int SHORTEST_NUMBER = 5;

    public static MatchKey email(String address) {
        return new MatchKey(Kind.EMAIL, address.strip().toLowerCase(Locale.ROOT));
    }

    public static MatchKey phone(String number) {
        return new MatchKey(Kind.PHONE, number.strip());
    }

    public static MatchKey identifier(String scheme, String value) {
        return new MatchKey(Kind.IDENTIFIER, scheme.toLowerCase(Locale.ROOT) + ":" + number(value));
    }

    /** A number as it is compared: in capitals, without blanks and dots. */
    static String number(String value) {
        return NOT_WORD.matcher(value).replaceAll("").toUpperCase(Locale.ROOT);
    }

    /**
     * Whether an official number can be somebody's own. What people type into a field that they have to fill ("-", "n/a", "0",
     * "none", "000000") would make one customer of strangers. So a number of fewer than five letters and digits, without a
     * digit, or of nothing but one digit again and again says nothing of who it is.
     */
    static boolean plausible(String value) {
        String number = number(value);
        return number.length() >= SHORTEST_NUMBER && number.chars().anyMatch(Character::isDigit)
                && number.chars().distinct().count() > 1;
    }

    /**
     * The key as the index has it: a letter for the kind, and 64 bits of its hash. It is shorter than most addresses, and no
     * address. Whoever finds a customer by it compares the key itself before believing it.
     */
    public String hashed() {
        long[] hash = MurmurHash3.hash128x64(value.getBytes(StandardCharsets.UTF_8));
        byte[] first = ByteBuffer.allocate(Long.BYTES).putLong(hash[0]).array();
        return kind.letter + Base64.getUrlEncoder().withoutPadding().encodeToString(first);
    }

    /** The words of a name as they are searched: without accents, in lower case. */
    public static List<String> words(String name) {
        String plain = plain(name);
        List<String> words = new ArrayList<>(4);
        int start = -1;
        for (int i = 0; i <= plain.length(); i++) {
            boolean inWord = i < plain.length() && isWord(plain.charAt(i));
            if (inWord && start < 0) {
                start = i;
            } else if (!inWord && start >= 0) {
                words.add(plain.substring(start, Math.min(i, start + LONGEST_WORD)));
                start = -1;
            }
        }
        return words;
    }

    /** Half of a pair stands for a letter beyond the first plane, so that pairs stay together. */
    private static boolean isWord(char c) {
        return Character.isLetterOrDigit(c) || Character.isSurrogate(c)
                || Character.getType(c) == Character.OTHER_NUMBER
                || Character.getType(c) == Character.LETTER_NUMBER;
    }

    static String plain(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 128) {
                String base = MARKS.matcher(Normalizer.normalize(text, Normalizer.Form.NFKD)).replaceAll("");
                return base.toLowerCase(Locale.ROOT).replace("ß", "ss");
            }
        }
        return text.toLowerCase(Locale.ROOT);
    }

    /** All keys of a customer document. */
    public static Set<MatchKey> of(Map<String, Object> customer) {
        Set<MatchKey> keys = new LinkedHashSet<>();
        each(customer, "emails", "address", address -> keys.add(email(address)));
        each(customer, "phones", "number", number -> keys.add(phone(number)));
        if (customer.get("identifiers") instanceof List<?> identifiers) {
            for (Object identifier : identifiers) {
                if (identifier instanceof Map<?, ?> map && map.get("value") != null
                        && plausible(map.get("value").toString())) {
                    keys.add(identifier(String.valueOf(map.get("scheme")), map.get("value").toString()));
                }
            }
        }
        Party party = Party.of(customer);
        if (!party.surname().isEmpty()) {
            String sound = sound(party.surname());
            party.houses().forEach(house -> keys.add(new MatchKey(Kind.BLOCK, sound + "@" + house)));
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
