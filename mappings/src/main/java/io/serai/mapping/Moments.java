package io.serai.mapping;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Dates and times as other systems write them. */
final class Moments {
    /** Patterns come from mapping files, so they are few. */
    private static final Map<String, DateTimeFormatter> PATTERNS = new ConcurrentHashMap<>();

    private Moments() {}

    /** A date as YYYY-MM-DD; a date-time gives its date as written; null for an empty text. */
    static String date(Object value, String text, String pattern) {
        var trimmed = Texts.trimmed(text);
        if (trimmed == null) {
            return null;
        }
        try {
            if (pattern != null) {
                return LocalDate.parse(trimmed, formatter(pattern)).toString();
            }
            return LocalDate
                    .parse(trimmed.length() > 10 && (trimmed.charAt(10) == 'T' || trimmed.charAt(10) == ' ')
                            ? trimmed.substring(0, 10)
                            : trimmed)
                    .toString();
        } catch (DateTimeParseException e) {
            throw new Refused(value, Problem.quoted(text) + " is no date written as "
                    + (pattern == null ? "2026-03-01" : pattern) + ".");
        }
    }

    /**
     * A moment in UTC as RFC 3339 writes it; null for an empty text.
     *
     * @param pattern how it is written; null for ISO 8601
     * @param zone where a date or a time without offset belongs; null when only times with offset are taken
     */
    static String instant(Object value, String text, String pattern, String zone) {
        var trimmed = Texts.trimmed(text);
        if (trimmed == null) {
            return null;
        }
        try {
            return moment(value, text, parsed(trimmed, pattern), zone).toString();
        } catch (DateTimeParseException e) {
            throw new Refused(value, Problem.quoted(text) + " is no date and time written as "
                    + (pattern == null ? "2026-03-01T09:30:00Z" : pattern) + ".");
        }
    }

    private static TemporalAccessor parsed(String text, String pattern) {
        var onlyDate = text.length() == 10;
        var formatter = pattern != null
                ? formatter(pattern)
                : onlyDate ? DateTimeFormatter.ISO_LOCAL_DATE : DateTimeFormatter.ISO_DATE_TIME;
        var normal = pattern == null && !onlyDate && text.length() > 10 && text.charAt(10) == ' '
                ? text.substring(0, 10) + "T" + text.substring(11)
                : text;
        return formatter.parseBest(normal, OffsetDateTime::from, LocalDateTime::from, LocalDate::from);
    }

    private static Instant moment(Object value, String text, TemporalAccessor parsed, String zone) {
        if (parsed instanceof OffsetDateTime time) {
            return time.toInstant();
        }
        if (zone == null) {
            throw new Refused(value, Problem.quoted(text)
                    + " does not say its time zone; send an offset, or name the zone in the mapping.");
        }
        var time = parsed.isSupported(ChronoField.HOUR_OF_DAY)
                ? (LocalDateTime) parsed
                : LocalDate.from(parsed).atStartOfDay();
        try {
            return time.atZone(ZoneId.of(zone)).toInstant();
        } catch (DateTimeException e) {
            throw new Functions.IllegalCall("There is no time zone \"" + zone + "\"; name one such as Europe/Zurich.");
        }
    }

    private static DateTimeFormatter formatter(String pattern) {
        return PATTERNS.computeIfAbsent(pattern, key -> {
            try {
                return DateTimeFormatter.ofPattern(key.replace('y', 'u'), Locale.ENGLISH)
                        .withResolverStyle(ResolverStyle.STRICT);
            } catch (IllegalArgumentException e) {
                throw new Functions.IllegalCall("\"" + key + "\" is no date pattern; write it as dd.MM.yyyy.");
            }
        });
    }
}
