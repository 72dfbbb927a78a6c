package io.serai.connector.webhook;

import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

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
import io.serai.connector.Workshop;

class WebhooksTest {
    private static final String CUSTOMER = "{\"id\":77,\"email\":\"anna@x.ch\"}";

    @RegisterExtension
    static final WireMockExtension VENDOR = WireMockExtension.newInstance().build();
    @TempDir
    Path folder;
    private Workshop workshop;
    private Connectors connectors;
    private Hub hub;
    private Webhooks webhooks;

    @BeforeEach
    void start() {
        workshop = new Workshop(folder).connector("news", """
                connector: news
                protocol: http
                settings:
                  url: {example: "http://localhost"}
                  new: {secret: true}
                  old: {secret: true, default: ""}
                base: ${url}
                objects:
                  customer:
                    record: {id: /id, revision: /rev}
                    read: {path: "/customers/{id}"}
                webhook:
                  signature:
                    kind: hmac_sha256
                    header: Signature
                    prefix: "sha256="
                    encoding: hex
                    over: timestamp.body
                    timestamp: {header: Timestamp}
                    secrets: ["${new}", "${old}"]
                  topic: {pointer: /type}
                  event: {pointer: /event}
                  events: /events
                  topics: {changed: customer}
                  record: /ref
                  thin: true
                  answers: {malformed: 200}
                """).spoke("news", """
                spoke: news
                connector: news
                settings: {url: "%s", new: fresh, old: stale}
                flows: {customer: [in]}
                """.formatted(VENDOR.baseUrl()))
                .connector("direct",
                        """
                                connector: direct
                                protocol: http
                                settings: {secret: {secret: true}, previous: {secret: true}}
                                base: http://127.0.0.1:1
                                objects:
                                  customer: {record: {id: /id}}
                                  order: {record: {id: /id}}
                                webhook:
                                  signature: {kind: hmac_sha256, header: X-Hmac, encoding: base64, secrets: ["${secret}", "${previous}"]}
                                  topic: {header: X-Topic}
                                  event: {header: X-Event}
                                  topics: {customers/update: customer, orders/paid: order}
                                """)
                .spoke("shop", """
                        spoke: shop
                        connector: direct
                        settings: {secret: one, previous: before}
                        flows: {customer: [in], order: [in]}
                        """);
        connectors = workshop.open();
        hub = new Hub(connectors, "shop/customers", "news/customers");
        webhooks = new Webhooks(connectors, workshop.clock);
    }

    @AfterEach
    void stop() {
        hub.close();
        connectors.close();
    }

    @Test
    void storesWhatIsSignedAndThenAnswers() {
        assertThat(shop(CUSTOMER, "one", "customers/update", "e1").status()).isEqualTo(200);

        Message message = hub.arrived.getFirst();
        assertThat(message.getBody()).isEqualTo(Map.of("id", 77, "email", "anna@x.ch"));
        assertThat(message.getHeader("eventId")).isEqualTo("customers/update:e1");
        assertThat(message.getHeader("received")).isEqualTo(CUSTOMER.getBytes(StandardCharsets.UTF_8));
        assertThat(message.getHeader("protocol")).isEqualTo("webhook");
    }

    @Test
    void believesTheOldSecretWhileItIsReplaced() {
        assertThat(shop(CUSTOMER, "before", "customers/update", "e1").status()).isEqualTo(200);
        assertThat(hub.arrived).hasSize(1);
    }

    @Test
    void refusesAWrongSignatureWithoutATrace() {
        assertThat(shop(CUSTOMER, "wrong", "customers/update", "e1").status()).isEqualTo(401);
        assertThat(receive("shop", Map.of("X-Topic", "customers/update"), CUSTOMER.getBytes(
                StandardCharsets.UTF_8)).status()).isEqualTo(401);
        assertThat(receive("shop", Map.of("X-Hmac", "%%%"), new byte[0]).status()).isEqualTo(401);
        assertThat(hub.arrived).isEmpty();
    }

    @Test
    void refusesABodyThatWasChangedOnTheWay() {
        Map<String, String> headers = headers(CUSTOMER, "one", "customers/update", "e1");

        assertThat(receive("shop", headers, CUSTOMER.replace("77", "78").getBytes(StandardCharsets.UTF_8))
                .status()).isEqualTo(401);
        assertThat(hub.arrived).isEmpty();
    }

    @Test
    void givesARepeatedEventTheSameId() {
        shop(CUSTOMER, "one", "customers/update", "e1");
        shop(CUSTOMER, "one", "customers/update", "e1");

        assertThat(hub.arrived).extracting(message -> message.getHeader("eventId")).containsExactly(
                "customers/update:e1", "customers/update:e1");
    }

    @Test
    void asksForTheEventAgainWhenItCouldNotBeStored() {
        hub.databaseAway = true;

        assertThat(shop(CUSTOMER, "one", "customers/update", "e1").status()).isEqualTo(503);
    }

    @Test
    void asksForTheEventAgainWhenItsRouteIsNotRunning() {
        assertThat(shop("{\"id\":1}", "one", "orders/paid", "e1").status()).isEqualTo(503);
    }

