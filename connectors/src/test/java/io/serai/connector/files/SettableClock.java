package io.serai.connector.files;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** Time moves because the test moves it. */
final class SettableClock implements InstantSource {
    private Instant now = Instant.parse("2026-03-29T00:30:00Z");

    @Override
    public Instant instant() {
        return now;
    }

    void advance(Duration duration) {
        now = now.plus(duration);
    }
}
