package io.serai.sandbox;

import java.util.LinkedHashMap;
import java.util.Map;

/** A caller asked for something the system does not do; each system says it in its own format. */
final class RefusedException extends RuntimeException {
    private final int status;
    private final String code;
    private final transient Map<String, String> fields;

    RefusedException(int status, String code, String message) {
        this(status, code, message, Map.of());
    }

    /** @param fields field to what is wrong with it */
    RefusedException(int status, String code, String message, Map<String, String> fields) {
        super(message, null, false, false);
        this.status = status;
        this.code = code;
        this.fields = new LinkedHashMap<>(fields);
    }

    static RefusedException field(int status, String code, String field, String problem) {
        return new RefusedException(status, code, field + " " + problem, Map.of(field, problem));
    }

    static RefusedException unknown(String what) {
        return new RefusedException(404, "not_found", what + " does not exist.");
    }

    int status() {
        return status;
    }

    String code() {
        return code;
    }

    Map<String, String> fields() {
        return fields;
    }
}
