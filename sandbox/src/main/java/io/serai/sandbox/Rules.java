package io.serai.sandbox;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** What the systems accept as an e-mail address, a phone number, a country, an amount. */
final class Rules {
    private static final Pattern EMAIL = Pattern.compile("[^@\\s,;<>]{1,64}@[^@\\s,;<>]+\\.[^@\\s.,;<>]+");
    private static final Pattern PHONE = Pattern.compile("(\\+|00)?[\\d ()./-]{5,25}");
    private static final Pattern DECIMAL = Pattern.compile("\\d{1,14}(\\.\\d{1,6})?");
    private static final Set<String> COUNTRIES = Set.of(Locale.getISOCountries());

    private Rules() {}

    static boolean email(String text) {
        return text.length() <= 254 && EMAIL.matcher(text).matches();
    }

    static boolean phone(String text) {
        return PHONE.matcher(text).matches() && text.chars().filter(Character::isDigit).count() >= 5;
    }

    /** ISO 3166-1 alpha-2, upper case. */
    static boolean country(String text) {
        return COUNTRIES.contains(text);
    }

    /** ISO 4217 in form; whether the currency exists is not looked up. */
    static boolean currency(String text) {
        return text.matches("[A-Z]{3}");
    }

    static boolean amount(Object value) {
        return value instanceof String text && DECIMAL.matcher(text).matches();
    }

    /** The field as a decimal, whether it came as a string or a number; refused with 422 when it is neither. */
    static BigDecimal decimal(Map<String, Object> map, String field, String otherwise) {
        Object value = map.get(field) == null ? otherwise : map.get(field);
        if (value != null && DECIMAL.matcher(value.toString()).matches()) {
            return new BigDecimal(value.toString());
        }
        throw RefusedException.field(422, "invalid", field, "must be a decimal such as 12.50");
    }

    /** A time in any RFC 3339 form as the ledger writes it; null stays null. */
    static String time(String field, String given) {
        if (given == null) {
            return null;
        }
        try {
            return Entry.format(given.endsWith("Z") ? Instant.parse(given) : OffsetDateTime.parse(given).toInstant());
        } catch (DateTimeException malformed) {
            throw RefusedException.field(400, "invalid", field, "must be a time such as 2026-07-01T12:00:00Z");
        }
    }

    /** The field's text, null when absent or null; refused with 422 when it is something else or too long. */
    static String text(Map<String, Object> map, String field) {
        Object value = map.get(field);
        if (value == null || value instanceof String text && text.length() <= 2000) {
            return (String) value;
        }
        throw RefusedException.field(422, "invalid", field, "must be a text of at most 2000 characters");
    }
}
