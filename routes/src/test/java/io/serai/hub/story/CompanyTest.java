package io.serai.hub.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

import io.serai.hub.web.Json;
import io.serai.sandbox.CustomerFile;
import io.serai.sandbox.Customers;

/** What the company lives through on an ordinary day, and on a bad one. Everybody in it is the real thing. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CompanyTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    static Path folder;
    private static Office office;

    @BeforeAll
    static void open() throws Exception {
        office = Office.open(folder);
    }

    @AfterAll
    static void close() throws Exception {
        office.close();
    }

    @Test
    @Order(1)
    void aForeignSoapClientGetsTheGoldenIdAndShopAndBooksHoldTheCustomer() throws Exception {
        String email = "Nora.Zimmer@example.org";
        Map<String, Object> answer = zeep(Map.of("id", "Z-1", "kind", "person", "givenName", "Nora", "familyName",
                "Zimmer", "email", List.of(email), "phone", List.of("+41445550101")));
        long answered = System.nanoTime();
        assertThat(answer).containsEntry("state", "applied").containsKeys("id", "version", "messageId");

        Await.until(Duration.ofSeconds(2), () -> {
            assertThat(office.inShop(email)).isNotNull();
            assertThat(office.inBooks(email)).isNotNull();
        });
        System.out.println(
                "shop and books held the customer after " + (System.nanoTime() - answered) / 1_000_000 + " ms");
        assertThat(office.inShop(email)).containsEntry("email", email.toLowerCase(java.util.Locale.ROOT));
        office.settles(SOON);

        assertThat(office.company.erp().ledger()).as("nothing is written back to the ERP")
                .noneMatch(entry -> entry.get("body") instanceof Map<?, ?> body && email.equals(body.get("email")));
        Map<String, Object> golden = office.get("/api/customers/" + answer.get("id"));
        assertThat(golden).containsEntry("version", 1);
        Await.until(SOON, () -> assertThat(office.list("/api/messages?spoke=shop&entity=customer"))
                .as("the shop told the hub of it, which changed nothing")
                .anySatisfy(message -> assertThat(message).containsEntry("entityId", answer.get("id"))
                        .containsEntry("protocol", "webhook").containsEntry("state", "unchanged")));
        assertThat(office.items(office.get("/api/customers/" + answer.get("id") + "/history"))).hasSize(1);
    }

    private static Map<String, Object> zeep(Map<String, Object> customer) throws Exception {
        Process python = new ProcessBuilder("/usr/bin/python3",
                Path.of("src/test/resources/post_customer.py").toString(), office.address("SERAI_SOAP_URL") + "?wsdl",
                office.company.erp().user(), office.company.erp().password(), Json.text(customer))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        byte[] said = python.getInputStream().readAllBytes();
        assertThat(python.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(python.exitValue()).isZero();
        return Office.document(said);
    }

    @Test
    @Order(2)
    void aChangedPhoneReachesTheOthersAndNothingElseDoes() throws Exception {
        String email = "urs.thaler@example.org";
        newInErp("Thaler", "Urs", email, "+41 44 555 02 01");
        Await.until(SOON, () -> assertThat(office.inShop(email)).isNotNull());
        office.settles(SOON);
        int erpBefore = office.company.erp().ledger().size();
        int booksBefore = office.company.books().ledger().size();

        office.company.shop().edit(Map.of("id", office.inShop(email).get("id"), "phone", "+41 44 555 02 99"));

        Await.until(SOON, () -> assertThat(office.inErp(email)).containsEntry("phone", "+41445550299"));
        Await.until(SOON, () -> assertThat(office.inBooks(email)).containsEntry("phone", "+41445550299"));
        office.settles(SOON);
        assertThat(written(office.company.erp().ledger(), erpBefore, "customer.update")).singleElement()
                .satisfies(body -> assertThat(body.keySet()).isEqualTo(Set.of("phone")));
        assertThat(written(office.company.books().ledger(), booksBefore, "contact.update")).singleElement()
                .satisfies(body -> assertThat(body.keySet()).isEqualTo(Set.of("phone")));
    }

    private static List<Map<?, ?>> written(List<Map<String, Object>> ledger, int after, String action) {
        List<Map<?, ?>> bodies = new ArrayList<>();
        ledger.stream().skip(after).filter(entry -> action.equals(entry.get("action")))
                .forEach(entry -> bodies.add((Map<?, ?>) entry.get("body")));
        return bodies;
    }

    private static Map<String, Object> newInErp(String family, String given, String email, String phone) {
        return office.company.erp().edit(Map.of("partnerType", "PERS", "name1", family, "name2", given, "email", email,
                "phone", phone));
    }

    @Test
    @Order(3)
    void editsInTwoSystemsAtOnceBothSurviveEverywhere() throws Exception {
        for (int i = 0; i < 6; i++) {
            String email = "mia" + i + ".brandt@example.org";
            String phone = "+4144555031" + i;
            String family = "Brandt-" + i;
            newInErp("Brandt", "Mia", email, "+4144555030" + i);
            Await.until(SOON, () -> assertThat(office.inShop(email)).isNotNull());
            Object erp = office.inErp(email).get("customerNumber");
            Object shop = office.inShop(email).get("id");
            List<Callable<Object>> edits = new ArrayList<>(List.of(
                    () -> office.company.erp().edit(Map.of("customerNumber", erp, "name1", family)),
                    () -> office.company.shop().edit(Map.of("id", shop, "phone", phone))));
            if (i % 2 == 1) {
                java.util.Collections.reverse(edits);
            }
            if (i < 4) {
                try (ExecutorService people = Executors.newVirtualThreadPerTaskExecutor()) {
                    people.invokeAll(edits).forEach(edit -> edit.state());
                }
            } else {
                edits.get(0).call();
                edits.get(1).call();
            }
            Await.until(SOON, () -> {
                assertThat(office.inErp(email)).containsEntry("name1", family).containsEntry("phone", phone);
                assertThat(office.inShop(email)).containsEntry("last_name", family);
                assertThat(digits(office.inShop(email).get("phone"))).isEqualTo(phone);
                assertThat(office.inBooks(email)).containsEntry("phone", phone);
                assertThat((String) office.inBooks(email).get("name")).contains(family);
            });
        }
        office.settles(SOON);
    }

    private static String digits(Object phone) {
        return phone.toString().replace(" ", "");
    }

    @Test
    @Order(4)
    void aSaleThatArrivesByEveryDoorIsInvoicedOnceAndThePaymentClosesIt() throws Exception {
        String email = "ida.sommer@example.org";
        Object erp = newInErp("Sommer", "Ida", email, "+41445550400").get("customerNumber");
        Map<String, Object> sale = office.company.shop().checkout(Map.of("email", email, "line_items",
                List.of(Map.of("sku", "TEA", "title", "Tea", "quantity", 2, "price", "21.00"))));
        String number = sale.get("name").toString().replace("#", "");
        sendToQueue("orders.in", Map.of("orderNumber", number, "customer",
                Map.of("number", "F-900", "email", email, "firstName", "Ida", "lastName", "Sommer"), "paid", true,
                "currency", "CHF", "items",
                List.of(Map.of("sku", "TEA", "text", "Tea", "qty", 2, "price", "21.00", "vat", "0")), "total",
                "42.00"));
        List<Callable<HttpResponse<byte[]>>> calls = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            calls.add(() -> office.soap(order(number, erp)));
        }
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var call : callers.invokeAll(calls)) {
                assertThat(call.get().statusCode())
                        .as(() -> new String(call.resultNow().body(), StandardCharsets.UTF_8))
                        .isEqualTo(200);
            }
        }

        Await.until(SOON, () -> assertThat(office.order(number)).containsEntry("invoiceStatus", "issued"));
        office.settles(SOON);
        List<Map<String, Object>> invoices = invoicesOf(number);
        assertThat(invoices).hasSize(1);
        assertThat(invoices.getFirst()).containsEntry("total", "42.00");
        assertThat(office.order(number)).containsEntry("invoiceNumber", invoices.getFirst().get("number"));
        Await.until(SOON, () -> assertThat(office.company.mailbox().mails(email)).hasSize(1));

        office.company.books().pay(number, Map.of("method", "bank transfer"));
        Await.until(SOON, () -> assertThat(office.order(number)).containsEntry("invoiceStatus", "paid"));
        assertThat(office.items(office.get("/api/invoices?number=" + invoices.getFirst().get("number"))))
                .singleElement()
                .satisfies(invoice -> assertThat(invoice).containsEntry("status", "paid"));
        office.settles(SOON);
        assertThat(invoicesOf(number)).hasSize(1);
        assertThat(office.company.mailbox().mails(email)).as("one notice").hasSize(1);
    }

    private static List<Map<String, Object>> invoicesOf(String number) {
        return office.company.books().invoices().stream().filter(invoice -> number.equals(invoice.get("order_number")))
                .toList();
    }

    private static String order(String number, Object customer) {
        return """
                <submitOrder xmlns="urn:serai:customers:v1"><order><number>%s</number>
                <customerId>%s</customerId>
                <paid>true</paid><currency>CHF</currency>
                <line><sku>TEA</sku><description>Tea</description><quantity>2</quantity><unitPrice>21.00</unitPrice></line>
                <total>42.00</total></order></submitOrder>"""
                .formatted(number, customer);
    }

    private static void sendToQueue(String queue, Map<String, Object> message) {
        try (ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(office.address("BROKER_URL"));
                var context = factory.createContext(office.address("BROKER_USER"),
                        office.address("BROKER_PASSWORD"))) {
            context.createProducer().send(context.createQueue(queue), Json.text(message));
        }
    }

    @Test
    @Order(5)
    void anInvoiceWhoseAnswerWasLostIsAskedAfterAndNotMadeAgain() throws Exception {
        String email = "leo.winter@example.org";
        newInErp("Winter", "Leo", email, "+41445550501");
        Await.until(SOON, () -> assertThat(office.inBooks(email)).isNotNull());
        office.settles(SOON);
        office.company.books().loseAnswerNext(1);

        Map<String, Object> sale = office.company.shop().checkout(Map.of("email", email));
        String number = sale.get("name").toString().replace("#", "");

        Await.until(SOON, () -> assertThat(office.order(number)).containsEntry("invoiceStatus", "issued"));
        assertThat(invoicesOf(number)).hasSize(1);
        assertThat(office.order(number)).containsEntry("invoiceNumber", invoicesOf(number).getFirst().get("number"));
    }

    @Test
    @Order(5)
    void aSaleThatIsCancelledIsTakenBackByOneCreditNoteAlthoughTheAnswerWasLost() throws Exception {
        String email = "ute.lang@example.org";
        newInErp("Lang", "Ute", email, "+41445550510");
        Await.until(SOON, () -> assertThat(office.inBooks(email)).isNotNull());
        Map<String, Object> sale = office.company.shop().checkout(Map.of("email", email));
        String number = sale.get("name").toString().replace("#", "");
        Await.until(SOON, () -> assertThat(office.order(number)).containsEntry("invoiceStatus", "issued"));
        office.settles(SOON);
        office.company.books().loseAnswerNext(1);

        for (int i = 0; i < 3; i++) {
            assertThat(office.post("/api/orders", "application/json",
                    ("{\"number\":\"" + number + "\",\"status\":\"cancelled\"}").getBytes(StandardCharsets.UTF_8))
                    .statusCode()).isEqualTo(200);
        }

        Await.until(SOON, () -> assertThat(office.order(number)).containsEntry("invoiceStatus", "credited"));
        List<Map<String, Object>> notes = office.company.books().creditNotes().stream()
                .filter(note -> number.equals(note.get("order_number"))).toList();
        assertThat(notes).hasSize(1);
        assertThat(office.order(number)).containsEntry("creditNoteNumber", notes.getFirst().get("number"));
        assertThat(office.items(office.get("/api/credit-notes?number=" + notes.getFirst().get("number"))))
                .singleElement().satisfies(note -> assertThat(note).containsEntry("invoiceNumber",
                        invoicesOf(number).getFirst().get("number")));
        Await.until(SOON, () -> assertThat(office.company.mailbox().mails(email)).as("invoice and credit note")
                .hasSize(2));
        office.settles(SOON);
    }

    @Test
    @Order(6)
    void aSpokeThatWasAwayIsBroughtToTheLatestStateOnly() throws Exception {
        String email = "eva.herbst@example.org";
        newInErp("Herbst", "Eva", email, "+41445550600");
        Await.until(SOON, () -> assertThat(office.inBooks(email)).isNotNull());
        Await.until(SOON, () -> assertThat(office.inShop(email)).isNotNull());
        office.settles(SOON);
        office.company.books().stop();
        int before = office.company.books().ledger().size();

        Object erp = office.inErp(email).get("customerNumber");
        for (int i = 1; i <= 5; i++) {
            String phone = "+4144555060" + i;
            office.company.erp().edit(Map.of("customerNumber", erp, "phone", phone));
            Await.until(SOON, () -> assertThat(digits(office.inShop(email).get("phone"))).isEqualTo(phone));
        }
        office.company.books().start();

        Await.until(SOON, () -> assertThat(office.inBooks(email)).containsEntry("phone", "+41445550605"));
        office.settles(SOON);
        assertThat(written(office.company.books().ledger(), before, "contact.update")).as("the latest state only")
                .singleElement().satisfies(body -> assertThat(body.get("phone")).isEqualTo("+41445550605"));
    }

    @Test
    @Order(7)
    void aLeadByMailBecomesACustomerInEverySystem() throws Exception {
        String email = "zoe.faure@example.org";
        office.company.mailbox().lead(Map.of("name", "Zoé Faure", "email", email, "phone", "+33 1 99 00 07 01",
                "message", "Please call me."));

        Await.until(SOON, () -> assertThat(office.customer(email)).isNotNull());
        Await.until(SOON, () -> assertThat(office.inErp(email)).isNotNull());
        Map<String, Object> golden = office.customer(email);
        assertThat(office.items(office.get("/api/interactions?customer=" + golden.get("id")))).singleElement()
                .satisfies(interaction -> assertThat(interaction).containsEntry("kind", "lead"));
        office.settles(SOON);
    }

    @Test
    @Order(8)
    void badInputIsAnsweredInTheSendersOwnProtocolAndKept() throws Exception {
        HttpResponse<byte[]> wrongCountry = office
                .soap("""
                        <upsertCustomer xmlns="urn:serai:customers:v1"><customer><id>B-1</id><kind>person</kind>
                        <familyName>Bad</familyName><address><country>Nowhere</country></address></customer></upsertCustomer>""");
        assertThat(wrongCountry.statusCode()).isEqualTo(500);
        assertThat(text(wrongCountry)).contains("Fault").contains("country").doesNotContain("\tat ");
        assertThat(text(office.soap("<upsertCustomer xmlns=\"urn:serai:customers:v1\"><customer/></upsertCustomer>")))
                .contains("Fault").contains("id");
        assertThat(text(office.soap("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><a>&e;</a>")))
                .contains("Fault").doesNotContain("root:");
        assertThat(text(office.soap(order("U-1", "nobody")))).contains("Fault").contains("nobody");

        assertThat(office.post("/api/customers", "application/json", "{\"kind\":".getBytes(StandardCharsets.UTF_8)))
                .satisfies(answer -> {
                    assertThat(answer.statusCode()).isEqualTo(400);
                    assertThat(answer.headers().firstValue("content-type").orElseThrow())
                            .startsWith("application/problem+json");
                });
        assertThat(office.post("/api/customers", "application/json",
                "{\"kind\":\"person\",\"emails\":[{\"address\":\"nobody\"}]}".getBytes(StandardCharsets.UTF_8)))
                .satisfies(answer -> {
                    assertThat(answer.statusCode()).isEqualTo(422);
                    assertThat(text(answer)).contains("/emails/0/address");
                });
        assertThat(office.post("/api/customers", "application/json", new byte[3 << 20]).statusCode()).isEqualTo(413);
        assertThat(office.post("/hooks/shop", "application/json", "{}".getBytes(StandardCharsets.UTF_8)).statusCode())
                .isEqualTo(401);
        assertThat(office.send(java.net.http.HttpRequest.newBuilder(
                java.net.URI.create(office.url() + "/api/customers"))).statusCode()).isEqualTo(401);

        sendToQueue("orders.in", Map.of("orderNumber", "Q-BAD", "paid", true, "total", "much"));
        Await.until(SOON, () -> assertThat(office.list("/api/parked?spoke=finance")).anySatisfy(
                parked -> assertThat(parked.get("problem").toString()).isNotBlank()));

        Files.writeString(office.inbox().resolve("bad.csv"),
                "id;first_name;last_name;company;email;phone;street;zip;city;country;vat_id;language\n"
                        + "X-1;Ada;Good;;ada.good@example.org;;;;;CH;;de\nX-2;Bob;Bad;;no mail;;;;;CH;;de\n");
        Path rejected = office.inbox().resolve("rejected");
        Await.until(SOON, () -> {
            try (var files = Files.list(rejected)) {
                Path file = files.filter(path -> path.getFileName().toString().startsWith("bad.csv")).findFirst()
                        .orElseThrow(() -> new AssertionError("nothing rejected yet"));
                assertThat(Files.readString(file)).contains("X-2").contains("email").doesNotContain("X-1");
            }
        });
        assertThat(office.customer("ada.good@example.org")).isNotNull();

        List<Map<String, Object>> refused = office.list("/api/messages?state=rejected");
        assertThat(refused).as("kept in the journal")
                .anySatisfy(message -> assertThat(message).containsEntry("spoke", "erp"))
                .anySatisfy(message -> assertThat(message).containsEntry("spoke", "nightly"));
    }

    private static String text(HttpResponse<byte[]> answer) {
        return new String(answer.body(), StandardCharsets.UTF_8);
    }

    @Test
    @Order(9)
    void whoIsErasedGoesFromTheShopTooAndDoesNotComeBackByIt() throws Exception {
        office.company.shop().edit(Map.of("first_name", "Vera", "last_name", "Gone", "email", "vera.gone@example.com"));
        Map<String, Object> vera = Await.value(SOON, () -> office.customer("vera.gone@example.com"));
        Map<String, Object> seen = Await.value(SOON, () -> office.inBooks("vera.gone@example.com"));
        assertThat(seen).isNotNull();
        HttpResponse<byte[]> erased = Await.value(SOON, () -> {
            HttpResponse<byte[]> answer = office.post("/api/customers/" + vera.get("id") + "/erase",
                    "application/json", new byte[0]);
            return answer.statusCode() == 409 ? null : answer;
        });
        assertThat(erased.statusCode()).isEqualTo(200);

        Await.until(SOON, () -> assertThat(office.inShop("vera.gone@example.com")).isNull());
        String receipt = erased.headers().firstValue("Location").orElseThrow();
        Await.until(SOON, () -> assertThat(new String(office.send(office.request(receipt).GET()).body(),
                StandardCharsets.UTF_8)).contains("\"state\":\"done\"").contains("cannot delete"));
        office.company.shop().edit(Map.of("first_name", "Vera", "email", "vera.gone@example.com"));
        Await.until(SOON, () -> assertThat(office.list("/api/messages?spoke=shop&state=rejected"))
                .anySatisfy(message -> assertThat(message.get("refusal")).asString().contains("erased")));
        assertThat(office.customer("vera.gone@example.com")).isNull();
    }

    @Test
    @Order(10)
    void aFileOfTenThousandIsTakenWithoutDuplicatesAndItsBadRowsAreNamed() throws Exception {
        office.settles(SOON);
        long before = office.list("/api/customers").size();
        int shopBefore = office.company.shop().customers().size();
        CustomerFile file = CustomerFile.of(7, 10_000).withBad(37).withRepeats(500, Customers.FIRST_BULK_INDEX);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        List<CustomerFile.BadRow> bad = file.writeTo(bytes);
        assertThat(bad).hasSize(37);
        Files.write(office.inbox().resolve("night.csv.part"), bytes.toByteArray());
        Files.move(office.inbox().resolve("night.csv.part"), office.inbox().resolve("night.csv"));

        Path rejected = office.inbox().resolve("rejected");
        Path report = Await.value(Duration.ofMinutes(4), () -> {
            try (var files = Files.list(rejected)) {
                return files.filter(path -> path.getFileName().toString().startsWith("night.csv")).findFirst()
                        .orElse(null);
            }
        });
        String reasons = Files.readString(report, StandardCharsets.ISO_8859_1);
        Set<String> missing = new HashSet<>();
        bad.stream().map(CustomerFile.BadRow::id).filter(id -> !reasons.contains(id)).forEach(missing::add);
        assertThat(missing).as("every bad row is named").isEmpty();
        assertThat(reasons.lines().filter(line -> !line.isBlank()).count()).isEqualTo(38);

        assertThat(office.list("/api/customers")).hasSize((int) before + file.fresh());
        office.settles(Duration.ofMinutes(8));
        assertThat(office.company.shop().customers()).hasSize(shopBefore + file.fresh());
    }
}
