package io.serai.mapping;

import java.text.Normalizer;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Countries by code or by their English, German, French and Italian names. */
final class Countries {
    private static final Pattern NOT_LETTERS = Pattern.compile("[^a-z]+");
    private static final Map<String, String> CODES = new HashMap<>();

    static {
        for (var code : Locale.getISOCountries()) {
            var country = Locale.of("", code);
            for (var language : List.of(Locale.ENGLISH, Locale.GERMAN, Locale.FRENCH, Locale.ITALIAN)) {
                var name = country.getDisplayCountry(language);
                CODES.putIfAbsent(folded(name), code);
                CODES.putIfAbsent(
                        folded(name.toLowerCase(Locale.ROOT).replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")),
                        code);
            }
        }
        for (var code : Locale.getISOCountries()) {
            CODES.put(code.toLowerCase(Locale.ROOT), code);
            CODES.put(Locale.of("", code).getISO3Country().toLowerCase(Locale.ROOT), code);
        }
        Map.ofEntries(Map.entry("uk", "GB"), Map.entry("england", "GB"), Map.entry("scotland", "GB"),
                Map.entry("grossbritannien", "GB"),
                Map.entry("greatbritain", "GB"), Map.entry("grandebretagne", "GB"),
                Map.entry("unitedstatesofamerica", "US"),
                Map.entry("america", "US"), Map.entry("vereinigtestaatenvonamerika", "US"), Map.entry("brd", "DE"),
                Map.entry("holland", "NL"),
                Map.entry("czechrepublic", "CZ"), Map.entry("tschechei", "CZ"), Map.entry("turkey", "TR"),
                Map.entry("suisseschweizsvizzera", "CH"),
                Map.entry("macedonia", "MK"), Map.entry("southkorea", "KR"), Map.entry("fl", "LI")).forEach(CODES::put);
    }

    private Countries() {}

    /** The ISO 3166-1 alpha-2 code; null for an empty text. */
    static String alpha2(Object value, String text) {
        var trimmed = Texts.trimmed(text);
        if (trimmed == null) {
            return null;
        }
        var code = trimmed.length() > 100 ? null : CODES.get(folded(trimmed));
        if (code == null) {
            throw new Refused(value,
                    Problem.quoted(text) + " is no known country; send its ISO 3166-1 code, such as CH.");
        }
        return code;
    }

    /** Lower case, without accents, blanks and punctuation. */
    private static String folded(String name) {
        var plain = Normalizer.normalize(name.toLowerCase(Locale.ROOT).replace("ß", "ss").replace("ü", "u"),
                Normalizer.Form.NFD);
        return NOT_LETTERS.matcher(plain).replaceAll("");
    }
}
