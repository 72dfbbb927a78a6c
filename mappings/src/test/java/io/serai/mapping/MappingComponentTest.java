package io.serai.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.camel.CamelExecutionException;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MappingComponentTest {
    private final DefaultCamelContext camel = new DefaultCamelContext();
    private ProducerTemplate template;

    @BeforeEach
    void start() throws Exception {
        camel.getRegistry().bind("mappings", Folder.MAPPINGS);
        camel.addRoutes(route("direct:shop-in", "mapping:shopify/customer-to-canonical"));
        camel.addRoutes(route("direct:books-out", "mapping:accounting/customer-from-canonical"));
        camel.addRoutes(route("direct:sap-in", "mapping:sap/customer-to-canonical"));
        camel.start();
        template = camel.createProducerTemplate();
    }

    @AfterEach
    void stop() {
        camel.stop();
    }

    private static RouteBuilder route(String from, String to) {
        return new RouteBuilder() {
            @Override
            public void configure() {
                from(from).to(to);
            }
        };
    }

    private Message item(String eventId, Object body) {
        var message = new DefaultMessage(camel);
        message.setHeader("protocol", "webhook");
        message.setHeader("eventId", eventId);
        message.setBody(body);
        return message;
    }

    private static Map<String, Object> record(String phone) {
        var record = new LinkedHashMap<String, Object>();
        record.put("id", 7);
        record.put("last_name", "Keller");
        record.put("phone", phone);
        return record;
    }

    @Test
    void whatARouteOfSomebodysOwnCanTellARepeatByIsMarkedForTheJournalToo() {
        var record = Map.of("id", 7, "phone", "none");

        assertThat(template.send("direct:shop-in", exchange -> exchange.getMessage().setBody(record)).getException())
                .as("nobody would hear of it").isInstanceOf(MappingException.class);

        var answer = template.send("direct:shop-in", exchange -> {
            exchange.getMessage().setHeader("eventId", "file-1:7");
            exchange.getMessage().setBody(record);
        });
        assertThat(answer.getException()).isNull();
        assertThat(answer.getMessage().getHeader("refusal", Map.class)).containsEntry("field", "/phone");
    }

    @Test
    void mapsTheRecordAndSaysByWhichMapping() {
        var answer = template.send("direct:shop-in",
                exchange -> exchange.getMessage().setBody("{\"id\": 7, \"note\": null}"));
        assertThat(answer.getException()).isNull();
        assertThat(answer.getMessage().getBody())
                .isEqualTo(Folder.object("{\"source\": {\"id\": \"7\"}, \"note\": null}"));
        assertThat(answer.getMessage().getHeader("mapping"))
                .isEqualTo(Folder.MAPPINGS.mapping("shopify/customer-to-canonical").label());
    }

    @Test
    void refusesABadItemOfABatchAndMapsTheOthers() {
        var unread = item("4", "as it came");
        var known = Map.of("step", "connector:shop/customers", "problem", "The line ends too early.", "code",
                "malformed");
        unread.setHeader("refusal", known);
        var batch = new ArrayList<>(List.of(item("1", record("+41441234567")), item("2", record("none")),
                item("3", "{\"id\": "), unread,
                item("5", "{\"id\": 8, \"email\": \"x\"}".getBytes(StandardCharsets.UTF_8)), item("6", record(null))));
        var answer = template.send("direct:shop-in", exchange -> exchange.getMessage().setBody(batch));
        assertThat(answer.getException()).isNull();
        assertThat(answer.getMessage().getBody()).isSameAs(batch);
        assertThat(batch).extracting(message -> message.getHeader("refusal") != null).containsExactly(false, true, true,
                true, true, false);
        assertThat(batch.get(0).getBody(Map.class)).containsEntry("phones", List.of(Map.of("number", "+41441234567")));
        assertThat(refusal(batch.get(1))).containsEntry("step", "mapping:shopify/customer-to-canonical")
                .containsEntry("field", "/phone")
                .containsEntry("code", "invalid")
                .containsEntry("problem", "The phone number \"none\" is not a phone number; write it as +41441234567.");
        assertThat(batch.get(1).getBody()).as("the record stays as it came").isEqualTo(record("none"));
        assertThat(refusal(batch.get(2))).containsEntry("code", "malformed").containsEntry("field", null);
        assertThat(refusal(unread)).isEqualTo(known);
        assertThat(unread.getBody()).isEqualTo("as it came");
        assertThat(refusal(batch.get(4))).containsEntry("field", "/emails/0/address").containsEntry("code", "invalid");
        assertThat(batch.get(5).getBody(Map.class)).containsEntry("phones", List.of());
        assertThat(batch.get(5).getHeader("mapping", String.class)).startsWith("shopify/customer-to-canonical@");
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> refusal(Message item) {
        return item.getHeader("refusal", Map.class);
    }

    @Test
    void takesAnEmptyBatch() {
        assertThat(template.requestBody("direct:shop-in", new ArrayList<>(List.of(item("1", null))), List.class))
                .hasSize(1);
    }

    @Test
    void refusesASingleEventLikeAnItemOfABatch() {
        var answer = template.send("direct:shop-in", exchange -> exchange.setIn(item("1", record("none"))));
        assertThat(answer.getException()).isNull();
        assertThat(refusal(answer.getMessage())).containsEntry("field", "/phone");
    }

    @Test
    void failsTheRouteOfAnEngineerWhoSentNoEvent() {
        assertThatThrownBy(() -> template.requestBody("direct:shop-in", record("none")))
                .isInstanceOf(CamelExecutionException.class)
                .cause().isInstanceOf(MappingException.class).hasMessageContaining("/phone");
    }

    @Test
    void tellsTheMappingWhatTheDeliveryKnows() {
        var answer = template.request("direct:books-out", exchange -> {
            exchange.getMessage().setBody(Map.of("name", Map.of("given", "Anna", "family", "Keller")));
            exchange.getMessage().setHeader("operation", "update");
            exchange.getMessage().setHeader("golden", Map.of("kind", "person"));
            exchange.getMessage().setHeader("reference", "g-1");
        });
        assertThat(answer.getMessage().getBody()).isEqualTo(Map.of("name", "Anna Keller"));
        assertThat(answer.getMessage().getHeader("operation")).isEqualTo("update");
    }

    @Test
    void leavesNoBodyAsItIs() {
        var answer = template.request("direct:shop-in", (Exchange exchange) -> exchange.getMessage().setBody(null));
        assertThat(answer.getException()).isNull();
        assertThat(answer.getMessage().getBody()).isNull();
    }

    @Test
    void givesAStylesheetTheXmlAsItWasReceived() {
        var item = item("1", Map.of("IDOC", Map.of()));
        item.setHeader("received", "<DEBMAS07><IDOC><E1KNA1M><KUNNR>0000000017</KUNNR></E1KNA1M></IDOC></DEBMAS07>"
                .getBytes(StandardCharsets.UTF_8));
        template.send("direct:sap-in", exchange -> exchange.setIn(item));
        assertThat(item.getBody()).isEqualTo(Map.of("source", Map.of("id", "17")));
    }

    @Test
    void doesNotStartWithAMappingThatIsNotThere() {
        assertThatThrownBy(
                () -> camel.addRoutes(route("direct:typing-error", "mapping:shopify/customers-to-canonical")))
                .hasRootCauseInstanceOf(IllegalArgumentException.class)
                .hasStackTraceContaining(
                        "There is no mapping \"shopify/customers-to-canonical\"; there are accounting/credit-note-from-canonical, ");
    }

    @Test
    void doesNotStartWithoutMappings() throws Exception {
        try (var empty = new DefaultCamelContext()) {
            assertThatThrownBy(() -> empty.getEndpoint("mapping:shopify/customer-to-canonical"))
                    .hasRootCauseInstanceOf(IllegalStateException.class);
        }
    }
}
