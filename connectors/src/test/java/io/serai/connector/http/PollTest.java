package io.serai.connector.http;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.absent;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import org.apache.camel.Message;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

import com.github.tomakehurst.wiremock.junit5.WireMockExtension;

import io.serai.connector.Connectors;
import io.serai.connector.Hub;
import io.serai.connector.Json;
import io.serai.connector.Spokes;
import io.serai.connector.Workshop;

/** Lists that are asked again and again, page by page. */
class PollTest {
    @RegisterExtension
    static final WireMockExtension VENDOR = WireMockExtension.newInstance().build();
    @TempDir
    Path folder;
    private Workshop workshop;
    private Connectors connectors;
    private Hub hub;

    @BeforeEach
    void spokes() {
        workshop = new Workshop(folder).spoke("books", """
                spoke: books
                connector: accounting
                settings: {url: "${URL}", token: t, poll_every: PT0.05S}
                flows: {payment: [in]}
                """).spoke("shop", """
                spoke: shop
                connector: shopify
                settings: {url: "${URL}", token: t, hook_secret: h, poll_every: PT0.05S}
                flows: {customer: [in]}
                """);
        workshop.clock.advance(Duration.ofHours(2));
        connectors = workshop.real(Map.of("URL", VENDOR.baseUrl()));
    }

    @AfterEach
    void stop() {
        if (hub != null) {
            hub.close();
        }
        connectors.close();
    }

    @Test
    void readsPageByPageAndRemembersTheHighestTimeOnlyAfterTheLast() {
        VENDOR.stubFor(get(urlPathEqualTo("/v1/payments")).withQueryParam("cursor", absent()).willReturn(okJson("""
                {"items":[{"id":"P-1","amount":"10.00","updated_at":"2026-11-21T10:00:05Z"},
                {"id":"P-2","amount":"10.00","updated_at":"2026-11-21T10:00:09Z"}],"next_cursor":"c 2"}""")));
        VENDOR.stubFor(get(urlPathEqualTo("/v1/payments")).withQueryParam("cursor", equalTo("c 2")).willReturn(
                okJson("""
                        {"items":[{"id":"P-3","amount":"10.00","updated_at":"2026-11-21T10:00:07Z"}],"next_cursor":null}""")));

        hub = new Hub(connectors, "books/payments");

        await(() -> workshop.polls.cursor("books", "payment") != null);
        assertThat(workshop.polls.cursor("books", "payment")).isEqualTo("2026-11-21T10:00:09Z");
        assertThat(hub.arrived).extracting(message -> Json.textAt(message.getBody(), "/id")).containsExactly("P-1",
                "P-2", "P-3");
        assertThat(hub.arrived).extracting(message -> message.getHeader("protocol")).containsOnly("poll");
        // The next poll reads a minute again, and what it finds there is known.
        await(() -> !VENDOR.findAll(getRequestedFor(urlPathEqualTo("/v1/payments")).withQueryParam("updated_since",
                equalTo("2026-11-21T09:59:09Z"))).isEmpty());
        assertThat(hub.arrived).hasSize(3);
    }

    @Test
    void hearsWhatChangesWithinOneRevision() {
        String answer = "{\"customers\":[{\"id\":1,\"city\":\"%s\",\"updated_at\":\"2026-11-21T11:00:00+01:00\"}]}";
        VENDOR.stubFor(get(anyUrl()).inScenario("second").whenScenarioStateIs("Started").willSetStateTo("later")
                .willReturn(okJson(answer.formatted("Bern"))));
        VENDOR.stubFor(get(anyUrl()).inScenario("second").whenScenarioStateIs("later")
                .willReturn(okJson(answer.formatted("Basel"))));

        hub = new Hub(connectors, "shop/customers");

        await(() -> VENDOR.findAll(getRequestedFor(anyUrl())).size() >= 4);
        assertThat(hub.arrived).extracting(message -> Json.textAt(message.getBody(), "/city")).containsExactly("Bern",
                "Basel");
        assertThat(hub.arrived).extracting(message -> message.getHeader("eventId")).doesNotHaveDuplicates();
    }