    @Test
    void journalsWhatIsSignedButUnreadableAndSaysWhy() throws Exception {
        Webhooks.Answer answer = shop("{\"id\":", "one", "customers/update", "e1");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.contentType()).isEqualTo("application/problem+json");
        assertThat(Json.textAt(Json.read(answer.body()), "/detail")).startsWith("This is not JSON");
        assertThat(Json.textAt(hub.arrived.getFirst().getHeader("refusal"), "/code")).isEqualTo("malformed");
        assertThat(hub.arrived.getFirst().getHeader("received")).isEqualTo("{\"id\":".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void refusesATooLargeBodyUnread() {
        assertThat(shop(" ".repeat(Json.MAX_BYTES + 1), "one", "customers/update", "e1").status()).isEqualTo(413);
        assertThat(hub.arrived).isEmpty();
    }

    @Test
    void acceptsATopicNobodyListensTo() {
        assertThat(shop(CUSTOMER, "one", "themes/publish", "e1").status()).isEqualTo(200);
        assertThat(hub.arrived).isEmpty();
    }

    @Test
    void knowsNobodyElseAndDoesNotReadWhatTheySend() throws Exception {
        assertThat(webhooks.receive("nobody", Map.of(), () -> {
            throw new AssertionError("It was read");
        }).status()).isEqualTo(404);
    }

    @Test
    void readsTheRecordsThatAThinListOfEventsNames() {
        VENDOR.stubFor(get(urlEqualTo("/customers/7")).willReturn(okJson("{\"id\":7,\"rev\":\"a\"}")));
        VENDOR.stubFor(get(urlEqualTo("/customers/8")).willReturn(okJson("{\"id\":8,\"rev\":\"b\"}")));

        Webhooks.Answer answer = news("""
                {"events":[{"type":"changed","event":"e7","ref":7},{"type":"other","event":"e0","ref":1},
                {"type":"changed","event":"e8","ref":8}]}""", "fresh", Duration.ZERO);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(hub.arrived).extracting(message -> message.getHeader("eventId")).containsExactly("changed:e7",
                "changed:e8");
        assertThat(hub.arrived).extracting(Message::getBody).containsExactly(Map.of("id", 7, "rev", "a"),
                Map.of("id", 8,
                        "rev", "b"));
    }

    @Test
    void anEventThatComesAgainInOtherCompanyIsTheSame() {
        VENDOR.stubFor(get(anyUrl()).willReturn(okJson("{\"id\":7,\"rev\":\"a\"}")));

        news("{\"events\":[{\"type\":\"changed\",\"event\":\"e7\",\"ref\":7}]}", "fresh", Duration.ZERO);
        news("""
                {"events":[{"type":"changed","event":"e8","ref":7},
                {"type":"changed","event":"e7","ref":7}]}""", "fresh", Duration.ZERO);

        assertThat(hub.arrived).filteredOn(message -> message.getHeader("eventId").equals("changed:e7"))
                .extracting(message -> new String((byte[]) message.getHeader("received"), StandardCharsets.UTF_8))
                .containsExactly("{\"events\":[{\"type\":\"changed\",\"event\":\"e7\",\"ref\":7}]}",
                        "{\"events\":[{\"type\":\"changed\",\"event\":\"e7\",\"ref\":7}]}");
    }

    @Test
    void refusesASignatureThatIsTooOldOrFromTheFuture() {
        assertThat(news("{\"events\":[]}", "fresh", Duration.ofMinutes(-5)).status()).isEqualTo(200);
        assertThat(news("{\"events\":[]}", "stale", Duration.ofMinutes(5)).status()).isEqualTo(200);
        assertThat(news("{\"events\":[]}", "fresh", Duration.ofMinutes(-5).minusSeconds(1)).status()).isEqualTo(401);
        assertThat(news("{\"events\":[]}", "fresh", Duration.ofMinutes(5).plusSeconds(1)).status()).isEqualTo(401);
    }

    @Test
    void answersWhatTheSenderUnderstands() {
        assertThat(news("no json", "fresh", Duration.ZERO).status()).isEqualTo(200);
        assertThat(hub.arrived.getFirst().getHeader("refusal")).isNotNull();
    }

    private Webhooks.Answer receive(String spoke, Map<String, String> headers, byte[] body) {
        try {
            return webhooks.receive(spoke, headers, () -> body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Webhooks.Answer shop(String body, String secret, String topic, String event) {
        return receive("shop", headers(body, secret, topic, event), body.getBytes(StandardCharsets.UTF_8));
    }

    private static Map<String, String> headers(String body, String secret, String topic, String event) {
        Map<String, String> headers = new HashMap<>();
        headers.put("x-hmac", Base64.getEncoder().encodeToString(hmac(secret, body)));
        headers.put("X-TOPIC", topic);
        headers.put("X-Event", event);
        return headers;
    }

    private Webhooks.Answer news(String body, String secret, Duration age) {
        String time = Long.toString(workshop.clock.instant().plus(age).getEpochSecond());
        return receive("news",
                Map.of("Timestamp", time, "Signature", "sha256=" + HexFormat.of().formatHex(hmac(
                        secret, time + "." + body))),
                body.getBytes(StandardCharsets.UTF_8));
    }

    private static byte[] hmac(String secret, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
