package io.serai.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BooksTest {
    @TempDir
    Path folder;
    private final SetClock clock = new SetClock();
    private Company company;
    private Books books;
    private Caller hub;

    private static final class SetClock extends Clock {
        private Instant now = Instant.parse("2026-07-01T12:00:00Z");

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    @BeforeEach
    void open() throws IOException {
        company = Company.start(Company.Options.in(folder).withSystems("books").withClock(clock));
        books = company.books();
        hub = new Caller(Map.of("Authorization", "Bearer " + books.token()));
    }

    @AfterEach
    void close() throws IOException {
        company.close();
    }

    @Test
    void losesTheAnswerButKeepsTheInvoice() throws IOException {
        contact("golden-1");
        books.loseAnswerNext(1);
        assertThatThrownBy(() -> invoice("sale-1", "key-1")).isInstanceOf(IOException.class);

        HttpResponse<String> found = hub.get(books.url() + "/v1/invoices?reference=sale-1");
        assertThat(Caller.json(found).get("items")).asInstanceOf(InstanceOfAssertFactories.LIST).hasSize(1);
        assertThat(Caller.json(invoice("sale-1", "key-1")).get("number")).isEqualTo("INV-2026-0001");
        assertThat(books.invoices()).hasSize(1);
    }

    @Test
    void answersTheSameKeyWithTheFirstInvoiceEvenAfterARestart() throws IOException {
        contact("golden-1");
        String first = invoice("sale-1", "key-1").body();
        books.pay("sale-1", Map.of());
        books.stop();
        books.start();
        assertThat(invoice("sale-1", "key-1").body()).isEqualTo(first);
        assertThat(books.ledger()).filteredOn(entry -> entry.get("action").equals("invoice.create")).hasSize(1);
    }

    @Test
    void refusesTheSameKeyWithAnotherBody() throws IOException {
        contact("golden-1");
        invoice("sale-1", "key-1");
        assertThat(invoice("sale-2", "key-1").statusCode()).isEqualTo(422);
        assertThat(books.invoices()).hasSize(1);
    }

    @Test
    void makesASecondInvoiceForWhoSendsNoKey() throws IOException {
        contact("golden-1");
        invoice("sale-1", null);
        invoice("sale-1", null);
        assertThat(books.invoices()).extracting(one -> one.get("number")).containsExactly("INV-2026-0001",
                "INV-2026-0002");
    }

    @Test
    void forgetsAKeyWhenItsTimeIsOver() throws IOException {
        contact("golden-1");
        hub.post(books.url() + "/control", Map.of("keyRetentionSeconds", 60));
        invoice("sale-1", "key-1");
        clock.now = clock.now.plus(Duration.ofSeconds(61));
        invoice("sale-1", "key-1");
        assertThat(books.invoices()).hasSize(2);
    }

    @Test
    void namesTheFieldsOfARefusedInvoice() throws IOException {
        HttpResponse<String> refused = hub.post(books.url() + "/v1/invoices",
                Map.of("reference", "sale-1", "contact_id", "C-9", "currency", "Franken", "total", 12));
        assertThat(refused.statusCode()).isEqualTo(422);
        assertThat(refused.body()).contains("\"contact_id\"", "\"currency\"", "\"total\"", "\"lines\"");
        assertThat(books.ledger()).isEmpty();
    }

    @Test
    void changesOnlyWhatAPatchNamesAndClearsNull() throws IOException {
        contact("golden-1");
        HttpResponse<String> patched = hub.call("PATCH", books.url() + "/v1/contacts/C-1001",
                "{\"phone\":null,\"address\":{\"zip\":\"8002\"}}", "If-Match", "\"1\"");
        assertThat(Caller.json(patched)).containsEntry("version", 2).containsEntry("phone", null)
                .containsEntry("name", "Anna Keller");
        assertThat(Caller.json(patched).get("address").toString()).contains("zip=8002", "city=Zürich");
    }

    @Test
    void refusesAStaleVersion() throws IOException {
        contact("golden-1");
        assertThat(hub.call("PATCH", books.url() + "/v1/contacts/C-1001", "{\"phone\":null}", "If-Match", "7")
                .statusCode()).isEqualTo(412);
    }

    @Test
    void closesAnInvoiceWhenAllOfItIsPaid() throws IOException {
        contact("golden-1");
        invoice("sale-1", "key-1");
        hub.post(books.url() + "/v1/invoices/I-1001/payments", Map.of("amount", "20.00", "method", "cash"));
        assertThat(books.invoices().getFirst()).containsEntry("status", "issued").containsEntry("paid_amount", "20.00");
        books.pay("INV-2026-0001", Map.of());
        assertThat(books.invoices().getFirst()).containsEntry("status", "paid").containsEntry("paid_amount", "120.00");
        assertThat(Caller.json(hub.get(books.url() + "/v1/payments")).get("items"))
                .asInstanceOf(InstanceOfAssertFactories.LIST).hasSize(2);
    }

    @Test
    void listsEachContactOnceOverManyPages() throws IOException {
        for (int i = 0; i < 7; i++) {
            contact("golden-" + i);
        }
        List<Object> seen = new ArrayList<>();
        Object cursor = "";
        while (cursor != null) {
            Map<String, Object> page = Caller.json(
                    hub.get(books.url() + "/v1/contacts?limit=3" + (seen.isEmpty() ? "" : "&cursor=" + cursor)));
            ((List<?>) page.get("items")).forEach(item -> seen.add(((Map<?, ?>) item).get("reference")));
            cursor = page.get("next_cursor");
        }
        assertThat(seen).hasSize(7).doesNotHaveDuplicates();
    }

    @Test
    void asksForItsToken() throws IOException {
        assertThat(new Caller(Map.of()).get(books.url() + "/v1/contacts").statusCode()).isEqualTo(401);
        assertThat(new Caller(Map.of("Authorization", "Bearer x")).get(books.url() + "/v1/contacts").statusCode())
                .isEqualTo(401);
    }

    @Test
    void failsAsOftenAsItIsToldTo() throws IOException {
        books.failNext(1, 429);
        HttpResponse<String> failed = hub.get(books.url() + "/v1/contacts");
        assertThat(failed.statusCode()).isEqualTo(429);
        assertThat(failed.headers().firstValue("Retry-After")).contains("1");
        assertThat(hub.get(books.url() + "/v1/contacts").statusCode()).isEqualTo(200);
    }

    @Test
    void closesConnectionsWhileItIsDownAndCanBeToldToComeBack() throws IOException {
        books.down(true);
        assertThatThrownBy(() -> hub.get(books.url() + "/v1/contacts")).isInstanceOf(IOException.class);
        assertThat(hub.get(books.url() + "/health").statusCode()).isEqualTo(503);
        hub.post(books.url() + "/control", Map.of("down", false));
        assertThat(hub.get(books.url() + "/v1/contacts").statusCode()).isEqualTo(200);
    }

    @Test
    void takesItsTimeWhenToldTo() throws IOException {
        books.delay(Duration.ofMillis(120));
        long start = System.nanoTime();
        hub.get(books.url() + "/v1/contacts");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(120));
    }

    private HttpResponse<String> contact(String reference) throws IOException {
        return hub.post(books.url() + "/v1/contacts",
                Map.of("reference", reference, "name", "Anna Keller", "phone", "+41445550001", "address",
                        Map.of("street", "Seestrasse 1", "zip", "8001", "city", "Zürich", "country", "CH")));
    }

    private HttpResponse<String> invoice(String reference, String key) throws IOException {
        Map<String, Object> invoice = Map.of("reference", reference, "contact_id", "C-1001", "order_number", "#1001",
                "currency", "CHF", "lines",
                List.of(Map.of("description", "Lantern", "quantity", "1", "unit_price", "120.00")), "total", "120.00");
        String[] headers = key == null ? new String[0] : new String[]{"Idempotency-Key", key};
        return hub.post(books.url() + "/v1/invoices", invoice, headers);
    }
}
