package io.serai.crm;

import static io.serai.crm.Hub.with;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A sale that is off, and its invoice. */
class CreditNoteTest {
    private static final Duration LEASE = Duration.ofSeconds(30);

    private final Hub hub = new Hub();
    private final Map<String, Object> sale = InvoiceTest.order("S-1", "42.00");

    @AfterEach
    void close() {
        hub.close();
    }

    private void sold() {
        hub.says("shop", "order", with(sale, "source", Map.of("id", "o-1")));
        hub.delivers("books", "customer");
    }

    private void cancelled() {
        hub.says("shop", "order", with(with(sale, "source", Map.of("id", "o-1")), "status", "cancelled"));
    }

    private List<InvoiceClaim> claims(String entity) {
        return hub.store.invoices().claim("books", entity, 10, LEASE, 0);
    }

    private boolean records(InvoiceClaim claim, InvoiceResult.Kind kind, Map<String, Object> made) {
        return hub.store.invoices().record(new InvoiceResult(claim, kind, made, "x-1", Duration.ofSeconds(1),
                kind == InvoiceResult.Kind.MADE ? null : "no", null, hub.now(), Duration.ofMillis(4)));
    }

    private void invoiced() {
        records(claims("invoice").getFirst(), InvoiceResult.Kind.MADE, Map.of("number", "INV-1"));
    }

    private String state(String table) {
        return Map.of(0L, "none", 1L, "DONE", 2L, "WITHDRAWN", 3L, "PENDING", 4L, "UNKNOWN", 5L, "PARKED", 6L,
                "SENDING").get(
                        hub.count("select coalesce((select array_position(array['DONE', 'WITHDRAWN', 'PENDING', "
                                + "'UNKNOWN', 'PARKED', 'SENDING'], state) from " + table + "), 0)"));
    }

    @Test
    void takesTheInvoiceOfACancelledSaleBackOnce() {
        sold();
        invoiced();
        cancelled();
        hub.says("erp", "order", with(sale, "paymentStatus", "refunded"));
        hub.says("finance", "order", with(sale, "status", "cancelled"));

        InvoiceClaim note = claims("credit-note").getFirst();
        assertThat(note.asks()).isFalse();
        assertThat(note.document()).containsEntry("reference", "CN-S-1").containsEntry("invoiceNumber", "INV-1")
                .containsEntry("invoiceExternalId", "x-1").containsEntry("total", "42.00");
        assertThat(records(note, InvoiceResult.Kind.MADE, Map.of("number", "CN-1"))).isTrue();

        assertThat(hub.count("select count(*) from credit_note")).isEqualTo(1);
        assertThat(hub.order("S-1").document()).containsEntry("creditNoteNumber", "CN-1")
                .containsEntry("invoiceStatus", "credited").containsEntry("invoiceNumber", "INV-1");
        assertThat(hub.store.goldens().list("invoice", new Filter(Map.of("number", "INV-1")), null, 1).items()
                .getFirst().document()).containsEntry("status", "credited");
        assertThat(hub.claims("shop", "order")).singleElement()
                .satisfies(told -> assertThat(told.patch()).containsEntry("invoiceStatus", "credited"));
        cancelled();
        assertThat(claims("credit-note")).isEmpty();
    }

    @Test
    void doesNotSendAnInvoiceWhoseSaleIsOff() {
        sold();
        cancelled();

        assertThat(claims("invoice")).isEmpty();
        assertThat(claims("credit-note")).isEmpty();
        assertThat(hub.count("select count(*) from credit_note")).isZero();
        assertThat(hub.order("S-1").document()).containsEntry("invoiceStatus", "void");
        assertThat(hub.store.spokes().status()).filteredOn(lane -> lane.entity().equals("invoice"))
                .allSatisfy(lane -> assertThat(lane.behind()).isZero());
    }

    @Test
    void aSpokeThatDoesNotSayWhereTheSaleStandsDoesNotBringACancelledOneBack() {
        hub.says("shop", "order", with(sale, "source", Map.of("id", "o-1")));
        hub.delivers("books", "customer");
        assertThat(hub.count("select count(*) from invoice where state = 'PENDING'")).as("it counts as open")
                .isEqualTo(1);
        cancelled();
        hub.says("erp", "order", with(sale, "source", Map.of("id", "S-1")));

        assertThat(hub.order("S-1").document()).containsEntry("status", "cancelled");
        assertThat(claims("invoice")).isEmpty();
    }

    @Test
    void sendsTheInvoiceAfterAllWhenTheSaleIsOnAgain() {
        sold();
        cancelled();
        hub.says("shop", "order", with(with(sale, "source", Map.of("id", "o-1")), "status", "open"));

        InvoiceClaim claim = claims("invoice").getFirst();
        assertThat(claim.asks()).isFalse();
        assertThat(records(claim, InvoiceResult.Kind.MADE, Map.of("number", "INV-1"))).isTrue();
        assertThat(hub.order("S-1").document()).containsEntry("invoiceStatus", "issued");
    }