    @Test
    void goesOnFromWhereTheClockIsAndNotFromATimeInTheFuture() {
        String late = "{\"id\":\"P-2\",\"updated_at\":\"2099-12-31T00:00:00Z\"}";
        VENDOR.stubFor(get(urlPathEqualTo("/v1/payments")).withQueryParam("updated_since", absent()).willReturn(okJson(
                "{\"items\":[" + late + ",{\"id\":\"P-1\",\"updated_at\":\"2026-11-21T10:00:05Z\"}]}")));
        VENDOR.stubFor(get(urlPathEqualTo("/v1/payments"))
                .withQueryParam("updated_since", equalTo("2026-11-21T09:59:05Z")).willReturn(okJson(
                        "{\"items\":[{\"id\":\"P-3\",\"updated_at\":\"2026-11-21T10:30:00Z\"}," + late + "]}")));
        VENDOR.stubFor(get(urlPathEqualTo("/v1/payments"))
                .withQueryParam("updated_since", equalTo("2026-11-21T10:29:00Z"))
                .willReturn(okJson("{\"items\":[" + late + "]}")));

        hub = new Hub(connectors, "books/payments");

        await(() -> VENDOR.findAll(getRequestedFor(urlPathEqualTo("/v1/payments")).withQueryParam("updated_since",
                equalTo("2026-11-21T10:29:00Z"))).size() >= 2);
        assertThat(hub.arrived).extracting(message -> Json.textAt(message.getBody(), "/id")).containsExactly("P-2",
                "P-1", "P-3");
    }

    @Test
    void followsTheLinkToTheNextPage() {
        VENDOR.stubFor(get(urlPathEqualTo("/admin/api/2026-07/customers.json")).withQueryParam("page_info", absent())
                .willReturn(okJson("{\"customers\":[{\"id\":1,\"updated_at\":\"2026-11-21T11:00:00+01:00\"}]}")
                        .withHeader("Link",
                                "<" + VENDOR.baseUrl() + "/x>; rel=\"previous\", <" + VENDOR.baseUrl()
                                        + "/admin/api/2026-07/customers.json?page_info=p2>; rel=\"next\"")));
        VENDOR.stubFor(get(urlPathEqualTo("/admin/api/2026-07/customers.json"))
                .withQueryParam("page_info", equalTo("p2"))
                .willReturn(okJson("{\"customers\":[{\"id\":2,\"updated_at\":\"2026-11-21T11:00:01+01:00\"}]}")));

        hub = new Hub(connectors, "shop/customers");

        await(() -> hub.arrived.size() >= 2);
        assertThat(hub.arrived)
                .extracting(message -> message.getHeader("eventId").toString().replaceFirst(":[0-9a-f]{16}$", ""))
                .containsExactly("customer:1:2026-11-21T11:00:00+01:00", "customer:2:2026-11-21T11:00:01+01:00");
    }

    @Test
    void findsTheNextPageAmongLinksOfOtherKinds() {
        String list = "/admin/api/2026-07/customers.json";
        VENDOR.stubFor(get(urlPathEqualTo(list)).withQueryParam("page_info", absent())
                .willReturn(okJson("{\"customers\":[{\"id\":1,\"updated_at\":\"2026-11-21T11:00:00+01:00\"}]}")
                        .withHeader("Link", "</style.css>; rel=preload; title=\"a, b\"",
                                "<" + VENDOR.baseUrl() + list + "?page_info=p2>; rel=\"last Next\"")));
        VENDOR.stubFor(get(urlPathEqualTo(list)).withQueryParam("page_info", equalTo("p2"))
                .willReturn(okJson("{\"customers\":[{\"id\":2,\"updated_at\":\"2026-11-21T11:00:01+01:00\"}]}")));

        hub = new Hub(connectors, "shop/customers");

        await(() -> hub.arrived.size() >= 2);
        assertThat(hub.arrived).extracting(message -> Json.textAt(message.getBody(), "/id")).containsExactly("1", "2");
    }

