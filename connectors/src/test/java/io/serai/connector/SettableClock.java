package io.serai.connector;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/** Time moves because the test moves it. */
public final class SettableClock implements InstantSource {
    private volatile Instant now = Instant.parse("2026-11-21T09:00:00Z");

    @Override
    public Instant instant() {
        return now;
    }

    public void advance(Duration duration) {
        now = now.plus(duration);
    }
}
