package io.serai.connector.http;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import io.serai.connector.Connector;
import io.serai.connector.Inlet;
import io.serai.connector.Outlet;
import io.serai.connector.Protocol;
import io.serai.connector.Section;
import io.serai.connector.Services;
import io.serai.connector.Spoke;
import io.serai.connector.webhook.Webhook;

/** JSON over HTTP: polled lists, signed webhooks, writes. */
public final class HttpProtocol implements Protocol {
    private final Map<String, HttpSpoke> spokes = new ConcurrentHashMap<>();
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private Services services;

    @Override
    public String name() {
        return "http";
    }

    @Override
    public void start(Services services) {
        this.services = services;
    }

    @Override
    public void check(Connector connector, Section definition) {
        Transport.check(definition, services.clock());
        HttpSpoke.of(definition, null);
        Webhook.of(definition);
        definition.finish();
    }

    @Override
    public Optional<Inlet> inlet(Spoke spoke, String entity) {
        HttpSpoke http = http(spoke);
        return Optional.ofNullable(http.object(entity)).filter(object -> object.list().isPresent())
                .map(object -> new Poll(
                        spoke, entity, http, services));
    }

    @Override
    public Optional<Outlet> outlet(Spoke spoke, String entity) {
        HttpSpoke http = http(spoke);
        return Optional.ofNullable(http.object(entity)).map(object -> new HttpOutlet(http, entity));
    }

    @Override
    public long requests(Spoke spoke) {
        HttpSpoke known = spokes.get(spoke.name());
        return known == null ? 0 : known.transport().requests();
    }

    @Override
    public void close() {
        spokes.values().forEach(spoke -> spoke.transport().close());
        executor.close();
    }

    private HttpSpoke http(Spoke spoke) {
        return spokes.computeIfAbsent(spoke.name(), name -> {
            Section definition = spoke.definition();
            return HttpSpoke.of(definition, Transport.of(definition, spoke, services.clock(), executor));
        });
    }
}
