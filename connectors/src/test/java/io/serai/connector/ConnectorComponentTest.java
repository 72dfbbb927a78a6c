package io.serai.connector;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.patch;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.camel.Exchange;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

import com.github.tomakehurst.wiremock.junit5.WireMockExtension;

/** The word connector: in a route, in a real Camel context. */
class ConnectorComponentTest {
    @RegisterExtension
    static final WireMockExtension VENDOR = WireMockExtension.newInstance().build();
    @TempDir
    Path folder;
    private Workshop workshop;
    private Connectors connectors;
    private Hub hub;

    @BeforeEach
    void start() {
        workshop = new Workshop(folder).spoke("erp", """
                spoke: erp
                connector: erp
                settings: {url: "http://127.0.0.1:1", user: u, password: p}
                flows: {customer: [in, out]}
                """).spoke("books", """
                spoke: books
                connector: accounting
                settings: {url: "${URL}", token: t}
                flows: {customer: [out], invoice: [issue]}
                """).spoke("off", """
                spoke: off
                connector: erp
                settings: {url: "${NOWHERE}", user: u, password: p}
                flows: {customer: [in]}
                """);
        connectors = workshop.real(Map.of("URL", VENDOR.baseUrl()));
        hub = new Hub(connectors, "erp/customers");
    }

    @AfterEach
    void stop() {
        hub.close();
        connectors.close();
    }

    @Test
    void givesAnItemTheHeadersOfTheContractAndNoOthers() throws Exception {
        Item item = item("e1", Map.of("id", "1"), null);

        List<Outcome> outcomes = entrance().accept(List.of(item));

        assertThat(outcomes).singleElement().satisfies(outcome -> {
            assertThat(outcome.state()).isEqualTo(Outcome.State.APPLIED);
            assertThat(outcome.messageId()).isEqualTo("m1");
            assertThat(outcome.version()).isEqualTo(1);
        });
        Map<String, Object> headers = hub.arrived.getFirst().getHeaders();
        assertThat(headers).containsOnlyKeys("spoke", "entity", "eventId", "received", "contentType", "protocol",
                "receivedAt", "traceparent", "record").containsEntry("spoke", "erp").containsEntry("entity", "customer")
                .containsEntry(
                        "eventId", "e1");
        assertThat(hub.arrived.getFirst().getBody()).isEqualTo(Map.of("id", "1"));
    }

    @Test
    void answersABatchItemByItemInOrder() throws Exception {
        hub.rejects = message -> "2".equals(((Map<?, ?>) message.getBody()).get("id"));

        List<Outcome> outcomes = entrance().accept(List.of(item("e1", Map.of("id", "1"), null), item("e2", Map.of("id",
                "2"), null), item("e3", Map.of("id", "3"), null)));

        assertThat(outcomes).extracting(Outcome::state).containsExactly(Outcome.State.APPLIED, Outcome.State.REJECTED,
                Outcome.State.APPLIED);
        assertThat(outcomes.get(1).problem()).isEqualTo("no");
    }

    @Test
    void carriesARefusalToTheJournal() throws Exception {
        Refusal refusal = new Refusal("connector:erp/customer", "/id", "It has no id.", "malformed");

        List<Outcome> outcomes = entrance().accept(List.of(item("e1", null, refusal)));

        assertThat(outcomes.getFirst().state()).isEqualTo(Outcome.State.REJECTED);
        assertThat(hub.arrived.getFirst().getHeader("refusal")).isEqualTo(Map.of("step", "connector:erp/customer",
                "field", "/id", "problem", "It has no id.", "code", "malformed"));
    }

    @Test
    void doesNotAcknowledgeWhatCouldNotBeStored() {
        hub.databaseAway = true;

        assertThatThrownBy(() -> entrance().accept(List.of(item("e1", Map.of(), null)))).hasMessageContaining(
                "no database");
        assertThat(connectors.health("erp").lastSuccess()).isNull();
    }

