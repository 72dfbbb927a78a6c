package io.serai.crm;

import static io.serai.crm.Hub.person;
import static io.serai.crm.Hub.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.datasource.DelegatingDataSource;

import com.zaxxer.hikari.HikariDataSource;

import io.serai.crm.plan.Survivorship;

class HardCasesTest {
    private static final Instant NOW = Instant.parse("2026-03-01T10:00:00.123456789Z");
    private final Hub hub = new Hub();

    @AfterEach
    void close() {
        hub.close();
    }

    private static DeliveryResult result(Delivery delivery, DeliveryResult.Kind kind, Map<String, Object> held,
            String id) {
        return new DeliveryResult(delivery, kind, held, id, null, Duration.ofSeconds(1), true, null, null, NOW,
                Duration.ofMillis(5));
    }

    private static Map<String, Object> anna(String family) {
        return person("1", "Anna", family, "anna@example.org", null);
    }

    @Test
    void writesAgainWhatAPersonChangedWhileADeliveryWasUnderWay() {
        Outcome created = hub.says("erp", "customer", anna("Meier"));
        String shopId = "shop-" + hub.delivers("shop", "customer").getFirst().id();
        hub.says("erp", "customer", anna("Keller"));
        Delivery underWay = hub.claims("shop", "customer").getFirst();
        hub.says("shop", "customer", person(shopId, "Anna", "Muster", "anna@example.org", null));
        hub.store.lanes().record(List.of(result(underWay, DeliveryResult.Kind.DONE, null, null)));

        assertThat(hub.customer(created)).containsEntry("name", Map.of("given", "Anna", "family", "Muster"));
        assertThat(hub.claims("shop", "customer")).as("shop may hold Keller").singleElement()
                .satisfies(delivery -> assertThat(delivery.patch()).containsKey("name"));
    }

    @Test
    void keepsTryingToWriteWhatIsNotInStepWhateverTheVersionsSay() {
        writesAgainWhatAPersonChangedWhileADeliveryWasUnderWay();
        hub.passes(Duration.ofMinutes(1));
        Delivery again = hub.claims("shop", "customer").getFirst();
        hub.store.lanes().record(List.of(result(again, DeliveryResult.Kind.RETRY, null, null)));
        hub.passes(Duration.ofMinutes(1));

        assertThat(hub.claims("shop", "customer")).hasSize(1);
    }

    @Test
    void doesNotTakeTheShortenedEchoThatOvertakesTheAnswerForAnEdit() {
        Outcome created = hub.says("erp", "customer", anna("Meier"));
        String shopId = "shop-" + hub.delivers("shop", "customer").getFirst().id();
        hub.says("erp", "customer", anna("Meier von der Langen Strasse"));
        hub.claims("shop", "customer");
        Outcome echo = hub.says("shop", "customer",
                person(shopId, "Anna", "Meier von der", "anna@example.org", null));

        assertThat(echo.state()).isEqualTo(Outcome.State.UNCHANGED);
        assertThat(hub.customer(created)).containsEntry("name",
                Map.of("given", "Anna", "family", "Meier von der Langen Strasse"));
    }

    @Test
    void takesInWhatAnAdoptedRecordHeldBeforeItIsWrittenOver() {
        Outcome created = hub.says("erp", "customer", anna("Meier"));
        Delivery create = hub.claims("shop", "customer").getFirst();
        hub.store.lanes().record(List.of(result(create, DeliveryResult.Kind.ADOPT,
                person("s9", "Anna", "Meier", "anna@example.org", "+41449999999"), "s9")));

        assertThat(hub.customer(created)).containsEntry("phones", List.of(Map.of("number", "+41449999999")));
    }

