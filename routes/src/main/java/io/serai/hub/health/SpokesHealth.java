package io.serai.hub.health;

import java.util.LinkedHashMap;
import java.util.Map;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

import io.serai.connector.Connectors;
import io.serai.connector.Spoke;
import io.serai.crm.SpokeStatus;

/** Says which spoke is behind. Never red: a sick spoke is not the hub's illness. */
@Component("spokesHealthIndicator")
final class SpokesHealth implements HealthIndicator {
    private final Connectors connectors;
    private final SpokeFigures figures;

    SpokesHealth(Connectors connectors, SpokeFigures figures) {
        this.connectors = connectors;
        this.figures = figures;
    }

    @Override
    public Health health() {
        Health.Builder health = Health.up();
        for (Spoke spoke : connectors.spokes().on()) {
            Map<String, Object> lanes = new LinkedHashMap<>();
            for (SpokeStatus lane : figures.current()) {
                if (lane.spoke().equals(spoke.name())) {
                    lanes.put(lane.entity(), lane.behind());
                }
            }
            health.withDetail(spoke.name(),
                    Map.of("well", connectors.health(spoke.name()).well(), "behind", lanes));
        }
        return health.build();
    }
}
