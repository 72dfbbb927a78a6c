package io.serai.connector;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON from outside to plain Java and back, within limits: 2 MiB, depth 50, 200,000 tokens, numbers of 60 digits before and after
 * the point. Numbers with a fraction are BigDecimal, never double.
 */
public final class Json {
    /** Larger bodies are refused unread. */
    public static final int MAX_BYTES = 2 * 1024 * 1024;

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(50).maxTokenCount(200_000)
                    .maxDocumentLength(MAX_BYTES).maxNumberLength(100).maxStringLength(MAX_BYTES).build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .addModule(ExactNumbers.module())
            .build();

    private Json() {}

    /**
     * @return Map, List, String, Boolean, Integer, Long, BigInteger, BigDecimal or null
     * @throws MalformedException when it is not JSON or exceeds a limit; the message quotes nothing of the content
     */
    public static Object read(byte[] json) throws MalformedException {
        if (json.length > MAX_BYTES) {
            throw new MalformedException("This is larger than " + MAX_BYTES + " bytes; send less at a time.", null);
        }
        try {
            return MAPPER.readValue(json, Object.class);
        } catch (JacksonException e) {
            String where = e.getLocation() == null
                    ? ""
                    : " in line " + e.getLocation().getLineNr() + ", column " + e.getLocation().getColumnNr();
            throw new MalformedException("This is not JSON that the hub accepts" + where
                    + "; it must be valid, without repeated names, at most 50 levels deep and 200,000 tokens long,"
                    + " and no number may have more than 60 digits before or after the point.", e);
        }
    }

    /** UTF-8. */
    public static byte[] write(Object value) {
        return MAPPER.writeValueAsBytes(value);
    }

    /** The value at a JSON pointer; null when there is none. The empty pointer is the value itself. */
    public static Object at(Object value, String pointer) {
        if (pointer.isEmpty()) {
            return value;
        }
        Object at = value;
        int from = 1;
        while (from <= pointer.length() && at != null) {
            int slash = pointer.indexOf('/', from);
            int end = slash < 0 ? pointer.length() : slash;
            String name = pointer.substring(from, end);
            if (name.indexOf('~') >= 0) {
                name = name.replace("~1", "/").replace("~0", "~");
            }
            at = switch (at) {
                case Map<?, ?> map -> map.get(name);
                case List<?> list -> element(list, name);
                default -> null;
            };
            from = end + 1;
        }
        return at;
    }

    /** The value at a JSON pointer as text, as ids and revisions are written; null when there is none. */
    public static String textAt(Object value, String pointer) {
        Object at = at(value, pointer);
        return at == null || at instanceof Map || at instanceof List ? null : at.toString();
    }

    /** The value wrapped so that it stands at the pointer: {@code /customer} makes {@code {"customer": value}}. */
    public static Object wrap(Object value, String pointer) {
        Object wrapped = value;
        String rest = pointer;
        while (!rest.isEmpty()) {
            int slash = rest.lastIndexOf('/');
            Map<String, Object> outer = new LinkedHashMap<>();
            outer.put(rest.substring(slash + 1).replace("~1", "/").replace("~0", "~"), wrapped);
            wrapped = outer;
            rest = rest.substring(0, slash);
        }
        return wrapped;
    }

    private static Object element(List<?> list, String name) {
        try {
            int index = Integer.parseInt(name);
            return index >= 0 && index < list.size() ? list.get(index) : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
