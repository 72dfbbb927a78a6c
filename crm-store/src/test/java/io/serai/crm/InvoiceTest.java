package io.serai.crm;

import static io.serai.crm.Hub.person;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.function.BiConsumer;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.serai.crm.plan.Survivorship;

class InvoiceTest {
    private final Hub hub = new Hub();

    @AfterEach
    void close() {
        hub.close();
    }

    static Map<String, Object> order(String number, String total) {
        Map<String, Object> order = new LinkedHashMap<>();
        order.put("number", number);
        order.put("customer", person(null, "Anna", "Meier", "anna@example.org", null));
        order.put("paymentStatus", "paid");
        order.put("currency", "CHF");
        order.put("lines", List.of(Map.of("line", 1, "description", "Tea", "quantity", "2", "unitPrice", "21.00",
                "amount", "42.00")));
        order.put("total", total);
        return order;
    }

    @Test
    void makesOneInvoiceOfAPaidOrderHoweverOftenItArrives() throws Exception {
        List<Callable<Outcome>> calls = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            String spoke = List.of("erp", "shop", "finance").get(i % 3);
            calls.add(() -> hub.says(spoke, "order", order("S-1", "42.00")));
        }
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var call : callers.invokeAll(calls)) {
                assertThat(call.get().refusal()).isNull();
            }
        }
        assertThat(hub.count("select count(*) from invoice")).isEqualTo(1);
        assertThat(hub.count("select count(*) from sales_order")).isEqualTo(1);
        assertThat(hub.count("select count(*) from order_line")).isEqualTo(1);
        assertThat(hub.count("select count(*) from customer")).isEqualTo(1);
    }

    private InvoiceClaim claimed() {
        return hub.store.invoices().claim("books", 10, Duration.ofSeconds(30)).getFirst();
    }

    private InvoiceResult result(InvoiceClaim claim, InvoiceResult.Kind kind, Map<String, Object> made) {
        return new InvoiceResult(claim, kind, made, "i-1", Duration.ofSeconds(1),
                kind == InvoiceResult.Kind.MADE ? null : "no answer", null, hub.now(),
                Duration.ofMillis(4));
    }

    @Test
    void waitsForTheAccountingSystemToKnowTheCustomer() {
        hub.says("erp", "order", order("S-1", "42.00"));
        assertThat(hub.store.invoices().claim("books", 10, Duration.ofSeconds(30))).isEmpty();

        hub.delivers("books", "customer");

        InvoiceClaim claim = claimed();
        assertThat(claim.asks()).isFalse();
        assertThat((Map<?, ?>) claim.document().get("customer")).extracting("externalId").asString()
                .startsWith("books-");
    }

    @Test
    void bringsTheNumberBackToOrderAndTellsTheCustomer() {
        hub.says("shop", "order", with(order("S-1", "42.00"), "source", Map.of("id", "o-1")));
        hub.delivers("books", "customer");
        hub.store.invoices().record(result(claimed(), InvoiceResult.Kind.MADE, Map.of("number", "INV-1")));

        assertThat(hub.order("S-1").document()).containsEntry("invoiceNumber", "INV-1").containsEntry("invoiceStatus",
                "issued");
        assertThat(hub.claims("shop", "order")).singleElement().satisfies(delivery -> assertThat(delivery.patch())
                .containsEntry("invoiceNumber", "INV-1").containsEntry("invoiceStatus", "issued").hasSize(2));
        assertThat(hub.claims("mailbox", "invoice")).singleElement().satisfies(delivery -> {
            assertThat(delivery.golden()).containsEntry("number", "INV-1");
            assertThat((Map<?, ?>) delivery.patch().get("customer")).extracting("emails").asString()
                    .contains("anna@example.org");
        });
    }

    private static Map<String, Object> with(Map<String, Object> document, String field, Object value) {
        return Hub.with(document, field, value);
    }

    @Test
    void asksBeforeItSendsAgainWhenTheAnswerWasLost() {
        hub.says("erp", "order", order("S-1", "42.00"));
        hub.delivers("books", "customer");
        InvoiceClaim sent = claimed();
        hub.store.invoices().record(result(sent, InvoiceResult.Kind.UNKNOWN, null));
        assertThat(hub.store.invoices().claim("books", 10, Duration.ofSeconds(30))).isEmpty();
        hub.passes(Duration.ofSeconds(5));

        InvoiceClaim asking = claimed();
        assertThat(asking.asks()).isTrue();
        assertThat(asking.idempotencyKey()).isEqualTo(sent.idempotencyKey());
        hub.store.invoices().record(result(asking, InvoiceResult.Kind.MADE, Map.of("number", "INV-1")));
        assertThat(hub.order("S-1").document()).containsEntry("invoiceNumber", "INV-1");
    }

    @Test
    void asksBeforeItSendsAgainWhenTheHubDiedWhileSending() {
        hub.says("erp", "order", order("S-1", "42.00"));
        hub.delivers("books", "customer");
        InvoiceClaim dead = claimed();
        hub.passes(Duration.ofMinutes(5));

        InvoiceClaim asking = claimed();
        assertThat(asking.asks()).isTrue();
        assertThat(hub.store.invoices().record(result(dead, InvoiceResult.Kind.MADE, Map.of("number", "INV-1"))))
                .isFalse();
        hub.store.invoices().record(result(asking, InvoiceResult.Kind.ABSENT, null));

        InvoiceClaim again = claimed();
        assertThat(again.asks()).isFalse();
        assertThat(again.idempotencyKey()).isEqualTo(dead.idempotencyKey());
    }

    @Test
    void closesTheInvoiceWhenItIsPaid() {
        hub.says("erp", "order", order("S-1", "42.00"));
        hub.delivers("books", "customer");
        hub.store.invoices().record(result(claimed(), InvoiceResult.Kind.MADE, Map.of("number", "INV-1")));

        Map<String, Object> payment = Map.of("source", Map.of("id", "P-1"), "invoiceNumber", "INV-1", "amount", "42.00",
                "currency", "CHF");
        assertThat(hub.says("books", "payment", payment).state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(hub.says("books", "payment", payment).state()).isEqualTo(Outcome.State.UNCHANGED);

        assertThat(hub.store.goldens().list("invoice", new Filter(Map.of("number", "INV-1")), null, 1).items()
                .getFirst().document()).containsEntry("status", "paid").containsEntry("paidAmount", "42.00");
        assertThat(hub.order("S-1").document()).containsEntry("invoiceStatus", "paid");
    }

    private static final Map<String, Object> OWN = Map.of("id", "o-1");

    private Map<String, Object> sale(String paymentStatus, String status) {
        return with(with(with(order("S-1", "42.00"), "source", OWN), "paymentStatus", paymentStatus), "status", status);
    }

    private Outcome paid(String id, String amount) {
        return hub.says("books", "payment", Map.of("source", Map.of("id", id), "orderNumber", "S-1", "amount", amount,
                "currency", "CHF"));
    }

    private List<InvoiceClaim> due() {
        return hub.store.invoices().claim("books", 10, Duration.ofSeconds(30));
    }

    private Map<String, Object> invoice() {
        return hub.store.goldens().list("invoice", new Filter(Map.of("number", "INV-1")), null, 1).items().getFirst()
                .document();
    }

    private List<Parked> parked(String kind) {
        return hub.store.parked().list(new ParkedItems.Question(kind, null, true), null, 10).items();
    }

    @Test
    void doesNotInvoiceACancelledSaleWhenItsMoneyComesButAsksAPerson() {
        hub.says("shop", "order", sale("unpaid", "open"));
        hub.says("shop", "order", sale("unpaid", "cancelled"));
        hub.delivers("books", "customer");

        assertThat(paid("p-1", "42.00").state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(paid("p-1", "42.00").state()).isEqualTo(Outcome.State.UNCHANGED);

        assertThat(due()).isEmpty();
        assertThat(hub.order("S-1").document()).containsEntry("paymentStatus", "unpaid");
        assertThat(hub.count("select count(*) from payment")).isEqualTo(1);
        assertThat(parked("CONFLICT")).singleElement().satisfies(parked -> assertThat(parked.problem())
                .contains("42.00 CHF", "order S-1, which is cancelled"));
    }

    @Test
    void aRefundedSaleStaysRefundedWhenItsPaymentIsToldLate() {
        hub.says("shop", "order", sale("refunded", "open"));
        hub.delivers("books", "customer");

        paid("p-1", "42.00");

        assertThat(hub.order("S-1").document()).containsEntry("paymentStatus", "refunded");
        assertThat(due()).isEmpty();
        assertThat(parked("CONFLICT")).singleElement().satisfies(parked -> assertThat(parked.problem())
                .contains("which is refunded"));
    }

    @Test
    void invoicesASaleThatIsOnAgainOnceItsMoneyComes() {
        hub.says("shop", "order", sale("paid", "open"));
        hub.delivers("books", "customer");
        hub.says("shop", "order", sale("unpaid", "cancelled"));
        hub.says("shop", "order", sale("unpaid", "open"));
        assertThat(due()).isEmpty();

        paid("p-1", "42.00");

        assertThat(claimed().document()).containsEntry("reference", "S-1").containsEntry("paidAmount", "42.00");
        assertThat(parked("CONFLICT")).isEmpty();
    }

    @Test
    void anInvoiceOfWhatWasPaidBeforeIsPaidWhenItIsMadeAndTheCustomerHearsOfItOnce() {
        hub.says("shop", "order", sale("unpaid", "open"));
        hub.delivers("books", "customer");
        paid("p-1", "20.00");
        assertThat(due()).isEmpty();
        paid("p-2", "22.00");
        hub.store.invoices().record(result(claimed(), InvoiceResult.Kind.MADE, Map.of("number", "INV-1")));

        assertThat(invoice()).containsEntry("paidAmount", "42.00").containsEntry("status", "paid");
        assertThat(hub.order("S-1").document()).containsEntry("paymentStatus", "paid").containsEntry("invoiceStatus",
                "paid");
        assertThat(hub.claims("shop", "order")).singleElement().satisfies(told -> assertThat(told.patch())
                .containsEntry("invoiceNumber", "INV-1").containsEntry("invoiceStatus", "paid"));
        assertThat(hub.claims("mailbox", "invoice")).singleElement()
                .satisfies(told -> assertThat(told.golden()).containsEntry("status", "paid"));
        assertThat(hub.count("select count(*) from invoice where paid_amount = 42")).isEqualTo(1);
    }

    @Test
    void countsWhatIsPaidBeforeAndAfterItsInvoiceTogether() {
        hub.says("shop", "order", sale("unpaid", "open"));
        hub.delivers("books", "customer");
        paid("p-1", "20.00");
        hub.says("shop", "order", sale("paid", "open"));
        InvoiceClaim sent = claimed();
        paid("p-2", "2.00");
        hub.store.invoices().record(result(sent, InvoiceResult.Kind.MADE, Map.of("number", "INV-1")));
        assertThat(invoice()).containsEntry("paidAmount", "22.00").containsEntry("status", "issued");

        paid("p-3", "20.00");

        assertThat(invoice()).containsEntry("paidAmount", "42.00").containsEntry("status", "paid");
    }

    @Test
    void asksAPersonWhenAPaymentComesForAnInvoiceThatIsTakenBack() {
        hub.says("shop", "order", sale("paid", "open"));
        hub.delivers("books", "customer");
        hub.store.invoices().record(result(claimed(), InvoiceResult.Kind.MADE, Map.of("number", "INV-1")));
        hub.says("shop", "order", sale("paid", "cancelled"));

        hub.says("books", "payment", Map.of("source", Map.of("id", "p-1"), "invoiceNumber", "INV-1", "amount",
                "42.00", "currency", "CHF"));

        assertThat(invoice()).containsEntry("paidAmount", "42.00").containsEntry("status", "issued");
        assertThat(hub.store.invoices().claim("books", "credit-note", 10, Duration.ofSeconds(30), 0)).hasSize(1);
        assertThat(parked("CONFLICT")).singleElement()
                .satisfies(parked -> assertThat(parked.problem()).contains("payment of 42.00 CHF"));
    }

    @Test
    void asksAPersonWhenASaleIsPaidAgainWhoseInvoiceWasTakenBack() {
        hub.says("shop", "order", sale("paid", "open"));
        hub.delivers("books", "customer");
        hub.store.invoices().record(result(claimed(), InvoiceResult.Kind.MADE, Map.of("number", "INV-1")));
        hub.says("shop", "order", sale("unpaid", "cancelled"));
        InvoiceClaim note = hub.store.invoices().claim("books", "credit-note", 10, Duration.ofSeconds(30), 0)
                .getFirst();
        hub.store.invoices().record(result(note, InvoiceResult.Kind.MADE, Map.of("number", "CN-1")));
        hub.says("shop", "order", sale("unpaid", "open"));

        hub.says("books", "payment", Map.of("source", Map.of("id", "p-1"), "invoiceNumber", "INV-1", "amount",
                "42.00", "currency", "CHF"));

        assertThat(parked("CONFLICT")).singleElement()
                .satisfies(parked -> assertThat(parked.problem()).contains("taken back by credit note CN-1"));
    }

    private Parked refused() {
        hub.says("shop", "order", sale("paid", "open"));
        hub.delivers("books", "customer");
        hub.store.invoices().record(result(claimed(), InvoiceResult.Kind.REJECTED, null));
        return parked("DELIVERY").getFirst();
    }

    private static Map<String, Object> mended(Map<String, Object> sale) {
        return with(with(sale, "total", "50.00"), "lines", List.of(Map.of("line", 1, "description", "Green tea",
                "quantity", "2", "unitPrice", "25.00", "amount", "50.00")));
    }

    @Test
    void aRefusedInvoiceIsTriedAgainWithWhatTheSourceHasMended() {
        Parked refused = refused();
        hub.says("shop", "order", mended(sale("paid", "open")));
        assertThat(parked("CONFLICT")).as("nothing was made of the old figures").isEmpty();
        hub.store.parkedWork().retry(refused.id(), "api");

        InvoiceClaim again = claimed();
        assertThat(again.asks()).isFalse();
        assertThat(again.document()).containsEntry("total", "50.00").containsEntry("reference", "S-1");
        assertThat(again.document().get("lines").toString()).contains("Green tea").doesNotContain("42.00");
        hub.store.invoices().record(result(again, InvoiceResult.Kind.MADE, Map.of("number", "INV-1")));
        assertThat(invoice()).containsEntry("total", "50.00");
        assertThat(hub.count("select count(*) from invoice where total = 50")).isEqualTo(1);
        assertThat(parked("DELIVERY")).isEmpty();
    }

    @Test
    void aRefusedInvoiceIsNotTriedAgainWhileItsSaleHasNoTotal() {
        Parked refused = refused();
        hub.says("shop", "order", with(sale("unpaid", "open"), "total", null));

        assertThatThrownBy(() -> hub.store.parkedWork().retry(refused.id(), "api"))
                .isInstanceOf(ParkedWork.NotPossible.class).hasMessageContaining("no total");
    }

    @Test
    void aRefusedInvoiceThatIsLetBeIsAskedForAgainWhenTheSourceHasMendedTheSale() {
        Parked refused = refused();
        hub.store.parkedWork().discard(refused.id(), "the shop mends it", "api");
        assertThat(due()).isEmpty();
        assertThat(hub.order("S-1").document()).containsEntry("invoiceStatus", "void");

        hub.says("shop", "order", mended(sale("paid", "open")));

        assertThat(claimed().document()).containsEntry("total", "50.00");
    }

    @Test
    void aRefusedInvoiceThatIsLetBeDoesNotKeepItsCustomerFromBeingErased() {
        Parked refused = refused();
        UUID customer = UUID
                .fromString(((Map<?, ?>) hub.order("S-1").document().get("customer")).get("id").toString());
        assertThat(hub.store.erasures().erase(customer, "api").outcome().refusal().code()).isEqualTo("not-invoiced");
        hub.store.parkedWork().discard(refused.id(), "sold over the counter", "api");

        assertThat(hub.store.erasures().erase(customer, "api").outcome().state()).isEqualTo(Outcome.State.APPLIED);
    }

    @Test
    void invoicesASaleThatIsOnAgainWithTheFiguresItHasByThen() {
        hub.says("shop", "order", sale("paid", "open"));
        hub.delivers("books", "customer");
        hub.says("shop", "order", sale("paid", "cancelled"));
        hub.says("shop", "order", mended(sale("paid", "open")));

        assertThat(claimed().document()).containsEntry("total", "50.00");
        assertThat(parked("CONFLICT")).isEmpty();
        hub.says("shop", "order", sale("paid", "open"));
        assertThat(hub.order("S-1").document()).as("now it may have been made").containsEntry("total", "50.00");
    }

    @Test
    void aPaidSaleKeepsWhatItsInvoiceNeeds() {
        hub.says("shop", "order", sale("paid", "open"));
        hub.delivers("books", "customer");
        hub.says("shop", "order", sale("paid", "cancelled"));

        assertThat(hub.says("shop", "order", with(sale("paid", "open"), "total", null)).refusal().field())
                .isEqualTo("/total");
    }

    @Test
    void aNoticeThatTheMailboxRefusedCanBeSentAgain() {
        hub.says("shop", "order", sale("paid", "open"));
        hub.delivers("books", "customer");
        hub.store.invoices().record(result(claimed(), InvoiceResult.Kind.MADE, Map.of("number", "INV-1")));
        Delivery notice = hub.claims("mailbox", "invoice").getFirst();
        hub.store.lanes().record(List.of(new DeliveryResult(notice, DeliveryResult.Kind.PARKED, null, null, null,
                null, true, "no e-mail address", null, hub.now(), Duration.ofMillis(3))));
        hub.store.parkedWork().retry(parked("DELIVERY").getFirst().id(), "api");

        assertThat(hub.claims("mailbox", "invoice")).hasSize(1);
    }

    /** A company where a person decides when spokes disagree about a field of an order. */
    private void decides(String field, BiConsumer<Hub, Parked> decision, Object first,
            Object second, String paymentStatus) {
        try (Hub park = new Hub(new Survivorship(Map.of("order", Map.of(field, Survivorship.Policy.PARK))))) {
            park.says("shop", "order", with(sale(paymentStatus, "open"), field, first));
            park.delivers("books", "customer");
            park.says("erp", "order", with(with(sale(paymentStatus, "open"), "source", Map.of("id", "e-1")), field,
                    second));
            decision.accept(park, park.store.parked().list(new ParkedItems.Question("CONFLICT", null, true), null, 9)
                    .items().getFirst());
        }
    }

    private static void choose(Hub hub, Parked parked, Object value) {
        hub.store.parkedWork().choose(parked.id(), hub.store.parkedWork().choice(parked.id(), value), "api");
    }

    @Test
    void aSaleThatAPersonChoosesToBeCancelledIsNotInvoiced() {
        decides("status", (park, parked) -> {
            choose(park, parked, "cancelled");
            assertThat(park.order("S-1").document()).containsEntry("status", "cancelled").containsEntry(
                    "invoiceStatus", "void");
            assertThat(park.store.invoices().claim("books", 10, Duration.ofSeconds(30))).isEmpty();
        }, "open", "cancelled", "paid");
    }

    @Test
    void aSaleThatAPersonChoosesToBePaidIsInvoiced() {
        decides("paymentStatus", (park, parked) -> {
            assertThat(park.store.invoices().claim("books", 10, Duration.ofSeconds(30))).isEmpty();
            choose(park, parked, "paid");
            assertThat(park.store.invoices().claim("books", 10, Duration.ofSeconds(30))).hasSize(1);
        }, "unpaid", "paid", "unpaid");
    }

    @Test
    void aPersonCannotChooseAnotherTotalOnceItIsInvoiced() {
        decides("total", (park, parked) -> {
            park.says("shop", "order", sale("paid", "open"));
            assertThatThrownBy(() -> choose(park, parked, "50.00")).isInstanceOf(ParkedWork.NotPossible.class)
                    .hasMessageContaining("is invoiced");
            assertThat(park.order("S-1").document()).containsEntry("total", "42.00");
        }, "42.00", "50.00", "unpaid");
    }

    @Test
    void keepsWhatWasInvoicedAndAsksAPersonWhenTheOrderChangesAfterwards() {
        hub.says("erp", "order", order("S-1", "42.00"));
        hub.says("shop", "order", order("S-1", "43.00"));

        assertThat(hub.order("S-1").document()).containsEntry("total", "42.00");
        assertThat(hub.store.parked().list(new ParkedItems.Question("CONFLICT", "shop", true), null, 10).items())
                .singleElement().satisfies(parked -> assertThat(parked.field()).isEqualTo("/total"));
    }

    @Test
    void refusesAPaidOrderThatCannotBeInvoiced() {
        Map<String, Object> order = order("S-1", "42.00");
        order.remove("total");
        Outcome outcome = hub.says("erp", "order", order);

        assertThat(outcome.refusal().field()).isEqualTo("/total");
        assertThat(hub.count("select count(*) from customer")).isZero();
    }

    @Test
    void refusesAnOrderOfACustomerNobodyKnows() {
        Map<String, Object> order = with(order("S-1", "42.00"), "customer", Map.of("source", Map.of("id", "nobody")));

        assertThat(hub.says("erp", "order", order).refusal().field()).isEqualTo("/customer/source/id");
    }

    @Test
    void turnsALeadIntoACustomerAndIgnoresMailFromStrangers() {
        Map<String, Object> lead = new LinkedHashMap<>();
        lead.put("source", Map.of("id", "<1@example.org>"));
        lead.put("kind", "email");
        lead.put("subject", "Hello");
        lead.put("customer", Map.of("emails", List.of(Map.of("address", "new@example.org"))));
        assertThat(hub.says("mailbox", "interaction", lead).state()).isEqualTo(Outcome.State.IGNORED);

        Outcome taken = hub.says("mailbox", "interaction",
                with(with(lead, "kind", "lead"), "source", Map.of("id", "<2@example.org>")));
        assertThat(taken.state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(hub.count("select count(*) from customer")).isEqualTo(1);

        Outcome mail = hub.says("mailbox", "interaction", with(lead, "source", Map.of("id", "<3@example.org>")));
        assertThat(mail.state()).isEqualTo(Outcome.State.APPLIED);
        Outcome copy = hub.says("mailbox", "interaction", with(lead, "source", Map.of("id", "<3@example.org>")));
        assertThat(copy.state()).isEqualTo(Outcome.State.UNCHANGED);
        assertThat(hub.count("select count(*) from interaction")).isEqualTo(2);
    }
}
