package io.serai.crm;

import static io.serai.crm.Hub.person;
import static io.serai.crm.Hub.with;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a spoke really has, against what the hub believes. */
class ReconcileTest {
    private final Hub hub = new Hub();
    private final Reconciliation reconciliation = hub.store.reconciliation();
    /** What the shop holds, by its id; its revision is the number of the write. */
    private final Map<String, Map<String, Object>> shop = new HashMap<>();
    private final Map<String, String> revisions = new HashMap<>();
    private UUID ada;
    private String adaInShop;

    @AfterEach
    void close() {
        hub.close();
    }

    @BeforeEach
    void adaIsKnownEverywhere() {
        ada = hub.says("erp", "customer", person("e1", "Ada", "Lovelace", "ada@example.org", "+41445550101")).id();
        hub.says("erp", "customer", person("e2", "Bob", "Byron", "bob@example.org", null));
        delivered();
        adaInShop = "shop-" + ada;
    }

    private void delivered() {
        for (Delivery delivery : hub.delivers("shop", "customer")) {
            String id = delivery.creates() ? "shop-" + delivery.id() : delivery.externalId();
            Map<String, Object> held = new HashMap<>(shop.getOrDefault(id, Map.of()));
            held.putAll(delivery.patch());
            shop.put(id, held);
        }
    }

    private Reconciliation.Run runs(boolean repairs) {
        return runs("shop", "customer", repairs);
    }

    private Reconciliation.Run runs(String spoke, String entity, boolean repairs) {
        hub.passes(Duration.ofMinutes(1));
        assertThat(reconciliation.begin(spoke, entity, repairs)).isTrue();
        assertThat(reconciliation.begin(spoke, entity, repairs)).as("one at a time").isFalse();
        Reconciliation.Run run = reconciliation.runs().getFirst();
        for (Optional<Reconciliation.Held> next = reconciliation.next(run); next
                .isPresent(); next = reconciliation.next(run)) {
            Reconciliation.Held held = next.get();
            Map<String, Object> there = shop.get(held.externalId());
            if (held.quiet()) {
                reconciliation.compare(run, held, there == null
                        ? null
                        : with(there, "source", Map.of("id", held.externalId())),
                        revisions.get(held.externalId()));
            } else {
                reconciliation.passOver(run, held);
            }
        }
        for (Optional<Reconciliation.Look> look = reconciliation.untold(run, null); look
                .isPresent(); look = reconciliation.untold(run, look.get())) {
        }
        reconciliation.end(run, null);
        return reconciliation.runs().getFirst();
    }

    private List<String> found() {
        return reconciliation.differences("shop", "customer", 10).stream()
                .map(difference -> difference.field() + " " + difference.why()).toList();
    }

    private void holds(String field, Object value) {
        shop.put(adaInShop, with(shop.get(adaInShop), field, value));
    }

    @Test
    void findsNothingWhereEverythingIsInStep() {
        Reconciliation.Run run = runs(true);

        assertThat(run.checked()).isEqualTo(2);
        assertThat(run.inStep()).isEqualTo(2);
        assertThat(run.runs()).isFalse();
        assertThat(found()).isEmpty();
        assertThat(hub.claims("shop", "customer")).isEmpty();
    }

    @Test
    void takesInAnEditThatNobodyHeardOf() {
        holds("language", "fr");

        assertThat(runs(true).inStep()).isEqualTo(1);
        assertThat(found()).containsExactly("language EDITED");
        assertThat(hub.store.goldens().find("customer", ada).orElseThrow().document()).containsEntry("language", "fr");
        assertThat(hub.claims("books", "customer")).isNotEmpty();
    }

    @Test
    void writesAgainWhatDidNotLast() {
        Map<String, Object> before = shop.get(adaInShop);
        hub.says("erp", "customer", with(person("e1", "Ada", "King", "ada@example.org", "+41445550101"), "language",
                "en"));
        delivered();
        shop.put(adaInShop, before); // restored from a backup

        runs(true);

        assertThat(found()).contains("name LOST");
        delivered();
        assertThat(shop.get(adaInShop).get("name")).isEqualTo(Map.of("given", "Ada", "family", "King"));
        assertThat(runs(true).inStep()).isEqualTo(2);
    }