    @Test
    void readsTimesWhoseOffsetHasNoColon() {
        VENDOR.stubFor(get(anyUrl()).willReturn(okJson(
                "{\"items\":[{\"id\":\"P-1\",\"updated_at\":\"2026-11-21T11:00:05.000+0100\"}]}")));

        hub = new Hub(connectors, "books/payments");

        await(() -> !VENDOR.findAll(getRequestedFor(urlPathEqualTo("/v1/payments")).withQueryParam("updated_since",
                equalTo("2026-11-21T10:59:05+01:00"))).isEmpty());
    }

    @Test
    void saysWhenAllIsReadEveryTimeBecauseNoTimeCanBeRead() {
        VENDOR.stubFor(get(anyUrl()).willReturn(okJson("{\"items\":[{\"id\":\"P-1\",\"updated_at\":\"yesterday\"}]}")));

        hub = new Hub(connectors, "books/payments");

        await(() -> connectors.health("books").lastFailure() != null);
        assertThat(connectors.health("books").reason())
                .contains("none of 1 records has a time at '/updated_at' as iso");
        assertThat(hub.arrived).hasSize(1);
    }

    @Test
    void asksLessAndLessOftenWhileItIsRefused() {
        Duration second = Duration.ofSeconds(1);

        assertThat(Poll.Failing.NOT.pause(second)).isEqualTo(second);
        assertThat(new Poll.Failing(3, false).pause(second)).isEqualTo(Duration.ofSeconds(8));
        assertThat(new Poll.Failing(1_000_000, false).pause(second)).isEqualTo(Duration.ofSeconds(30));
        assertThat(new Poll.Failing(1_000_000, true).pause(second)).isEqualTo(Duration.ofMinutes(5));
        assertThat(new Poll.Failing(7, true).pause(Duration.ofHours(1))).as("never more often than ever").isEqualTo(
                Duration.ofHours(1));
        assertThat(new Poll.Failing(7, false).again(true).pause(second)).as("refused for the first time").isEqualTo(
                Duration.ofSeconds(2));
    }

    @Test
    void pollsLessOftenWhenItMayNotReadAndAsOftenAsBeforeWhenItMay() {
        VENDOR.stubFor(get(anyUrl()).inScenario("token").whenScenarioStateIs("Started").willSetStateTo("again")
                .willReturn(aResponse().withStatus(401)));
        VENDOR.stubFor(get(anyUrl()).inScenario("token").whenScenarioStateIs("again").willSetStateTo("renewed")
                .willReturn(aResponse().withStatus(401)));
        VENDOR.stubFor(get(anyUrl()).inScenario("token").whenScenarioStateIs("renewed")
                .willReturn(okJson("{\"items\":[]}")));

        hub = new Hub(connectors, "books/payments");

        await(() -> VENDOR.findAll(getRequestedFor(anyUrl())).size() >= 5);
        long[] times = VENDOR.findAll(getRequestedFor(anyUrl())).stream().mapToLong(
                request -> request.getLoggedDate().getTime()).sorted().toArray();
        assertThat(times[2] - times[1]).as("50 ms, twice as long, and again").isGreaterThanOrEqualTo(190);
        assertThat(times[4] - times[0]).as("and then as before").isLessThan(9_000);
    }

