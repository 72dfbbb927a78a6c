package io.serai.crm;

import static io.serai.crm.Hub.person;
import static io.serai.crm.Hub.with;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is said of sales and payments twice, differently, or no longer. */
class SalesTest {
    private final Hub hub = new Hub();

    @AfterEach
    void close() {
        hub.close();
    }

    private static Map<String, Object> payment(String id, String amount, String currency) {
        Map<String, Object> payment = new LinkedHashMap<>();
        payment.put("source", Map.of("id", id));
        payment.put("orderNumber", "S-1");
        payment.put("amount", amount);
        payment.put("currency", currency);
        return payment;
    }

    private static Map<String, Object> deleted(Map<String, Object> document) {
        return with(document, "source", Map.of("id", ((Map<?, ?>) document.get("source")).get("id"), "deleted", true));
    }

    private static Map<String, Object> unpaid() {
        return with(InvoiceTest.order("S-1", "42.00"), "paymentStatus", "unpaid");
    }

    private List<Parked> conflicts() {
        return hub.store.parked().list(new ParkedItems.Question("CONFLICT", null, true), null, 10).items();
    }

    private List<InvoiceClaim> due() {
        hub.delivers("books", "customer");
        return hub.store.invoices().claim("books", 10, Duration.ofSeconds(30));
    }

    @Test
    void aPaymentThatIsFirstHeardOfWhenItIsDeletedIsNone() {
        hub.says("shop", "order", unpaid());

        Outcome outcome = hub.says("books", "payment", deleted(payment("p-1", "42.00", "CHF")));

        assertThat(outcome.state()).isEqualTo(Outcome.State.IGNORED);
        assertThat(hub.order("S-1").document()).containsEntry("paymentStatus", "unpaid");
        assertThat(due()).isEmpty();
        assertThat(hub.count("select count(*) from payment")).isZero();
    }

    @Test
    void asksAPersonOnceWhenABookedPaymentIsTakenBack() {
        hub.says("shop", "order", unpaid());
        hub.says("books", "payment", payment("p-1", "42.00", "CHF"));

        for (int i = 0; i < 3; i++) {
            assertThat(hub.says("books", "payment", deleted(payment("p-1", "42.00", "CHF"))).state())
                    .isEqualTo(Outcome.State.UNCHANGED);
            conflicts().forEach(parked -> {
                assertThat(parked.problem()).contains("p-1 of 42.00 CHF", "order S-1", "no such payment any more");
                assertThat(ParkedWork.actions(parked)).containsExactly("discard");
                hub.store.parkedWork().discard(parked.id(), "the bank was wrong", "api");
            });
        }

        assertThat(hub.count("select count(*) from parked where kind = 'CONFLICT'")).isEqualTo(1);
        assertThat(hub.order("S-1").document()).containsEntry("paymentStatus", "paid");
        assertThat(due()).hasSize(1);
    }

    @Test
    void asksAPersonOnceWhenABookedPaymentWasAnother() {
        hub.says("shop", "order", unpaid());
        hub.says("books", "payment", payment("p-1", "42.00", "CHF"));
        hub.says("books", "payment", payment("p-1", "42.0", "CHF"));
        assertThat(conflicts()).as("the same written otherwise").isEmpty();

        hub.says("books", "payment", payment("p-1", "24.00", "CHF"));
        assertThat(conflicts()).singleElement().satisfies(parked -> assertThat(parked.problem())
                .contains("of 42.00 CHF", "says it was 24.00 CHF"));
        hub.store.parkedWork().discard(conflicts().getFirst().id(), "will be mended there", "api");
        hub.says("books", "payment", payment("p-1", "24.00", "CHF"));
        assertThat(conflicts()).as("asked and answered").isEmpty();
        hub.says("books", "payment", payment("p-1", "24.00", "EUR"));
        assertThat(conflicts()).hasSize(1);

        assertThat(hub.count("select count(*) from payment where amount = 42")).isEqualTo(1);
    }

    @Test
    void anOpportunityOrInteractionThatIsFirstHeardOfWhenItIsDeletedIsNone() {
        Map<String, Object> anna = person(null, "Anna", "Meier", "anna@example.org", null);
        Map<String, Object> lead = new LinkedHashMap<>(Map.of("source", Map.of("id", "l-1"), "kind", "lead", "customer",
                anna));
        Map<String, Object> chance = new LinkedHashMap<>(Map.of("source", Map.of("id", "c-1"), "title", "Tea",
                "customer", anna));

        assertThat(hub.says("shop", "interaction", deleted(lead)).state()).isEqualTo(Outcome.State.IGNORED);
        assertThat(hub.says("shop", "opportunity", deleted(chance)).state()).isEqualTo(Outcome.State.IGNORED);
        assertThat(hub.count("select count(*) from customer")).isZero();
    }
}
