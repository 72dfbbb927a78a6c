package io.serai.sandbox;

import com.sun.net.httpserver.Headers;
import java.util.Map;

/** What came in, its body whole and bounded. */
record Request(String method, String path, Map<String, String> query, Map<String, String> variables, Headers headers,
        byte[] body) {

    Map<String, Object> json() {
        return Json.object(body);
    }

    String variable(String name) {
        return variables.get(name);
    }

    /** A query parameter, null when absent. */
    String query(String name) {
        return query.get(name);
    }

    /** A header, null when absent. */
    String header(String name) {
        return headers.getFirst(name);
    }

    int limit(int most) {
        return (int) number("limit", most, most);
    }

    long number(String name, long otherwise, long most) {
        String given = query(name);
        if (given == null) {
            return otherwise;
        }
        try {
            return Math.clamp(Long.parseLong(given), 0, most);
        } catch (NumberFormatException notANumber) {
            throw RefusedException.field(400, "invalid", name, "must be a number");
        }
    }
}
