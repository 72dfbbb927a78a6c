package io.serai.hub.health;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.ToDoubleFunction;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.stereotype.Component;

import io.serai.crm.CrmStore;
import io.serai.crm.StoreUnavailable;
import io.serai.crm.Subscriber;

/** How those who follow the changes fare, as gauges; which of them it is stands in {@code /api/subscribers}. */
@Component
final class SubscriberFigures {
    private static final Duration FRESH = Duration.ofSeconds(5);

    private final CrmStore store;
    private final InstantSource clock;
    private List<Subscriber> known = List.of();
    private Instant readAt = Instant.EPOCH;

    SubscriberFigures(CrmStore store, InstantSource clock, MeterRegistry meters) {
        this.store = store;
        this.clock = clock;
        gauge(meters, "serai.subscribers.failing", "Subscribers that did not take what they were last told",
                all -> all.stream().filter(one -> active(one) && one.failingSince() != null).count());
        gauge(meters, "serai.subscribers.disabled", "Subscribers that are told nothing until somebody enables them",
                all -> all.stream().filter(one -> !active(one)).count());
        gauge(meters, "serai.subscribers.lag.seconds",
                "Age of the oldest change that an active subscriber has not taken",
                all -> all.stream().filter(one -> active(one) && one.behindSince() != null)
                        .mapToLong(one -> Duration.between(one.behindSince(), this.clock.instant()).toMillis())
                        .max().orElse(0) / 1000.0);
    }

    private static boolean active(Subscriber subscriber) {
        return subscriber.state() == Subscriber.State.ACTIVE;
    }

    private void gauge(MeterRegistry meters, String name, String description,
            ToDoubleFunction<List<Subscriber>> figure) {
        Gauge.builder(name, this, figures -> figure.applyAsDouble(figures.current())).description(description)
                .register(meters);
    }

    private synchronized List<Subscriber> current() {
        Instant now = clock.instant();
        if (readAt.plus(FRESH).isBefore(now)) {
            try {
                known = store.subscribers().list();
            } catch (StoreUnavailable databaseIsAway) {
                // The last figures stay; that the database is away is said elsewhere.
            }
            readAt = now;
        }
        return known;
    }
}
