package io.serai.hub;

import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.containing;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.notFound;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.patch;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.wireMockConfig;
import static io.serai.hub.story.Await.until;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import com.github.tomakehurst.wiremock.junit5.WireMockExtension;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A hub that has customers already gets a further system, which has customers already, too; and a system loses one. */
class NewSpokeTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String MADE = "{\"id\":\"C-{{randomValue length=12 type='ALPHANUMERIC'}}\",\"version\":1}";
    @RegisterExtension
    static final WireMockExtension OLD = vendor();
    @RegisterExtension
    static final WireMockExtension NEW = vendor();
    @TempDir
    Path folder;
    private final HttpClient http = HttpClient.newHttpClient();
    private Path home;
    private ConfigurableApplicationContext hub;

    private static WireMockExtension vendor() {
        return WireMockExtension.newInstance().options(wireMockConfig().dynamicPort().globalTemplating(true)).build();
    }

    @BeforeEach
    void home() throws IOException {
        for (WireMockExtension vendor : List.of(OLD, NEW)) {
            vendor.stubFor(post(anyUrl()).atPriority(9).willReturn(okJson(MADE).withStatus(201)));
            vendor.stubFor(patch(anyUrl()).atPriority(9)
                    .willReturn(okJson("{\"version\":9,\"id\":\"{{request.pathSegments.[2]}}\"}")));
            vendor.stubFor(get(anyUrl()).atPriority(9).willReturn(okJson("{\"items\":[]}")));
        }
        home = folder.resolve("home");
        Path repository = Path.of("..").toAbsolutePath().normalize();
        Files.createDirectories(home.resolve("routes/spokes"));
        Files.createDirectories(home.resolve("connectors"));
        Files.createSymbolicLink(home.resolve("connectors/accounting"), repository.resolve("connectors/accounting"));
        Files.createSymbolicLink(home.resolve("mappings"), repository.resolve("mappings"));
        for (String name : List.of("in", "out")) {
            Files.copy(repository.resolve("routes/" + name + ".camel.yaml"),
                    home.resolve("routes/" + name + ".camel.yaml"));
        }
        spoke("old", OLD);
    }

    private void spoke(String name, WireMockExtension vendor) throws IOException {
        Files.writeString(home.resolve("routes/spokes/" + name + ".yaml"), """
                spoke: %s
                connector: accounting
                settings: {url: "%s", token: t, poll_every: PT1S}
                flows: {customer: [in, out]}
                """.formatted(name, vendor.baseUrl()));
    }

    private void starts() {
        Map<String, Object> settings = new HashMap<>();
        settings.put("serai.home", home.toString());
        settings.put("serai.data", folder.resolve("hub").toString());
        settings.put("server.port", "0");
        settings.put("serai.management-port", "0");
        settings.put("serai.broker.url", "none");
        settings.put("serai.reconcile.per-minute", "60000");
        hub = HubApplication.start(settings);
    }

    private JsonNode asks(String method, String path, String body) {
        HttpRequest.Builder request = HttpRequest
                .newBuilder(URI.create("http://127.0.0.1:"
                        + ((WebServerApplicationContext) hub).getWebServer().getPort() + path))
                .header("serai-key", hub.getBean(Groundwork.class).credentials().get("SERAI_API_KEY"))
                .header("Content-Type", "application/json").method(method, body == null
                        ? HttpRequest.BodyPublishers.noBody()
                        : HttpRequest.BodyPublishers.ofString(body));
        try {
            return JsonMapper.shared()
                    .readTree(http.send(request.build(), HttpResponse.BodyHandlers.ofString()).body());
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private String customer(String family) {
        return asks("POST", "/api/customers", "{\"kind\":\"person\",\"name\":{\"given\":\"Ada\",\"family\":\"" + family
                + "\"},\"emails\":[{\"address\":\"" + family + "@example.org\"}]}").path("id").asString();
    }

    private String stateIn(String spoke, String id) {
        return link(spoke, id, "state");
    }

    private String link(String spoke, String id, String what) {
        return asks("GET", "/api/customers/" + id + "/links", null).path("items").valueStream()
                .filter(link -> link.path("spoke").asString().equals(spoke)).map(link -> link.path(what).asString())
                .findFirst().orElse("none");
    }

    @Test
    void aCustomerWhoWasDeletedThereIsMissedAndAPersonIsTold() {
        starts();
        try {
            String roth = customer("roth");
            until(SOON, () -> assertThat(stateIn("old", roth)).isEqualTo("SYNCED"));
            OLD.stubFor(get(urlPathEqualTo("/v1/contacts/" + link("old", roth, "externalId"))).atPriority(5)
                    .willReturn(notFound()));

            asks("POST", "/api/spokes/old/reconcile?repair=true", null);

            until(SOON, () -> assertThat(asks("GET", "/api/spokes/old/reconcile", null).path("items").path(0)
                    .path("differences").path(0).path("why").asString()).isEqualTo("missing"));
            assertThat(asks("GET", "/api/parked?kind=CONFLICT", null).path("items")).singleElement()
                    .satisfies(parked -> assertThat(parked.path("entityId").asString()).isEqualTo(roth));
        } finally {
            hub.close();
        }
    }

    @Test
    void isToldOfWhoItDoesNotKnowAndMakesNobodyTwiceAndItsOwnCustomersReachTheOthers() throws IOException {
        starts();
        String roth = customer("roth");
        String kern = customer("kern");
        until(SOON, () -> assertThat(stateIn("old", kern)).isEqualTo("SYNCED"));
        until(SOON, () -> assertThat(stateIn("old", roth)).isEqualTo("SYNCED"));
        hub.close();

        NEW.stubFor(get(urlPathEqualTo("/v1/contacts")).atPriority(5).willReturn(
                okJson("""
                        {"items": [
                          {"id": "n1", "version": 1, "name": "Ada Kern", "email": "KERN@example.org", "updated_at": "2026-01-01T00:00:00Z"},
                          {"id": "n2", "version": 1, "name": "Eva Zaugg", "email": "zaugg@example.org", "updated_at": "2026-01-02T00:00:00Z"}
                        ]}""")));
        spoke("new", NEW);
        starts();
        try {
            assertThat(stateIn("new", roth)).as("nobody has told it yet").isEqualTo("none");
            asks("POST", "/api/spokes/new/reconcile?repair=true", null);

            until(SOON, () -> assertThat(asks("GET", "/api/spokes/new/reconcile", null).path("items").path(0)
                    .path("state").asString()).isEqualTo("done"));
            until(SOON, () -> assertThat(stateIn("new", roth)).isEqualTo("SYNCED"));
            until(SOON, () -> OLD.verify(1, postRequestedFor(anyUrl()).withRequestBody(containing("zaugg"))));
            assertThat(stateIn("new", kern)).isEqualTo("SYNCED");
            NEW.verify(1, postRequestedFor(urlPathEqualTo("/v1/contacts")));
            NEW.verify(1, postRequestedFor(urlPathEqualTo("/v1/contacts")).withRequestBody(containing("roth")));
            assertThat(asks("GET", "/api/spokes/new/reconcile", null).path("items").path(0).path("untold").asInt())
                    .isEqualTo(1);
        } finally {
            hub.close();
        }
    }
}
