package io.serai.hub.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;

import io.serai.hub.HubApplication;
import io.serai.hub.parked.ParkedCommandAccess;
import io.serai.hub.web.Json;

/** Parked work that people finish, on a hub with a real queue and signed webhooks, a home of its own and a mapping with a mistake. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ParkedTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final String RIGHT = "\"currency\": $currency(currency)";
    private static final String WRONG = "\"currency\": currency";

    @TempDir
    static Path home;
    private static final HttpClient HTTP = HttpClient.newHttpClient();
    private static ConfigurableApplicationContext hub;
    private static Map<String, String> addresses;
    private static String url;

    @BeforeAll
    static void open() throws Exception {
        Path repository = Path.of("..").toAbsolutePath().normalize();
        copyFolders(repository.resolve("connectors"), home.resolve("connectors"), "queue");
        copyFolders(repository.resolve("mappings"), home.resolve("mappings"), "queue");
        edit(home.resolve("mappings/queue/customer-to-canonical.jsonata"), RIGHT, WRONG);
        Files.createDirectories(home.resolve("routes/spokes"));
        Files.copy(repository.resolve("routes/in.camel.yaml"), home.resolve("routes/in.camel.yaml"));
        Files.copy(repository.resolve("mappings/accounting/payment-to-canonical.jsonata"),
                home.resolve("mappings/queue/payment-to-canonical.jsonata"));
        Path queue = home.resolve("connectors/queue/connector.yaml");
        edit(queue, "objects:\n", """
                objects:
                  payment:
                    record: { id: /id }
                    in:
                      queue: payments.in
                """);
        spoke("finance", """
                connector: queue
                settings: {sender: finance}
                access: {user: finance, password: secret, key: finance-key}
                flows:
                  customer: [in]
                  order: [in]
                  payment: [in]
                """);
        spoke("shop", """
                connector: shopify
                settings: {url: "http://127.0.0.1:1", token: none, hook_secret: hook-secret, poll_every: PT1H}
                flows:
                  customer: [in]
                """);
        start();
    }

    /** One folder is copied, to be edited; the others are the repository's. */
    private static void copyFolders(Path from, Path to, String copied) throws IOException {
        Files.createDirectories(to.resolve(copied));
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (!name.equals(copied) && !name.equals("src") && !name.equals("target")) {
                    Files.createSymbolicLink(to.resolve(name), file);
                }
            }
        }
        try (Stream<Path> files = Files.list(from.resolve(copied))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, to.resolve(copied).resolve(file.getFileName()));
            }
        }
    }

    private static void edit(Path file, String from, String to) throws IOException {
        String text = Files.readString(file);
        assertThat(text).contains(from);
        Files.writeString(file, text.replace(from, to));
    }

    private static void spoke(String name, String content) throws IOException {
        Files.writeString(home.resolve("routes/spokes").resolve(name + ".yaml"), "spoke: " + name + "\n" + content);
    }

    private static void start() throws IOException {
        Path data = home.resolve("data");
        hub = HubApplication.start(Map.of("serai.home", home.toString(), "serai.data", data.toString(), "server.port",
                "0", "serai.management-port", "0", "serai.database.programs",
                Path.of("target/programs").toAbsolutePath().toString()));
        url = "http://127.0.0.1:" + ((WebServerApplicationContext) hub).getWebServer().getPort();
        addresses = new LinkedHashMap<>();
        for (String line : Files.readAllLines(data.resolve("sandbox.env"))) {
            addresses.put(line.substring(0, line.indexOf('=')), line.substring(line.indexOf('=') + 1));
        }
    }

    @AfterAll
    static void close() {
        hub.close();
    }

    // ---- words

    private static void send(String queue, String text) {
        try (ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(addresses.get("BROKER_URL"));
                var context = factory.createContext("finance", "secret")) {
            context.createProducer().send(context.createQueue(queue), text);
        }
    }

    private static void finance(String number, String lastName, String currency) {
        send("customers.in", """
                {"number": "%s", "firstName": "Fin", "lastName": "%s", "email": "%s@finance.example", "currency": "%s"}
                """.formatted(number, lastName, number.toLowerCase(), currency));
    }

    private static HttpResponse<byte[]> webhook(String event, String body) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec("hook-secret".getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return HTTP.send(HttpRequest.newBuilder(URI.create(url + "/hooks/shop"))
                .header("Content-Type", "application/json").header("X-Shopify-Topic", "customers/update")
                .header("X-Shopify-Event-Id", event)
                .header("X-Shopify-Hmac-Sha256", Base64.getEncoder().encodeToString(mac.doFinal(bytes)))
                .POST(HttpRequest.BodyPublishers.ofByteArray(bytes)).build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    private static HttpResponse<byte[]> call(String method, String path, Object body, String key) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path)).header("serai-key", key);
        return HTTP.send(body == null
                ? request.method(method, HttpRequest.BodyPublishers.noBody()).build()
                : request.header("Content-Type", "application/json")
                        .method(method, HttpRequest.BodyPublishers.ofByteArray(Json.write(body))).build(),
                HttpResponse.BodyHandlers.ofByteArray());
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> get(String path) throws Exception {
        HttpResponse<byte[]> response = call("GET", path, null, addresses.get("SERAI_API_KEY"));
        assertThat(response.statusCode()).as(path).isEqualTo(200);
        return (Map<String, Object>) Json.read(response.body());
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> post(String path, Object body, int status) throws Exception {
        HttpResponse<byte[]> response = call("POST", path, body, addresses.get("SERAI_API_KEY"));
        assertThat(response.statusCode()).as(new String(response.body(), StandardCharsets.UTF_8)).isEqualTo(status);
        return (Map<String, Object>) Json.read(response.body());
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> items(String path) throws Exception {
        return (List<Map<String, Object>>) get(path).get("items");
    }

    private static Map<String, Object> customer(String email) throws Exception {
        List<Map<String, Object>> found = items("/api/customers?email=" + email);
        return found.isEmpty() ? null : found.getFirst();
    }

    private static String family(String email) throws Exception {
        Map<String, Object> customer = customer(email);
        return customer == null ? null : (String) ((Map<?, ?>) customer.get("name")).get("family");
    }

    /** The open item about a record of a spoke, once it is there. */
    private static Map<String, Object> parked(String spoke, String record) {
        return Await.value(SOON, () -> items("/api/parked?spoke=" + spoke).stream()
                .filter(item -> record.equals(((Map<?, ?>) item.get("detail")).get("record"))).findFirst()
                .orElse(null));
    }

    private static List<?> waiting(Map<String, Object> item) throws Exception {
        return (List<?>) get("/api/parked/" + item.get("id")).get("waiting");
    }

    private static int command(ByteArrayOutputStream out, String... arguments) {
        return ParkedCommandAccess.run(Map.of("SERAI_URL", url, "SERAI_API_KEY", addresses.get("SERAI_API_KEY")),
                new ByteArrayInputStream(new byte[0]), new PrintStream(out, true, StandardCharsets.UTF_8), arguments);
    }

    // ---- the story

    @Test
    @Order(1)
    void poisonOnTheQueueIsParkedAndTheOthersFlow() throws Exception {
        send("customers.in", "{\"number\": \"P-1\", \"firstName\": ");
        finance("P-2", "Good", "CHF");

        Await.until(SOON, () -> assertThat(family("p-2@finance.example")).isEqualTo("Good"));
        Map<String, Object> poison = Await.value(SOON,
                () -> items("/api/parked?kind=POISON").stream().findFirst().orElse(null));
        Map<String, Object> shown = get("/api/parked/" + poison.get("id"));
        assertThat(shown).containsEntry("step", "connector:finance/customer")
                .containsEntry("actions", List.of("retry", "edit", "discard"));
        assertThat((Map<?, ?>) shown.get("content")).satisfies(content -> {
            assertThat(content.get("text").toString()).startsWith("{\"number\": \"P-1\"");
            assertThat(content.get("contentType")).isEqualTo("application/json");
        });
        assertThat(post("/api/parked/" + poison.get("id") + "/retry", null, 200)).containsEntry("outcome", "parked");
    }

    @Test
    @Order(2)
    void whatAPersonHasEditedIsTakenInAndWhatCameIsKept() throws Exception {
        String id = items("/api/parked?kind=POISON").getFirst().get("id").toString();
        String message = get("/api/parked/" + id).get("message").toString();
        assertThat(post("/api/parked/" + id + "/edit", Map.of("text", "?"), 422)).containsEntry("code", "invalid");

        assertThat(post("/api/parked/" + id + "/edit",
                Map.of("body", "{\"number\": \"P-1\", \"lastName\": \"Mended\", \"email\": \"p-1@finance.example\"}"),
                200))
                .containsEntry("outcome", "applied");

        assertThat(family("p-1@finance.example")).isEqualTo("Mended");
        Map<String, Object> done = get("/api/parked/" + id);
        assertThat(done.get("resolvedAt")).isNotNull();
        assertThat((List<?>) done.get("history")).last()
                .satisfies(deed -> assertThat((Map<?, ?>) deed).extracting("action", "by", "outcome")
                        .containsExactly("retry", "api", "applied"));
        assertThat(get("/api/messages/" + message)).containsEntry("state", "applied");
        assertThat(new String(call("GET", "/api/messages/" + message + "/received", null,
                addresses.get("SERAI_API_KEY")).body(), StandardCharsets.UTF_8)).isEqualTo(
                        "{\"number\": \"P-1\", \"firstName\": ");
    }

    @Test
    @Order(3)
    void laterMessagesOfAParkedCustomerWaitAndOthersDoNot() throws Exception {
        finance("F-1", "First", "chf");
        Map<String, Object> item = parked("finance", "F-1");
        finance("F-1", "Second", "CHF");
        finance("F-1", "Third", "CHF");
        finance("F-2", "Other", "CHF");
        finance("F-3", "Also", "eur");

        Await.until(SOON, () -> assertThat(family("f-2@finance.example")).isEqualTo("Other"));
        Await.until(SOON, () -> assertThat(waiting(item)).hasSize(2));
        parked("finance", "F-3");
        assertThat(customer("f-1@finance.example")).isNull();
        assertThat(items("/api/messages?state=waiting")).hasSize(2);
        Map<String, Object> cause = items("/api/parked/causes").getFirst();
        assertThat(cause).containsEntry("count", 2).containsEntry("spokes", List.of("finance"));
        assertThat(cause.get("cause").toString()).contains("mapping:queue/customer-to-canonical", "/currency");
        assertThat(items("/api/parked?cause="
                + URLEncoder.encode(cause.get("cause").toString(), StandardCharsets.UTF_8))).hasSize(2);
    }

    @Test
    @Order(4)
    void aGroupIsRetriedWithTodaysMappingAndWhatWaitedFollowsInOrder() throws Exception {
        String cause = items("/api/parked/causes").getFirst().get("cause").toString();
        assertThat(post("/api/parked/causes/retry", Map.of("cause", cause), 200)).as("with the mapping as it was")
                .containsEntry("tried", 2).containsEntry("done", 0);
        hub.close();
        edit(home.resolve("mappings/queue/customer-to-canonical.jsonata"), WRONG, RIGHT);
        start();
        finance("F-1", "Fourth", "CHF");
        Await.until(SOON, () -> assertThat(items("/api/messages?state=waiting")).hasSize(3));

        assertThat(post("/api/parked/causes/retry", Map.of("cause", cause), 200)).containsEntry("tried", 2)
                .containsEntry("done", 2).containsEntry("problems", List.of());

        Await.until(SOON, () -> assertThat(family("f-1@finance.example")).isEqualTo("Fourth"));
        assertThat(family("f-3@finance.example")).isEqualTo("Also");
        Map<String, Object> first = customer("f-1@finance.example");
        assertThat(first).containsEntry("currency", "CHF");
        assertThat(items("/api/customers/" + first.get("id") + "/history"))
                .extracting(change -> change.get("version")).containsExactly(1, 2, 3, 4);
        assertThat(items("/api/messages?state=waiting")).isEmpty();
        assertThat(items("/api/parked/causes")).isEmpty();
        finance("F-1", "Fifth", "CHF");
        Await.until(SOON, () -> assertThat(family("f-1@finance.example")).isEqualTo("Fifth"));
    }

    @Test
    @Order(5)
    void discardingLetsWhatWaitsGoOn() throws Exception {
        finance("D-1", "Bad", "no currency");
        Map<String, Object> item = parked("finance", "D-1");
        finance("D-1", "Later", "CHF");
        Await.until(SOON, () -> assertThat(waiting(item)).hasSize(1));

        assertThat(post("/api/parked/" + item.get("id") + "/discard", Map.of(), 422).get("detail").toString())
                .contains("reason");
        post("/api/parked/" + item.get("id") + "/discard", Map.of("reason", "entered by mistake"), 200);

        Await.until(SOON, () -> assertThat(family("d-1@finance.example")).isEqualTo("Later"));
        assertThat(get("/api/messages/" + item.get("message"))).containsEntry("state", "discarded");
        assertThat(post("/api/parked/" + item.get("id") + "/retry", null, 409)).containsEntry("code", "resolved");
    }

    @Test
    @Order(6)
    void aPaymentThatCameBeforeItsOrderIsTakenUpWhenTheOrderComes() throws Exception {
        send("payments.in",
                "{\"id\": \"T-1\", \"order_number\": \"O-1\", \"amount\": \"30.00\", \"currency\": \"CHF\"}");
        Map<String, Object> early = parked("finance", "T-1");
        assertThat(early.get("problem").toString()).contains("No invoice or order");

        send("orders.in",
                """
                        {"orderNumber": "O-1", "customer": {"number": "F-2"}, "currency": "CHF", "total": "30.00", "paid": false,
                         "items": [{"sku": "A", "text": "Tea", "qty": "1", "price": "30.00"}]}""");

        Await.until(SOON, () -> assertThat(items("/api/orders?number=O-1")).singleElement()
                .satisfies(order -> assertThat(order).containsEntry("paymentStatus", "paid")));
        Map<String, Object> done = get("/api/parked/" + early.get("id"));
        assertThat(done.get("resolvedAt")).isNotNull();
        assertThat((List<?>) done.get("history")).singleElement()
                .satisfies(deed -> assertThat((Map<?, ?>) deed).extracting("by").isEqualTo("hub"));
        String order = items("/api/orders?number=O-1").getFirst().get("id").toString();
        assertThat(items("/api/invoices?order=" + order)).hasSize(1);
        assertThat(items("/api/payments?order=" + order)).hasSize(1);
    }

    @Test
    @Order(7)
    void aWebhookIsMendedAsACanonicalDocument() throws Exception {
        assertThat(webhook("e-1",
                "{\"id\": 501, \"first_name\": \"Web\", \"last_name\": \"Hook\", \"email\": \"no mail\"}")
                .statusCode()).as("kept, so not to be sent again").isEqualTo(200);
        Map<String, Object> item = parked("shop", "501");
        assertThat(post("/api/parked/" + item.get("id") + "/retry", null, 200)).containsEntry("outcome", "parked")
                .containsEntry("field", "/emails/0/address");
        Map<String, Object> document = Map.of("source", Map.of("id", "501"), "kind", "person", "name",
                Map.of("given", "Web", "family", "Hook"), "emails", List.of(Map.of("address", "web@shop.example")));
        Map<String, Object> robot = new LinkedHashMap<>(document);
        robot.put("kind", "robot");
        assertThat(post("/api/parked/" + item.get("id") + "/edit", Map.of("document", robot), 422).get("errors")
                .toString()).contains("/kind");

        assertThat(post("/api/parked/" + item.get("id") + "/edit", Map.of("document", document), 200))
                .containsEntry("outcome", "applied");

        assertThat(family("web@shop.example")).isEqualTo("Hook");
        assertThat(webhook("e-2", "{\"id\": 501, \"first_name\": \"Web\", \"last_name\": \"Again\", "
                + "\"email\": \"web@shop.example\"}").statusCode()).isEqualTo(200);
        assertThat(family("web@shop.example")).isEqualTo("Again");
    }

    @Test
    @Order(8)
    void aRetryTwentyTimesAtOnceHasOneEffect() throws Exception {
        send("payments.in",
                "{\"id\": \"T-2\", \"order_number\": \"O-9\", \"amount\": \"1.00\", \"currency\": \"CHF\"}");
        Map<String, Object> item = parked("finance", "T-2");
        String message = item.get("message").toString();
        List<Callable<Integer>> edits = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            edits.add(() -> call("POST", "/api/parked/" + item.get("id") + "/edit", Map.of("body",
                    "{\"id\": \"T-2\", \"order_number\": \"O-1\", \"amount\": \"1.00\", \"currency\": \"CHF\"}"),
                    addresses.get("SERAI_API_KEY")).statusCode());
        }
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var call : callers.invokeAll(edits)) {
                assertThat(call.get()).isIn(200, 409);
            }
        }
        String order = items("/api/orders?number=O-1").getFirst().get("id").toString();
        assertThat(items("/api/payments?order=" + order)).hasSize(2);
        assertThat(get("/api/messages/" + message)).containsEntry("state", "applied");
    }

    @Test
    @Order(9)
    void aSpokeSeesItsOwnAndActsOnNothing() throws Exception {
        webhook("e-3", "{\"id\": 502, \"first_name\": \"Web\", \"email\": \"no mail\"}");
        Map<String, Object> item = parked("shop", "502");
        String path = "/api/parked/" + item.get("id");
        assertThat(call("GET", path, null, "finance-key").statusCode()).isEqualTo(404);
        assertThat(new String(call("GET", "/api/parked/causes", null, "finance-key").body(), StandardCharsets.UTF_8))
                .doesNotContain("shop");
        assertThat(call("POST", path + "/discard", Map.of("reason", "mine"), "finance-key").statusCode())
                .isEqualTo(403);
        assertThat(call("POST", "/api/parked/causes/retry", Map.of("cause", item.get("cause")), "finance-key")
                .statusCode()).isEqualTo(403);
        assertThat(post(path + "/absent", null, 409).get("detail").toString()).contains("retry, edit, discard");
        assertThat(call("POST", path + "/explode", null, addresses.get("SERAI_API_KEY")).statusCode()).isEqualTo(404);
    }

    @Test
    @Order(10)
    void theCommandShowsAndFinishesWhatIsParked() throws Exception {
        String cause = items("/api/parked/causes").getFirst().get("cause").toString();
        String id = parked("shop", "502").get("id").toString();
        ByteArrayOutputStream out = new ByteArrayOutputStream();

        assertThat(command(out)).isZero();
        assertThat(command(out, "show", id)).isZero();
        assertThat(command(out, "retry", "--cause", cause)).as("still parked").isEqualTo(1);
        assertThat(command(out, "discard", id)).as("without a reason").isEqualTo(2);
        assertThat(command(out, "discard", "--cause", cause, "--reason", "a test")).isZero();
        assertThat(command(out)).isZero();

        assertThat(out.toString(StandardCharsets.UTF_8)).contains("1 × INVALID   " + cause, "no mail", "possible",
                "[retry, edit, discard]", "0 done, 1 still parked", "1 done, 0 still parked", "Nothing is parked.");
    }

    @Test
    @Order(11)
    void metersSayHowMuchIsParked() throws Exception {
        String figures = HTTP.send(
                HttpRequest.newBuilder(URI.create(addresses.get("SERAI_MANAGEMENT_URL") + "/prometheus")).build(),
                HttpResponse.BodyHandlers.ofString()).body();
        assertThat(figures).containsPattern("serai_parked\\{kind=\"INVALID\",spoke=\"shop\"} \\d");
    }

    @Test
    @Order(12)
    void oneThatItCannotBeDoneForDoesNotKeepItFromTheOthers() throws Exception {
        String one = alike("Anna", "a1");
        String third = alike("Zoe", "a9");
        alike("Anna", "a2");
        alike("Berta", "b1");
        alike("Berta", "b2");
        Await.until(SOON, () -> assertThat(items("/api/parked?kind=POSSIBLE_DUPLICATE")).hasSize(2));
        String other = customer("a2@alike.example").get("id").toString();
        post("/api/customers/" + third + "/merge", Map.of("absorb", one), 200);
        post("/api/customers/" + third + "/merge", Map.of("absorb", other), 200);

        Map<String, Object> answer = post("/api/parked/causes/not-same", Map.of("cause", "possible duplicate"), 200);

        assertThat(answer).containsEntry("tried", 2).containsEntry("done", 1);
        assertThat((List<?>) answer.get("problems")).singleElement()
                .satisfies(problem -> assertThat(((Map<?, ?>) problem).get("problem").toString())
                        .contains("unmerge them first"));
    }

    private static String alike(String given, String id) throws Exception {
        return post("/api/customers", Map.of("source", Map.of("id", id), "kind", "person", "name",
                Map.of("given", given, "family", "Alike"), "emails", List.of(Map.of("address", id + "@alike.example")),
                "addresses", List.of(Map.of("use", "home", "lines", List.of("Seeweg 1"), "postalCode", "8001", "city",
                        "Zug"))),
                201).get("id").toString();
    }
}
