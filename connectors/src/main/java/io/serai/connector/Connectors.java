package io.serai.connector;

import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * All spokes of a hub and the protocols that reach them. Made once; the {@code connector:} component, the webhooks and
 * the SOAP endpoint work with it. Closing it closes the protocols; the routes must have stopped before.
 */
public final class Connectors implements AutoCloseable {
    private final Spokes spokes;
    private final InstantSource clock;
    private final Map<String, Protocol> protocols = new HashMap<>();
    private final Map<String, Sink> entrances = new ConcurrentHashMap<>();
    private final Map<String, Health> health = new ConcurrentHashMap<>();

    /**
     * Finds the protocols and checks every connector against its own, whether its spoke is on or off.
     *
     * @param polls the hub's memory for polls
     * @param beans finds a bean of the hub's by type, e.g. a connection factory; a type nobody has is empty
     * @throws BadFileException when a connector asks for what is not implemented
     */
    public Connectors(Spokes spokes, InstantSource clock, Polls polls, Function<Class<?>, Optional<?>> beans) {
        this.spokes = spokes;
        this.clock = clock;
        Services services = new Hub(polls, beans);
        for (Protocol protocol : ServiceLoader.load(Protocol.class, Connectors.class.getClassLoader())) {
            protocols.put(protocol.name(), protocol);
            protocol.start(services);
        }
        Set<Connector> connectors = new LinkedHashSet<>();
        spokes.all().forEach(spoke -> connectors.add(spoke.connector()));
        connectors.forEach(this::check);
        spokes.on().forEach(spoke -> protocol(spoke.connector()).check(spoke.connector(), spoke.definition()));
    }

    /** Refuses a connector that asks for what its protocol cannot do; connects nowhere. */
    public void check(Connector connector) {
        protocol(connector).check(connector, connector.example());
    }

    public Spokes spokes() {
        return spokes;
    }

    /**
     * Where the hub's own front doors (webhooks, SOAP, REST) hand over what a spoke pushed: the running route of that
     * spoke and entity.
     *
     * @param entity singular or plural
     * @return empty while no route runs that begins with {@code connector:<spoke>/<entity>}
     */
    public Optional<Sink> entrance(String spoke, String entity) {
        return Optional.ofNullable(entrances.get(key(spoke, Entities.singular(entity))));
    }

    /**
     * Reads a message of the journal once more. One that cannot be read is an item with a refusal.
     *
     * @throws IllegalArgumentException when the spoke is not there, or is off
     * @throws ConnectorException when the spoke had to be asked for the record and did not answer
     */
    public Item read(Kept message) throws ConnectorException {
        Spoke spoke = spoke(message.spoke());
        Object body = null;
        Refusal refusal = null;
        try {
            body = protocol(spoke.connector()).read(spoke, message);
        } catch (MalformedException unreadable) {
            refusal = new Refusal("connector:" + key(message.spoke(), message.entity()), null,
                    unreadable.getMessage(), "malformed");
        }
        return new Item(body, message.eventId(), message.content(), message.contentType(), message.protocol(), null,
                message.receivedAt(), message.traceparent(), refusal);
    }

    /** How the spoke fares, as this process has seen it. */
    public Health health(String spoke) {
        return health.getOrDefault(spoke, Health.UNKNOWN);
    }

    /** Whether the hub reads the spoke's records of the entity as a list, so that it comes to know all of them. */
    public boolean lists(String spoke, String entity) {
        return spokes.on().stream().anyMatch(known -> known.name().equals(spoke) && known.flows(entity, "in")
                && protocol(known.connector()).lists(known, entity));
    }

    /** How many requests this process has sent to the spoke since it started; 0 where nobody counts. */
    public long requests(String spoke) {
        return spokes.find(spoke).map(known -> protocol(known.connector()).requests(known)).orElse(0L);
    }

    @Override
    public void close() {
        protocols.values().forEach(Protocol::close);
    }

    InstantSource clock() {
        return clock;
    }

    /** @throws IllegalArgumentException when there is none of that name, or it is off */
    Spoke spoke(String name) {
        Spoke spoke = spokes.find(name).orElseThrow(() -> new IllegalArgumentException("There is no spoke '" + name
                + "'"));
        spoke.off().ifPresent(reason -> {
            throw new IllegalArgumentException("spoke " + name + " is off: " + reason);
        });
        return spoke;
    }

    /** What receives for the entity. Protocols that are pushed to, and entities without a list, have nothing to do here. */
    Optional<Inlet> inlet(Spoke spoke, String entity) {
        return protocol(spoke.connector()).inlet(spoke, entity);
    }

    /** What writes (and looks up) records of the entity; empty when the connector declares none. The caller closes it. */
    public Optional<Outlet> outlet(Spoke spoke, String entity) {
        return protocol(spoke.connector()).outlet(spoke, entity);
    }

    void open(String spoke, String entity, Sink sink) {
        if (entrances.putIfAbsent(key(spoke, entity), sink) != null) {
            throw new IllegalStateException("Two routes begin with connector:" + key(spoke, entity)
                    + "; only one can say what becomes of its records");
        }
    }

    void shut(String spoke, String entity, Sink sink) {
        entrances.remove(key(spoke, entity), sink);
    }

    void succeeded(String spoke) {
        health.merge(spoke, Health.UNKNOWN.succeeded(clock.instant()), (old, fresh) -> old.succeeded(fresh
                .lastSuccess()));
    }

    void failed(String spoke, String reason) {
        health.merge(spoke, Health.UNKNOWN.failed(clock.instant(), reason), (old, fresh) -> old.failed(fresh
                .lastFailure(), reason));
    }

    private Protocol protocol(Connector connector) {
        Protocol protocol = protocols.get(connector.protocol());
        if (protocol == null) {
            throw connector.refuse("/protocol", "nothing here speaks '" + connector.protocol() + "'; there are "
                    + new TreeSet<>(protocols.keySet()));
        }
        return protocol;
    }

    private static String key(String spoke, String entity) {
        return spoke + "/" + entity;
    }

    private final class Hub implements Services {
        private final Polls polls;
        private final Function<Class<?>, Optional<?>> beans;

        private Hub(Polls polls, Function<Class<?>, Optional<?>> beans) {
            this.polls = polls;
            this.beans = beans;
        }

        @Override
        public InstantSource clock() {
            return clock;
        }

        @Override
        public Polls polls() {
            return polls;
        }

        @Override
        public <T> Optional<T> find(Class<T> type) {
            return beans.apply(type).map(type::cast);
        }

        @Override
        public void succeeded(Spoke spoke) {
            Connectors.this.succeeded(spoke.name());
        }

        @Override
        public void failed(Spoke spoke, String reason) {
            Connectors.this.failed(spoke.name(), reason);
        }
    }
}
