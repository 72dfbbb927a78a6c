package io.serai.hub.health;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.stereotype.Component;

import io.serai.connector.Connectors;
import io.serai.connector.Spoke;
import io.serai.crm.CrmStore;
import io.serai.crm.ParkedItems.Figure;
import io.serai.crm.ParkedWork;
import io.serai.crm.StoreUnavailable;
import io.serai.hub.web.Caller;

/** How much waits for a person, by kind and spoke. The database is asked when somebody looks, and not more than once a while. */
@Component
final class ParkedFigures {
    private static final Duration FRESH = Duration.ofSeconds(5);

    private final CrmStore store;
    private final InstantSource clock;
    private List<Figure> known = List.of();
    private Instant readAt = Instant.EPOCH;

    ParkedFigures(CrmStore store, Connectors connectors, InstantSource clock, MeterRegistry meters) {
        this.store = store;
        this.clock = clock;
        Stream.concat(connectors.spokes().on().stream().map(Spoke::name), Stream.of(Caller.OPERATOR))
                .forEach(spoke -> ParkedWork.KINDS.forEach(kind -> Gauge
                        .builder("serai.parked", this, figures -> figures.count(kind, spoke))
                        .description("What a person must look at").tag("kind", kind).tag("spoke", spoke)
                        .register(meters)));
    }

    private double count(String kind, String spoke) {
        return current().stream().filter(figure -> figure.kind().equals(kind) && figure.spoke().equals(spoke))
                .mapToLong(Figure::count).sum();
    }

    private synchronized List<Figure> current() {
        Instant now = clock.instant();
        if (readAt.plus(FRESH).isBefore(now)) {
            try {
                known = store.parked().figures();
            } catch (StoreUnavailable databaseIsAway) {
                // The last figures stay; that the database is away is said elsewhere.
            }
            readAt = now;
        }
        return known;
    }
}
