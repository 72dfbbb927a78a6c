package io.serai.mapping;

import java.math.BigDecimal;
import java.math.BigInteger;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** JSON text to plain Java and back, within bounds: depth 50, 200,000 tokens, 10 MiB, decimals exact and of 60 digits before and after the point, no name twice. */
final class JsonText {
    private static final StreamReadConstraints BOUNDS = StreamReadConstraints.builder().maxNestingDepth(50)
            .maxTokenCount(200_000)
            .maxDocumentLength(10 << 20).maxStringLength(5 << 20).maxNumberLength(100).maxNameLength(1_000).build();
    private static final JsonMapper MAPPER = JsonMapper
            .builder(JsonFactory.builder().streamReadConstraints(BOUNDS)
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION).build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .addModule(ExactNumbers.module()).build();

    private JsonText() {}

    static Object parse(String text) {
        return MAPPER.readValue(text.startsWith("\uFEFF") ? text.substring(1) : text, Object.class);
    }

    static Object parse(byte[] bytes) {
        return MAPPER.readValue(bytes, Object.class);
    }

    static String pretty(Object value) {
        return MAPPER.writer().with(SerializationFeature.INDENT_OUTPUT).writeValueAsString(value);
    }

    /** Whether a value is a number that JSON can say exactly. */
    static boolean isNumber(Object value) {
        return value instanceof Integer || value instanceof Long || value instanceof BigDecimal
                || value instanceof BigInteger;
    }
}
