package io.serai.mapping;

import java.util.Currency;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IllformedLocaleException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Languages and currencies by their codes. */
final class Languages {
    private static final int LONGEST = 35;
    private static final Set<String> ALPHA_2 = new HashSet<>(List.of(Locale.getISOLanguages()));
    private static final Map<String, String> BY_NAME = new HashMap<>();
    private static final Set<String> CURRENCIES = Currency.getAvailableCurrencies().stream()
            .map(Currency::getCurrencyCode).collect(Collectors.toSet());

    static {
        for (var code : Locale.getISOLanguages()) {
            var language = Locale.of(code);
            BY_NAME.putIfAbsent(language.getISO3Language(), code);
            for (var in : List.of(Locale.ENGLISH, Locale.GERMAN, Locale.FRENCH)) {
                BY_NAME.putIfAbsent(language.getDisplayLanguage(in).toLowerCase(Locale.ROOT), code);
            }
        }
        // By its own name only where many write it so: Java loads the data of each language it is asked in.
        for (var code : List.of("it", "es", "pt", "nl")) {
            BY_NAME.putIfAbsent(Locale.of(code).getDisplayLanguage(Locale.of(code)).toLowerCase(Locale.ROOT), code);
        }
        // The bibliographic codes of ISO 639-2 that old systems still send.
        BY_NAME.putAll(Map.of("ger", "de", "fre", "fr", "dut", "nl", "cze", "cs", "gre", "el", "chi", "zh"));
    }

    private Languages() {}

    /** A BCP 47 tag in its usual spelling (de-CH); null for an empty text. */
    static String tag(Object value, String text) {
        var trimmed = Texts.trimmed(text);
        if (trimmed == null) {
            return null;
        }
        if (trimmed.length() > LONGEST) {
            throw unknown(value, text);
        }
        var named = BY_NAME.get(trimmed.toLowerCase(Locale.ROOT));
        if (named != null) {
            return named;
        }
        try {
            var locale = new Locale.Builder().setLanguageTag(trimmed.replace('_', '-')).build();
            if (ALPHA_2.contains(locale.getLanguage())) {
                return locale.toLanguageTag();
            }
        } catch (IllformedLocaleException e) {
            throw unknown(value, text);
        }
        throw unknown(value, text);
    }

    private static Refused unknown(Object value, String text) {
        return new Refused(value, Problem.quoted(text) + " is no known language; send its BCP 47 tag, such as de-CH.");
    }

    /** The ISO 4217 code in capitals; null for an empty text. */
    static String currency(Object value, String text) {
        var trimmed = Texts.trimmed(text);
        if (trimmed == null) {
            return null;
        }
        var code = trimmed.toUpperCase(Locale.ROOT);
        if (!CURRENCIES.contains(code)) {
            throw new Refused(value,
                    Problem.quoted(text) + " is no known currency; send its ISO 4217 code, such as CHF.");
        }
        return code;
    }
}
