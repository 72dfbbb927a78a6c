package io.serai.hub.crm;

import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.camel.Endpoint;
import org.apache.camel.support.DefaultComponent;

import io.micrometer.core.instrument.MeterRegistry;
import io.serai.connector.Connectors;
import io.serai.connector.Terms;
import io.serai.crm.CrmStore;

/**
 * The word {@code crm:} in a route. {@code to: crm:customer} stores what a spoke said; {@code from: crm:customer?for=shop}
 * gives what the spoke has to be told, one record at a time and always the latest state.
 */
public final class CrmComponent extends DefaultComponent {

    private static final int MOST_AT_ONCE = 64;

    private final Map<String, SpokeGate> gates = new ConcurrentHashMap<>();
    private final Set<LaneConsumer> lanes = ConcurrentHashMap.newKeySet();

    @Override
    protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters) {
        String listener = getAndRemoveParameter(parameters, "for", String.class);
        String speaker = getAndRemoveParameter(parameters, "spoke", String.class);
        return new CrmEndpoint(uri, this, remaining, listener, speaker);
    }

    CrmStore store() {
        return bean(CrmStore.class);
    }

    InstantSource clock() {
        return bean(InstantSource.class);
    }

    /** What the spoke's system lets the hub do. */
    Terms terms(String spoke, String entity) {
        return bean(Connectors.class).spokes().find(spoke).orElseThrow(
                () -> new IllegalArgumentException("There is no spoke '" + spoke + "' to be told.")).terms(entity);
    }

    /** A few more than the spoke gets at once, so that the next ones are at hand. */
    static int atOnce(Terms terms) {
        return Math.min(MOST_AT_ONCE, 4 * terms.concurrent());
    }

    /** All lanes of a spoke share one. */
    SpokeGate gate(String spoke) {
        return gates.computeIfAbsent(spoke,
                name -> new SpokeGate(store().spokes(), name, atOnce(terms(name, "customer"))));
    }

    /** How many requests this process has sent to the spoke. */
    long requests(String spoke) {
        return bean(Connectors.class).requests(spoke);
    }

    /** The route by which a spoke is told of an entity, and asked; empty while it does not run. */
    Optional<Sending> sending(String spoke, String entity) {
        return lanes.stream().filter(lane -> lane.serves(spoke, entity)).map(LaneConsumer::sending).findFirst();
    }

    void started(LaneConsumer lane) {
        lanes.add(lane);
    }

    /** @param all whether the whole hub stops: then no lane takes anything new, and they all come to their end together */
    void stopped(LaneConsumer lane, boolean all) {
        lanes.remove(lane);
        if (all) {
            lanes.forEach(LaneConsumer::takeNoMore);
        }
    }

    MeterRegistry meters() {
        return bean(MeterRegistry.class);
    }

    private <T> T bean(Class<T> type) {
        T bean = getCamelContext().getRegistry().findSingleByType(type);
        if (bean == null) {
            throw new IllegalStateException("crm: needs one bean of type " + type.getName());
        }
        return bean;
    }
}
