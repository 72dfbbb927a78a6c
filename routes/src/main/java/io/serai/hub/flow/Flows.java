package io.serai.hub.flow;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.micrometer.core.instrument.MeterRegistry;
import org.apache.camel.CamelContext;
import org.apache.camel.builder.TemplatedRouteBuilder;
import org.apache.camel.component.micrometer.routepolicy.MicrometerRoutePolicyFactory;
import org.apache.camel.model.ModelCamelContext;
import org.apache.camel.model.errorhandler.NoErrorHandlerDefinition;
import org.apache.camel.spring.boot.CamelContextConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

import io.serai.connector.Spoke;
import io.serai.connector.Spokes;
import io.serai.hub.HubSettings;
import io.serai.hub.StartRefused;

/**
 * Makes the standard routes of every spoke from the templates in {@code routes/}: for {@code customer: [in, out]} of the
 * spoke shop the routes shop-customers-in and shop-customers-out. A template {@code customer-in} is taken before the
 * general one, {@code in}; {@code update} and {@code issue} are ways out.
 */
@Component
public final class Flows implements CamelContextConfiguration {
    private static final Logger LOG = LoggerFactory.getLogger(Flows.class);
    private static final Map<String, String> PLURAL = Map.of("opportunity", "opportunities");

    private final Spokes spokes;
    private final HubSettings settings;
    private final MeterRegistry meters;
    private final Set<String> expected = new LinkedHashSet<>();

    Flows(Spokes spokes, HubSettings settings, MeterRegistry meters) {
        this.spokes = spokes;
        this.settings = settings;
        this.meters = meters;
    }

    /** The ids of the routes that have to run. */
    public Set<String> expected() {
        return Set.copyOf(expected);
    }

    @Override
    public void beforeApplicationStart(CamelContext context) {
        MicrometerRoutePolicyFactory metrics = new MicrometerRoutePolicyFactory();
        metrics.setMeterRegistry(meters);
        context.addRoutePolicyFactory(metrics);
        // Whoever began the exchange hears of the failure and decides: answers a fault, parks, or tries again later.
        context.getCamelContextExtension().setErrorHandlerFactory(new NoErrorHandlerDefinition());
    }

    @Override
    public void afterApplicationStart(CamelContext context) {
        try {
            expected.addAll(RouteFiles.ids(settings.home().resolve("routes")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (Spoke spoke : spokes.all()) {
            if (spoke.off().isPresent()) {
                LOG.warn("spoke {} is off: {}", spoke.name(), spoke.off().get());
            } else {
                spoke.flows().forEach((entity, directions) -> directions
                        .forEach(direction -> make(context, spoke, entity, direction)));
            }
        }
    }

    private void make(CamelContext context, Spoke spoke, String entity, String direction) {
        String plural = PLURAL.getOrDefault(entity, entity + "s");
        String id = spoke.name() + "-" + plural + "-" + direction;
        TemplatedRouteBuilder.builder(context, template((ModelCamelContext) context, spoke, entity, direction))
                .routeId(id)
                .parameter("spoke", spoke.name()).parameter("entity", entity).parameter("mappings", spoke.mappings())
                .add();
        expected.add(id);
    }

    private static String template(ModelCamelContext context, Spoke spoke, String entity, String direction) {
        List<String> names = direction.equals("in")
                ? List.of(entity + "-in", "in")
                : List.of(entity + "-" + direction, direction, entity + "-out", "out");
        return names.stream().filter(name -> context.getRouteTemplateDefinition(name) != null).findFirst()
                .orElseThrow(() -> new StartRefused("Spoke " + spoke.name() + " wants the flow '" + entity + ": ["
                        + direction + "]', but no file in routes/ has a route template named one of " + names + "."));
    }
}