    @Test
    void readsAnAdoptedRecordAgainWhereTheHubDiedBeforeItTookInWhatItHeld() {
        Outcome created = hub.says("erp", "customer", anna("Meier"));
        Delivery create = hub.claims("shop", "customer").getFirst();
        Map<String, Object> there = person("s9", "Anna", "Meier", "anna@example.org", "+41449999999");
        AtomicInteger left = new AtomicInteger(1000);
        try (CrmStore dies = CrmStore.open(new DelegatingDataSource(hub.database) {
            @Override
            public Connection getConnection() throws SQLException {
                if (left.getAndDecrement() <= 0) {
                    throw new SQLException("The hub has died.", "08006");
                }
                return super.getConnection();
            }
        }, hub.store.settings(), hub::now, hub.erasures())) {
            left.set(1);
            assertThatThrownBy(() -> dies.lanes()
                    .record(List.of(result(create, DeliveryResult.Kind.ADOPT, there, "s9"))))
                    .isInstanceOf(StoreUnavailable.class);
        }
        assertThat(hub.customer(created).toString()).as("nobody took it in").doesNotContain("9999999");
        hub.passes(Duration.ofMinutes(1));

        Delivery read = hub.claims("shop", "customer").getFirst();
        assertThat(read.unread()).isTrue();
        assertThat(read.externalId()).isEqualTo("s9");
        hub.store.lanes().record(List.of(result(read, DeliveryResult.Kind.ADOPT, there, "s9")));

        assertThat(hub.customer(created)).containsEntry("phones", List.of(Map.of("number", "+41449999999")));
        hub.passes(Duration.ofMinutes(1));
        assertThat(hub.claims("shop", "customer")).allSatisfy(delivery -> assertThat(delivery.patch())
                .as("what only the shop knew stays").doesNotContainKey("phones"));
    }

    @Test
    void whatCannotBeTakenInOfAnAdoptedRecordIsReadOnce() {
        hub.says("erp", "customer", anna("Meier"));
        Delivery create = hub.claims("shop", "customer").getFirst();
        hub.store.lanes().record(List.of(result(create, DeliveryResult.Kind.ADOPT,
                with(anna("Meier"), "language", "no language"), "s9")));
        hub.passes(Duration.ofMinutes(1));

        assertThat(hub.claims("shop", "customer")).singleElement()
                .satisfies(delivery -> assertThat(delivery.unread()).isFalse());
    }

    @Test
    void parksADeliveryWhoseAnswerCannotBeStored() {
        hub.says("erp", "customer", anna("Meier"));
        Delivery create = hub.claims("shop", "customer").getFirst();
        hub.store.lanes().record(List.of(result(create, DeliveryResult.Kind.DONE, anna("Meier"), "s\0001")));
        hub.passes(Duration.ofHours(1));

        assertThat(hub.claims("shop", "customer")).isEmpty();
        assertThat(hub.store.parked().list(new ParkedItems.Question("DELIVERY", "shop", true), null, 9).items())
                .hasSize(1);
    }

    @Test
    void parksWhatCannotBeStoredAndAnswersItsRepeats() {
        for (String event : List.of("nul\0", "", "x".repeat(600))) {
            Map<String, Object> somebody = person("n" + event.length(), "Anna", "Meier", "anna@example.org", null);
            Outcome first = hub.says("erp", "customer", event, somebody);
            Outcome repeat = hub.says("erp", "customer", event, somebody);
            assertThat(first.state()).isEqualTo(Outcome.State.PARKED);
            assertThat(repeat.messageId()).isEqualTo(first.messageId());
        }
        Outcome text = hub.says("erp", "customer", with(anna("Meier"), "language", "no language"));
        assertThat(text.refusal().code()).isEqualTo("unstorable");
    }

    @Test
    void answersEveryRepeatOfAReusedEventId() {
        hub.says("erp", "customer", "m-1", anna("Meier"));
        Outcome reuse = hub.says("erp", "customer", "m-1", anna("Keller"));
        Outcome again = hub.says("erp", "customer", "m-1", anna("Keller"));

        assertThat(again.state()).isEqualTo(Outcome.State.PARKED);
        assertThat(again.messageId()).isEqualTo(reuse.messageId());
    }

    @Test
    void keepsBothRecordsThatASpokeAnnouncesInOneBatchWhileOneIsBeingMade() {
        hub.says("erp", "customer", anna("Meier"));
        hub.claims("shop", "customer");
        List<Outcome> outcomes = hub.store.ingest().ingest(List.of(
                hub.arrival("shop", "customer", "e1", person("s1", "Anna", "Meier", "anna@example.org", null)),
                hub.arrival("shop", "customer", "e2", person("s2", "Anna", "Meier", "anna@example.org", null))));

        assertThat(hub.store.goldens().links("customer", outcomes.getFirst().id())).extracting(Link::externalId)
                .contains("s1", "s2");
    }

