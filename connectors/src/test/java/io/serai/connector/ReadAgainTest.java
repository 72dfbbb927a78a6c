package io.serai.connector;

import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.urlEqualTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

import com.github.tomakehurst.wiremock.junit5.WireMockExtension;

/** A message of the journal is read once more as it was when it came. */
class ReadAgainTest {
    private static final Instant THEN = Instant.parse("2026-03-01T10:00:00Z");

    @RegisterExtension
    static final WireMockExtension VENDOR = WireMockExtension.newInstance().build();
    @TempDir
    Path folder;
    private Connectors connectors;

    @BeforeEach
    void open() {
        String hook = """
                connector: %s
                protocol: http
                base: "%s"
                objects:
                  customer: {record: {id: /id}, list: {path: /customers, items: "", every: PT1H}, read: {path: "/customers/{id}"}}
                webhook:
                  signature: {kind: hmac_sha256, header: Signature, secrets: [secret]}
                  topics: {"*": customer}
                """;
        connectors = new Workshop(folder)
                .connector("whole", hook.formatted("whole", VENDOR.baseUrl()) + "  record: /customer\n")
                .connector("thin", hook.formatted("thin", VENDOR.baseUrl())
                        + "  record: /ref\n  thin: true\n  events: /events\n  event: {pointer: /event}\n")
                .connector("xml", """
                        connector: xml
                        protocol: queue
                        queue: {broker_url: "tcp://127.0.0.1:1"}
                        objects:
                          customer: {record: {id: /id}, in: {queue: customers.in, content: xml}}
                        """)
                .connector("post", """
                        connector: post
                        protocol: mail
                        mail: {imap_url: "imap://127.0.0.1:1", address: hub@example.org}
                        objects:
                          interaction: {record: {id: /messageId}, in: {}}
                        """)
                .spoke("whole", "spoke: whole\nconnector: whole\nflows: {customer: [in]}\n")
                .spoke("thin", "spoke: thin\nconnector: thin\nflows: {customer: [in]}\n")
                .spoke("xml", "spoke: xml\nconnector: xml\nflows: {customer: [in]}\n")
                .spoke("post", "spoke: post\nconnector: post\nflows: {interaction: [in]}\n").open();
    }

    @AfterEach
    void close() {
        connectors.close();
    }

    private Item read(String spoke, String entity, String protocol, String eventId, String content) throws Exception {
        return connectors.read(new Kept(spoke, entity, eventId, protocol, "text/plain",
                content.getBytes(StandardCharsets.UTF_8), THEN, null));
    }

    @Test
    void takesTheRecordOutOfAWebhook() throws Exception {
        Item item = read("whole", "customer", "webhook", "*:1", "{\"customer\": {\"id\": 7}}");
        assertThat(item.body()).isEqualTo(Map.of("id", 7));
        assertThat(item.receivedAt()).as("it is as old as it was").isEqualTo(THEN);
        assertThat(read("whole", "customer", "webhook", "*:1", "{\"customer\": 7}").refusal().code())
                .isEqualTo("malformed");
        assertThat(read("whole", "customer", "webhook", "*:1", "{\"customer\": ").refusal().problem())
                .contains("not JSON");
    }

    @Test
    void findsTheEventAmongOthersAndAsksForTheRecordOfAThinOne() throws Exception {
        VENDOR.stubFor(get(urlEqualTo("/customers/8")).willReturn(okJson("{\"id\": 8}")));
        String body = "{\"events\": [{\"event\": \"a\", \"ref\": \"7\"}, {\"event\": \"b\", \"ref\": \"8\"}]}";
        assertThat(read("thin", "customer", "webhook", "*:b", body).body()).isEqualTo(Map.of("id", 8));
        assertThat(read("thin", "customer", "webhook", "*:c", body).refusal().problem()).contains("not in the list");
    }

    @Test
    void readsWhatWasPolledOnlyWithItsId() throws Exception {
        assertThat(read("whole", "customer", "poll", "e", "{\"id\": 7}").body()).isEqualTo(Map.of("id", 7));
        assertThat(read("whole", "customer", "poll", "e", "{\"name\": 7}").refusal().problem()).contains("no id");
    }

    @Test
    void readsXmlOfAQueue() throws Exception {
        assertThat(read("xml", "customer", "queue", "e", "<customer><id>7</id></customer>").body())
                .isInstanceOf(Map.class).asString().contains("7");
        assertThat(read("xml", "customer", "queue", "e", "<customer>").refusal().code()).isEqualTo("malformed");
    }

    @Test
    void readsAMail() throws Exception {
        Item item = read("post", "interaction", "mail", "<1@x>",
                "From: anna@example.org\r\nMessage-ID: <1@x>\r\nSubject: Tea\r\n\r\nPlease call.");
        assertThat((Map<?, ?>) item.body()).extracting("subject", "text").containsExactly("Tea", "Please call.");
    }

    @Test
    void saysWhatIsNotReadAgain() {
        assertThatThrownBy(() -> read("nobody", "customer", "poll", "e", "{}"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
