package io.serai.connector.http;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.absent;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.equalToJson;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.notFound;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.patch;
import static com.github.tomakehurst.wiremock.client.WireMock.patchRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.put;
import static com.github.tomakehurst.wiremock.client.WireMock.putRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.http.Fault;
import com.github.tomakehurst.wiremock.junit5.WireMockExtension;
import com.github.tomakehurst.wiremock.stubbing.Scenario;

import io.serai.connector.ConnectorException;
import io.serai.connector.Connectors;
import io.serai.connector.Delivery;
import io.serai.connector.ErrorClass;
import io.serai.connector.Json;
import io.serai.connector.Operation;
import io.serai.connector.Outlet;
import io.serai.connector.Reply;
import io.serai.connector.Spokes;
import io.serai.connector.Workshop;

/** What a spoke may answer to a write, and what the hub then believes. */
class HttpOutletTest {
    @RegisterExtension
    static final WireMockExtension VENDOR = WireMockExtension.newInstance().build();
    private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    @TempDir
    Path folder;
    private Workshop workshop;
    private Connectors connectors;

    @BeforeEach
    void spokes() {
        workshop = new Workshop(folder).spoke("shop", """
                spoke: shop
                connector: shopify
                settings: {url: "${URL}", token: shpat_1, hook_secret: h}
                flows: {customer: [in, out], order: [in, update]}
                """).spoke("books", """
                spoke: books
                connector: accounting
                settings: {url: "${URL}", token: secret-token}
                flows: {customer: [out], invoice: [issue], payment: [in]}
                """);
        connectors = workshop.real(Map.of("URL", VENDOR.baseUrl()));
    }

    @AfterEach
    void close() {
        connectors.close();
    }

    @Test
    void createsAndLearnsWhatTheSpokeNowHolds() throws ConnectorException {
        VENDOR.stubFor(post("/admin/api/2026-07/customers.json").willReturn(okJson(
                "{\"customer\":{\"id\":77,\"email\":\"anna@x.ch\",\"updated_at\":\"2026-11-21T10:00:00+01:00\"}}")
                .withStatus(
                        201)));

        Reply reply = outlet("shop", "customer").send(delivery(Operation.CREATE, null, Map.of("email", "Anna@x.ch")));

        assertThat(reply.externalId()).isEqualTo("77");
        assertThat(reply.revision()).isEqualTo("2026-11-21T10:00:00+01:00");
        assertThat(Json.textAt(reply.body(), "/email")).isEqualTo("anna@x.ch");
        VENDOR.verify(postRequestedFor(urlEqualTo("/admin/api/2026-07/customers.json")).withHeader(
                "X-Shopify-Access-Token", equalTo("shpat_1")).withHeader("traceparent", equalTo(TRACE)).withHeader(
                        "Idempotency-Key", absent())
                .withRequestBody(equalToJson("{\"customer\":{\"email\":\"Anna@x.ch\"}}")));
    }

    @Test
    void updatesOnlyTheRevisionItKnows() throws ConnectorException {
        VENDOR.stubFor(patch("/v1/contacts/C-1").willReturn(okJson("{\"id\":\"C-1\",\"version\":4}")));

        Reply reply = outlet("books", "customer").send(delivery(Operation.UPDATE, "C-1", Map.of("name", "A")));

        assertThat(reply.revision()).isEqualTo("4");
        VENDOR.verify(patchRequestedFor(urlEqualTo("/v1/contacts/C-1")).withHeader("If-Match", equalTo("3")).withHeader(
                "Authorization", equalTo("Bearer secret-token")).withHeader("Idempotency-Key", equalTo("key-1")));
    }

    @Test
    void sendsNothingWhenNothingChangedForTheSpoke() throws ConnectorException {
        Reply reply = outlet("shop", "order").send(delivery(Operation.UPDATE, "5", Map.of()));

        assertThat(reply.body()).isNull();
        VENDOR.verify(0, putRequestedFor(urlPathEqualTo("/admin/api/2026-07/orders/5.json")));
    }

    @Test
    void findsARecordByTheHubsOwnReference() throws ConnectorException {
        VENDOR.stubFor(get(urlPathEqualTo("/v1/invoices")).withQueryParam("reference", equalTo("ref 1/ä")).willReturn(
                okJson("{\"items\":[{\"id\":\"I-1\",\"number\":\"INV-2026-0001\"}]}")));

        Reply reply = outlet("books", "invoice").send(new Delivery(Operation.LOOKUP, null, null, null, null, "ref 1/ä",
                null));

        assertThat(reply.externalId()).isEqualTo("I-1");
    }