    @Test
    void waitsForTheOutcomeOfAnInvoiceThatIsOnItsWay() {
        sold();
        InvoiceClaim sent = claims("invoice").getFirst();
        cancelled();
        assertThat(claims("credit-note")).isEmpty();

        records(sent, InvoiceResult.Kind.MADE, Map.of("number", "INV-1"));

        assertThat(claims("credit-note")).hasSize(1);
    }

    @Test
    void takesNothingBackThatWasNeverMade() {
        for (InvoiceResult.Kind kind : List.of(InvoiceResult.Kind.RETRY, InvoiceResult.Kind.REJECTED)) {
            try (Hub other = new Hub()) {
                other.says("shop", "order", sale);
                other.delivers("books", "customer");
                InvoiceClaim sent = other.store.invoices().claim("books", 10, LEASE).getFirst();
                other.says("shop", "order", with(sale, "status", "cancelled"));
                other.store.invoices().record(new InvoiceResult(sent, kind, null, null, Duration.ZERO, "no", null,
                        other.now(), Duration.ZERO));

                assertThat(other.count("select count(*) from invoice where state = 'WITHDRAWN'")).as("%s", kind)
                        .isEqualTo(1);
                assertThat(other.count("select count(*) from credit_note where state = 'WITHDRAWN'")).isEqualTo(1);
                assertThat(other.order("S-1").document()).containsEntry("invoiceStatus", "void");
                assertThat(other.count("select count(*) from parked where resolved_at is null")).isZero();
            }
        }
    }

    @Test
    void takesNothingBackWhenTheLostInvoiceTurnsOutNotToBeThere() {
        sold();
        records(claims("invoice").getFirst(), InvoiceResult.Kind.UNKNOWN, null);
        cancelled();
        hub.passes(Duration.ofMinutes(1));
        records(claims("invoice").getFirst(), InvoiceResult.Kind.ABSENT, null);

        assertThat(state("invoice")).isEqualTo("WITHDRAWN");
        assertThat(state("credit_note")).isEqualTo("WITHDRAWN");
    }

    @Test
    void believesThatNothingIsThereOnlyOnceNothingCanBeOnItsWay() {
        sold();
        records(claims("invoice").getFirst(), InvoiceResult.Kind.UNKNOWN, null);
        hub.passes(Duration.ofSeconds(5));
        records(claims("invoice").getFirst(), InvoiceResult.Kind.ABSENT, null);
        assertThat(state("invoice")).isEqualTo("UNKNOWN");
        assertThat(claims("invoice")).isEmpty();

        hub.passes(LEASE);
        InvoiceClaim asking = claims("invoice").getFirst();
        assertThat(asking.asks()).isTrue();
        records(asking, InvoiceResult.Kind.ABSENT, null);

        assertThat(claims("invoice").getFirst().asks()).isFalse();
    }

    @Test
    void leavesItToAPersonWhenTheKeyIsTooOldToProtectFromASecondOne() {
        sold();
        records(claims("invoice").getFirst(), InvoiceResult.Kind.UNKNOWN, null);
        hub.passes(Duration.ofHours(25));
        records(claims("invoice").getFirst(), InvoiceResult.Kind.ABSENT, null);

        assertThat(state("invoice")).isEqualTo("PARKED");
        assertThat(claims("invoice")).isEmpty();
        assertThat(hub.store.parked().list(new ParkedItems.Question("UNKNOWN_OUTCOME", "books", true), null, 9).items())
                .singleElement().satisfies(parked -> assertThat(parked.problem()).contains("S-1", "PT24H"));
    }

    @Test
    void asksAgainWhenTheKeyGotTooOldWhileItWaited() {
        sold();
        records(claims("invoice").getFirst(), InvoiceResult.Kind.UNKNOWN, null);
        hub.passes(Duration.ofMinutes(1));
        records(claims("invoice").getFirst(), InvoiceResult.Kind.ABSENT, null);
        hub.passes(Duration.ofHours(25));

        assertThat(claims("invoice").getFirst().asks()).isTrue();
    }

    @Test
    void aRefusalThatMadeNothingLeavesTheKeyAsGoodAsNew() {
        sold();
        records(claims("invoice").getFirst(), InvoiceResult.Kind.RETRY, null);
        hub.passes(Duration.ofDays(3));

        assertThat(claims("invoice").getFirst().asks()).isFalse();
    }

    @Test
    void asksBeforeItSendsACreditNoteAgain() {
        sold();
        invoiced();
        cancelled();
        InvoiceClaim dead = claims("credit-note").getFirst();
        hub.passes(Duration.ofMinutes(2));

        InvoiceClaim asking = claims("credit-note").getFirst();
        assertThat(asking.asks()).isTrue();
        assertThat(records(dead, InvoiceResult.Kind.MADE, Map.of("number", "CN-1"))).isFalse();
        records(asking, InvoiceResult.Kind.MADE, Map.of("number", "CN-1"));
        assertThat(hub.order("S-1").document()).containsEntry("creditNoteNumber", "CN-1");
    }

