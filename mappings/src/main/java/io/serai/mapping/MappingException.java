package io.serai.mapping;

/** A record that a mapping could not map, or whose result is no valid canonical document. */
public final class MappingException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** A value of the record is wrong, or the result breaks the canonical schema. */
    public static final String INVALID = "invalid";
    /** The record could not be read at all. */
    public static final String MALFORMED = "malformed";
    /** The record is larger or nested deeper than a mapping takes. */
    public static final String TOO_LARGE = "too-large";
    /** The mapping itself failed. */
    public static final String FAILED = "mapping-failed";
    /** The mapping did not come to an end in time. */
    public static final String TIMEOUT = "timeout";

    private final String step;
    private final String field;
    private final String problem;
    private final String code;
    private final String place;

    MappingException(String mapping, String code, String field, String problem, String place, Throwable cause) {
        super(step(mapping) + ": " + (field == null || field.isEmpty() ? "" : field + ": ") + problem
                + (place == null ? "" : " (" + place + ")"), cause);
        this.step = step(mapping);
        this.field = field;
        this.problem = problem;
        this.code = code;
        this.place = place;
    }

    private static String step(String mapping) {
        return "mapping:" + mapping;
    }

    /** The step that failed, such as {@code mapping:shopify/customer-to-canonical}. */
    public String step() {
        return step;
    }

    /** JSON pointer of the value at fault, in the record or in the result; null when it is not one value. */
    public String field() {
        return field;
    }

    /** A full sentence: what is wrong and what to do. */
    public String problem() {
        return problem;
    }

    /** One of {@link #INVALID}, {@link #MALFORMED}, {@link #TOO_LARGE}, {@link #FAILED}, {@link #TIMEOUT}. */
    public String code() {
        return code;
    }

    /** Line, column and expression of the mapping where it happened; null when it happened elsewhere. */
    public String place() {
        return place;
    }
}
