package io.serai.connector.webhook;

import java.util.List;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import io.serai.connector.Json;
import io.serai.connector.MalformedException;
import io.serai.connector.Section;

/**
 * What a connector.yaml says about the webhooks of a system.
 *
 * @param topic what happened; empty when {@code topics} has the single entry {@code "*"}
 * @param event identifies the event; empty: the hash of the body does
 * @param events where the body holds a list of events; null when a body is one event
 * @param topics what happened to the entity it is about
 * @param record where an event holds the record, or for a thin one its id
 * @param thin whether an event holds the record's id instead of the record
 */
public record Webhook(Signature signature, Optional<Place> topic, Optional<Place> event, String events,
        Map<String, String> topics, String record, boolean thin, Answers answers) {

    /** A value's place: a header of the request, or a JSON pointer into an event. Exactly one is not null. */
    record Place(String header, String pointer) {
        static Place of(Section section) {
            Place place = new Place(section.text("header", null), section.text("pointer", null));
            if ((place.header == null) == (place.pointer == null)) {
                throw section.refuse("", "write either 'header' or 'pointer' here");
            }
            return place;
        }

        String value(Map<String, String> headers, Object event) {
            return header != null
                    ? headers.get(header.toLowerCase(Locale.ROOT))
                    : Json.textAt(event, pointer);
        }
    }

    /** The statuses a sender gets; senders differ in which ones they try again, and which make them give up for good. */
    record Answers(int stored, int wrongSignature, int malformed, int tooLarge, int unknownTopic, int unavailable) {
        static Answers of(Section section) {
            return new Answers(section.number("stored", 200), section.number("wrong_signature", 401), section.number(
                    "malformed", 400), section.number("too_large", 413), section.number("unknown_topic", 200),
                    section.number(
                            "unavailable", 503));
        }
    }

    /**
     * The record, or for a thin event its id, out of a body that is read once more.
     *
     * @param eventId by which the event was known; tells it from others in the same body
     * @throws MalformedException when it is not there
     */
    public Object record(Object body, String eventId) throws MalformedException {
        Object found = Json.at(events == null ? body : event(body, eventId), record);
        boolean one = found instanceof Map;
        if (found == null || found instanceof List || one == thin) {
            throw new MalformedException("The event holds no record at '" + record + "'.", null);
        }
        return found;
    }

    private Object event(Object body, String eventId) throws MalformedException {
        List<?> all = Json.at(body, events) instanceof List<?> list ? list : List.of();
        for (int i = 0; i < all.size(); i++) {
            Object one = all.get(i);
            String id = event.filter(place -> place.pointer() != null)
                    .map(place -> Json.textAt(one, place.pointer())).orElse(null);
            if (all.size() == 1 || eventId != null && eventId.endsWith(id == null ? "#" + i : ":" + id)) {
                return one;
            }
        }
        throw new MalformedException("The event is not in the list at '" + events + "'.", null);
    }

    /** Empty when the definition declares none. */
    public static Optional<Webhook> of(Section definition) {
        return definition.section("webhook").map(webhook -> {
            webhook.find("handshake").filter(kind -> !kind.equals("none")).ifPresent(kind -> {
                throw webhook.notYet("handshake", "none");
            });
            Map<String, String> topics = new LinkedHashMap<>(webhook.pairs("topics"));
            List<String> unknown = topics.values().stream().filter(entity -> !definition.named("objects").containsKey(
                    entity)).toList();
            if (!unknown.isEmpty()) {
                throw webhook.refuse("topics", "'objects' does not declare " + unknown);
            }
            Optional<Place> topic = webhook.section("topic").map(Place::of);
            if (topic.isEmpty() && !topics.keySet().equals(Set.of("*"))) {
                throw webhook.refuse("topics", "without 'topic' only the topic \"*\" can be told");
            }
            return new Webhook(Signature.of(webhook.needed("signature")), topic,
                    webhook.section("event").map(Place::of),
                    webhook.text("events", null), topics, webhook.text("record", ""), webhook.flag("thin", false),
                    webhook
                            .section("answers").map(Answers::of).orElse(new Answers(200, 401, 400, 413, 200, 503)));
        });
    }
}