    @Test
    void aRestoredDatabaseMakesTheSameKeys() {
        sold();
        UUID invoice = claims("invoice").getFirst().idempotencyKey();
        cancelled();
        try (Hub restored = new Hub()) {
            restored.says("erp", "order", sale);
            restored.delivers("books", "customer");
            InvoiceClaim again = restored.store.invoices().claim("books", 10, LEASE).getFirst();
            assertThat(again.idempotencyKey()).isEqualTo(invoice);
            restored.store.invoices().record(new InvoiceResult(again, InvoiceResult.Kind.MADE,
                    Map.of("number", "INV-1"), "x-1", null, null, null, restored.now(), Duration.ZERO));
            restored.says("erp", "order", with(sale, "status", "cancelled"));
            InvoiceClaim note = restored.store.invoices().claim("books", "credit-note", 10, LEASE, 0).getFirst();
            assertThat(note.idempotencyKey()).isEqualTo(Identifiers.named(1, "credit-note", "CN-S-1"))
                    .isNotEqualTo(invoice);
        }
    }

    @Test
    void asksAPersonWhenASaleWhoseInvoiceWasTakenBackIsOnAgain() {
        sold();
        invoiced();
        cancelled();
        records(claims("credit-note").getFirst(), InvoiceResult.Kind.MADE, Map.of("number", "CN-1"));
        hub.says("shop", "order", with(with(sale, "source", Map.of("id", "o-1")), "status", "open"));

        assertThat(hub.count("select count(*) from invoice")).isEqualTo(1);
        assertThat(hub.store.parked().list(new ParkedItems.Question("CONFLICT", "shop", true), null, 9).items())
                .singleElement().satisfies(parked -> assertThat(parked.problem()).contains("on again"));
    }

    private void onAgain() {
        hub.says("shop", "order", with(with(sale, "source", Map.of("id", "o-1")), "status", "open"));
    }

    private List<Parked> parked(String kind) {
        return hub.store.parked().list(new ParkedItems.Question(kind, null, true), null, 9).items();
    }

    @Test
    void aRefusedCreditNoteIsNotWantedWhileTheSaleIsOnAndWantedWhenItIsOffAgain() {
        sold();
        invoiced();
        cancelled();
        records(claims("credit-note").getFirst(), InvoiceResult.Kind.REJECTED, null);
        onAgain();
        assertThat(hub.count("select count(*) from parked where resolved_at is null")).isZero();
        assertThat(state("credit_note")).isEqualTo("WITHDRAWN");

        cancelled();

        assertThat(claims("credit-note")).singleElement()
                .satisfies(note -> assertThat(note.document()).containsEntry("total", "42.00"));
    }

    @Test
    void aCreditNoteThatWasNotMadeIsNotMadeWhenTheSaleIsOnAgain() {
        sold();
        invoiced();
        for (InvoiceResult.Kind kind : List.of(InvoiceResult.Kind.RETRY, InvoiceResult.Kind.REJECTED)) {
            cancelled();
            InvoiceClaim sent = claims("credit-note").getFirst();
            onAgain();
            assertThat(parked("CONFLICT")).singleElement()
                    .satisfies(parked -> assertThat(parked.problem()).contains("is being taken back"));
            records(sent, kind, null);

            assertThat(state("credit_note")).as("%s", kind).isEqualTo("WITHDRAWN");
            assertThat(parked("DELIVERY")).isEmpty();
        }
    }

    @Test
    void aPersonWhoFindsNoInvoiceOfACancelledSaleDoesNotHaveItSent() {
        sold();
        records(claims("invoice").getFirst(), InvoiceResult.Kind.UNDECIDABLE, null);
        cancelled();
        hub.store.parkedWork().absent(parked("UNKNOWN_OUTCOME").getFirst().id(), "api");

        assertThat(claims("invoice")).isEmpty();
        assertThat(state("invoice")).isEqualTo("WITHDRAWN");
        assertThat(state("credit_note")).isEqualTo("WITHDRAWN");
        assertThat(hub.order("S-1").document()).containsEntry("invoiceStatus", "void");
    }

    @Test
    void aPersonWhoFindsNoCreditNoteOfASaleThatIsOnAgainDoesNotHaveItSent() {
        sold();
        invoiced();
        cancelled();
        records(claims("credit-note").getFirst(), InvoiceResult.Kind.UNDECIDABLE, null);
        onAgain();
        hub.store.parkedWork().absent(parked("UNKNOWN_OUTCOME").getFirst().id(), "api");

        assertThat(claims("credit-note")).isEmpty();
        assertThat(state("credit_note")).isEqualTo("WITHDRAWN");
        assertThat(state("invoice")).isEqualTo("DONE");
    }

    @Test
    void aSaleThatIsOffOnceMoreBeforeItsInvoiceWentOutIsNotInvoiced() {
        sold();
        InvoiceClaim sent = claims("invoice").getFirst();
        cancelled();
        records(sent, InvoiceResult.Kind.RETRY, null);
        onAgain();
        cancelled();

        assertThat(claims("invoice")).isEmpty();
        assertThat(state("invoice")).isEqualTo("WITHDRAWN");
        assertThat(state("credit_note")).isEqualTo("WITHDRAWN");
    }
}