    @Test
    void onlyReportsWhenItIsNotToRepair() {
        holds("language", "fr");
        shop.remove(adaInShop.replace(ada.toString(), shop.keySet().stream().filter(id -> !id.equals(adaInShop))
                .findFirst().orElseThrow().substring(5)));

        Reconciliation.Run run = runs(false);

        assertThat(run.inStep()).isZero();
        assertThat(found()).containsExactlyInAnyOrder("language EDITED", " MISSING");
        assertThat(hub.store.goldens().find("customer", ada).orElseThrow().document()).doesNotContainKey("language");
        assertThat(hub.count("select count(*) from parked")).isZero();
    }

    @Test
    void tellsAPersonOfARecordThatIsMissing() {
        shop.remove(adaInShop);

        runs(true);
        runs(true);

        assertThat(hub.store.parked().list(new ParkedItems.Question("CONFLICT", "shop", true), null, 9).items())
                .singleElement().satisfies(parked -> assertThat(parked.entityId()).isEqualTo(ada));
    }

    @Test
    void otherWordsForTheSameAreNotedAndStartNoPingPong() {
        hub.says("shop", "customer", with(shop.get(adaInShop), "source", Map.of("id", adaInShop, "revision", "7")));
        revisions.put(adaInShop, "7");
        holds("phones", List.of(Map.of("number", "+41445550199")));

        runs(true);

        assertThat(found()).containsExactly("phones REWORDED");
        assertThat(hub.claims("shop", "customer")).isEmpty();
        assertThat(runs(true).inStep()).isEqualTo(2);
    }

    @Test
    void aSystemThatWasAddedLaterIsToldOfEverybodyItDoesNotKnow() {
        assertThat(hub.count("with gone as (delete from link where spoke = 'shop' and entity_id = '" + ada
                + "' returning 1) select count(*) from gone")).isEqualTo(1);

        assertThat(runs(false).untold()).isEqualTo(1);
        assertThat(found()).containsExactly(" UNTOLD");
        assertThat(hub.claims("shop", "customer")).as("only reported").isEmpty();

        assertThat(runs(true).untold()).isEqualTo(1);
        assertThat(hub.delivers("shop", "customer", held -> held)).extracting(Delivery::id).containsExactly(ada);
        assertThat(runs(true).untold()).isZero();
    }

    private void paid(String status) {
        hub.says("shop", "order", with(with(with(InvoiceTest.order("S-1", "42.00"), "customer", Map.of("id",
                ada.toString())), "source", Map.of("id", "o-1")), "status", status));
        hub.delivers("books", "customer");
    }

