package io.serai.connector.http;

import java.util.Map;
import java.util.Optional;

import io.serai.connector.Json;
import io.serai.connector.MalformedException;

/** What came back: status, headers and the body within its limit. @param headers by name in any case, the first of each */
public record Answer(int status, Map<String, String> headers, byte[] body) {
    public boolean ok() {
        return status >= 200 && status < 300;
    }

    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    /** @throws MalformedException when it is not JSON, e.g. the HTML page of a proxy */
    Object json() throws MalformedException {
        return body.length == 0 ? null : Json.read(body);
    }

    /** The body if it is JSON, null if it is something else. */
    Object jsonIfAny() {
        try {
            return json();
        } catch (MalformedException e) {
            return null;
        }
    }
}
