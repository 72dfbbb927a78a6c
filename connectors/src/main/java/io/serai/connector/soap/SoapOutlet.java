package io.serai.connector.soap;

import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.serai.connector.ConnectorException;
import io.serai.connector.Delivery;
import io.serai.connector.ErrorClass;
import io.serai.connector.Json;
import io.serai.connector.MalformedException;
import io.serai.connector.Operation;
import io.serai.connector.Outlet;
import io.serai.connector.Reply;
import io.serai.connector.http.Answer;
import io.serai.connector.http.Errors;

/** Calls a spoke's SOAP operations and turns faults into error classes. */
final class SoapOutlet implements Outlet {
    /** What stands for a value of the delivery in {@code set:}. */
    static final List<String> HOLES = List.of("{id}", "{reference}");

    private final SoapSpoke spoke;
    private final String entity;
    private final URI endpoint;

    SoapOutlet(SoapSpoke spoke, String entity) {
        this.spoke = spoke;
        this.entity = entity;
        this.endpoint = URI.create(spoke.endpoint());
    }

    @Override
    public Reply send(Delivery delivery) throws ConnectorException {
        SoapSpoke.Verb verb = spoke.objects().get(entity).get(delivery.operation());
        if (verb == null) {
            throw new ConnectorException(ErrorClass.INVALID, "The connector of " + name() + " cannot " + delivery
                    .operation().name().toLowerCase(Locale.ROOT) + " a record of " + entity
                    + "; its connector.yaml declares no such operation", null);
        }
        boolean create = delivery.operation() == Operation.CREATE;
        boolean lookup = delivery.operation() == Operation.LOOKUP;
        if (!create && !lookup && delivery.body() instanceof Map<?, ?> fields && fields.isEmpty()) {
            // Nothing that changed is of interest to this spoke.
            return new Reply(null, delivery.externalId(), null);
        }
        byte[] request = spoke.envelope().write(verb.operation(), spoke.namespace(), spoke.contract().qualified(), body(
                verb, delivery));
        Answer answer = spoke.transport().send(verb.operation(), "POST", endpoint, headers(delivery, verb.operation()),
                request, create);
        Map<?, ?> content = content(verb, answer, create);
        if (Json.at(content, "/Fault") instanceof Map<?, ?> fault) {
            if (lookup && failure(answer, fault, create).errorClass() == ErrorClass.GONE) {
                return new Reply(null, null, null);
            }
            throw refused(verb, answer, failure(answer, fault, create));
        }
        if (!answer.ok()) {
            throw refused(verb, answer, spoke.errors().usual(answer, null, create));
        }
        Object response = content.get(verb.operation() + "Response");
        if (response == null) {
            throw unclear(verb, answer, "an envelope without " + verb.operation() + "Response", create);
        }
        return reply(verb, delivery, answer, response, create);
    }

    private Reply reply(SoapSpoke.Verb verb, Delivery delivery, Answer answer, Object response, boolean create)
            throws ConnectorException {
        String id = verb.id() == null ? delivery.externalId() : Json.textAt(response, verb.id());
        if (create && id == null) {
            throw unclear(verb, answer, "success, but with no id", true);
        }
        return new Reply(verb.record() == null ? null : Json.at(response, verb.record()), id,
                verb.revision() == null ? null : Json.textAt(response, verb.revision()));
    }

    private Map<String, Object> body(SoapSpoke.Verb verb, Delivery delivery) throws ConnectorException {
        Map<String, Object> body = new LinkedHashMap<>();
        if (delivery.operation() != Operation.LOOKUP && delivery.body() instanceof Map<?, ?> map) {
            map.forEach((key, value) -> body.put(key.toString(), value));
        }
        for (Map.Entry<String, String> entry : verb.set().entrySet()) {
            String value = switch (entry.getValue()) {
                case "{id}" -> delivery.externalId();
                case "{reference}" -> delivery.reference();
                default -> entry.getValue();
            };
            if (value == null) {
                throw new ConnectorException(ErrorClass.INVALID, name() + " cannot be asked: " + verb.operation()
                        + " needs " + entry.getValue() + " as " + entry.getKey() + ", and this record has none", 0,
                        null, "/"
                                + entry.getKey(),
                        null);
            }
            body.put(entry.getKey(), value);
        }
        try {
            return spoke.contract().ordered(verb.operation(), body);
        } catch (Contract.UnknownElement e) {
            throw new ConnectorException(ErrorClass.INVALID, e.getMessage() + " in " + verb.operation()
                    + "; correct the mapping", 0, null, e.pointer(), null);
        }
    }

    private Map<String, String> headers(Delivery delivery, String operation) {
        String action = spoke.action().replace("{operation}", operation);
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", spoke.envelope().contentType(action));
        if (spoke.envelope() == Envelope.SOAP_11) {
            headers.put("SOAPAction", "\"" + action + "\"");
        }
        if (delivery.traceparent() != null) {
            headers.put("traceparent", delivery.traceparent());
        }
        if (spoke.idempotencyHeader() != null && delivery.idempotencyKey() != null) {
            headers.put(spoke.idempotencyHeader(), delivery.idempotencyKey());
        }
        return headers;
    }

    private Map<?, ?> content(SoapSpoke.Verb verb, Answer answer, boolean create) throws ConnectorException {
        try {
            return Envelope.body(answer.body());
        } catch (MalformedException e) {
            if (!answer.ok()) {
                throw refused(verb, answer,
                        spoke.errors().byRule(answer, null).orElse(spoke.errors().usual(answer, null,
                                create)));
            }
            throw unclear(verb, answer, "something that is not SOAP", create);
        }
    }

    /** The connector's rules first; then the caller's fault is invalid, and with any other nobody knows how far the system got. */
    private Errors.Failure failure(Answer answer, Map<?, ?> fault, boolean create) {
        return spoke.errors().byRule(answer, fault).orElseGet(() -> {
            if (answer.status() == 429 || answer.status() == 401 || answer.status() == 403 || answer.status() == 503) {
                return spoke.errors().usual(answer, fault, create);
            }
            ErrorClass errorClass = Envelope.callersFault(fault)
                    ? ErrorClass.INVALID
                    : create ? ErrorClass.UNKNOWN : ErrorClass.TRANSIENT;
            return spoke.errors().describe(errorClass, fault);
        });
    }

    private ConnectorException refused(SoapSpoke.Verb verb, Answer answer, Errors.Failure failure) {
        String said = failure.problem() == null ? "" : ": " + failure.problem();
        return new ConnectorException(failure.errorClass(), name() + " answered " + verb.operation() + " with " + answer
                .status() + said, answer.status(),
                failure.errorClass() == ErrorClass.THROTTLED
                        ? spoke.transport().pause(answer)
                        : spoke.transport().retryAfter(answer),
                failure.field(),
                null);
    }

    private ConnectorException unclear(SoapSpoke.Verb verb, Answer answer, String what, boolean create) {
        return new ConnectorException(create ? ErrorClass.UNKNOWN : ErrorClass.TRANSIENT, name() + " answered " + verb
                .operation() + " with " + what, answer.status(), null, null, null);
    }

    private String name() {
        return spoke.transport().spoke();
    }
}
