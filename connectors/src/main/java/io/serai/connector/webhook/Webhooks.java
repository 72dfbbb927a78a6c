package io.serai.connector.webhook;

import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.connector.ConnectorException;
import io.serai.connector.Connectors;
import io.serai.connector.Delivery;
import io.serai.connector.Item;
import io.serai.connector.Json;
import io.serai.connector.MalformedException;
import io.serai.connector.Operation;
import io.serai.connector.Outlet;
import io.serai.connector.Refusal;
import io.serai.connector.Reply;
import io.serai.connector.Sink;
import io.serai.connector.Spoke;

/**
 * Takes the webhooks of all spokes. A body is believed before it is parsed and stored before it is answered; what is
 * believed but cannot be read goes into the journal as refused.
 */
public final class Webhooks {
    private static final Logger LOG = LoggerFactory.getLogger(Webhooks.class);
    private static final int MAX_EVENTS = 1_000;

    private final Connectors connectors;
    private final InstantSource clock;
    private final Map<String, Webhook> webhooks = new HashMap<>();

    /**
     * What to answer the sender.
     *
     * @param contentType null when there is no body
     * @param body never null; empty, or a JSON problem (RFC 9457) that names the reason
     */
    public record Answer(int status, String contentType, byte[] body) {
        private static Answer empty(int status) {
            return new Answer(status, null, new byte[0]);
        }

        private static Answer problem(int status, String title, String detail) {
            Map<String, Object> problem = new LinkedHashMap<>();
            problem.put("type", "about:blank");
            problem.put("title", title);
            problem.put("status", status);
            problem.put("detail", detail);
            return new Answer(status, "application/problem+json", Json.write(problem));
        }
    }

    /** The bytes of a request as they arrived. */
    public interface Body {
        /** Reads them, at most {@link Json#MAX_BYTES} + 1; an exception of its own reaches whoever called. */
        byte[] read() throws IOException;
    }

    public Webhooks(Connectors connectors, InstantSource clock) {
        this.connectors = connectors;
        this.clock = clock;
        for (Spoke spoke : connectors.spokes().on()) {
            Webhook.of(spoke.definition()).ifPresent(webhook -> webhooks.put(spoke.name(), webhook));
        }
    }

    /**
     * Verifies, parses, hands over, and says what to answer. A success is answered only after the commit.
     *
     * @param spokeName from the address; may be anything
     * @param headers by name in any case; of several with the same name the first
     * @param content read once, and not at all when nobody sends webhooks there
     */
    public Answer receive(String spokeName, Map<String, String> headers, Body content) throws IOException {
        Webhook webhook = webhooks.get(spokeName);
        if (webhook == null) {
            return Answer.problem(404, "Not found", "Nobody sends webhooks here.");
        }
        byte[] body = content.read();
        if (body.length > Json.MAX_BYTES) {
            return Answer.problem(webhook.answers().tooLarge(), "Too large", "A webhook may have at most "
                    + Json.MAX_BYTES + " bytes.");
        }
        Map<String, String> known = new HashMap<>();
        headers.forEach((name, value) -> known.put(name.toLowerCase(Locale.ROOT), value));
        Instant now = clock.instant();
        if (!webhook.signature().proves(known, body, now)) {
            LOG.warn("A webhook for {} with a wrong or missing signature was refused", spokeName);
            return Answer.problem(webhook.answers().wrongSignature(), "Wrong signature",
                    "The signature does not match the body; check the secret.");
        }
        Spoke spoke = connectors.spokes().find(spokeName).orElseThrow();
        try {
            return new Receiving(spoke, webhook, known, body, now).receive();
        } catch (NotRunningException e) {
            // At each start there are many; that a route which should run does not is what readiness tells.
            LOG.debug("A webhook of {} came while {} is not running; the sender is asked to send it again", spokeName,
                    e.getMessage());
            return Answer.problem(webhook.answers().unavailable(), "Unavailable",
                    "The hub is starting or stopping; send it again later.");
        } catch (Exception e) {
            LOG.error("A webhook of {} could not be stored; the sender is asked to send it again", spokeName, e);
            return Answer.problem(webhook.answers().unavailable(), "Unavailable",
                    "It could not be stored now; send it again later.");
        }
    }

    /** One delivery whose sender is known. */
    private final class Receiving {
        private final Spoke spoke;
        private final Webhook webhook;
        private final Map<String, String> headers;
        private final byte[] body;
        private final Instant now;
        private final Map<String, List<Item>> items = new LinkedHashMap<>();
        private String problem;

        Receiving(Spoke spoke, Webhook webhook, Map<String, String> headers, byte[] body, Instant now) {
            this.spoke = spoke;
            this.webhook = webhook;
            this.headers = headers;
            this.body = body;
            this.now = now;
        }