    @Test
    void nobodyIsToldAgainOfABuyerWhoWasErased() {
        paid("open");
        InvoiceClaim claim = hub.store.invoices().claim("books", 10, Duration.ofSeconds(30)).getFirst();
        hub.store.invoices().record(new InvoiceResult(claim, InvoiceResult.Kind.MADE, Map.of("number", "R-1"), "i-1",
                null, null, null, hub.now(), Duration.ofMillis(1)));
        assertThat(hub.store.erasures().erase(ada, "api").outcome().state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(hub.store.goldens().find("customer", ada)).as("kept for the invoice").isPresent();

        assertThat(runs(true).untold()).isZero();
        assertThat(found()).isEmpty();
        assertThat(hub.claims("shop", "customer")).isEmpty();
    }

    @Test
    void anInvoiceThatWasNeverMadeIsMailedToNobody() {
        paid("open");
        paid("cancelled");
        assertThat(hub.count("select count(*) from invoice where state = 'WITHDRAWN'")).isEqualTo(1);

        assertThat(runs("mailbox", "invoice", true).untold()).isZero();
        assertThat(hub.claims("mailbox", "invoice")).isEmpty();
    }

    @Test
    void aRepairReadsTheSystemsOwnListFromTheBeginning() {
        Cursors.Turn before = hub.store.cursors().claim("shop", "customer", Duration.ofMinutes(1)).orElseThrow();
        hub.store.cursors().advance(before, "page 7");
        hub.store.cursors().complete(before);
        hub.passes(Duration.ofMinutes(1));
        reconciliation.begin("shop", "customer", true);
        Reconciliation.Run run = reconciliation.runs().getFirst();

        assertThat(hub.store.cursors().advance(before, "page 8")).as("who reads just now loses the turn").isFalse();
        assertThat(reconciliation.read(run)).isFalse();
        hub.passes(Duration.ofSeconds(1));
        Cursors.Turn again = hub.store.cursors().claim("shop", "customer", Duration.ofMinutes(1)).orElseThrow();
        assertThat(again.cursor()).isNull();
        hub.store.cursors().complete(again);
        assertThat(reconciliation.read(run)).isTrue();
    }

    private Reconciliation.Run begun(boolean repairs) {
        hub.passes(Duration.ofMinutes(1));
        assertThat(reconciliation.begin("shop", "customer", repairs)).isTrue();
        return reconciliation.runs().getFirst();
    }

    private void compares(Reconciliation.Run run, Reconciliation.Held held) {
        reconciliation.compare(run, held, with(shop.get(held.externalId()), "source", Map.of("id", held.externalId())),
                null);
    }

    @Test
    void goesOnWithoutARecordThatCannotBeReadAndListsIt() {
        Reconciliation.Run run = begun(true);
        Reconciliation.Held bad = reconciliation.next(run).orElseThrow();
        assertThat(reconciliation.unreadable(run, bad, "500")).isFalse();
        assertThat(reconciliation.unreadable(run, bad, "500")).isFalse();
        assertThat(reconciliation.next(run).orElseThrow().lane()).isEqualTo(bad.lane());
        assertThat(reconciliation.unreadable(run, bad, "500")).as("three times are enough").isTrue();

        Reconciliation.Held next = reconciliation.next(run).orElseThrow();
        assertThat(next.lane()).isNotEqualTo(bad.lane());
        for (int i = 0; i < 5; i++) {
            assertThat(reconciliation.unreadable(run, next, "500")).as("two in a row take longer").isFalse();
        }
        compares(run, next);

        assertThat(reconciliation.next(run)).isEmpty();
        assertThat(reconciliation.differences("shop", "customer", 10)).singleElement().satisfies(difference -> {
            assertThat(difference.why()).isEqualTo("UNREADABLE");
            assertThat(difference.problem()).isEqualTo("500");
            assertThat(difference.id()).isEqualTo(bad.id());
        });
        assertThat(reconciliation.runs().getFirst()).satisfies(now -> {
            assertThat(now.asked()).as("within the budget").isEqualTo(9);
            assertThat(now.checked()).isEqualTo(2);
            assertThat(now.inStep()).isEqualTo(1);
        });
    }

    @Test
    void aRepairThatIsAskedForDuringAReportBeginsAnew() {
        holds("language", "fr");
        Reconciliation.Run report = begun(false);
        Reconciliation.Held first = reconciliation.next(report).orElseThrow();
        compares(report, first);
        Reconciliation.Held second = reconciliation.next(report).orElseThrow();

        Reconciliation.Run repair = begun(true);
        compares(report, second);
        reconciliation.end(report, null);

        assertThat(reconciliation.goesOn(report)).isFalse();
        assertThat(reconciliation.next(report)).isEmpty();
        assertThat(reconciliation.goesOn(repair)).isTrue();
        assertThat(reconciliation.begin("shop", "customer", false)).as("a report does not end a repair").isFalse();
        assertThat(found()).as("nothing is left of the report").isEmpty();
        assertThat(reconciliation.next(repair).orElseThrow().lane()).isEqualTo(first.lane());
        for (Optional<Reconciliation.Held> next = reconciliation.next(repair); next
                .isPresent(); next = reconciliation.next(repair)) {
            compares(repair, next.get());
        }
        assertThat(found()).containsExactly("language EDITED");
        assertThat(hub.store.goldens().find("customer", ada).orElseThrow().document()).containsEntry("language", "fr");
    }

    @Test
    void passesOverWhatIsOnItsWay() {
        hub.says("erp", "customer", person("e1", "Ada", "King", "ada@example.org", "+41445550101"));

        Reconciliation.Run run = runs(true);

        assertThat(run.checked()).isEqualTo(1);
        assertThat(found()).isEmpty();
    }
}
