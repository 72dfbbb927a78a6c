package io.serai.crm;

import java.util.LinkedHashMap;
import java.util.Map;

import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Documents as the database keeps them. Numbers stay exact. */
final class Json {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN).build();
    private static final TypeReference<LinkedHashMap<String, Object>> DOCUMENT = new TypeReference<>() {
    };

    private Json() {}

    static String text(Object value) {
        return value == null ? null : MAPPER.writeValueAsString(value);
    }

    /** Whatever it is: an object, a list, a text. */
    static Object value(String text) {
        return text == null ? null : MAPPER.readValue(text, Object.class);
    }

    static Map<String, Object> document(String text) {
        return text == null ? null : MAPPER.readValue(text, DOCUMENT);
    }
}
