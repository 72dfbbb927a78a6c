package io.serai.connector.soap;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

import io.serai.connector.Connector;
import io.serai.connector.Inlet;
import io.serai.connector.Outlet;
import io.serai.connector.Protocol;
import io.serai.connector.Section;
import io.serai.connector.Services;
import io.serai.connector.Spoke;
import io.serai.connector.http.Transport;

/** SOAP 1.1 and 1.2, document/literal wrapped. What such a spoke says comes in by the hub's own SOAP endpoint, so there is no inlet. */
public final class SoapProtocol implements Protocol {
    private final Map<String, SoapSpoke> spokes = new ConcurrentHashMap<>();
    private Services services;

    @Override
    public String name() {
        return "soap";
    }

    @Override
    public void start(Services services) {
        this.services = services;
    }

    @Override
    public void check(Connector connector, Section definition) {
        Transport.check(definition, services.clock());
        SoapSpoke.of(connector, definition, null);
        definition.finish();
    }

    @Override
    public Optional<Inlet> inlet(Spoke spoke, String entity) {
        return Optional.empty();
    }

    @Override
    public Optional<Outlet> outlet(Spoke spoke, String entity) {
        SoapSpoke soap = soap(spoke);
        return Optional.ofNullable(soap.objects().get(entity)).filter(verbs -> !verbs.isEmpty()).map(
                verbs -> new SoapOutlet(soap, entity));
    }

    @Override
    public long requests(Spoke spoke) {
        SoapSpoke known = spokes.get(spoke.name());
        return known == null ? 0 : known.transport().requests();
    }

    @Override
    public void close() {
        spokes.values().forEach(spoke -> spoke.transport().close());
    }

    private SoapSpoke soap(Spoke spoke) {
        return spokes.computeIfAbsent(spoke.name(), name -> {
            Section definition = spoke.definition();
            return SoapSpoke.of(spoke.connector(), definition, Transport.of(definition, spoke, services.clock()));
        });
    }
}
