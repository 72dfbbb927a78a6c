package io.serai.hub.crm;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.slf4j.MDC;

import io.serai.connector.ConnectorException;
import io.serai.mapping.MappingException;

/** Sends one record through a spoke's route and reads what the route left. */
final class Sending {
    private final Endpoint endpoint;
    private final Processor route;
    private final String spoke;
    private final String entity;

    Sending(Endpoint endpoint, Processor route, String spoke, String entity) {
        this.endpoint = endpoint;
        this.route = route;
        this.spoke = spoke;
        this.entity = entity;
    }

    /**
     * What to send.
     *
     * @param operation create, update or lookup
     * @param externalId the record's id in the spoke; may be null
     * @param body the canonical document or patch
     */
    record Request(String operation, String externalId, String revision, String idempotencyKey, String reference,
            Map<String, Object> body, Map<String, Object> golden, List<String> changed, String traceparent) {

        Request asking() {
            return new Request("lookup", externalId, revision, idempotencyKey, reference, body, golden, changed,
                    traceparent);
        }
    }

    /**
     * What came back.
     *
     * @param held canonical form of what the spoke holds; null when it does not say, or a look-up found nothing
     */
    record Answer(Map<String, Object> held, String externalId, String revision) {}

    /**
     * @throws ConnectorException when the spoke did not do it
     * @throws MappingException when the record cannot be put into the spoke's words
     */
    Answer send(Request request) throws Exception {
        Exchange exchange = endpoint.createExchange();
        Message message = exchange.getIn();
        message.setHeader("spoke", spoke);
        message.setHeader("entity", entity);
        message.setHeader("operation", request.operation());
        message.setHeader("externalId", request.externalId());
        message.setHeader("revision", request.revision());
        message.setHeader("idempotencyKey", request.idempotencyKey());
        message.setHeader("reference", request.reference());
        message.setHeader("golden", request.golden());
        message.setHeader("changed", request.changed());
        message.setHeader("traceparent", request.traceparent());
        message.setBody(request.body());
        try (MDC.MDCCloseable _ = MDC.putCloseable("spoke", spoke);
                MDC.MDCCloseable _ = MDC.putCloseable(entity, request.reference())) {
            route.process(exchange);
        }
        Exception failed = exchange.getException();
        if (failed instanceof MappingException mapping && mapping.step().contains("-to-canonical")) {
            // The spoke has done it; only its answer cannot be read. What was sent stands for what it holds.
            return new Answer(null, text(exchange, "externalId"), text(exchange, "revision"));
        }
        if (failed != null) {
            throw failed;
        }
        return new Answer(document(exchange.getMessage().getBody(), request.body()), text(exchange, "externalId"),
                text(exchange, "revision"));
    }

    private static String text(Exchange exchange, String header) {
        Object value = exchange.getMessage().getHeader(header);
        return value == null ? null : value.toString();
    }

    /** A body that is not canonical (a route that maps nothing back) tells nothing. */
    private static Map<String, Object> document(Object body, Map<String, Object> sent) {
        if (!(body instanceof Map<?, ?> map) || body == sent || !map.containsKey("source")) {
            return null;
        }
        Map<String, Object> document = new LinkedHashMap<>();
        map.forEach((key, value) -> document.put(key.toString(), value));
        return document;
    }
}
