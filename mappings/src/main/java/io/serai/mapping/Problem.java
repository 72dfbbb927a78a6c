package io.serai.mapping;

/**
 * What is wrong with one value of a document.
 *
 * @param field JSON pointer of the value, such as {@code /emails/0/address}; empty for the document as a whole
 * @param problem a full sentence: what is wrong with the value and what to do
 */
public record Problem(String field, String problem) {
    /** The pointer, or words for the document as a whole. */
    String where() {
        return field == null || field.isEmpty() ? "the document" : field;
    }

    /** A value as a sentence may quote it: short, on one line. */
    static String quoted(Object value) {
        if (value == null) {
            return "null";
        }
        if (value instanceof java.util.Map) {
            return "an object";
        }
        if (value instanceof java.util.List) {
            return "a list";
        }
        var whole = value.toString();
        var text = whole.substring(0, Math.min(whole.length(), 200)).strip().replaceAll("[\\p{Cntrl}\\s]+", " ");
        return "\"" + (text.length() > 60 ? text.substring(0, 57) + "…" : text) + "\"";
    }
}
