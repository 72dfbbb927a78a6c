package io.serai.connector.files;

import java.util.Map;

/**
 * One record of a file.
 *
 * @param number of its first line, counted from 1 (in XML: of the record)
 * @param body null when it could not be read
 * @param received its bytes as they stand in the file, without the line break at the end
 * @param flaw why it could not be read; null when it could
 */
record Row(long number, Map<String, Object> body, byte[] received, Flaw flaw) {

    /**
     * @param field name of the column; null when the row as a whole is meant
     * @param problem a full sentence
     * @param code malformed, invalid or too-large
     */
    record Flaw(String field, String problem, String code) {}

    static Row good(long number, Map<String, Object> body, byte[] received) {
        return new Row(number, body, received, null);
    }

    static Row bad(long number, byte[] received, String field, String problem, String code) {
        return new Row(number, null, received, new Flaw(field, problem, code));
    }
}
