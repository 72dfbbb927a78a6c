package io.serai.hub;

import static io.serai.hub.RunningHub.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;

import org.junit.jupiter.api.Test;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import tools.jackson.databind.JsonNode;

class ApiTest {
    private final RunningHub hub = RunningHub.shared();

    @Test
    void createsACustomerAndFindsItAgain() {
        String mail = mail();
        HttpResponse<String> created = post(customer(mail), UUID.randomUUID().toString());
        assertThat(created.statusCode()).isEqualTo(201);
        assertThat(created.headers().firstValue("etag")).contains("\"1\"");
        String id = json(created).path("id").asString();
        assertThat(created.headers().firstValue("location")).contains("/api/customers/" + id);

        JsonNode found = json(get("/api/customers?email=" + mail));
        assertThat(found.path("items").size()).isEqualTo(1);
        assertThat(found.path("items").path(0).path("id").asString()).isEqualTo(id);
    }

    @Test
    void answersARepeatedKeyAgainAndChangesNothing() {
        String key = UUID.randomUUID().toString();
        String body = customer(mail());
        HttpResponse<String> first = post(body, key);
        HttpResponse<String> second = post(body, key);
        assertThat(second.statusCode()).isEqualTo(first.statusCode());
        assertThat(second.headers().firstValue("idempotent-replayed")).contains("true");
        assertThat(json(second).path("id")).isEqualTo(json(first).path("id"));
        assertThat(json(second).path("version").asInt()).isEqualTo(1);
    }

    @Test
    void refusesAKeyThatWasUsedForSomethingElse() {
        String key = UUID.randomUUID().toString();
        post(customer(mail()), key);
        HttpResponse<String> other = post(customer(mail()), key);
        assertThat(other.statusCode()).isEqualTo(422);
        assertThat(json(other).path("code").asString()).isEqualTo("key-reuse");
    }

    @Test
    void editsOnlyTheVersionThatWasRead() {
        String id = json(post(customer(mail()), UUID.randomUUID().toString())).path("id").asString();
        String patch = "{\"language\":\"de-CH\"}";
        assertThat(patch(id, patch, null).statusCode()).isEqualTo(428);
        HttpResponse<String> edited = patch(id, patch, "\"1\"");
        assertThat(edited.statusCode()).isEqualTo(200);
        assertThat(edited.headers().firstValue("etag")).contains("\"2\"");
        assertThat(patch(id, "{\"language\":\"fr-CH\"}", "\"1\"").statusCode()).isEqualTo(412);
        JsonNode golden = json(get("/api/customers/" + id));
        assertThat(golden.path("language").asString()).isEqualTo("de-CH");
        assertThat(json(get("/api/customers/" + id + "/history")).path("items").size()).isEqualTo(2);
    }

    @Test
    void letsASpokeSpeakOfItsOwnRecordAndNotEditTheGoldenOne() {
        String id = json(post(customer(mail()), UUID.randomUUID().toString())).path("id").asString();
        HttpResponse<String> refused = hub.send("PATCH", "/api/customers/" + id, "{\"language\":\"de-CH\"}",
                "serai-key", "erp-key", "Content-Type", "application/merge-patch+json", "If-Match", "*");
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(json(refused).path("detail").asString()).contains("source.id");
        assertThat(json(get("/api/customers/" + id)).path("version").asInt()).isEqualTo(1);
    }

    @Test
    void namesEveryFieldThatIsWrongAndKeepsWhatCame() {
        HttpResponse<String> refused = post("{\"kind\":\"robot\",\"colour\":\"red\"}", UUID.randomUUID().toString());
        assertThat(refused.statusCode()).isEqualTo(422);
        assertThat(refused.headers().firstValue("content-type").orElse("")).startsWith("application/problem+json");
        JsonNode problem = json(refused);
        assertThat(problem.path("errors").findValuesAsString("field")).contains("/kind", "/colour");
        String message = problem.path("messageId").asString();
        assertThat(json(get("/api/messages/" + message)).path("state").asString()).isEqualTo("rejected");
        assertThat(get("/api/messages/" + message + "/received").body()).contains("robot");
    }

