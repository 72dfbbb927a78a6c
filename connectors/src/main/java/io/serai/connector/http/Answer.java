package io.serai.connector.http;

import java.util.Optional;

import org.springframework.http.HttpHeaders;

import io.serai.connector.Json;
import io.serai.connector.MalformedException;

/** What came back: status, headers and the body within its limit. */
public record Answer(int status, HttpHeaders headers, byte[] body) {
    public boolean ok() {
        return status >= 200 && status < 300;
    }

    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.getFirst(name));
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