    @Test
    void findsNothing() throws ConnectorException {
        VENDOR.stubFor(get(urlPathEqualTo("/v1/invoices")).willReturn(okJson("{\"items\":[],\"next_cursor\":null}")));

        assertThat(outlet("books", "invoice").send(delivery(Operation.LOOKUP, null, null)).externalId()).isNull();
    }

    @Test
    void saysTwoWhereThereShouldBeOne() {
        VENDOR.stubFor(get(urlPathEqualTo("/v1/invoices")).willReturn(okJson(
                "{\"items\":[{\"id\":\"I-1\"},{\"id\":\"I-2\"}]}")));

        assertThat(failure("books", "invoice", delivery(Operation.LOOKUP, null, null)).errorClass()).isEqualTo(
                ErrorClass.CONFLICT_DUPLICATE);
    }

    @Test
    void cannotLookUpACustomerThatHasNoAddress() {
        ConnectorException failure = failure("shop", "customer", delivery(Operation.LOOKUP, null, Map.of("first_name",
                "Anna")));

        assertThat(failure.errorClass()).isEqualTo(ErrorClass.INVALID);
        assertThat(failure.field()).contains("/email");
    }

    @Test
    void knowsADuplicateByTheBodyBeforeTheStatus() {
        VENDOR.stubFor(
                post(anyUrl()).willReturn(okJson("{\"errors\":{\"email\":[\"has already been taken\"]}}").withStatus(
                        422)));

        ConnectorException failure = failure("shop", "customer", create());

        assertThat(failure.errorClass()).isEqualTo(ErrorClass.CONFLICT_DUPLICATE);
        assertThat(failure.field()).contains("email");
        assertThat(connectors.health("shop").lastFailure()).isNull();
    }

    @Test
    void namesTheFieldThatIsRefused() {
        VENDOR.stubFor(post(anyUrl()).willReturn(okJson("""
                {"error":{"code":"invalid","message":"no","fields":[{"field":"due_on","problem":"is in the past"}]}}""")
                .withStatus(422)));

        ConnectorException failure = failure("books", "invoice", create());

        assertThat(failure.errorClass()).isEqualTo(ErrorClass.INVALID);
        assertThat(failure.field()).contains("due_on");
        assertThat(failure.status()).isEqualTo(422);
        assertThat(failure).hasMessage("books answered POST /invoices with 422: due_on is in the past");
    }

    @Test
    void seesThatSomebodyElseChangedTheRecord() {
        VENDOR.stubFor(patch(anyUrl()).willReturn(aResponse().withStatus(412)));

        assertThat(failure("books", "customer", update()).errorClass()).isEqualTo(ErrorClass.CONFLICT_VERSION);
    }

    @Test
    void seesThatTheRecordIsGone() {
        VENDOR.stubFor(patch(anyUrl()).willReturn(aResponse().withStatus(404)));

        assertThat(failure("books", "customer", update()).errorClass()).isEqualTo(ErrorClass.GONE);
    }

    @Test
    void saysThatTheCredentialsAreRefusedAndNotWhichTheyAre() {
        VENDOR.stubFor(post(anyUrl()).willReturn(aResponse().withStatus(401)));

        ConnectorException failure = failure("books", "invoice", create());

        assertThat(failure.errorClass()).isEqualTo(ErrorClass.AUTH);
        assertThat(failure).message().doesNotContain("secret-token");
    }

