package io.serai.connector.http;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

import io.serai.connector.Connector;
import io.serai.connector.ConnectorException;
import io.serai.connector.Delivery;
import io.serai.connector.Inlet;
import io.serai.connector.Json;
import io.serai.connector.Kept;
import io.serai.connector.MalformedException;
import io.serai.connector.Operation;
import io.serai.connector.Outlet;
import io.serai.connector.Protocol;
import io.serai.connector.Section;
import io.serai.connector.Services;
import io.serai.connector.Spoke;
import io.serai.connector.webhook.Webhook;

/** JSON over HTTP: polled lists, signed webhooks, writes. */
public final class HttpProtocol implements Protocol {
    private final Map<String, HttpSpoke> spokes = new ConcurrentHashMap<>();
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
    public boolean lists(Spoke spoke, String entity) {
        HttpObject object = http(spoke).object(entity);
        return object != null && object.list().isPresent();
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
    public Object read(Spoke spoke, Kept message) throws MalformedException, ConnectorException {
        Object json = Json.read(message.content());
        if (message.protocol().equals("poll")) {
            String id = Optional.ofNullable(http(spoke).object(message.entity())).map(HttpObject::id).orElseThrow(
                    () -> new MalformedException("The connector no longer knows " + message.entity() + ".", null));
            if (Json.textAt(json, id) == null) {
                throw new MalformedException("The record has no id at '" + id + "'.", null);
            }
            return json;
        }
        Webhook webhook = Webhook.of(spoke.definition())
                .orElseThrow(() -> new MalformedException("This spoke no longer sends webhooks.", null));
        Object record = webhook.record(json, message.eventId());
        return webhook.thin() ? fetched(spoke, message, record.toString()) : record;
    }

    /** A thin event says only which record changed: what it holds now is what it says. */
    private Object fetched(Spoke spoke, Kept message, String id) throws MalformedException, ConnectorException {
        Outlet outlet = outlet(spoke, message.entity()).orElseThrow(
                () -> new MalformedException("The spoke cannot be asked for the record.", null));
        Object record = outlet.send(
                new Delivery(Operation.LOOKUP, id, null, null, null, null, message.traceparent())).body();
        if (record == null) {
            throw new MalformedException("The spoke no longer has the record that the event speaks of.", null);
        }
        return record;
    }

    @Override
    public void close() {
        spokes.values().forEach(spoke -> spoke.transport().close());
    }

    private HttpSpoke http(Spoke spoke) {
        return spokes.computeIfAbsent(spoke.name(), name -> {
            Section definition = spoke.definition();
            return HttpSpoke.of(definition, Transport.of(definition, spoke, services.clock()));
        });
    }
}
