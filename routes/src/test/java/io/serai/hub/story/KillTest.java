package io.serai.hub.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.serai.sandbox.CustomerFile;
import io.serai.sandbox.Customers;

/** The hub dies in the middle of its work, as if the power went. Systems that believe only its answers lose nothing by it. */
class KillTest {
    private static final Duration LONG = Duration.ofMinutes(6);
    private static final int ROWS = 3_000;
    private static final int BAD = 37;
    private static final int REPEATS = 150;
    private static final int SALES = 40;

    @TempDir
    Path folder;

    @Test
    void aHubThatIsKilledOverAFileAndOverSalesLosesNothingAndDoesNothingTwice() throws Exception {
        try (Office office = Office.openApart(folder)) {
            CustomerFile file = CustomerFile.of(11, ROWS).withBad(BAD).withRepeats(REPEATS, Customers.FIRST_BULK_INDEX);
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            List<CustomerFile.BadRow> bad = file.writeTo(bytes);
            Files.write(office.inbox().resolve("night.csv.part"), bytes.toByteArray());
            Files.move(office.inbox().resolve("night.csv.part"), office.inbox().resolve("night.csv"));

            for (int taken : List.of(ROWS / 10, ROWS / 2)) {
                Await.until(LONG, () -> assertThat(office.company.shop().customers().size()
                        + office.list("/api/customers").size()).isGreaterThan(taken));
                office.killHub();
                office.startProcess();
            }
            Set<String> sales = sell(office);

            Path rejected = office.inbox().resolve("rejected");
            Path report = Await.value(LONG, () -> {
                try (var files = Files.list(rejected)) {
                    return files.filter(path -> path.getFileName().toString().startsWith("night.csv")).findFirst()
                            .orElse(null);
                }
            });
            Await.until(LONG, () -> assertThat(Files.list(rejected)).as("one report, however often the file was begun")
                    .hasSize(1));
            String reasons = Files.readString(report, StandardCharsets.ISO_8859_1);
            assertThat(bad).allSatisfy(row -> assertThat(reasons).contains(row.id()));

            office.settles(LONG);
            Set<String> emails = office.list("/api/customers").stream().map(KillTest::email)
                    .collect(Collectors.toSet());
            assertThat(office.list("/api/customers")).as("nobody twice, nobody lost")
                    .hasSize(file.fresh() + SALES).hasSize(emails.size());
            assertThat(office.company.shop().customers()).hasSize(file.fresh() + SALES);
            assertThat(office.company.books().contacts()).hasSize(file.fresh() + SALES);
            invoicedOnce(office, sales);
        }
    }

    private static String email(Map<String, Object> customer) {
        return ((List<?>) customer.get("emails")).stream().map(email -> ((Map<?, ?>) email).get("address").toString())
                .findFirst().orElse(customer.get("id").toString()).toLowerCase(java.util.Locale.ROOT);
    }

    /** Sells while the hub is killed; a seller repeats a sale until the hub has answered it. */
    private static Set<String> sell(Office office) throws Exception {
        Set<String> answered = ConcurrentHashMap.newKeySet();
        try (ExecutorService sellers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> work = new ArrayList<>();
            for (int i = 0; i < SALES; i++) {
                String number = "K-" + i;
                work.add(sellers.submit(() -> sellUntilAnswered(office, number, answered)));
            }
            Await.until(LONG, () -> assertThat(answered.size()).isGreaterThan(SALES / 4));
            office.killHub();
            office.startProcess();
            for (Future<?> seller : work) {
                seller.get();
            }
        }
        return new HashSet<>(answered);
    }

    private static void sellUntilAnswered(Office office, String number, Set<String> answered) {
        while (true) {
            try {
                HttpResponse<byte[]> answer = office.soap(sale(number));
                if (answer.statusCode() == 200) {
                    answered.add(number);
                    return;
                }
            } catch (Exception noAnswer) {
                if (!(noAnswer instanceof IOException)) {
                    throw new IllegalStateException(noAnswer);
                }
            }
            LockSupport.parkNanos(50_000_000);
        }
    }

    private static String sale(String number) {
        return """
                <submitOrder xmlns="urn:serai:customers:v1"><order><number>%s</number>
                <customer><id>C-%s</id><kind>person</kind><familyName>Buyer %s</familyName>
                <email>buyer.%s@example.net</email></customer>
                <paid>true</paid><currency>CHF</currency>
                <line><description>Tea</description><quantity>1</quantity><unitPrice>12.50</unitPrice></line>
                <total>12.50</total></order></submitOrder>""".formatted(number, number, number, number);
    }

    private static void invoicedOnce(Office office, Set<String> sales) {
        assertThat(sales).hasSize(SALES);
        Await.until(LONG, () -> {
            for (String number : sales) {
                assertThat(office.order(number)).as(number).containsEntry("invoiceStatus", "issued");
            }
        });
        assertThat(office.company.books().invoices()).as("the accounting service's own books")
                .extracting(invoice -> invoice.get("order_number")).containsExactlyInAnyOrderElementsOf(sales);
    }
}
