package io.serai.hub.health;

import java.util.ArrayList;
import java.util.List;

import org.apache.camel.CamelContext;
import org.apache.camel.ServiceStatus;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

import io.serai.hub.flow.Flows;

/** Down when a route that should run does not. */
@Component("routesHealthIndicator")
final class RoutesHealth implements HealthIndicator {
    private final CamelContext context;
    private final Flows flows;

    RoutesHealth(CamelContext context, Flows flows) {
        this.context = context;
        this.flows = flows;
    }

    @Override
    public Health health() {
        List<String> missing = new ArrayList<>();
        for (String id : flows.expected()) {
            ServiceStatus status = context.getRouteController().getRouteStatus(id);
            if (status == null || !status.isStarted()) {
                missing.add(id);
            }
        }
        boolean well = missing.isEmpty() && context.isStarted();
        Health.Builder health = well ? Health.up() : Health.down();
        return health.withDetail("running", flows.expected().size() - missing.size()).withDetail("missing", missing)
                .build();
    }
}
