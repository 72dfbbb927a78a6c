package io.serai.hub.health;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.ToDoubleFunction;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import org.springframework.stereotype.Component;

import io.serai.connector.Connectors;
import io.serai.connector.Spoke;
import io.serai.crm.CrmStore;
import io.serai.crm.Reconciliation;
import io.serai.crm.SpokeStatus;
import io.serai.crm.Spokes;
import io.serai.crm.StoreUnavailable;
import io.serai.crm.plan.Rung;

/** Lag and parked work per spoke, as gauges. The database is asked when somebody looks, and not more than once a while. */
@Component
final class SpokeFigures {
    private static final Duration FRESH = Duration.ofSeconds(5);

    private final CrmStore store;
    private final InstantSource clock;
    private List<SpokeStatus> known = List.of();
    private List<Spokes.Pause> pauses = List.of();
    private List<Reconciliation.Run> runs = List.of();
    private Instant readAt = Instant.EPOCH;

    SpokeFigures(CrmStore store, Connectors connectors, InstantSource clock, MeterRegistry meters) {
        this.store = store;
        this.clock = clock;
        for (Spoke spoke : connectors.spokes().on()) {
            Gauge.builder("serai.spoke.well", connectors, c -> c.health(spoke.name()).well() ? 1 : 0)
                    .description("1 when the last thing the spoke was asked for succeeded").tag("spoke", spoke.name())
                    .register(meters);
            Gauge.builder("serai.spoke.paused", this, figures -> figures.paused(spoke.name()) ? 1 : 0)
                    .description(
                            "1 while nobody asks the spoke for anything, e.g. because it refuses the hub's credentials")
                    .tag("spoke", spoke.name()).register(meters);
            Gauge.builder("serai.spoke.in.step", this, figures -> figures.inStep(spoke.name()))
                    .description("Of the records compared latest, how many held what they should; NaN when none was")
                    .tag("spoke", spoke.name()).register(meters);
            for (Rung rung : Rung.values()) {
                FunctionCounter
                        .builder("serai.echoes", store.ingest().suppressions(),
                                suppressions -> suppressions.count(spoke.name(), rung))
                        .description("Words of the spoke that were no news, by what told").tag("spoke", spoke.name())
                        .tag("rung", rung.words()).register(meters);
            }
            spoke.flows().forEach((entity, directions) -> {
                if (!directions.stream().allMatch("in"::equals)) {
                    gauge(meters, "serai.spoke.behind", "Records the spoke has still to hear of", spoke.name(), entity,
                            SpokeStatus::behind);
                    gauge(meters, "serai.spoke.parked", "Deliveries that a person must look at", spoke.name(), entity,
                            SpokeStatus::parked);
                    gauge(meters, "serai.spoke.lag.seconds", "Age of the oldest change not delivered", spoke.name(),
                            entity, this::lag);
                }
            });
        }
    }

    synchronized List<SpokeStatus> current() {
        Instant now = clock.instant();
        if (readAt.plus(FRESH).isBefore(now)) {
            try {
                known = store.spokes().status();
                pauses = store.spokes().pauses();
                runs = store.reconciliation().runs();
            } catch (StoreUnavailable databaseIsAway) {
                // The last figures stay; that the database is away is said elsewhere.
            }
            readAt = now;
        }
        return known;
    }

    private synchronized boolean paused(String spoke) {
        current();
        return pauses.stream().anyMatch(pause -> pause.spoke().equals(spoke));
    }

    private synchronized double inStep(String spoke) {
        current();
        return Reconciliation.Run.inStep(runs, spoke);
    }

    private double lag(SpokeStatus status) {
        Instant since = status.oldestBehindSince();
        return since == null ? 0 : Duration.between(since, clock.instant()).toMillis() / 1000.0;
    }

    private void gauge(MeterRegistry meters, String name, String description, String spoke, String entity,
            ToDoubleFunction<SpokeStatus> figure) {
        Gauge.builder(name, this, figures -> figures.value(spoke, entity, figure)).description(description)
                .tag("spoke", spoke).tag("entity", entity).register(meters);
    }

    private double value(String spoke, String entity, ToDoubleFunction<SpokeStatus> figure) {
        return current().stream().filter(s -> s.spoke().equals(spoke) && s.entity().equals(entity))
                .mapToDouble(figure).findFirst().orElse(0);
    }
}