        Answer receive() throws Exception {
            read();
            boolean known = false;
            for (Map.Entry<String, List<Item>> entry : items.entrySet()) {
                Optional<Sink> entrance = connectors.entrance(spoke.name(), entry.getKey());
                if (entrance.isPresent()) {
                    known = true;
                    entrance.get().accept(entry.getValue());
                } else if (spoke.flows(entry.getKey(), "in")) {
                    throw new NotRunningException("connector:" + spoke.name() + "/" + entry.getKey());
                }
            }
            if (problem != null) {
                return Answer.problem(webhook.answers().malformed(), "Malformed", problem);
            }
            return Answer.empty(known ? webhook.answers().stored() : webhook.answers().unknownTopic());
        }

        private void read() throws ConnectorException {
            Object json;
            try {
                json = Json.read(body);
            } catch (MalformedException e) {
                refuse(null, null, e.getMessage());
                return;
            }
            if (webhook.events() == null) {
                event(json, "");
                return;
            }
            if (!(Json.at(json, webhook.events()) instanceof List<?> events)) {
                refuse(null, webhook.events(), "There is no list of events at '" + webhook.events() + "'.");
                return;
            }
            if (events.size() > MAX_EVENTS) {
                refuse(null, webhook.events(), "There are more than " + MAX_EVENTS + " events; send less at a time.");
                return;
            }
            for (int i = 0; i < events.size(); i++) {
                event(events.get(i), "#" + i);
            }
        }

        private void event(Object event, String suffix) throws ConnectorException {
            String topic = topic(event);
            String entity = webhook.topics().get(topic);
            if (entity == null) {
                // A subscription to more than we use is not an error, and answering one would end all of them.
                LOG.debug("{} sent a webhook on a topic nobody listens to", spoke.name());
                return;
            }
            Object record = Json.at(event, webhook.record());
            if (webhook.thin()) {
                if (record == null || record instanceof Map || record instanceof List) {
                    refuse(topic, webhook.record(), "The event names no id at '" + webhook.record() + "'.");
                    return;
                }
                record = fetch(entity, record.toString());
                if (record == null) {
                    return;
                }
            } else if (!(record instanceof Map)) {
                refuse(topic, webhook.record(), "The event holds no record at '" + webhook.record() + "'.");
                return;
            }
            String trace = headers.get("traceparent");
            add(entity, new Item(record, eventId(topic, event, suffix), received(event), contentType(), "webhook", null,
                    now, trace, null));
        }

        /** A thin event says only which record changed; null when it is gone again. */
        private Object fetch(String entity, String id) throws ConnectorException {
            Outlet outlet = connectors.outlet(spoke, entity).orElseThrow(() -> new IllegalStateException("connector "
                    + spoke.connector().name() + " cannot read '" + entity + "'"));
            Reply reply = outlet.send(new Delivery(Operation.LOOKUP, id, null, null, null, null, headers.get(
                    "traceparent")));
            return reply.body();
        }

        /** What is signed but unreadable belongs into the journal of the entity it most likely is about. */
        private void refuse(String topic, String field, String why) {
            problem = why;
            String named = topic != null
                    ? topic
                    : webhook.topic().map(place -> place.header() == null
                            ? null
                            : headers.get(place.header().toLowerCase(Locale.ROOT))).orElse("*");
            String entity = webhook.topics().getOrDefault(named, webhook.topics().values().iterator().next());
            add(entity, new Item(null, eventId(named == null ? "" : named, null, ""), body, contentType(), "webhook",
                    null, now, headers.get("traceparent"),
                    new Refusal("connector:" + spoke.name() + "/" + entity, field, why,
                            "malformed")));
        }

        private void add(String entity, Item item) {
            items.computeIfAbsent(entity, key -> new ArrayList<>()).add(item);
        }

        private String topic(Object event) {
            return webhook.topic().map(place -> place.value(headers, event)).orElse("*");
        }

        /** Some systems give the same id to what happened on different topics, so the topic is part of it. */
        private String eventId(String topic, Object event, String suffix) {
            String id = webhook.event().map(place -> place.value(headers, event)).orElse(null);
            return topic + ":" + (id == null ? sha256(body) : id) + (hasOwnId(event) ? "" : suffix);
        }

        private boolean hasOwnId(Object event) {
            return webhook.event().filter(place -> place.header() == null)
                    .map(place -> place.value(headers, event)).isPresent();
        }

        /** An event with an id of its own may come again in other company: it is kept alone, so that it is known then. */
        private byte[] received(Object event) {
            return webhook.events() != null && hasOwnId(event)
                    ? Json.write(Json.wrap(List.of(event), webhook.events()))
                    : body;
        }

        private String contentType() {
            return headers.getOrDefault("content-type", "application/json");
        }
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is part of every JDK", e);
        }
    }

    /** The hub takes nothing for this route at the moment. */
    private static final class NotRunningException extends Exception {
        private static final long serialVersionUID = 1L;

        private NotRunningException(String route) {
            super(route, null, false, false);
        }
    }
}