    @Test
    void tellsNobodyTheSecretInItsAddress() {
        workshop.connector("bot", """
                connector: bot
                protocol: http
                settings: {url: {example: "http://localhost"}, token: {secret: true}}
                base: ${url}
                auth: {kind: none}
                objects:
                  customer:
                    record: {id: /id}
                    list: {path: "/bot${token}/contacts", every: PT0.05S}
                """).spoke("bot",
                "spoke: bot\nconnector: bot\nsettings: {url: \"%s\", token: s3cret}\nflows: {customer: [in]}\n"
                        .formatted(VENDOR.baseUrl()));
        VENDOR.stubFor(get(urlPathEqualTo("/bots3cret/contacts")).willReturn(aResponse().withStatus(500)));
        try (Connectors own = new Connectors(Spokes.of(List.of(workshop.spoke("bot"))), workshop.clock,
                workshop.polls, type -> Optional.empty()); Hub other = new Hub(own, "bot/customers")) {
            await(() -> own.health("bot").lastFailure() != null);
            assertThat(own.health("bot").reason()).contains("GET /bot${token}/contacts").contains("500")
                    .doesNotContain("s3cret");
        }
    }

    @Test
    void doesNotCarryTheCredentialsToAnotherHost() {
        VENDOR.stubFor(get(anyUrl()).willReturn(okJson("{\"customers\":[]}").withHeader("Link",
                "<http://127.0.0.1:1/steal>; rel=\"next\"")));

        hub = new Hub(connectors, "shop/customers");

        await(() -> connectors.health("shop").lastFailure() != null);
        assertThat(connectors.health("shop").reason()).contains("a link to another host");
    }

    @Test
    void isContentWithAnEmptyPage() {
        VENDOR.stubFor(get(anyUrl()).willReturn(okJson("{\"items\":[],\"next_cursor\":null}")));

        hub = new Hub(connectors, "books/payments");

        await(() -> connectors.health("books").lastSuccess() != null);
        assertThat(hub.arrived).isEmpty();
        assertThat(workshop.polls.cursor("books", "payment")).isNull();
    }

    @Test
    void readsAgainWhatCouldNotBeStored() {
        VENDOR.stubFor(get(anyUrl()).willReturn(okJson(
                "{\"items\":[{\"id\":\"P-1\",\"updated_at\":\"2026-11-21T10:00:05Z\"}]}")));
        hub = new Hub(connectors);
        hub.databaseAway = true;
        hub.enter("books/payments");

        await(() -> connectors.health("books").lastFailure() != null);
        assertThat(workshop.polls.cursor("books", "payment")).isNull();
        hub.databaseAway = false;

        await(() -> !hub.arrived.isEmpty());
        await(() -> workshop.polls.cursor("books", "payment") != null);
    }

    @Test
    void goesOnAfterAnErrorPage() {
        VENDOR.stubFor(
                get(anyUrl()).inScenario("proxy").whenScenarioStateIs("Started").willSetStateTo("gone").willReturn(
                        aResponse().withBody("<html>Maintenance</html>")));
        VENDOR.stubFor(get(anyUrl()).inScenario("proxy").whenScenarioStateIs("gone").willReturn(okJson(
                "{\"items\":[{\"id\":\"P-1\",\"updated_at\":\"2026-11-21T10:00:05Z\"}]}")));

        hub = new Hub(connectors, "books/payments");

        await(() -> !hub.arrived.isEmpty());
        assertThat(connectors.health("books").reason()).contains("something that is not JSON");
    }

    @Test
    void refusesARecordWithoutAnIdAndTakesTheOthers() {
        VENDOR.stubFor(get(anyUrl()).willReturn(okJson("{\"items\":[{\"amount\":\"1\"},{\"id\":\"P-2\"}]}")));

        hub = new Hub(connectors, "books/payments");

        await(() -> hub.arrived.size() >= 2);
        Message refused = hub.arrived.getFirst();
        assertThat(((Map<?, ?>) refused.getHeader("refusal")).get("field")).isEqualTo("/id");
        assertThat(hub.arrived.get(1).getHeader("refusal")).isNull();
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
            LockSupport.parkNanos(5_000_000);
        }
    }
}
