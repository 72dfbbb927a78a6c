package io.serai.sandbox;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Calls the systems as the hub would. */
final class Caller {
    private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final Map<String, String> headers;

    Caller(Map<String, String> headers) {
        this.headers = headers;
    }

    HttpResponse<String> call(String method, String url, String body, String... more) throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20))
                .method(method, HttpRequest.BodyPublishers.ofString(body));
        headers.forEach(request::header);
        if (more.length > 0) {
            request.headers(more);
        }
        try {
            return CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    HttpResponse<String> get(String url) throws IOException {
        return call("GET", url, "");
    }

    HttpResponse<String> post(String url, Object body, String... more) throws IOException {
        return call("POST", url, new String(Json.bytes(body), StandardCharsets.UTF_8), more);
    }

    static Map<String, Object> json(HttpResponse<String> response) {
        return Json.object(response.body().getBytes(StandardCharsets.UTF_8));
    }

    static void await(String what, BooleanSupplier condition) {
        long until = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > until) {
                throw new AssertionError("Never came true: " + what);
            }
            LockSupport.parkNanos(5_000_000);
        }
    }
}
