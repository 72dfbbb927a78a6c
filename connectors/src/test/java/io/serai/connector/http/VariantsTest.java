package io.serai.connector.http;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.absent;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.patch;
import static com.github.tomakehurst.wiremock.client.WireMock.patchRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.put;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

import com.github.tomakehurst.wiremock.junit5.WireMockExtension;

import io.serai.connector.ConnectorException;
import io.serai.connector.Connectors;
import io.serai.connector.Delivery;
import io.serai.connector.ErrorClass;
import io.serai.connector.Hub;
import io.serai.connector.Json;
import io.serai.connector.Operation;
import io.serai.connector.Outlet;
import io.serai.connector.Reply;
import io.serai.connector.Workshop;

/** The variants of the format that the systems of this repository do not use yet. */
class VariantsTest {
    @RegisterExtension
    static final WireMockExtension VENDOR = WireMockExtension.newInstance().build();
    @TempDir
    Path folder;
    private Workshop workshop;
    private Connectors connectors;

    @BeforeEach
    void spokes() {
        workshop = new Workshop(folder).connector("any", """
                connector: any
                protocol: http
                settings: {url: {example: "http://localhost"}}
                base: ${url}
                auth: {kind: basic, user: hub, password: "p:w"}
                limits: {per_second: 2, wait: PT0S, concurrent: 4}
                objects:
                  customer:
                    record: {id: /id, revision: /rev}
                    list:
                      path: /customers
                      items: /data
                      every: PT0.05S
                      paging: {kind: page_number, param: page, first: 1, size: 2}
                      cursor: {kind: none}
                    lookup: {path: /customers, query: {ref: "{reference}"}, items: /data}
                    upsert:
                      kind: lookup_then_write
                      create: {path: /customers, wrap: /data, record: /data}
                      update: {path: "/customers/{id}", wrap: /data, record: /data}
                  invoice:
                    record: {id: /no}
                    list:
                      path: /invoices
                      items: /data
                      every: PT0.05S
                      paging: {kind: next_link_in_body, pointer: /next}
                      cursor: {kind: opaque_token, param: since, pointer: /token}
                    lookup: {path: /invoices, query: {ref: "{reference}"}, items: /data}
                    upsert:
                      kind: create_with_own_key
                      create: {path: /invoices}
                  order:
                    record: {id: /id, revision: /rev}
                    read: {path: "/orders/{id}", record: /order}
                    upsert:
                      kind: by_id
                      create: {path: /orders, id: /created, read: after_write}
                      update: {method: PUT, path: "/orders/{id}", read: after_write}
                    delete: {path: "/orders/{id}"}
                errors:
                  - {status: 200, per_item: /results, pointer: /ok, equals: "false", class: invalid}
                  - {status: 400, header: X-Reason, regex: "^busy", class: throttled}
                  - {status: 410, class: cursor_expired}
                """).spoke("any", """
                spoke: any
                connector: any
                settings: {url: "%s"}
                flows: {customer: [in, out], invoice: [in, issue], order: [in, out]}
                """.formatted(VENDOR.baseUrl()));
        connectors = workshop.open();
    }

    @AfterEach
    void close() {
        connectors.close();
    }

    @Test
    void updatesWhatItsLookUpFinds() throws ConnectorException {
        VENDOR.stubFor(get(urlPathEqualTo("/customers")).willReturn(okJson("{\"data\":[{\"id\":5,\"rev\":1}]}")));
        VENDOR.stubFor(patch(urlEqualTo("/customers/5")).willReturn(okJson("{\"data\":{\"id\":5,\"rev\":2}}")));

        Reply reply = send("customer", Operation.CREATE, null);

        assertThat(reply.externalId()).isEqualTo("5");
        assertThat(reply.revision()).isEqualTo("2");
        VENDOR.verify(0, postRequestedFor(urlEqualTo("/customers")));
        VENDOR.verify(patchRequestedFor(urlEqualTo("/customers/5")).withHeader("Authorization", equalTo(
                "Basic aHViOnA6dw==")));
    }

    @Test
    void createsWhatItsLookUpMisses() throws ConnectorException {
        VENDOR.stubFor(get(urlPathEqualTo("/customers")).willReturn(okJson("{\"data\":[]}")));
        VENDOR.stubFor(post(urlEqualTo("/customers")).willReturn(okJson("{\"data\":{\"id\":6,\"rev\":1}}")));

        assertThat(send("customer", Operation.CREATE, null).externalId()).isEqualTo("6");
    }

    @Test
    void takesADuplicateOfItsOwnKeyForItsOwnRecord() throws ConnectorException {
        VENDOR.stubFor(post(urlEqualTo("/invoices")).willReturn(aResponse().withStatus(409)));
        VENDOR.stubFor(get(urlPathEqualTo("/invoices")).withQueryParam("ref", equalTo("r")).willReturn(okJson(
                "{\"data\":[{\"no\":\"R-1\"}]}")));

        assertThat(send("invoice", Operation.CREATE, null).externalId()).isEqualTo("R-1");
    }

    @Test
    void readsTheRecordThatAnAnswerDoesNotHold() throws ConnectorException {
        VENDOR.stubFor(post(urlEqualTo("/orders")).willReturn(okJson("{\"created\":9}").withStatus(201)));
        VENDOR.stubFor(get(urlEqualTo("/orders/9")).willReturn(okJson("{\"order\":{\"id\":9,\"rev\":1,\"a\":\"b\"}}")));

        Reply reply = send("order", Operation.CREATE, null);

        assertThat(reply.externalId()).isEqualTo("9");
        assertThat(Json.textAt(reply.body(), "/a")).isEqualTo("b");
    }

