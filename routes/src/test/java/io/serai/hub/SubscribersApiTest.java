package io.serai.hub;

import static io.serai.hub.RunningHub.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;

import com.standardwebhooks.Webhook;
import com.sun.net.httpserver.HttpServer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

import io.serai.hub.story.Await;

/** Subscribers come and go over the API. */
class SubscribersApiTest {
    private final RunningHub hub = RunningHub.shared();

    @Test
    void subscribesAndIsToldOfTheNextCustomerSignedWithTheSecretThatIsShownOnce() throws Exception {
        HttpServer office = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        ConcurrentLinkedQueue<Runnable> checks = new ConcurrentLinkedQueue<>();
        ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();
        String[] secret = new String[1];
        office.createContext("/", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            Map<String, List<String>> headers = exchange.getRequestHeaders();
            told.add(body);
            checks.add(() -> verify(secret[0], body, headers));
            exchange.sendResponseHeaders(204, -1);
            exchange.close();
        });
        office.start();
        try {
            HttpResponse<String> created = send("POST", "/api/subscribers", """
                    {"name": "office %s", "url": "http://localhost:%d/hook", "entities": ["customer"], "full": true}"""
                    .formatted(UUID.randomUUID(), office.getAddress().getPort()));
            assertThat(created.statusCode()).as(created.body()).isEqualTo(201);
            secret[0] = json(created).path("secret").asString();
            assertThat(secret[0]).startsWith("whsec_");
            String path = created.headers().firstValue("location").orElseThrow();

            String mail = "m" + UUID.randomUUID() + "@example.org";
            hub.send("POST", "/api/customers", """
                    {"kind":"person","name":{"given":"Ann","family":"Lee"},"emails":[{"address":"%s"}]}"""
                    .formatted(mail), "serai-key", hub.key(), "Content-Type", "application/json");
            Await.until(Duration.ofSeconds(20), () -> assertThat(told).anyMatch(body -> body.contains(mail)));
            checks.forEach(Runnable::run);

            assertThat(send("GET", path, null).body()).doesNotContain("whsec_").doesNotContain(secret[0].substring(6))
                    .contains("\"state\":\"active\"");
            assertThat(send("GET", "/api/subscribers", null).body()).doesNotContain("whsec_");
            assertThat(hub.send("GET", path, null, "serai-key", "erp-key").statusCode()).isEqualTo(403);

            JsonNode rotated = json(send("POST", path + "/secret", "{\"oldValidFor\": \"PT1H\"}"));
            assertThat(rotated.path("secret").asString()).startsWith("whsec_").isNotEqualTo(secret[0]);
            assertThat(rotated.path("oldSecretValidUntil").isNull()).isFalse();

            long last = json(send("GET", path, null)).path("position").asLong();
            int before = told.size();
            assertThat(send("POST", path + "/replay", "{\"only\": " + last + "}").statusCode()).isEqualTo(200);
            assertThat(told).hasSize(before + 1);
            assertThat(send("POST", path + "/replay", "{\"from\": " + last + "}").statusCode()).isEqualTo(200);
            Await.until(Duration.ofSeconds(20), () -> assertThat(told).hasSize(before + 2));

            assertThat(json(patch(path, "{\"enabled\": false}")).path("state").asString()).isEqualTo("disabled");
            assertThat(json(patch(path, "{\"enabled\": true, \"full\": false}")).path("full").asBoolean()).isFalse();
            assertThat(send("DELETE", path, null).statusCode()).isEqualTo(204);
            assertThat(send("GET", path, null).statusCode()).isEqualTo(404);
        } finally {
            office.stop(0);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "/url  | {\"name\": \"a\", \"url\": \"http://office.example/hook\"}",
            "/url  | {\"name\": \"a\", \"url\": \"https://169.254.169.254/latest\"}",
            "/url  | {\"name\": \"a\"}",
            "/name | {\"name\": \"a\\nb\", \"url\": \"https://office.example/hook\"}",
            "/entities | {\"name\": \"a\", \"url\": \"https://office.example/\", \"entities\": [\"robot\"]}",
            "/spokes | {\"name\": \"a\", \"url\": \"https://office.example/\", \"spokes\": \"erp\"}",
            "/full | {\"name\": \"a\", \"url\": \"https://office.example/\", \"full\": \"yes\"}",
            "/since | {\"name\": \"a\", \"url\": \"https://office.example/\", \"since\": \"yesterday\"}",
            "/from | {\"name\": \"a\", \"url\": \"https://office.example/\", \"from\": -1}",
            "/colour | {\"name\": \"a\", \"url\": \"https://office.example/\", \"colour\": \"red\"}"})
    void namesTheFieldThatIsWrong(String field, String body) {
        HttpResponse<String> refused = send("POST", "/api/subscribers", body);
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(json(refused).at("/errors/0/field").asString()).isEqualTo(field);
    }

    @Test
    void takesANameOnce() {
        String body = "{\"name\": \"%s\", \"url\": \"https://office.example/hook\"}".formatted(UUID.randomUUID());
        HttpResponse<String> first = send("POST", "/api/subscribers", body);
        assertThat(first.statusCode()).isEqualTo(201);
        assertThat(send("POST", "/api/subscribers", body).statusCode()).isEqualTo(409);
        assertThat(send("DELETE", first.headers().firstValue("location").orElseThrow(), null).statusCode())
                .isEqualTo(204);
    }

    private static void verify(String secret, String body, Map<String, List<String>> headers) {
        try {
            Map<String, List<String>> lower = new HashMap<>();
            headers.forEach((name, values) -> lower.put(name.toLowerCase(Locale.ROOT), values));
            new Webhook(secret).verify(body, lower);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private HttpResponse<String> send(String method, String path, String body) {
        return hub.send(method, path, body, "serai-key", hub.key(), "Content-Type", "application/json");
    }

    private HttpResponse<String> patch(String path, String body) {
        return hub.send("PATCH", path, body, "serai-key", hub.key(), "Content-Type", "application/merge-patch+json");
    }
}
