package io.serai.hub.web;

import java.util.List;
import java.util.Map;

import io.serai.connector.ExactNumbers;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;

/** JSON as plain Java, with limits: a request must not cost more than it is worth. */
public final class Json {
    private static final JsonMapper MAPPER = JsonMapper
            .builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(50).maxTokenCount(200_000)
                            .maxStringLength(1 << 20).maxNameLength(1_000).maxNumberLength(100).build())
                    .build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS, DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .addModule(ExactNumbers.module()).build();
    private static final ObjectReader READER = MAPPER.readerFor(Object.class);

    private Json() {}

    /**
     * Reads a document.
     *
     * @throws Malformed when it is not JSON, or beyond the limits
     */
    public static Object read(byte[] text) throws Malformed {
        try {
            return READER.readValue(text);
        } catch (JacksonException e) {
            TokenStreamLocation at = e.getLocation();
            String place = at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr();
            throw new Malformed("The body is not JSON" + place + ": " + firstLine(e.getOriginalMessage()));
        }
    }

    /** Writes maps, lists, texts, numbers, times and nulls. */
    public static byte[] write(Object document) {
        return MAPPER.writeValueAsBytes(document);
    }

    public static String text(Map<String, ?> document) {
        return MAPPER.writeValueAsString(document);
    }

    static byte[] pretty(Object document) {
        return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(document);
    }

    private static String firstLine(String message) {
        return message == null ? "unreadable" : List.of(message.split("\\R", 2)).getFirst();
    }

    /** What came is not JSON. The message is fit for the sender. */
    public static final class Malformed extends Exception {
        public Malformed(String message) {
            super(message, null, false, false);
        }
    }
}
