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
                assertThat(hub.store.parkedWork().actions(parked)).containsExactly("discard");
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

    private static Map<String, Object> line(int number, String description, String amount) {
        return Map.of("line", number, "description", description, "quantity", "1", "unitPrice", amount, "amount",
                amount);
    }

    @SafeVarargs
    private static Map<String, Object> ordered(String id, Map<String, Object>... lines) {
        Map<String, Object> order = with(unpaid(), "lines", List.of(lines));
        return id == null ? order : with(order, "source", Map.of("id", id));
    }

    private Object lines() {
        return hub.order("S-1").document().get("lines");
    }

    @Test
    void anInvoiceHasTheLinesOfOneStatementWhoeverElseToldOfTheSale() {
        hub.says("shop", "order", ordered("o-1", line(1, "Tea", "20.00"), line(2, "Cup", "22.00")));
        hub.says("finance", "order", ordered("S-1", line(1, "Goods", "42.00")));
        hub.says("books", "payment", payment("p-1", "42.00", "CHF"));

        assertThat(due()).singleElement().satisfies(invoice -> assertThat(invoice.document())
                .containsEntry("lines", List.of(line(1, "Goods", "42.00"))));
        assertThat(hub.count("select count(*) from order_line")).isEqualTo(1);
    }

    @Test
    void linesThatAreNumberedOtherwiseElsewhereAreNotMixed() {
        Map<String, Object> tea = line(1, "Tea", "20.00");
        Map<String, Object> cup = new LinkedHashMap<>(line(2, "Cup", "22.00"));
        cup.put("sku", "C-9");
        hub.says("shop", "order", ordered("o-1", tea, cup));
        Map<String, Object> other = line(2, "Tea", "20.00");

        hub.says("finance", "order", ordered("S-1", line(1, "Cup", "22.00"), other));
        hub.says("shop", "order", with(ordered("o-1", tea, cup), "note", "Ring twice"));

        assertThat(lines()).isEqualTo(List.of(line(1, "Cup", "22.00"), other));
    }

    @Test
    void aSaleThatIsToldAgainWithOneLineFewerHasOneLineFewer() {
        hub.says("api", "order", ordered(null, line(1, "Tea", "42.00"), line(2, "Cup", "22.00")));
        hub.says("api", "order", ordered(null, line(1, "Tea", "42.00")));
        assertThat(lines()).isEqualTo(List.of(line(1, "Tea", "42.00")));

        Map<String, Object> silent = ordered(null);
        silent.remove("lines");
        hub.says("finance", "order", silent);
        assertThat(lines()).as("who says no lines changes none").isEqualTo(List.of(line(1, "Tea", "42.00")));
        Map<String, Object> same = with(line(1, "Tea", "42.0"), "sku", null);
        assertThat(hub.says("finance", "order", ordered(null, same)).state()).isEqualTo(Outcome.State.UNCHANGED);
    }

    @Test
    void refusesASaleThatSaysOneLineTwice() {
        Outcome twice = hub.says("shop", "order", ordered("o-1", line(1, "Tea", "20.00"), line(1, "Cup", "22.00")));

        assertThat(twice.refusal().field()).isEqualTo("/lines/1/line");
        assertThat(hub.count("select count(*) from sales_order")).isZero();
    }

    @Test
    void keepsALineOfWhichOnlyTheAmountIsKnown() {
        Map<String, Object> shipping = Map.of("line", 1, "description", "Shipping", "taxRate", "1000", "amount",
                "42.00");

        Outcome sale = hub.says("shop", "order", ordered("o-1", shipping));

        assertThat(sale.refusal()).isNull();
        assertThat(hub.count("select count(*) from order_line where quantity is null and amount = 42")).isEqualTo(1);
    }

    @Test
    void refusesMoneyPaidBackAsAPayment() {
        hub.says("shop", "order", unpaid());

        Outcome back = hub.says("books", "payment", payment("p-1", "-42.00", "CHF"));

        assertThat(back.refusal().field()).isEqualTo("/amount");
        assertThat(back.refusal().problem()).contains("-42.00", "refunded");
    }

    @Test
    void aPaymentThatNamesNoCurrencyIsInThatOfItsSale() {
        hub.says("shop", "order", unpaid());

        assertThat(hub.says("books", "payment", payment("p-1", "42.00", null)).refusal()).isNull();
        assertThat(hub.count("select count(*) from payment where currency = 'CHF'")).isEqualTo(1);
    }
}
