package io.serai.connector.http;

import java.util.LinkedHashMap;
import java.util.Map;

import io.serai.connector.ConnectorException;
import io.serai.connector.Delivery;
import io.serai.connector.ErrorClass;
import io.serai.connector.Section;

/** One spoke's definition, read, and the transport that all its entities share. */
final class HttpSpoke {
    private final String base;
    private final Errors errors;
    private final String idempotencyHeader;
    private final int idempotencyLength;
    private final Map<String, HttpObject> objects = new LinkedHashMap<>();
    private final Transport transport;

    private HttpSpoke(Section definition, Transport transport) {
        this.transport = transport;
        base = definition.text("base").replaceAll("/+$", "");
        if (!base.matches("https?://[^/]+.*")) {
            throw definition.refuse("base", "'" + base + "' is no address; it must begin with http:// or https://");
        }
        errors = Errors.of(definition);
        Section idempotency = definition.section("idempotency").orElse(null);
        String kind = idempotency == null ? "none" : idempotency.text("kind");
        if (!kind.equals("none") && !kind.equals("header")) {
            throw idempotency.notYet("kind", "none, header");
        }
        idempotencyHeader = kind.equals("header") ? idempotency.text("name", "Idempotency-Key") : null;
        idempotencyLength = idempotency == null ? 0 : idempotency.number("max", 255);
        definition.named("objects").forEach((entity, section) -> objects.put(entity, HttpObject.of(section)));
    }

    static HttpSpoke of(Section definition, Transport transport) {
        return new HttpSpoke(definition, transport);
    }

    HttpObject object(String entity) {
        return objects.get(entity);
    }

    String base() {
        return base;
    }

    Transport transport() {
        return transport;
    }

    Map<String, String> headers(Delivery delivery, boolean write, boolean ifMatch) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Accept", "application/json");
        if (delivery.traceparent() != null) {
            headers.put("traceparent", delivery.traceparent());
        }
        if (write) {
            headers.put("Content-Type", "application/json");
            if (idempotencyHeader != null && delivery.idempotencyKey() != null) {
                headers.put(idempotencyHeader, delivery.idempotencyKey());
            }
        }
        if (ifMatch && delivery.revision() != null) {
            headers.put("If-Match", delivery.revision());
        }
        return headers;
    }

    /** @throws ConnectorException invalid, when the spoke would cut or refuse the key, and with it the protection */
    void checkKey(Delivery delivery) throws ConnectorException {
        if (idempotencyHeader != null && delivery.idempotencyKey() != null && delivery.idempotencyKey()
                .length() > idempotencyLength) {
            throw new ConnectorException(ErrorClass.INVALID, transport.spoke() + " takes idempotency keys of at most "
                    + idempotencyLength + " characters", null);
        }
    }

    /** @throws ConnectorException unless the answer is a success */
    void refuseFailure(String title, Answer answer, boolean create) throws ConnectorException {
        Errors.Failure failure = errors.failure(answer, create).orElse(null);
        if (failure == null) {
            return;
        }
        String said = failure.problem() == null ? "" : ": " + failure.problem();
        throw new ConnectorException(failure.errorClass(), transport.spoke() + " answered " + title + " with "
                + answer.status() + said, answer.status(),
                failure.errorClass() == ErrorClass.THROTTLED ? transport.pause(answer) : transport.retryAfter(answer),
                failure.field(), null);
    }
}