    @Test
    void standsByAWriteThatCannotBeReadBack() throws ConnectorException {
        VENDOR.stubFor(put(urlEqualTo("/orders/9")).willReturn(aResponse().withStatus(204)));
        VENDOR.stubFor(get(urlEqualTo("/orders/9")).willReturn(aResponse().withStatus(503)));

        assertThat(send("order", Operation.UPDATE, "9")).isEqualTo(new Reply(null, "9", null));
    }

    @Test
    void isContentWhenWhatItDeletesIsGone() throws ConnectorException {
        assertThat(send("order", Operation.DELETE, "404").externalId()).isEqualTo("404");
    }

    @Test
    void seesTheFailureInsideASuccess() {
        VENDOR.stubFor(put(urlEqualTo("/orders/9")).willReturn(okJson("{\"results\":[{\"ok\":true},{\"ok\":false}]}")));

        assertThat(failure("order", Operation.UPDATE, "9").errorClass()).isEqualTo(ErrorClass.INVALID);
    }

    @Test
    void seesThrottlingInAHeader() {
        VENDOR.stubFor(put(urlEqualTo("/orders/9")).willReturn(aResponse().withStatus(400).withHeader("X-Reason",
                "busy now")));

        assertThat(failure("order", Operation.UPDATE, "9").errorClass()).isEqualTo(ErrorClass.THROTTLED);
    }

    @Test
    void asksNoMoreOftenASecondThanItMay() throws ConnectorException {
        VENDOR.stubFor(put(urlEqualTo("/orders/9")).willReturn(okJson("{}")));
        VENDOR.stubFor(get(urlEqualTo("/orders/9")).willReturn(okJson("{\"order\":{\"id\":9}}")));

        send("order", Operation.UPDATE, "9");
        ConnectorException throttled = failure("order", Operation.UPDATE, "9");

        assertThat(throttled.errorClass()).isEqualTo(ErrorClass.THROTTLED);
        assertThat(throttled.retryAfter()).contains(Duration.ofMillis(500));
        workshop.clock.advance(Duration.ofSeconds(1));
        send("order", Operation.UPDATE, "9");
    }

    @Test
    void countsPagesUntilAShortOne() {
        VENDOR.stubFor(get(urlPathEqualTo("/customers")).withQueryParam("page", equalTo("1")).willReturn(okJson(
                "{\"data\":[{\"id\":1},{\"id\":2}]}")));
        VENDOR.stubFor(get(urlPathEqualTo("/customers")).withQueryParam("page", equalTo("2")).willReturn(okJson(
                "{\"data\":[{\"id\":3}]}")));

        try (Hub hub = new Hub(connectors, "any/customers")) {
            await(() -> hub.arrived.size() >= 3);
            assertThat(hub.arrived).extracting(message -> Json.textAt(message.getBody(), "/id")).containsExactly("1",
                    "2",
                    "3");
        }
        VENDOR.verify(0, getRequestedFor(urlPathEqualTo("/customers")).withQueryParam("page", equalTo("3")));
    }

    @Test
    void followsATokenAndStartsAgainWhenItIsTooOld() {
        VENDOR.stubFor(get(urlPathEqualTo("/invoices")).withQueryParam("since", absent()).willReturn(okJson(
                "{\"data\":[{\"no\":\"R-1\"}],\"next\":\"/invoices/2\",\"token\":\"t1\"}")));
        VENDOR.stubFor(get(urlPathEqualTo("/invoices/2")).willReturn(okJson(
                "{\"data\":[{\"no\":\"R-2\"}],\"next\":null,\"token\":\"t2\"}")));
        VENDOR.stubFor(get(urlPathEqualTo("/invoices")).withQueryParam("since", equalTo("t2")).willReturn(aResponse()
                .withStatus(410)));

        try (Hub hub = new Hub(connectors, "any/invoices")) {
            await(() -> "t2".equals(workshop.polls.cursor("any", "invoice")));
            workshop.clock.advance(Duration.ofSeconds(5));
            await(() -> !VENDOR.findAll(getRequestedFor(urlPathEqualTo("/invoices")).withQueryParam("since", equalTo(
                    "t2"))).isEmpty());
            workshop.clock.advance(Duration.ofSeconds(5));
            await(() -> VENDOR.findAll(getRequestedFor(urlPathEqualTo("/invoices")).withQueryParam("since", absent()))
                    .size() >= 2);
            // A record without a revision is known by its content, so reading everything again repeats nothing.
            assertThat(hub.arrived).hasSize(2);
        }
    }

    private Reply send(String entity, Operation operation, String id) throws ConnectorException {
        Outlet outlet = connectors.outlet(connectors.spokes().find("any").orElseThrow(), entity).orElseThrow();
        return outlet.send(new Delivery(operation, id, null, Map.of("name", "A"), "key", "r", null));
    }

    private ConnectorException failure(String entity, Operation operation, String id) {
        return catchThrowableOfType(ConnectorException.class, () -> send(entity, operation, id));
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
            LockSupport.parkNanos(5_000_000);
        }
    }
}
