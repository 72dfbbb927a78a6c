package io.serai.connector;

import java.time.Instant;

/**
 * How a spoke fares, as far as this process has seen since it started.
 *
 * @param lastSuccess when it last did what was asked or sent something; null when never
 * @param lastFailure when it last failed; null when never
 * @param reason why it failed last; null when never. No secret, no payload
 */
public record Health(Instant lastSuccess, Instant lastFailure, String reason) {
    static final Health UNKNOWN = new Health(null, null, null);

    /** False when the last thing that happened was a failure. */
    public boolean well() {
        return lastFailure == null || lastSuccess != null && lastSuccess.isAfter(lastFailure);
    }

    Health succeeded(Instant at) {
        return new Health(at, lastFailure, reason);
    }

    Health failed(Instant at, String why) {
        return new Health(lastSuccess, at, why);
    }
}
