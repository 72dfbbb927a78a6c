package io.serai.hub.stream;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

import io.serai.crm.Change;
import io.serai.crm.ChangeEvent;
import io.serai.hub.web.Json;

/**
 * A change as it leaves the hub, the same for everybody: CloudEvents 1.0, structured, in JSON.
 *
 * @param entity names the topic
 * @param key the record's id: what has the same key stays in order
 * @param body bytes that are sent as they are, for they are signed
 */
record CloudEvent(String id, String entity, String key, Change change, byte[] body) {
    /** As the specification wants a structured event to be announced. */
    static final String CONTENT_TYPE = "application/cloudevents+json";

    /** @param record the whole record as it was after the change; null to leave it out */
    static CloudEvent of(int tenant, ChangeEvent event, Map<String, Object> record) {
        Change change = event.change();
        String key = change.id().toString();
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("sequence", change.sequence());
        data.put("entity", change.entity());
        data.put("id", key);
        data.put("version", change.version());
        data.put("reason", change.reason());
        data.put("spoke", change.spoke());
        data.put("message", change.message());
        data.put("fields", change.fields());
        if (record != null) {
            data.put("record", record);
        }
        Map<String, Object> envelope = new LinkedHashMap<>();
        envelope.put("specversion", "1.0");
        envelope.put("id", event.id());
        envelope.put("source", "urn:serai:tenant:" + tenant);
        envelope.put("type", "io.serai." + change.entity() + ".changed");
        envelope.put("subject", key);
        envelope.put("time", change.at().toString());
        envelope.put("partitionkey", key);
        envelope.put("datacontenttype", "application/json");
        envelope.put("data", data);
        return new CloudEvent(event.id(), change.entity(), key, change, Json.write(envelope));
    }

    String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    String topic() {
        return topic(entity);
    }

    /** The topic for an entity's changes, with every broker. */
    static String topic(String entity) {
        return "changes." + entity;
    }
}
