package io.serai.connector.http;

import java.net.URI;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

import io.serai.connector.Json;
import io.serai.connector.Section;

/** What a list is asked for so that it answers only what is new. */
interface Cursor {
    /** The first page's address for a poll that goes on from the cursor; null is the very first poll. */
    URI apply(URI address, String cursor);

    /**
     * The cursor after a page; the one before when the page says nothing about it.
     *
     * @param began when the hub began to ask
     */
    String after(String cursor, Object json, List<?> items, Instant began);

    /** How the times are written that the cursor is made of; null when it is not made of times. */
    default String times() {
        return null;
    }

    /** Whether the cursor may be remembered after each page, or only when the last page has been read. */
    boolean perPage();

    static Cursor of(Section list) {
        return list.section("cursor").map(cursor -> switch (cursor.text("kind")) {
            case "none" -> new None();
            case "opaque_token" -> new OpaqueToken(cursor.text("param"), cursor.text("pointer"));
            case "timestamp_filter" -> {
                Format format = switch (cursor.text("format", "iso")) {
                    case "iso" -> Format.ISO;
                    case "epoch_seconds" -> Format.EPOCH_SECONDS;
                    case "epoch_millis" -> Format.EPOCH_MILLIS;
                    default -> throw cursor.notYet("format", "iso, epoch_seconds, epoch_millis");
                };
                yield new TimestampFilter(cursor.text("param"), cursor.text("from"), format, cursor.duration("overlap",
                        Duration.ofMinutes(2)));
            }
            default -> throw cursor.notYet("kind", "none, timestamp_filter, opaque_token");
        }).orElse(new None());
    }

    /** Everything, every time; the journal knows what it has seen. */
    record None() implements Cursor {
        @Override
        public URI apply(URI address, String cursor) {
            return address;
        }

        @Override
        public String after(String cursor, Object json, List<?> items, Instant began) {
            return cursor;
        }

        @Override
        public boolean perPage() {
            return false;
        }
    }

    /** A token that only the spoke understands, answered with each page. */
    record OpaqueToken(String param, String pointer) implements Cursor {
        @Override
        public URI apply(URI address, String cursor) {
            return cursor == null || cursor.isEmpty() ? address : Paging.with(address, param, cursor);
        }

        @Override
        public String after(String cursor, Object json, List<?> items, Instant began) {
            String next = Json.textAt(json, pointer);
            return next == null || next.isEmpty() ? cursor : next;
        }

        @Override
        public boolean perPage() {
            return true;
        }
    }

    /**
     * Changed at or after a moment. The highest time stamp seen is kept as the spoke wrote it. The overlap is read again
     * each time, because clocks are truncated, indexes lag, and a stamp may be older than its commit. A stamp that lies in
     * the future would hide what changes until then: its record is read again each time instead.
     */
    record TimestampFilter(String param, String from, Format format, Duration overlap) implements Cursor {
        @Override
        public URI apply(URI address, String cursor) {
            return cursor == null || cursor.isEmpty()
                    ? address
                    : Paging.with(address, param, format.minus(cursor, overlap));
        }

        @Override
        public String after(String cursor, Object json, List<?> items, Instant began) {
            String highest = cursor == null || cursor.isEmpty() ? null : cursor;
            for (Object item : items) {
                String stamp = Json.textAt(item, from);
                Optional<Instant> moment = format.instant(stamp);
                // A stamp nobody can read must not keep the others from being read.
                if (moment.isPresent() && !moment.get().isAfter(began) && (highest == null
                        || moment.get().isAfter(format.instant(highest).orElse(Instant.MIN)))) {
                    highest = stamp;
                }
            }
            return highest;
        }

        @Override
        public String times() {
            return "'" + from + "' as " + format.name().toLowerCase(Locale.ROOT) + ", not in the future";
        }

        @Override
        public boolean perPage() {
            return false;
        }
    }

    /** How a spoke writes a moment. */
    enum Format {
        ISO, EPOCH_SECONDS, EPOCH_MILLIS;

        /** With the offset as {@code Z}, {@code +02:00} or {@code +0200}, all of which ISO 8601 has. */
        private static final DateTimeFormatter ISO_8601 = new DateTimeFormatterBuilder()
                .append(DateTimeFormatter.ISO_LOCAL_DATE_TIME).appendPattern("[XXX][XX]").toFormatter(Locale.ROOT);

        /** Empty when it is not written so. */
        Optional<Instant> instant(String stamp) {
            if (stamp == null) {
                return Optional.empty();
            }
            try {
                return Optional.of(switch (this) {
                    case ISO -> OffsetDateTime.parse(stamp, ISO_8601).toInstant();
                    case EPOCH_SECONDS -> Instant.ofEpochSecond(Long.parseLong(stamp));
                    case EPOCH_MILLIS -> Instant.ofEpochMilli(Long.parseLong(stamp));
                });
            } catch (DateTimeException | NumberFormatException e) {
                return Optional.empty();
            }
        }

        String minus(String stamp, Duration overlap) {
            Instant earlier = instant(stamp).orElseThrow().minus(overlap);
            return switch (this) {
                case ISO -> OffsetDateTime.ofInstant(earlier, OffsetDateTime.parse(stamp, ISO_8601).getOffset())
                        .format(DateTimeFormatter.ISO_OFFSET_DATE_TIME);
                case EPOCH_SECONDS -> Long.toString(earlier.getEpochSecond());
                case EPOCH_MILLIS -> Long.toString(earlier.toEpochMilli());
            };
        }
    }
}
