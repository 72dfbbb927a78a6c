package io.serai.connector.http;

import java.net.URI;
import java.util.List;
import java.util.Map;

import io.serai.connector.ConnectorException;
import io.serai.connector.Delivery;
import io.serai.connector.ErrorClass;
import io.serai.connector.Json;
import io.serai.connector.MalformedException;
import io.serai.connector.Operation;
import io.serai.connector.Outlet;
import io.serai.connector.Reply;

/** Writes one entity to a spoke with a JSON API, and finds out what became of a write. */
final class HttpOutlet implements Outlet {
    private static final Reply NOTHING = new Reply(null, null, null);

    private final HttpSpoke spoke;
    private final String entity;
    private final HttpObject object;

    HttpOutlet(HttpSpoke spoke, String entity) {
        this.spoke = spoke;
        this.entity = entity;
        this.object = spoke.object(entity);
    }

    @Override
    public Reply send(Delivery delivery) throws ConnectorException {
        return switch (delivery.operation()) {
            case CREATE -> create(delivery);
            case UPDATE -> write(object.update().orElseThrow(() -> cannot("update")), known(delivery), false);
            case DELETE -> delete(known(delivery));
            case LOOKUP -> lookup(delivery);
        };
    }

    private Reply create(Delivery delivery) throws ConnectorException {
        Call create = object.create().orElseThrow(() -> cannot("create"));
        if (object.lookupFirst()) {
            Reply found = lookup(delivery);
            if (found.externalId() != null) {
                return adopt(delivery, found);
            }
        }
        try {
            return write(create, delivery, true);
        } catch (ConnectorException e) {
            if (object.ownKey() && e.errorClass() == ErrorClass.CONFLICT_DUPLICATE) {
                Reply ours = lookup(delivery);
                if (ours.externalId() != null) {
                    return ours;
                }
            }
            throw e;
        }
    }

    private Reply adopt(Delivery delivery, Reply found) throws ConnectorException {
        Delivery update = new Delivery(Operation.UPDATE, found.externalId(), found.revision(), delivery.body(), delivery
                .idempotencyKey(), delivery.reference(), delivery.traceparent());
        return object.update().isPresent() ? write(object.update().get(), update, false) : found;
    }

    private Reply write(Call call, Delivery delivery, boolean create) throws ConnectorException {
        if (!create && delivery.body() instanceof Map<?, ?> fields && fields.isEmpty()) {
            // Nothing that changed is of interest to this spoke.
            return new Reply(null, delivery.externalId(), null);
        }
        spoke.checkKey(delivery);
        byte[] body = Json.write(Json.wrap(delivery.body() == null ? Map.of() : delivery.body(), call.wrap()));
        URI uri = call.uri(spoke.base(), delivery);
        Answer answer = spoke.transport().send(call.title(), call.method(), uri, spoke.headers(delivery, true, object
                .ifMatch() && !create), body, create);
        spoke.refuseFailure(call.title(), answer, create);
        Object json = json(call, answer, create ? ErrorClass.UNKNOWN : ErrorClass.TRANSIENT);
        if (call.readBack()) {
            String id = create
                    ? Json.textAt(json, call.idInAnswer() == null
                            ? call.record() + object.id()
                            : call.idInAnswer())
                    : delivery.externalId();
            if (id == null) {
                throw unclear(call, answer, "an answer that names no id", ErrorClass.UNKNOWN);
            }
            return readBack(delivery, id);
        }
        if (json == null && !create && answer.status() == 204) {
            return new Reply(null, delivery.externalId(), null);
        }
        Object record = Json.at(json, call.record());
        Reply reply = reply(record);
        if (create && reply.externalId() == null) {
            throw unclear(call, answer, "success, but with no record that has an id", ErrorClass.UNKNOWN);
        }
        if (!(record instanceof Map)) {
            throw unclear(call, answer, "success, but with no record", ErrorClass.TRANSIENT);
        }
        return reply;
    }

    /** The write is done; when it cannot be read back the hub goes on with what it sent. */
    private Reply readBack(Delivery delivery, String id) {
        try {
            Reply read = read(withId(delivery, id));
            return read.externalId() == null ? new Reply(null, id, null) : read;
        } catch (ConnectorException e) {
            return new Reply(null, id, null);
        }
    }