    @Test
    void hasAnEntranceOnlyWhileTheRouteRuns() throws Exception {
        assertThat(connectors.entrance("erp", "customers")).isPresent();
        assertThat(connectors.entrance("erp", "order")).isEmpty();

        hub.context.getRouteController().stopRoute("erp/customers");

        assertThat(connectors.entrance("erp", "customer")).isEmpty();
    }

    @Test
    void refusesASpokeThatIsOffOrUnknown() {
        assertThatThrownBy(() -> hub.context.getEndpoint("connector:off/customers").createConsumer(exchange -> {}))
                .hasMessageContaining("spoke off is off: NOWHERE is not set");
        assertThatThrownBy(() -> hub.context.getEndpoint("connector:nobody/customers").createProducer())
                .hasMessageContaining("There is no spoke 'nobody'");
        assertThatThrownBy(() -> hub.context.getEndpoint("connector:erp/custmers")).hasStackTraceContaining(
                "There is no entity 'custmers'");
    }

    @Test
    void leavesWhatTheSpokeNowHolds() {
        VENDOR.stubFor(patch(anyUrl()).willReturn(okJson("{\"id\":\"C-1\",\"version\":4,\"name\":\"A\"}")));

        Exchange exchange = deliver("update", "C-1", Map.of("name", "A"));

        assertThat(exchange.getException()).isNull();
        assertThat(exchange.getMessage().getHeader("revision")).isEqualTo("4");
        assertThat(Json.textAt(exchange.getMessage().getBody(), "/name")).isEqualTo("A");
        assertThat(connectors.health("books").lastSuccess()).isEqualTo(workshop.clock.instant());
    }

    @Test
    void saysWhetherALookUpFoundSomething() {
        VENDOR.stubFor(get(anyUrl()).willReturn(okJson("{\"items\":[]}")));

        assertThat(deliver("lookup", null, null).getMessage().getHeader("found")).isEqualTo(false);
    }

    @Test
    void aRecordThatIsNotThereHasNoId() {
        VENDOR.stubFor(get(anyUrl()).willReturn(aResponse().withStatus(404)));

        Exchange exchange = deliver("lookup", "C-1", null);

        assertThat(exchange.getException()).isNull();
        assertThat(exchange.getMessage().getHeaders()).containsEntry("found", false).doesNotContainKey("externalId");
    }

    @Test
    void throwsWithTheClassOfTheFailureAndRemembersIt() {
        VENDOR.stubFor(post(anyUrl()).willReturn(aResponse().withStatus(503)));

        Exchange exchange = deliver("create", null, Map.of("name", "A"));

        assertThat(exchange.getException()).isInstanceOfSatisfying(ConnectorException.class,
                failure -> assertThat(failure
                        .errorClass()).isEqualTo(ErrorClass.TRANSIENT));
        assertThat(connectors.health("books").well()).isFalse();
        assertThat(connectors.health("books").reason()).isEqualTo("books answered POST /contacts with 503");
    }

    private Exchange deliver(String operation, String id, Object body) {
        Map<String, Object> headers = new HashMap<>();
        headers.put("target", "books/customers");
        headers.put("operation", operation);
        headers.put("externalId", id);
        headers.put("reference", "r");
        headers.put("idempotencyKey", "k");
        Exchange exchange = new DefaultExchange(hub.context);
        exchange.getIn().setBody(body);
        exchange.getIn().setHeaders(headers);
        return hub.context.createProducerTemplate().send("direct:deliver", exchange);
    }

    private Sink entrance() {
        return connectors.entrance("erp", "customers").orElseThrow();
    }

    private Item item(String event, Object body, Refusal refusal) {
        return new Item(body, event, "<x/>".getBytes(StandardCharsets.UTF_8), "text/xml", "soap", null, workshop.clock
                .instant(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", refusal);
    }
}
