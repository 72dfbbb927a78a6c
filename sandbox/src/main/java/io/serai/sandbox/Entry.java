package io.serai.sandbox;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One line of a ledger: a write the system accepted.
 *
 * @param key the caller's idempotency key or reference; null when there was none
 * @param id the record it is about; null when there is none
 * @param body what the caller said
 */
record Entry(long seq, Instant at, String system, String action, String key, String id, Map<String, Object> body) {
    private static final DateTimeFormatter MICROSECONDS = DateTimeFormatter
            .ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    /** Always six decimals, so that times compare as text too. */
    static String format(Instant time) {
        return MICROSECONDS.format(time);
    }

    String time() {
        return format(at);
    }

    Map<String, Object> toMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("seq", seq);
        map.put("at", time());
        map.put("system", system);
        map.put("action", action);
        map.put("key", key);
        map.put("id", id);
        map.put("body", body);
        return map;
    }

    @SuppressWarnings("unchecked")
    static Entry of(Map<String, Object> map) {
        return new Entry(((Number) map.get("seq")).longValue(), Instant.parse((String) map.get("at")),
                (String) map.get("system"), (String) map.get("action"), (String) map.get("key"), (String) map.get("id"),
                (Map<String, Object>) map.get("body"));
    }
}
