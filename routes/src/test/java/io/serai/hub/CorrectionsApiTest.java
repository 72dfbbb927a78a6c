package io.serai.hub;

import static io.serai.hub.RunningHub.json;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.UUID;

import org.junit.jupiter.api.Test;

import io.serai.hub.story.Await;
import tools.jackson.databind.JsonNode;

class CorrectionsApiTest {
    private final RunningHub hub = RunningHub.shared();

    @Test
    void mergesTwoCustomersAndPartsThemAgain() {
        String kept = customer("Anna");
        String absorbed = customer("Annie");
        HttpResponse<String> merged = post(kept + "/merge", "{\"absorb\":\"" + absorbed + "\"}");
        assertThat(merged.statusCode()).as(merged.body()).isEqualTo(200);
        assertThat(json(merged).path("id").asString()).isEqualTo(kept);

        HttpResponse<String> old = get(absorbed);
        assertThat(old.statusCode()).isEqualTo(307);
        assertThat(old.headers().firstValue("location")).contains("/api/customers/" + kept);
        assertThat(get(absorbed + "/explain?field=/name").headers().firstValue("location"))
                .contains("/api/customers/" + kept + "/explain?field=/name");
        assertThat(json(get(kept)).path("emails").size()).isEqualTo(2);

        HttpResponse<String> parted = post(absorbed + "/unmerge", "");
        assertThat(parted.statusCode()).as(parted.body()).isEqualTo(200);
        assertThat(json(parted).path("parted").path("id").asString()).isEqualTo(absorbed);
        assertThat(get(absorbed).statusCode()).isEqualTo(200);
        assertThat(json(get(kept)).path("emails").size()).isEqualTo(1);
        assertThat(json(get(kept + "/history")).path("items").findValuesAsString("reason"))
                .containsExactly("created", "merged", "unmerged");
        assertThat(post(absorbed + "/unmerge", "").statusCode()).isEqualTo(404);
    }

    @Test
    void explainsAFieldAndRestoresWhatItWas() {
        String id = customer("Anna");
        hub.send("PATCH", "/api/customers/" + id, "{\"name\":{\"given\":\"Hanna\"}}", "serai-key", hub.key(),
                "Content-Type", "application/merge-patch+json", "If-Match", "*");
        JsonNode why = json(get(id + "/explain?field=/name/given"));
        assertThat(why.path("values").path(0).path("value").asString()).isEqualTo("Hanna");
        assertThat(why.path("history").size()).isEqualTo(2);
        String message = why.path("values").path(0).path("lost").path(0).path("message").asString();

        String earlier = "{\"field\":\"/name/given\",\"message\":\"" + message + "\"}";
        assertThat(restore(id, earlier, "\"1\"").statusCode()).isEqualTo(409);
        assertThat(restore(id, earlier, "\"2\"").statusCode()).isEqualTo(200);
        assertThat(json(get(id)).path("name").path("given").asString()).isEqualTo("Anna");
        assertThat(restore(id, "{\"field\":\"/name/given\",\"version\":2}", "*").statusCode()).isEqualTo(200);
        assertThat(json(get(id)).path("name").path("given").asString()).isEqualTo("Hanna");
    }

    @Test
    void saysWhatIsWrongWithACorrection() {
        String id = customer("Anna");
        assertThat(post(id + "/merge", "{}").statusCode()).isEqualTo(400);
        assertThat(post(id + "/merge", "{\"absorb\":\"" + UUID.randomUUID() + "\"}").statusCode()).isEqualTo(404);
        assertThat(post(id + "/merge", "{\"absorb\":\"x\",\"why\":1}").body()).contains("/why");
        assertThat(post(id + "/tell-apart", "{\"other\":\"" + id + "\"}").statusCode()).isEqualTo(409);
        assertThat(post(id + "/tell-apart", "{\"other\":\"" + customer("Eva") + "\"}").statusCode()).isEqualTo(200);
        assertThat(restore(id, "{\"field\":\"/name\"}", "*").statusCode()).isEqualTo(400);
        assertThat(restore(id, "{\"field\":\"/note\",\"version\":1}", "*").statusCode()).isEqualTo(404);
        assertThat(get(id + "/explain").statusCode()).isEqualTo(400);
    }