    private Reply delete(Delivery delivery) throws ConnectorException {
        Call call = object.delete().orElseThrow(() -> cannot("delete"));
        Answer answer = spoke.transport().send(call.title(), call.method(), call.uri(spoke.base(), delivery), spoke
                .headers(delivery, true, object.ifMatch()), null, false);
        // Gone is what was asked for.
        if (answer.status() != 404 && answer.status() != 410) {
            spoke.refuseFailure(call.title(), answer, false);
        }
        return new Reply(null, delivery.externalId(), null);
    }

    /** By its id where that is known, else by the hub's own reference or whatever the connector declares. */
    private Reply lookup(Delivery delivery) throws ConnectorException {
        if (delivery.externalId() != null && object.read().isPresent()) {
            return read(delivery);
        }
        HttpObject.Lookup lookup = object.lookup().orElseThrow(() -> cannot("look up"));
        Call call = lookup.call();
        Answer answer = spoke.transport().send(call.title(), call.method(), call.uri(spoke.base(), delivery), spoke
                .headers(delivery, false, false), null, false);
        if (answer.status() == 404) {
            if (lookup.items().isEmpty()) {
                return NOTHING;
            }
            // A list without a match is an empty list. That there is no such list tells nothing about the record.
            throw unclear(call, answer, "404, where it should list what it found", ErrorClass.TRANSIENT);
        }
        spoke.refuseFailure(call.title(), answer, false);
        Object found = Json.at(json(call, answer, ErrorClass.TRANSIENT), lookup.items());
        if (found instanceof List<?> list) {
            if (list.size() > 1) {
                throw new ConnectorException(ErrorClass.CONFLICT_DUPLICATE, spoke.transport().spoke() + " holds "
                        + list.size() + " records where " + call.title() + " should find one", null);
            }
            return list.isEmpty() ? NOTHING : reply(list.getFirst());
        }
        if (!(found instanceof Map)) {
            throw unclear(call, answer, "neither a list nor a record", ErrorClass.TRANSIENT);
        }
        return reply(found);
    }

    private Reply read(Delivery delivery) throws ConnectorException {
        Call call = object.read().orElseThrow(() -> cannot("read"));
        Answer answer = spoke.transport().send(call.title(), call.method(), call.uri(spoke.base(), delivery), spoke
                .headers(delivery, false, false), null, false);
        if (answer.status() == 404 || answer.status() == 410) {
            return NOTHING;
        }
        spoke.refuseFailure(call.title(), answer, false);
        Object record = Json.at(json(call, answer, ErrorClass.TRANSIENT), call.record());
        if (!(record instanceof Map)) {
            throw unclear(call, answer, "success, but with no record", ErrorClass.TRANSIENT);
        }
        return reply(record);
    }

    private Reply reply(Object record) {
        return new Reply(record, Json.textAt(record, object.id()),
                object.revision() == null
                        ? null
                        : Json.textAt(record,
                                object.revision()));
    }

    private Object json(Call call, Answer answer, ErrorClass errorClass) throws ConnectorException {
        try {
            return answer.json();
        } catch (MalformedException e) {
            throw unclear(call, answer, "something that is not JSON", errorClass);
        }
    }

    private ConnectorException unclear(Call call, Answer answer, String what, ErrorClass errorClass) {
        return new ConnectorException(errorClass, spoke.transport().spoke() + " answered " + call.title() + " with "
                + what, answer.status(), null, null, null);
    }

    private ConnectorException cannot(String verb) {
        return new ConnectorException(ErrorClass.INVALID, "The connector of " + spoke.transport().spoke() + " cannot "
                + verb + " a record of " + entity + "; its connector.yaml declares no such call", null);
    }

    private static Delivery known(Delivery delivery) throws ConnectorException {
        if (delivery.externalId() == null) {
            throw new ConnectorException(ErrorClass.INVALID, "The record's id in the spoke is missing", null);
        }
        return delivery;
    }

    private static Delivery withId(Delivery delivery, String id) {
        return new Delivery(Operation.LOOKUP, id, null, null, null, delivery.reference(), delivery.traceparent());
    }
}
