package io.serai.hub.soap;

import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import jakarta.servlet.http.HttpServletRequest;
import org.apache.cxf.binding.soap.SoapFault;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.connector.Connectors;
import io.serai.connector.Item;
import io.serai.connector.Outcome;
import io.serai.connector.Refusal;
import io.serai.connector.Sink;
import io.serai.hub.web.BufferedRequest;
import io.serai.hub.web.Caller;
import io.serai.hub.web.Trace;

/** Hands what came by SOAP to the spoke's own route and waits until it is committed. */
final class Reception {
    private static final Logger LOG = LoggerFactory.getLogger(Reception.class);

    private final Connectors connectors;
    private final InstantSource clock;

    Reception(Connectors connectors, InstantSource clock) {
        this.connectors = connectors;
        this.clock = clock;
    }

    /**
     * Takes a record in.
     *
     * @param eventId the sender's id of the message; null when it gave none
     * @param path of the record in the message, for faults
     * @return the outcome, never one that was refused
     */
    Outcome accept(HttpServletRequest request, String entity, String eventId, Map<String, Object> record, String path) {
        Outcome outcome = hand(request, entity, item(request, eventId, record, null));
        return switch (outcome.state()) {
            case APPLIED, UNCHANGED, DUPLICATE, STALE, IGNORED -> refusedBefore(outcome, path);
            case PARKED, WAITING -> throw SoapFaults.sender(or(outcome.code(), "parked"), field(path, outcome.field()),
                    or(outcome.problem(), "A person has to look at this.")
                            + " It is kept and waits for a person at the hub; do not send the same again.",
                    outcome.messageId());
            case REJECTED -> throw rejected(outcome, path);
        };
    }

    /** Journals a message that cannot be read, and answers the fault to throw. */
    SoapFault refuse(HttpServletRequest request, String entity, String field, String code, String problem) {
        Caller caller = Caller.of(request);
        String known = entity == null ? "customer" : entity;
        if (caller == null || connectors.entrance(caller.spoke(), known).isEmpty()) {
            return SoapFaults.sender(code, field, problem, null);
        }
        Refusal refusal = new Refusal("soap:" + caller.spoke() + "/" + known, field, problem, code);
        Outcome outcome = hand(request, known, item(request, null, null, refusal));
        return SoapFaults.sender(code, field, problem, outcome.messageId());
    }

    private static Outcome refusedBefore(Outcome outcome, String path) {
        if (outcome.state() == Outcome.State.DUPLICATE && outcome.problem() != null) {
            throw rejected(outcome, path);
        }
        return outcome;
    }

    private static SoapFault rejected(Outcome outcome, String path) {
        return SoapFaults.sender(or(outcome.code(), "invalid"), field(path, outcome.field()),
                or(outcome.problem(), "The hub cannot use this record."), outcome.messageId());
    }

    private Outcome hand(HttpServletRequest request, String entity, Item item) {
        Caller caller = Caller.of(request);
        Optional<Sink> entrance = connectors.entrance(caller.spoke(), entity);
        if (entrance.isEmpty() && takes(caller.spoke(), entity)) {
            // The hub is starting or stopping. A sender that is told it was at fault would not come again.
            throw SoapFaults.receiver("not-available");
        }
        if (entrance.isEmpty()) {
            throw SoapFaults.sender("not-allowed", null, "\"" + caller.spoke() + "\" is not set up to send any "
                    + entity + " here; add the flow to its spoke file, or sign on as another spoke.", null);
        }
        try {
            return entrance.get().accept(List.of(item)).getFirst();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw SoapFaults.receiver("not-available");
        } catch (Exception e) {
            LOG.error("A SOAP message of {} could not be stored; it has to be sent again", caller.spoke(), e);
            throw SoapFaults.receiver("not-available");
        }
    }

    private boolean takes(String spoke, String entity) {
        return connectors.spokes().find(spoke).map(known -> known.flows(entity, "in")).orElse(false);
    }

    private Item item(HttpServletRequest request, String eventId, Map<String, Object> record, Refusal refusal) {
        byte[] received = request instanceof BufferedRequest buffered ? buffered.body() : new byte[0];
        // Without an id of the sender's nothing tells a repeat from the same value set again later. Both are let in:
        // the merge makes the repeat a change of nothing.
        return new Item(record, eventId, received, request.getContentType(), "soap", null, clock.instant(),
                Trace.of(request), refusal);
    }

    /** The record's own field, as the contract names elements; a canonical pointer stays as it is. */
    private static String field(String path, String field) {
        if (field == null || field.isEmpty()) {
            return path;
        }
        return field.startsWith("/") ? path + field : path + "/" + field;
    }

    private static String or(String text, String otherwise) {
        return text == null ? otherwise : text;
    }
}