    @Test
    void leavesAThrottlingSpokeAloneForAsLongAsItAsks() throws ConnectorException {
        VENDOR.stubFor(
                post(anyUrl()).inScenario("throttled").whenScenarioStateIs(Scenario.STARTED).willSetStateTo("free")
                        .willReturn(aResponse().withStatus(429).withHeader("Retry-After", "7")));
        VENDOR.stubFor(post(anyUrl()).inScenario("throttled").whenScenarioStateIs("free").willReturn(okJson(
                "{\"id\":\"I-1\"}").withStatus(201)));

        ConnectorException first = failure("books", "invoice", create());
        assertThat(first.errorClass()).isEqualTo(ErrorClass.THROTTLED);
        assertThat(first.retryAfter()).contains(Duration.ofSeconds(7));

        workshop.clock.advance(Duration.ofSeconds(5));
        ConnectorException second = failure("books", "invoice", create());
        assertThat(second.errorClass()).isEqualTo(ErrorClass.THROTTLED);
        assertThat(second.retryAfter()).contains(Duration.ofSeconds(2));
        VENDOR.verify(1, postRequestedFor(anyUrl()));

        workshop.clock.advance(Duration.ofSeconds(2));
        assertThat(outlet("books", "invoice").send(create()).externalId()).isEqualTo("I-1");
    }

    @Test
    void waitsAFixedTimeWhenAThrottlingSpokeDoesNotSayHowLong() {
        VENDOR.stubFor(post(anyUrl()).willReturn(aResponse().withStatus(429)));

        assertThat(failure("books", "invoice", create()).retryAfter()).contains(Duration.ofSeconds(10));
    }

    @Test
    void succeedsAfterASpokeWasUnavailable() throws ConnectorException {
        VENDOR.stubFor(post(anyUrl()).inScenario("down").whenScenarioStateIs(Scenario.STARTED).willSetStateTo("up")
                .willReturn(aResponse().withStatus(503)));
        VENDOR.stubFor(
                post(anyUrl()).inScenario("down").whenScenarioStateIs("up").willReturn(okJson("{\"id\":\"I-1\"}")));

        assertThat(failure("books", "invoice", create()).errorClass()).isEqualTo(ErrorClass.TRANSIENT);
        assertThat(outlet("books", "invoice").send(create()).externalId()).isEqualTo("I-1");
    }

    @Test
    void doesNotKnowWhetherACreateWasCarriedOut() {
        unknownForACreate(aResponse().withFault(Fault.EMPTY_RESPONSE));
        unknownForACreate(aResponse().withFault(Fault.MALFORMED_RESPONSE_CHUNK));
        unknownForACreate(aResponse().withStatus(502));
        unknownForACreate(aResponse().withStatus(500));
        unknownForACreate(aResponse().withStatus(201).withBody("<html>Please sign on</html>"));
        unknownForACreate(aResponse().withStatus(201).withBody("{\"id\":"));
        unknownForACreate(aResponse().withStatus(201).withBody("{}"));
        unknownForACreate(aResponse().withStatus(201).withBody(""));
        unknownForACreate(aResponse().withStatus(201).withBody(" ".repeat(Json.MAX_BYTES + 1)));
    }

    @Test
    void doesNotKnowWhetherACreateWasCarriedOutThatIsAnsweredTooLate() {
        workshop.connector("slow", """
                connector: slow
                protocol: http
                settings: {url: {example: "http://localhost"}}
                base: ${url}
                timeouts: {read: PT0.3S}
                objects:
                  customer:
                    record: {id: /id}
                    upsert: {kind: by_id, create: {path: /customers}, update: {path: "/customers/{id}"}}
                """).spoke("slow", """
                spoke: slow
                connector: slow
                settings: {url: "%s"}
                flows: {customer: [out]}
                """.formatted(VENDOR.baseUrl()));
        VENDOR.stubFor(any(anyUrl()).willReturn(okJson("{\"id\":1}").withFixedDelay(3_000)));

        try (SlowSpoke slow = new SlowSpoke()) {
            assertThat(slow.failure(create()).errorClass()).isEqualTo(ErrorClass.UNKNOWN);
            assertThat(slow.failure(update()).errorClass()).isEqualTo(ErrorClass.TRANSIENT);
        }
    }

    /** The slow spoke alone, which needs no other connector. */
    private final class SlowSpoke implements AutoCloseable {
        private final Connectors own = new Connectors(Spokes.of(List.of(workshop.spoke(
                "slow"))), workshop.clock, workshop.polls, type -> Optional.empty());

        ConnectorException failure(Delivery delivery) {
            Outlet outlet = own.outlet(own.spokes().find("slow").orElseThrow(), "customer").orElseThrow();
            return catchThrowableOfType(ConnectorException.class, () -> outlet.send(delivery));
        }

        @Override
        public void close() {
            own.close();
        }
    }

