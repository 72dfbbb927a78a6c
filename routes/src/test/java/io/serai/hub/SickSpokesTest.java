package io.serai.hub;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.containing;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.matching;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.patch;
import static com.github.tomakehurst.wiremock.client.WireMock.patchRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.unauthorized;
import static com.github.tomakehurst.wiremock.client.WireMock.urlMatching;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathMatching;
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
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

import javax.sql.DataSource;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;

import com.github.tomakehurst.wiremock.junit5.WireMockExtension;
import com.github.tomakehurst.wiremock.verification.LoggedRequest;
import io.serai.hub.database.DatabaseAddress;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Two hubs on one database, and two vendors: one answers late, wrongly and not at all, the other must not notice. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SickSpokesTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String CONTACT = "{\"id\":\"C-{{randomValue length=12 type='ALPHANUMERIC'}}\",\"version\":1}";
    @RegisterExtension
    static final WireMockExtension SICK = vendor();
    @RegisterExtension
    static final WireMockExtension WELL = vendor();
    @TempDir
    static Path folder;
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static final List<ConfigurableApplicationContext> HUBS = new ArrayList<>();

    private static WireMockExtension vendor() {
        return WireMockExtension.newInstance()
                .options(wireMockConfig().dynamicPort().globalTemplating(true).containerThreads(64)).build();
    }

    @BeforeAll
    static void hubs() throws IOException {
        Path home = folder.resolve("home");
        Path repository = Path.of("..").toAbsolutePath().normalize();
        Files.createDirectories(home.resolve("routes/spokes"));
        Files.createDirectories(home.resolve("connectors/quick"));
        Files.createSymbolicLink(home.resolve("mappings"), repository.resolve("mappings"));
        for (String name : List.of("in", "out")) {
            Files.copy(repository.resolve("routes/" + name + ".camel.yaml"),
                    home.resolve("routes/" + name + ".camel.yaml"));
        }
        Files.writeString(home.resolve("connectors/quick/connector.yaml"),
                Files.readString(repository.resolve("connectors/accounting/connector.yaml"))
                        .replace("connector: accounting", "connector: quick").replace("read: PT10S", "read: PT2S"));
        for (Map.Entry<String, WireMockExtension> spoke : Map.of("sick", SICK, "well", WELL).entrySet()) {
            Files.writeString(home.resolve("routes/spokes/" + spoke.getKey() + ".yaml"), """
                    spoke: %s
                    connector: quick
                    mappings: accounting
                    settings: {url: "%s", token: t}
                    flows: {customer: [out]}
                    """.formatted(spoke.getKey(), spoke.getValue().baseUrl()));
        }
        Groundwork groundwork = RunningHub.shared().context().getBean(Groundwork.class);
        DatabaseAddress database = groundwork.owner();
        for (int i = 0; i < 2; i++) {
            Map<String, Object> settings = new HashMap<>();
            settings.put("serai.home", home.toString());
            settings.put("serai.data", folder.resolve("hub" + i).toString());
            settings.put("server.port", "0");
            settings.put("serai.management-port", "0");
            settings.put("serai.broker.url", "none");
            settings.put("serai.reconcile.per-minute", "60000");
            settings.put("serai.erasure-key", groundwork.credentials().get("SERAI_ERASURE_KEY"));
            settings.put("serai.database.url", database.jdbcUrl());
            settings.put("serai.database.user", database.user());
            settings.put("serai.database.password", database.password());
            HUBS.add(HubApplication.start(settings));
        }
    }

    @AfterAll
    static void close() {
        HUBS.forEach(ConfigurableApplicationContext::close);
        HUBS.clear();
    }

    @BeforeEach
    void everybodyIsWell() {
        Stream.of(SICK, WELL).forEach(vendor -> {
            vendor.resetAll();
            vendor.stubFor(post(anyUrl()).atPriority(9).willReturn(okJson(CONTACT).withStatus(201)));
            vendor.stubFor(patch(anyUrl()).atPriority(9)
                    .willReturn(okJson("{\"version\":9,\"id\":\"{{request.pathSegments.[2]}}\"}")));
            vendor.stubFor(get(anyUrl()).atPriority(9).willReturn(okJson("{\"items\":[]}")));
        });
    }

    // ---- words

    private static HttpResponse<String> send(String method, String path, String body, String... headers) {
        ConfigurableApplicationContext hub = HUBS.getFirst();
        HttpRequest.Builder request = HttpRequest
                .newBuilder(URI.create("http://127.0.0.1:"
                        + ((WebServerApplicationContext) hub).getWebServer().getPort() + path))
                .header("serai-key", hub.getBean(Groundwork.class).credentials().get("SERAI_API_KEY"))
                .method(method, body == null
                        ? HttpRequest.BodyPublishers.noBody()
                        : HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static JsonNode read(String path) {
        return JsonMapper.shared().readTree(send("GET", path, null).body());
    }

    private static String email() {
        return UUID.randomUUID().toString().substring(0, 13) + "@example.org";
    }

    /** The new customer's id. */
    private static String customer(String email) {
        HttpResponse<String> answer = send("POST", "/api/customers",
                "{\"kind\":\"person\",\"name\":{\"given\":\"Ada\",\"family\":\"Roth\"},\"emails\":[{\"address\":\""
                        + email + "\"}]}",
                "Content-Type", "application/json", "Idempotency-Key", email);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(201);
        return JsonMapper.shared().readTree(answer.body()).path("id").asString();
    }

    private static void changes(String id, String family) {
        HttpResponse<String> answer = send("PATCH", "/api/customers/" + id,
                "{\"name\":{\"family\":\"" + family + "\"}}", "Content-Type", "application/merge-patch+json",
                "If-Match", "\"1\"");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }

    private static JsonNode link(String id, String spoke) {
        for (JsonNode link : read("/api/customers/" + id + "/links").path("items")) {
            if (link.path("spoke").asString().equals(spoke)) {
                return link;
            }
        }
        throw new AssertionError("no link yet");
    }

    private static void inStep(String id, String spoke) {
        until(SOON, () -> {
            JsonNode link = link(id, spoke);
            assertThat(link.path("state").asString()).as(link.toString()).isEqualTo("SYNCED");
        });
    }

    private static JsonNode spoke(String name) {
        return read("/api/spokes/" + name);
    }

    private static List<LoggedRequest> creates(String email) {
        return SICK.findAll(postRequestedFor(anyUrl()).withRequestBody(containing(email)));
    }

    private static long count(String sql) {
        try (Connection connection = RunningHub.shared().context().getBean(DataSource.class).getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("set serai.tenant = '1'");
            try (ResultSet row = statement.executeQuery(sql)) {
                row.next();
                return row.getLong(1);
            } finally {
                statement.execute("reset serai.tenant");
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    // ---- stories

    @Test
    @Order(1)
    void aThrottledSpokeGetsTheRestItAsksForAndThatCostsNoAttempt() {
        String email = email();
        SICK.stubFor(post(anyUrl()).inScenario("busy").whenScenarioStateIs("Started").willSetStateTo("free")
                .willReturn(aResponse().withStatus(429).withHeader("Retry-After", "2")));
        String id = customer(email);

        inStep(id, "sick");
        List<LoggedRequest> sent = creates(email);
        assertThat(sent).hasSize(2);
        assertThat(Duration.between(sent.getFirst().getLoggedDate().toInstant(),
                sent.getLast().getLoggedDate().toInstant())).isGreaterThanOrEqualTo(Duration.ofMillis(1_950));
        assertThat(sent.getFirst().getHeader("Idempotency-Key")).isEqualTo(sent.getLast().getHeader("Idempotency-Key"));
        assertThat(
                count("select count(distinct attempt) from delivery where entity_id = '" + id + "' and spoke = 'sick'"
                        + " and (outcome = 'DONE' or problem like '% 429%')"))
                .as("attempts").isEqualTo(1);
    }

    @Test
    @Order(2)
    void anErrorOfTheServiceIsTriedAgainAfterALookUp() {
        String email = email();
        SICK.stubFor(post(anyUrl()).inScenario("broken").whenScenarioStateIs("Started").willSetStateTo("mended")
                .willReturn(aResponse().withStatus(500)));
        String id = customer(email);

        inStep(id, "sick");
        assertThat(creates(email)).hasSize(2);
        assertThat(SICK.getAllServeEvents().stream().map(event -> event.getRequest().getMethod().toString())
                .toList().reversed()).as("it is looked for before it is made again")
                .containsSubsequence("POST", "GET", "POST");
    }

    @Test
    @Order(3)
    void somebodyElsesChangeIsTakenInBeforeOursIsWritten() {
        String id = customer(email());
        inStep(id, "sick");
        String external = link(id, "sick").path("externalId").asString();
        SICK.stubFor(patch(anyUrl()).inScenario("version").whenScenarioStateIs("Started").willSetStateTo("read")
                .willReturn(aResponse().withStatus(412)));
        SICK.stubFor(get(urlPathMatching("/v1/contacts/.*")).willReturn(okJson("{\"id\":\"" + external
                + "\",\"version\":7,\"name\":\"Ada Roth\",\"phone\":\"+41445550199\"}")));
        // Attempts that died with their process count, and must not make it wait.
        assertThat(count("with died as (update link set attempts = 16 where entity_id = '" + id
                + "' and spoke = 'sick' returning 1) select count(*) from died")).isEqualTo(1);
        changes(id, "Grün");

        inStep(id, "sick");
        SICK.verify(patchRequestedFor(anyUrl()).withHeader("If-Match", matching("\"?7\"?"))
                .withRequestBody(containing("Gr")));
        assertThat(read("/api/customers/" + id).path("phones").path(0).path("number").asString())
                .isEqualTo("+41445550199");
    }

    @Test
    @Order(4)
    void aDuplicateIsAdopted() {
        String email = email();
        SICK.stubFor(post(anyUrl()).willReturn(aResponse().withStatus(409)));
        SICK.stubFor(get(anyUrl()).willReturn(okJson(
                "{\"items\":[{\"id\":\"C-there\",\"version\":3,\"name\":\"Ada Roth\",\"email\":\"" + email + "\"}]}")));
        String id = customer(email);

        inStep(id, "sick");
        assertThat(link(id, "sick").path("externalId").asString()).isEqualTo("C-there");
        assertThat(creates(email)).hasSize(1);
    }

    @Test
    @Order(5)
    void aRecordThatIsGoneStopsItsOwnLaneOnly() {
        String gone = customer(email());
        String other = customer(email());
        inStep(gone, "sick");
        inStep(other, "sick");
        SICK.stubFor(patch(urlMatching(".*" + link(gone, "sick").path("externalId").asString()))
                .willReturn(aResponse().withStatus(404)));
        changes(gone, "Weg");
        changes(other, "Da");

        until(SOON, () -> assertThat(link(gone, "sick").path("state").asString()).isEqualTo("GONE"));
        inStep(other, "sick");
        assertThat(read("/api/parked?spoke=sick").path("items").path(0).path("entityId").asString()).isEqualTo(gone);
    }

    @Test
    @Order(6)
    void refusedCredentialsPauseTheSpokeWithOneAlertUntilAPersonSaysThatTheyAreRight() {
        SICK.stubFor(any(anyUrl()).willReturn(unauthorized()));
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            ids.add(customer(email()));
        }
        until(SOON, () -> assertThat(spoke("sick").path("paused").path("problem").asString()).contains("401"));
        ids.forEach(id -> inStep(id, "well"));
        assertThat(read("/api/parked?spoke=sick").path("items").valueStream()
                .filter(parked -> parked.path("cause").asString().contains("credentials"))).hasSize(1);
        assertThat(SICK.getAllServeEvents().size()).as("not one for each customer and try").isLessThan(45);

        everybodyIsWell();
        assertThat(send("POST", "/api/spokes/sick/resume", null).statusCode()).isEqualTo(200);

        ids.forEach(id -> inStep(id, "sick"));
        assertThat(spoke("sick").path("paused").isNull()).isTrue();
        assertThat(count("select count(*) from parked where subject = 'spoke:sick' and resolved_at is null")).isZero();
    }

    @Test
    @Order(7)
    void whoHangsOrTricklesKeepsNobodyElseWaiting() {
        SICK.stubFor(any(anyUrl()).willReturn(okJson(CONTACT).withFixedDelay(60_000)));
        SICK.stubFor(get(anyUrl()).willReturn(okJson(CONTACT + " ".repeat(500)).withChunkedDribbleDelay(100, 60_000)));
        List<String> ids = new ArrayList<>();
        Instant begin = Instant.now();
        for (int i = 0; i < 60; i++) {
            ids.add(customer(email()));
        }
        ids.forEach(id -> inStep(id, "well"));
        assertThat(Duration.between(begin, Instant.now())).isLessThan(Duration.ofSeconds(15));
        until(SOON, () -> assertThat(spoke("sick").path("well").asBoolean()).isFalse());

        everybodyIsWell();
        ids.forEach(id -> inStep(id, "sick"));
        assertThat(count("select count(*) from parked where spoke = 'sick' and entity_id = any(array['"
                + String.join("','", ids) + "']::uuid[])")).as("nobody's fault").isZero();
    }

    @Test
    @Order(8)
    void twoHubsShareTheWorkAndMakeNothingTwice() {
        List<String> emails = new ArrayList<>();
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            emails.add(email());
            ids.add(customer(emails.getLast()));
        }
        ids.forEach(id -> inStep(id, "sick"));
        emails.forEach(email -> assertThat(creates(email)).as(email).hasSize(1));
    }

    @Test
    @Order(9)
    void aComparisonFindsTheEditThatNobodyHeardOfAndTakesItIn() {
        String email = email();
        String id = customer(email);
        inStep(id, "sick");
        String external = link(id, "sick").path("externalId").asString();
        SICK.stubFor(get(urlPathMatching("/v1/contacts/.*")).atPriority(8)
                .willReturn(okJson("{\"id\":\"{{request.pathSegments.[2]}}\",\"version\":1}")));
        SICK.stubFor(get(urlPathMatching("/v1/contacts/" + external)).willReturn(okJson("{\"id\":\"" + external
                + "\",\"version\":4,\"name\":\"Ada Roth\",\"email\":\"" + email + "\",\"phone\":\"+41445550177\"}")));

        assertThat(send("POST", "/api/spokes/sick/reconcile?repair=true", null).statusCode()).isEqualTo(202);

        until(SOON, () -> assertThat(read("/api/spokes/sick/reconcile").path("items").path(0).path("state").asString())
                .isEqualTo("done"));
        assertThat(read("/api/spokes/sick/reconcile").path("items").path(0).path("differences").valueStream()
                .filter(difference -> difference.path("externalId").asString().equals(external))).singleElement()
                .satisfies(difference -> {
                    assertThat(difference.path("field").asString()).isEqualTo("phones");
                    assertThat(difference.path("why").asString()).isEqualTo("edited");
                });
        until(SOON, () -> WELL.verify(patchRequestedFor(anyUrl()).withRequestBody(containing("+41445550177"))));
        assertThat(spoke("sick").path("inStep").asDouble()).isBetween(0.9, 1.0);
    }

    @Test
    @Order(10)
    void aHubThatStopsLeavesNoClaimBehindHoweverItsSpokesHang() {
        SICK.stubFor(any(anyUrl()).willReturn(okJson(CONTACT).withFixedDelay(60_000)));
        for (int i = 0; i < 40; i++) {
            customer(email());
        }
        until(SOON, () -> assertThat(count("select count(*) from link where lease_until is not null")).isPositive());
        long begin = System.nanoTime();
        close();

        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(30));
        assertThat(count("select count(*) from link where lease_until is not null")).isZero();
    }
}
