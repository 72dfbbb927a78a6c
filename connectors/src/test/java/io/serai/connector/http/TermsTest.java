package io.serai.connector.http;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.containing;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.unauthorized;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

import com.github.tomakehurst.wiremock.junit5.WireMockExtension;

import io.serai.connector.BadFileException;
import io.serai.connector.ConnectorException;
import io.serai.connector.Connectors;
import io.serai.connector.Delivery;
import io.serai.connector.ErrorClass;
import io.serai.connector.Operation;
import io.serai.connector.Outlet;
import io.serai.connector.Terms;
import io.serai.connector.Workshop;

/** What a system lets the hub do, and how the hub keeps to it. */
class TermsTest {
    @RegisterExtension
    static final WireMockExtension VENDOR = WireMockExtension.newInstance().build();
    @TempDir
    Path folder;
    private Workshop workshop;
    private Connectors connectors;

    private Connectors open(String lines, String spokeLines) {
        workshop = new Workshop(folder).connector("any", """
                connector: any
                protocol: http
                settings: {url: {example: "http://localhost"}}
                base: ${url}
                %s
                objects:
                  customer:
                    record: {id: /id}
                    read: {path: "/customers/{id}"}
                """.formatted(lines)).spoke("any", """
                spoke: any
                connector: any
                settings: {url: "%s"}
                flows: {customer: [out]}
                %s
                """.formatted(VENDOR.baseUrl(), spokeLines));
        connectors = workshop.open();
        return connectors;
    }

    @AfterEach
    void close() {
        if (connectors != null) {
            connectors.close();
        }
    }

    private String read() throws ConnectorException {
        Outlet outlet = connectors.outlet(connectors.spokes().find("any").orElseThrow(), "customer").orElseThrow();
        return outlet.send(new Delivery(Operation.LOOKUP, "1", null, null, null, null, null)).externalId();
    }

    private ConnectorException failure() {
        return catchThrowableOfType(ConnectorException.class, this::read);
    }

    private static final String OAUTH = "auth: {kind: oauth2, grant: client_credentials, token_url: \"${url}/token\", "
            + "client_id: hub, client_secret: s3cret, scope: \"crm all\"}";

    private static String token(String token) {
        return "{\"access_token\":\"" + token + "\",\"expires_in\":3600}";
    }

    @Test
    void fetchesOneTokenForManyAndANewOneBeforeItRunsOut() throws Exception {
        open(OAUTH, "");
        VENDOR.stubFor(post(urlEqualTo("/token")).willReturn(okJson(token("one"))));
        VENDOR.stubFor(get(urlEqualTo("/customers/1")).willReturn(okJson("{\"id\":1}")));
        List<Callable<String>> callers = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            callers.add(this::read);
        }
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var call : threads.invokeAll(callers)) {
                assertThat(call.get()).isEqualTo("1");
            }
        }
        VENDOR.verify(1, postRequestedFor(urlEqualTo("/token")).withRequestBody(containing("scope=crm+all"))
                .withHeader("Authorization", equalTo("Basic aHViOnMzY3JldA==")));

        workshop.clock.advance(Duration.ofMinutes(59).plusSeconds(31));
        read();

        VENDOR.verify(2, postRequestedFor(urlEqualTo("/token")));
    }

    @Test
    void aTokenThatWasTakenBackIsRenewedOnce() throws Exception {
        open(OAUTH, "");
        VENDOR.stubFor(post(urlEqualTo("/token")).inScenario("t").whenScenarioStateIs("Started").willSetStateTo("2")
                .willReturn(okJson(token("old"))));
        VENDOR.stubFor(post(urlEqualTo("/token")).inScenario("t").whenScenarioStateIs("2")
                .willReturn(okJson(token("new"))));
        VENDOR.stubFor(get(urlEqualTo("/customers/1")).withHeader("Authorization", equalTo("Bearer old"))
                .willReturn(unauthorized()));
        VENDOR.stubFor(get(urlEqualTo("/customers/1")).withHeader("Authorization", equalTo("Bearer new"))
                .willReturn(okJson("{\"id\":1}")));

        assertThat(read()).isEqualTo("1");
    }

    @Test
    void credentialsThatAreRefusedForGoodAreTriedTwiceAndNotAgain() {
        open(OAUTH, "");
        VENDOR.stubFor(post(urlEqualTo("/token")).willReturn(okJson(token("any"))));
        VENDOR.stubFor(get(urlEqualTo("/customers/1")).willReturn(unauthorized()));

        assertThat(failure().errorClass()).isEqualTo(ErrorClass.AUTH);
        VENDOR.verify(2, getRequestedFor(urlEqualTo("/customers/1")));
    }

    @Test
    void noTokenIsAMatterOfTheCredentialsAndNeverShowsThem() {
        open(OAUTH, "");
        VENDOR.stubFor(post(urlEqualTo("/token")).willReturn(aResponse().withStatus(400)));

        assertThat(failure()).satisfies(failed -> assertThat(failed.errorClass()).isEqualTo(ErrorClass.AUTH))
                .hasMessageNotContaining("s3cret");
    }

    @Test
    void anAnswerThatTricklesInIsGivenUp() {
        open("timeouts: {read: PT0.5S}", "");
        VENDOR.stubFor(get(urlEqualTo("/customers/1")).willReturn(okJson("{\"id\":1," + " ".repeat(400) + "\"a\":2}")
                .withChunkedDribbleDelay(200, 20_000)));
        long begin = System.nanoTime();

        assertThat(failure().errorClass()).isEqualTo(ErrorClass.TRANSIENT);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void whoIsAskedToWaitForeverWaitsAnHour() {
        open("", "");
        VENDOR.stubFor(get(urlEqualTo("/customers/1"))
                .willReturn(aResponse().withStatus(429).withHeader("Retry-After", "999999")));

        assertThat(failure().retryAfter()).contains(Duration.ofHours(1));
    }

    @Test
    void aDateIsAWayToAskForPatience() {
        open("", "");
        String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(
                ZonedDateTime.ofInstant(workshop.clock.instant().plusSeconds(90), ZoneOffset.UTC));
        VENDOR.stubFor(get(urlEqualTo("/customers/1"))
                .willReturn(aResponse().withStatus(503).withHeader("Retry-After", date)));

        assertThat(failure().retryAfter().orElseThrow()).isBetween(Duration.ofSeconds(89), Duration.ofSeconds(90));
    }

    @Test
    void refusesATimeOutThatNoClaimCouldOutlive() {
        assertThatThrownBy(() -> open("timeouts: {read: PT60S}", "")).isInstanceOf(BadFileException.class)
                .hasMessageContaining("read").hasMessageContaining("PT56S");
    }

    @Test
    void theStrictestLimitCountsAndTheSpokesOwnStandsAboveTheConnectors() {
        open("limits: {per_second: 10, per_minute: 60, per_day: 5000, concurrent: 5}\n"
                + "idempotency: {kind: header, retention: PT6H}", "limits: {per_minute: 120, per_day: 900}");

        Terms terms = connectors.spokes().find("any").orElseThrow().terms("customer");

        assertThat(terms).isEqualTo(new Terms(5, Duration.ofMillis(500), 900, Duration.ofSeconds(11),
                Duration.ofHours(6)));
    }
}