    @Test
    void makesNobodyOfARecordThatWasDeleted() {
        Map<String, Object> gone = with(anna("Meier"), "source", Map.of("id", "9", "deleted", true));

        assertThat(hub.says("shop", "customer", gone).state()).isEqualTo(Outcome.State.IGNORED);
        assertThat(hub.count("select count(*) from customer")).isZero();
    }

    @Test
    void makesNoCustomerOfAStaleOrder() {
        Map<String, Object> order = InvoiceTest.order("S-1", "42.00");
        hub.says("shop", "order", with(order, "source", Map.of("id", "o1", "revision", "5")));
        Outcome stale = hub.says("shop", "order",
                with(with(order, "source", Map.of("id", "o1", "revision", "4")), "customer",
                        person(null, "Reto", "Hug", "reto@example.org", null)));

        assertThat(stale.state()).isEqualTo(Outcome.State.STALE);
        assertThat(hub.count("select count(*) from customer")).isEqualTo(1);
    }

    @Test
    void refusesToMakeAnotherSaleOfAnOrderThatIsKnown() {
        Map<String, Object> order = with(InvoiceTest.order("S-1", "42.00"), "source", Map.of("id", "o1"));
        hub.says("shop", "order", order);

        assertThat(hub.says("shop", "order", with(order, "number", "S-2")).refusal().field()).isEqualTo("/number");
        assertThat(hub.count("select count(*) from sales_order")).isEqualTo(1);
    }

    private static Map<String, Object> payment(String id, String amount, String currency) {
        return Map.of("source", Map.of("id", id), "orderNumber", "S-1", "amount", amount, "currency", currency);
    }

    @Test
    void invoicesAnOrderThatIsPaidInParts() {
        hub.says("shop", "order", with(InvoiceTest.order("S-1", "42.00"), "paymentStatus", "unpaid"));
        hub.says("books", "payment", payment("p1", "20.00", "CHF"));
        assertThat(hub.count("select count(*) from invoice")).isZero();
        hub.says("books", "payment", payment("p2", "22.00", "CHF"));

        assertThat(hub.count("select count(*) from invoice")).isEqualTo(1);
    }

    @Test
    void keepsNothingOfAPaymentThatItRefuses() {
        hub.says("shop", "order", with(InvoiceTest.order("S-1", "42.00"), "paymentStatus", "unpaid"));
        Outcome refused = hub.says("books", "payment", payment("p1", "42.00", "USD"));

        assertThat(refused.refusal().field()).isEqualTo("/currency");
        assertThat(hub.count("select count(*) from payment")).isZero();
        assertThat(hub.count("select count(*) from invoice")).isZero();
    }

    @Test
    void chainsTheChangesOfEveryTenantSoThatTheTableAloneProvesThem() throws SQLException {
        try (HikariDataSource database = HubDatabase.fresh()) {
            try (Connection owner = HubDatabase.owner(database).getConnection();
                    Statement statement = owner.createStatement()) {
                statement.execute("insert into tenant values (2, 'other')");
            }
            try (CrmStore store = CrmStore.open(database,
                    new Settings(2, List.of(), Survivorship.NEWEST_EVERYWHERE), () -> NOW)) {
                for (String family : List.of("Meier", "Keller")) {
                    Arrival arrival = new Arrival("erp", "customer", family, "rest", null,
                            family.getBytes(StandardCharsets.UTF_8), NOW, anna(family), null, null, null, null);
                    assertThat(store.ingest().ingest(List.of(arrival)).getFirst().refusal()).isNull();
                }
            }
            byte[] hash = new byte[1];
            int entries = 0;
            try (Connection connection = database.getConnection();
                    Statement statement = connection.createStatement()) {
                statement.execute("set serai.tenant = '2'");
                try (ResultSet row = statement.executeQuery("select sequence, at, spoke, reason, entity, entity_id, "
                        + "version, message, hash from change order by sequence")) {
                    while (row.next()) {
                        String text = String.join("|", row.getString(1),
                                row.getObject(2, OffsetDateTime.class).toInstant().toString(), row.getString(3),
                                row.getString(4), row.getString(5), row.getString(6), row.getString(7),
                                row.getString(8));
                        hash = Identifiers.sha256(hash, text.getBytes(StandardCharsets.UTF_8));
                        assertThat(row.getBytes(9)).isEqualTo(hash);
                        entries++;
                    }
                }
            }
            assertThat(entries).isEqualTo(2);
        }
    }
}
