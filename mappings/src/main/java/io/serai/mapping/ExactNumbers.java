package io.serai.mapping;

import java.math.BigDecimal;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.module.SimpleModule;

/**
 * JSON numbers, exactly as they were written, and none that is long when written out: {@code 1e999999999} has eleven characters, and
 * a gigabyte without its exponent. The same stands in connectors and in mappings, which do not know each other.
 */
final class ExactNumbers extends ValueDeserializer<Number> {
    private static final int MOST_DIGITS = 60;

    private ExactNumbers() {}

    /** For a mapper that reads {@code Object.class}: refuses a number with more than 60 digits before or after the point. */
    static JacksonModule module() {
        return new SimpleModule("exact-numbers").addDeserializer(Number.class, new ExactNumbers());
    }

    /** Whether a number without its exponent has at most 60 digits before and after the point. */
    static boolean fits(BigDecimal number) {
        return number.scale() <= MOST_DIGITS && (long) number.precision() - number.scale() <= MOST_DIGITS;
    }

    @Override
    public Number deserialize(JsonParser parser, DeserializationContext context) {
        if (parser.hasToken(JsonToken.VALUE_NUMBER_INT)) {
            return parser.getNumberValue();
        }
        try {
            BigDecimal number = parser.getDecimalValue();
            if (fits(number)) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Its exponent is more than even a BigDecimal holds.
        }
        return context.reportInputMismatch(this,
                "a number has more than %d digits before or after the point, written without exponent", MOST_DIGITS);
    }
}
