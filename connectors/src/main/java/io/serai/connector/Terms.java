package io.serai.connector;

import java.time.Duration;

/**
 * What a spoke's system lets the hub do, as its connector.yaml (and the {@code limits:} of the spoke's own file) declares it.
 *
 * @param concurrent requests at once, of each process
 * @param between the least time between two requests, of all processes together; zero when it may be asked as often as one likes
 * @param perDay requests in a day (UTC), of all processes together; 0 when nobody counts
 * @param longestCall how long one call may take, whatever it is made of
 * @param keysKept how long the system remembers an idempotency key; zero when it knows none
 */
public record Terms(int concurrent, Duration between, int perDay, Duration longestCall, Duration keysKept) {
    /** A claim of the hub lives a little longer than a call may take, and is not to outlive a dead process for more than a minute. */
    private static final Duration TOO_LONG = Duration.ofSeconds(56);
    private static final Duration FOR_EVER = Duration.ofDays(36_500);

    /**
     * @param entity whose records are written
     * @throws BadFileException for a time-out that no claim could outlive
     */
    public static Terms of(Section definition, String entity) {
        Section limits = definition.section("limits").orElse(null);
        return new Terms(limits == null ? 16 : limits.atLeastOne("concurrent", 16),
                limits == null ? Duration.ZERO : between(limits),
                limits == null ? 0 : limits.number("per_day", 0), longestCall(definition),
                keysKept(definition, entity));
    }

    /** The strictest of what is said for a second and for a minute. */
    static Duration between(Section limits) {
        Duration second = between(Duration.ofSeconds(1), limits.number("per_second", 0));
        Duration minute = between(Duration.ofMinutes(1), limits.number("per_minute", 0));
        return second.compareTo(minute) > 0 ? second : minute;
    }

    private static Duration between(Duration time, int requests) {
        return requests == 0 ? Duration.ZERO : time.dividedBy(requests);
    }

    private static Duration longestCall(Section definition) {
        Section timeouts = definition.section("timeouts").orElse(null);
        // Handing over a mail is a conversation, and breaking it off leaves open whether the mail goes out.
        Duration usual = Duration.ofSeconds(definition.text("protocol", "").equals("mail") ? 40 : 10);
        Duration read = timeouts == null ? usual : timeouts.duration("read", usual);
        if (!read.isPositive() || read.compareTo(TOO_LONG) >= 0) {
            throw timeouts.refuse("read", "'read: " + read + "' must be positive and shorter than " + TOO_LONG
                    + ": the hub holds a record for a minute at most while it waits for an answer, and a later answer"
                    + " could undo what another process has written meanwhile");
        }
        return read.plusSeconds(1);
    }

    private static Duration keysKept(Section definition, String entity) {
        boolean ownKey = definition.named("objects").getOrDefault(entity, definition).section("upsert")
                .map(upsert -> upsert.text("kind", "").equals("create_with_own_key")).orElse(false);
        if (ownKey) {
            return FOR_EVER;
        }
        return definition.section("idempotency").filter(section -> !section.text("kind", "none").equals("none"))
                .map(section -> section.duration("retention", Duration.ofHours(24))).orElse(Duration.ZERO);
    }
}