    @Test
    void triesALostUpdateAgain() {
        VENDOR.stubFor(patch(anyUrl()).willReturn(aResponse().withFault(Fault.EMPTY_RESPONSE)));

        assertThat(failure("books", "customer", update()).errorClass()).isEqualTo(ErrorClass.TRANSIENT);
    }

    @Test
    void knowsThatNothingHappenedWhereNobodyListens() {
        try (Connectors nowhere = workshop.real(Map.of("URL", "http://127.0.0.1:1"))) {
            Outlet outlet = nowhere.outlet(nowhere.spokes().find("books").orElseThrow(), "invoice").orElseThrow();

            ConnectorException failure = catchThrowableOfType(ConnectorException.class, () -> outlet.send(create()));

            assertThat(failure.errorClass()).isEqualTo(ErrorClass.TRANSIENT);
            assertThat(failure).hasMessageContaining("cannot be reached");
        }
    }

    @Test
    void followsNoRedirect() {
        VENDOR.stubFor(post(anyUrl()).willReturn(aResponse().withStatus(302).withHeader("Location", VENDOR.baseUrl()
                + "/elsewhere")));

        assertThat(failure("books", "invoice", create()).errorClass()).isEqualTo(ErrorClass.TRANSIENT);
        VENDOR.verify(0, getRequestedFor(urlEqualTo("/elsewhere")));
    }

    @Test
    void refusesAnOrderToBeMadeInTheShop() {
        assertThat(failure("shop", "order", create())).hasMessageContaining("cannot create a record of order");
    }

    @Test
    void acceptsAnAnswerToAnUpdateThatHoldsNothing() throws ConnectorException {
        VENDOR.stubFor(put(anyUrl()).willReturn(aResponse().withStatus(204)));

        Reply reply = outlet("shop", "customer").send(update());

        assertThat(reply.body()).isNull();
        assertThat(reply.externalId()).isEqualTo("C-1");
    }

    @Test
    void doesNotBelieveASuccessThatHoldsNothingWhereTheRecordShouldBe() {
        VENDOR.stubFor(put(anyUrl()).willReturn(aResponse().withStatus(200)));

        assertThat(failure("shop", "customer", update()).errorClass()).isEqualTo(ErrorClass.TRANSIENT);
    }

    @Test
    void anAnswerThatNobodyCanUseIsAnAnswer() {
        VENDOR.stubFor(put(anyUrl()).willReturn(aResponse().withBody("<html>Welcome</html>")));

        assertThat(failure("shop", "customer", update()).status()).isEqualTo(200);
        VENDOR.stubFor(put(anyUrl()).willReturn(aResponse().withBody("x".repeat(Json.MAX_BYTES + 1))));
        assertThat(failure("shop", "customer", update()).status()).isEqualTo(200);
    }

    @Test
    void aListThatIsNotThereDoesNotSayThatTheRecordIsNot() {
        VENDOR.stubFor(get(urlPathEqualTo("/v1/invoices")).willReturn(notFound()));

        ConnectorException failure = failure("books", "invoice", delivery(Operation.LOOKUP, null, null));

        assertThat(failure.errorClass()).isEqualTo(ErrorClass.TRANSIENT);
        assertThat(failure).hasMessageContaining("404, where it should list");
    }

    private void unknownForACreate(ResponseDefinitionBuilder answer) {
        VENDOR.stubFor(post(anyUrl()).willReturn(answer));
        ConnectorException failure = failure("books", "invoice", create());
        assertThat(failure).as(answer.build().toString()).isNotNull();
        assertThat(failure.errorClass()).as(answer.build().toString()).isEqualTo(ErrorClass.UNKNOWN);
    }

    private Outlet outlet(String spoke, String entity) {
        return connectors.outlet(connectors.spokes().find(spoke).orElseThrow(), entity).orElseThrow();
    }

    private ConnectorException failure(String spoke, String entity, Delivery delivery) {
        return catchThrowableOfType(ConnectorException.class, () -> outlet(spoke, entity).send(delivery));
    }

    private static Delivery create() {
        return delivery(Operation.CREATE, null, Map.of("name", "A"));
    }

    private static Delivery update() {
        return delivery(Operation.UPDATE, "C-1", Map.of("name", "A"));
    }

    private static Delivery delivery(Operation operation, String id, Object body) {
        return new Delivery(operation, id, id == null ? null : "3", body, "key-1", "ref-1", TRACE);
    }
}