    @Test
    void saysWhereBrokenJsonBreaks() {
        HttpResponse<String> refused = post("{\"kind\": person}", UUID.randomUUID().toString());
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(json(refused).path("detail").asString()).contains("line 1");
        assertThat(refused.body()).doesNotContain("jackson").doesNotContain("Exception");
    }

    @Test
    void refusesWhatIsTooLargeEvenWhenItDoesNotSaySo() {
        byte[] large = new byte[(2 << 20) + 1];
        HttpRequest request = HttpRequest.newBuilder(URI.create(hub.url() + "/api/customers"))
                .header("serai-key", hub.key()).header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(large))).build();
        assertThat(hub.send(request).statusCode()).isEqualTo(413);
    }

    @Test
    void refusesQuestionsItDoesNotUnderstand() {
        for (String question : new String[]{"limit=0", "limit=x", "cursor=x", "externalId=1", "identifier=novat"}) {
            assertThat(get("/api/customers?" + question).statusCode()).as(question).isEqualTo(400);
        }
        for (String list : new String[]{"customers?email=", "customers?name=%20", "messages?state=", "parked?cause=",
                "changes?entity="}) {
            HttpResponse<String> empty = get("/api/" + list);
            assertThat(empty.statusCode()).as(list).isEqualTo(400);
            assertThat(list).contains("?" + json(empty).at("/errors/0/field").asString() + "=");
        }
        post(customer(mail()), UUID.randomUUID().toString());
        assertThat(json(get("/api/customers?name=--")).path("items").isEmpty()).as("a name without words").isTrue();
        assertThat(get("/api/orders?customer=nobody").statusCode()).isEqualTo(400);
        HttpResponse<String> misspelt = get("/api/customers?emial=ann@example.org");
        assertThat(misspelt.statusCode()).isEqualTo(400);
        assertThat(misspelt.body()).contains("\"emial\"", "email, ");
        assertThat(get("/api/spokes?limit=3").body()).contains("This address takes none.");
        assertThat(get("/api/customers/nobody").statusCode()).isEqualTo(404);
    }

    @Test
    void readsOnFromTheNextOfEveryListAndFromNothingElse() {
        post(customer(mail()), UUID.randomUUID().toString());
        post(customer(mail()), UUID.randomUUID().toString());
        for (String list : new String[]{"customers", "orders", "messages", "parked", "changes"}) {
            for (String cursor : new String[]{"x", "-1", "9".repeat(30), "0198a2c0-7d4e-7a55-8f3e-2f6f9b1d7c1x"}) {
                HttpResponse<String> refused = get("/api/" + list + "?cursor=" + cursor);
                assertThat(refused.statusCode()).as(list + " " + cursor).isEqualTo(400);
                assertThat(json(refused).at("/errors/0/field").asString()).isEqualTo("cursor");
            }
            String next = json(get("/api/" + list + "?limit=1")).path("next").asString("");
            assertThat(get("/api/" + list + "?limit=1&cursor=" + next).statusCode()).as(list).isEqualTo(200);
        }
        String last = json(get("/api/changes?limit=1")).path("next").asString();
        assertThat(json(get("/api/changes?limit=1&cursor=" + last)).at("/items/0/sequence").asLong())
                .isGreaterThan(Long.parseLong(last));
    }

    @Test
    void refusesOtherContentTypes() {
        assertThat(hub.send("POST", "/api/customers", "{}", "serai-key", hub.key(), "Content-Type", "text/plain")
                .statusCode()).isEqualTo(415);
    }

    @Test
    void letsNobodyInWithoutCredentials() {
        for (String path : new String[]{"/api/customers", "/api/messages", "/api/nothing", "/soap/customers"}) {
            assertThat(hub.send("GET", path, null).statusCode()).as(path).isEqualTo(401);
            assertThat(hub.send("GET", path, null, "Authorization", "Bearer wrong").statusCode()).as(path)
                    .isEqualTo(401);
            assertThat(hub.send("GET", path, null, "Authorization", "Basic !!").statusCode()).as(path).isEqualTo(401);
        }
        assertThat(hub.send("GET", "/elsewhere", null).statusCode()).isEqualTo(404);
    }

    @Test
    void showsASpokeItsOwnMessagesOnly() {
        post(customer(mail()), UUID.randomUUID().toString());
        String message = json(get("/api/messages?spoke=api")).path("items").path(0).path("id").asString();
        assertThat(hub.send("GET", "/api/messages/" + message, null, "serai-key", "erp-key").statusCode())
                .isEqualTo(404);
        JsonNode own = json(hub.send("GET", "/api/messages?spoke=api", null, "serai-key", "erp-key"));
        assertThat(own.path("items").findValuesAsString("spoke")).allMatch("erp"::equals);
    }

    @Test
    void keepsHealthAndMetricsOffThePublicPort() {
        post(customer(mail()), UUID.randomUUID().toString());
        assertThat(hub.send("GET", "/actuator/health", null, "serai-key", hub.key()).statusCode()).isEqualTo(404);
        assertThat(hub.send("GET", hub.management() + "/actuator/health/readiness", null).statusCode()).isEqualTo(200);
        assertThat(hub.send("GET", hub.management() + "/actuator/prometheus", null).body())
                .contains("http_server_requests_seconds_count").contains("serai_spoke_well")
                .contains("serai_messages_total");
        assertThat(hub.send("GET", hub.management() + "/actuator/env", null).statusCode()).isEqualTo(404);
        assertThat(hub.send("GET", hub.management() + "/api/customers", null, "serai-key", hub.key()).statusCode())
                .isEqualTo(404);
    }

    @Test
    void neverShowsASecret() {
        assertThat(get("/api/spokes").body()).doesNotContain("canary-secret").contains("\"spoke\":\"erp\"");
        assertThat(hub.send("GET", hub.management() + "/actuator/health", null).body())
                .doesNotContain("canary-secret");
    }

    @Test
    void carriesTheTraceOfTheCaller() {
        String trace = "0af7651916cd43dd8448eb211c80319c";
        HttpResponse<String> created = hub.send("POST", "/api/customers", customer(mail()), "serai-key", hub.key(),
                "Content-Type", "application/json", "traceparent", "00-" + trace + "-b7ad6b7169203331-01");
        String message = json(created).path("messageId").asString();
        assertThat(json(get("/api/messages/" + message)).path("traceparent").asString()).contains(trace);
    }

    @Test
    void tellsInItsContractWhatItDoes() {
        JsonNode paths = json(hub.send("GET", "/api/openapi.json", null)).path("paths");
        hub.context().getBean("requestMappingHandlerMapping", RequestMappingHandlerMapping.class).getHandlerMethods()
                .keySet().stream().flatMap(info -> info.getPatternValues().stream())
                .filter(pattern -> pattern.startsWith("/api/"))
                .map(pattern -> pattern.replaceAll("\\{kind:([a-z]+)[^}]*}", "$1")).forEach(
                        pattern -> assertThat(paths.has(pattern)).as(pattern).isTrue());
    }

    @Test
    void writesAddressesThatOnlyTheOwnerCanRead() throws Exception {
        var file = hub.data().resolve("sandbox.env");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
        assertThat(Files.readString(file)).contains("SERAI_URL=" + hub.url(), "SERAI_API_KEY=" + hub.key(),
                "SERAI_PID=" + ProcessHandle.current().pid(), "DATABASE_URL=postgresql://", "BROKER_URL=tcp://");
    }

    private HttpResponse<String> post(String body, String key) {
        return hub.send("POST", "/api/customers", body, "serai-key", hub.key(), "Content-Type", "application/json",
                "Idempotency-Key", key);
    }

    private HttpResponse<String> patch(String id, String body, String ifMatch) {
        return ifMatch == null
                ? hub.send("PATCH", "/api/customers/" + id, body, "serai-key", hub.key(), "Content-Type",
                        "application/merge-patch+json")
                : hub.send("PATCH", "/api/customers/" + id, body, "serai-key", hub.key(), "Content-Type",
                        "application/merge-patch+json", "If-Match", ifMatch);
    }

    private HttpResponse<String> get(String path) {
        return hub.send("GET", path, null, "serai-key", hub.key());
    }

    private static String mail() {
        return "m" + UUID.randomUUID().toString().replace("-", "") + "@example.org";
    }

    private static String customer(String mail) {
        String name = mail.substring(0, 20);
        return """
                {"kind":"person","name":{"given":"%s","family":"%s"},"emails":[{"address":"%s"}],
                 "source":{"id":"%s"}}""".formatted(name, name, mail, mail);
    }
}