    @Test
    void handsOutAndErasesWhatIsHeldAboutAPerson() {
        String mail = UUID.randomUUID() + "@example.org";
        String body = """
                {"kind":"person","name":{"family":"Canary"},"emails":[{"address":"%s"}],"source":{"id":"%s"}}"""
                .formatted(mail, mail);
        HttpResponse<String> created = hub.send("POST", "/api/customers", body, "serai-key", "erp-key", "Content-Type",
                "application/json");
        String id = json(created).path("id").asString();
        assertThat(get(id + "/export").body()).contains(mail).contains("\"messages\"");

        HttpResponse<String> erased = post(id + "/erase", "");
        assertThat(erased.statusCode()).as(erased.body()).isEqualTo(200);
        assertThat(get(id).statusCode()).isEqualTo(410);
        assertThat(get(id + "/export").statusCode()).isEqualTo(404);
        assertThat(post(id + "/erase", "").statusCode()).isEqualTo(410);
        HttpResponse<String> late = hub.send("POST", "/api/customers", body, "serai-key", "erp-key", "Content-Type",
                "application/json");
        assertThat(late.statusCode()).isEqualTo(422);
        assertThat(json(late).path("code").asString()).isEqualTo("erased");
        String message = json(created).path("messageId").asString();
        assertThat(hub.send("GET", "/api/messages/" + message + "/received", null, "serai-key", hub.key()).body())
                .isEmpty();

        String receipt = erased.headers().firstValue("location").orElseThrow();
        Await.until(Duration.ofSeconds(20),
                () -> assertThat(json(hub.send("GET", receipt, null, "serai-key", hub.key()))
                        .path("spokes").path(0).path("state").asString()).isEqualTo("by hand"));
        assertThat(hub.send("POST", receipt + "/lift", "", "serai-key", hub.key()).statusCode()).isEqualTo(200);
        assertThat(hub.send("POST", "/api/customers", body, "serai-key", hub.key(), "Content-Type",
                "application/json").statusCode()).isEqualTo(201);
    }

    @Test
    void letsOnlyOperatorsCorrect() {
        String id = customer("Anna");
        for (String correction : new String[]{"merge", "unmerge", "tell-apart", "restore", "erase"}) {
            assertThat(hub.send("POST", "/api/customers/" + id + "/" + correction, "{}", "serai-key", "erp-key",
                    "Content-Type", "application/json", "If-Match", "*").statusCode()).as(correction).isEqualTo(403);
        }
    }

    private String customer(String given) {
        String token = UUID.randomUUID().toString().replaceAll("[^a-z]", "") + "x";
        HttpResponse<String> created = hub.send("POST", "/api/customers", """
                {"kind":"person","name":{"given":"%s","family":"%s"},"emails":[{"address":"%s@example.org"}]}"""
                .formatted(given, token, UUID.randomUUID()), "serai-key", hub.key(), "Content-Type",
                "application/json");
        return json(created).path("id").asString();
    }

    private HttpResponse<String> post(String path, String body) {
        return hub.send("POST", "/api/customers/" + path, body, "serai-key", hub.key(), "Content-Type",
                "application/json");
    }

    private HttpResponse<String> restore(String id, String body, String ifMatch) {
        return hub.send("POST", "/api/customers/" + id + "/restore", body, "serai-key", hub.key(), "Content-Type",
                "application/json", "If-Match", ifMatch);
    }

    private HttpResponse<String> get(String path) {
        return hub.send("GET", "/api/customers/" + path, null, "serai-key", hub.key());
    }
}
