package io.serai.crm;

import static io.serai.crm.Hub.person;
import static io.serai.crm.Hub.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.serai.crm.plan.Survivorship;

/** What a person can do about parked work, and what waits behind it. */
class ParkedWorkTest {
    private static final Refusal NO_PHONE = new Refusal("mapping:shop/customer-to-canonical", "/phones/3/number",
            "\"none\" is not a phone number.", "invalid");
    private final Hub hub = new Hub();
    private int events;

    @AfterEach
    void close() {
        hub.close();
    }

    /** A mapping refuses what the spoke says of one of its records. */
    private Outcome refused(String spoke, String entity, String record) {
        return hub.store.ingest().ingest(List.of(unmapped(spoke, entity, record, null))).getFirst();
    }

    private Arrival unmapped(String spoke, String entity, String record, Retry retry) {
        return new Arrival(spoke, entity, "refused-" + events++, "webhook", "application/json", new byte[]{1},
                Instant.parse("2026-03-01T10:00:00Z"), null, NO_PHONE, "test@1", null, null, record, retry);
    }

    /** The same message, with today's mapping. */
    private Outcome again(Outcome message, String spoke, String entity, Map<String, Object> document) {
        return again(message, spoke, entity, document, "api");
    }

    private Outcome again(Outcome message, String spoke, String entity, Map<String, Object> document, String by) {
        return hub.store.ingest().ingest(List.of(retry(message, spoke, entity, document, by))).getFirst();
    }

    private static Arrival retry(Outcome message, String spoke, String entity, Map<String, Object> document,
            String by) {
        return new Arrival(spoke, entity, null, "webhook", "application/json", new byte[]{1},
                Instant.parse("2026-03-01T10:00:00Z"), new LinkedHashMap<>(document), null, "test@2", null, null, null,
                new Retry(message.messageId(), by));
    }

    private static Map<String, Object> anna(String family) {
        return person("7", "Anna", family, "anna@example.org", null);
    }

    private Parked parked(Outcome message) {
        return hub.store.parked().list(new ParkedItems.Question(null, null, false), null, 100).items().stream()
                .filter(parked -> message.messageId().equals(parked.message())).findFirst().orElseThrow();
    }

    private String state(Outcome message) {
        return hub.store.messages().find(message.messageId()).orElseThrow().state();
    }

    @Test
    void laterMessagesOfAParkedCustomerWaitInOrderAndOthersDoNot() {
        Outcome bad = refused("shop", "customer", "7");
        Outcome second = hub.says("shop", "customer", anna("Second"));
        Outcome third = hub.says("shop", "customer", anna("Third"));
        Outcome other = hub.says("shop", "customer", person("8", "Ben", "Other", "ben@example.org", null));
        Outcome sameNumberElsewhere = hub.says("erp", "customer",
                person("7", "Eva", "Elsewhere", "eva@example.org", null));

        assertThat(bad.state()).isEqualTo(Outcome.State.PARKED);
        assertThat(second.state()).isEqualTo(Outcome.State.WAITING);
        assertThat(third.state()).isEqualTo(Outcome.State.WAITING);
        assertThat(other.state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(sameNumberElsewhere.state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(hub.store.parked().waiting(parked(bad), 10)).containsExactly(second.messageId(), third.messageId());
        assertThat(hub.store.parkedWork().due(null, 10)).as("nobody's turn yet").isEmpty();
        assertThat(again(third, "shop", "customer", anna("Third")).state()).as("may not overtake")
                .isEqualTo(Outcome.State.WAITING);

        Outcome mended = again(bad, "shop", "customer", anna("First"));
        assertThat(mended.state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(mended.messageId()).isEqualTo(bad.messageId());
        assertThat(hub.says("shop", "customer", anna("Fourth")).state()).as("behind those that still wait")
                .isEqualTo(Outcome.State.WAITING);
        List<String> names = new ArrayList<>();
        for (List<UUID> due = hub.store.parkedWork().due(null, 10); !due.isEmpty(); due = hub.store.parkedWork()
                .due(null, 10)) {
            UUID next = due.getFirst();
            String family = next.equals(second.messageId())
                    ? "Second"
                    : next.equals(third.messageId()) ? "Third" : "Fourth";
            names.add(family);
            Outcome outcome = new Outcome(Outcome.State.WAITING, next, null, null, null);
            assertThat(again(outcome, "shop", "customer", anna(family), Retry.HUB).state())
                    .isEqualTo(Outcome.State.APPLIED);
        }
        assertThat(names).containsExactly("Second", "Third", "Fourth");
        assertThat(hub.customer(mended)).containsEntry("name", Map.of("given", "Anna", "family", "Fourth"));
        assertThat(hub.count("select count(*) from held")).isZero();
        assertThat(hub.says("shop", "customer", anna("Fifth")).state()).isEqualTo(Outcome.State.APPLIED);
    }

    @Test
    void membersOfOneBatchWaitForEachOther() {
        List<Outcome> outcomes = hub.store.ingest()
                .ingest(List.of(hub.arrival("shop", "customer", "a", anna("One")),
                        unmapped("shop", "customer", "7", null), hub.arrival("shop", "customer", "b", anna("Two")),
                        unmapped("shop", "customer", "7", null),
                        hub.arrival("shop", "customer", "c", person("8", "Ben", "B", "ben@example.org", null))));

        assertThat(outcomes).extracting(Outcome::state).containsExactly(Outcome.State.APPLIED, Outcome.State.PARKED,
                Outcome.State.WAITING, Outcome.State.WAITING, Outcome.State.APPLIED);
        assertThat(hub.store.parked().list(new ParkedItems.Question(null, null, true), null, 10).items())
                .as("one question for a record").hasSize(1);
    }

    @Test
    void whoWasToldOfTheRefusalHoldsNobodyUp() {
        Outcome rejected = hub.store.ingest().ingest(List.of(new Arrival("erp", "customer", "soap-1", "soap",
                "text/xml", new byte[]{1}, Instant.EPOCH, null, NO_PHONE, null, null, null, "7", null))).getFirst();

        assertThat(rejected.state()).isEqualTo(Outcome.State.REJECTED);
        assertThat(hub.says("erp", "customer", anna("Meier")).state()).isEqualTo(Outcome.State.APPLIED);
    }

    @Test
    void aMessageThatIsRefusedInItsTurnIsParkedAndHoldsTheLineOn() {
        Outcome bad = refused("shop", "customer", "7");
        Outcome second = hub.says("shop", "customer", anna("Second"));
        Outcome third = hub.says("shop", "customer", anna("Third"));
        again(bad, "shop", "customer", anna("First"));

        assertThat(hub.store.ingest().ingest(List.of(unmapped("shop", "customer", "7",
                new Retry(second.messageId(), Retry.HUB)))).getFirst().state()).isEqualTo(Outcome.State.PARKED);

        assertThat(parked(second).resolvedAt()).isNull();
        assertThat(hub.store.parkedWork().due(null, 10)).isEmpty();
        hub.store.parkedWork().discard(parked(second).id(), "of no use", "api");
        assertThat(hub.store.parkedWork().due(null, 10)).containsExactly(third.messageId());
        assertThat(state(second)).isEqualTo("DISCARDED");
    }

    @Test
    void thatARecordIsGoneHoldsNobodyUp() {
        hub.says("shop", "customer", anna("Meier"));
        Outcome bad = refused("shop", "customer", "7");
        Map<String, Object> end = with(anna("Meier"), "source", Map.of("id", "7", "deleted", true));
        Outcome gone = hub.says("shop", "customer", end);
        Outcome later = hub.says("shop", "customer", anna("Keller"));
        again(bad, "shop", "customer", anna("Muster"));

        assertThat(again(gone, "shop", "customer", end, Retry.HUB).state()).isEqualTo(Outcome.State.PARKED);
        assertThat(hub.store.parkedWork().actions(parked(gone))).containsExactly("recreate", "discard");
        assertThat(hub.store.parkedWork().due(null, 10)).containsExactly(later.messageId());
        assertThat(again(later, "shop", "customer", anna("Keller"), Retry.HUB).state())
                .isEqualTo(Outcome.State.APPLIED);
    }

    @Test
    void aRetryKeepsTheMessageItsReasonAndWhoTriedIt() {
        Outcome bad = refused("shop", "customer", "7");
        hub.store.ingest().ingest(List.of(unmapped("shop", "customer", "7", new Retry(bad.messageId(), "api"))));
        Parked still = parked(bad);
        assertThat(still.resolvedAt()).isNull();

        Outcome mended = again(bad, "shop", "customer", anna("Meier"));

        assertThat(parked(bad).resolvedAt()).isNotNull();
        assertThat(hub.count("select count(*) from message")).isEqualTo(1);
        assertThat(hub.store.parked().history(still)).extracting(ParkedItems.Action::by, ParkedItems.Action::outcome)
                .containsExactly(org.assertj.core.groups.Tuple.tuple("api", "parked"),
                        org.assertj.core.groups.Tuple.tuple("api", "applied"));
        assertThat(hub.store.messages().find(bad.messageId()).orElseThrow()).satisfies(message -> {
            assertThat(message.state()).isEqualTo("APPLIED");
            assertThat(message.mapping()).isEqualTo("test@2");
            assertThat(message.entityId()).isEqualTo(mended.id());
            assertThat(message.refusal()).isNull();
            assertThat(message.journey()).extracting(Message.Step::step).contains("parked:retry");
        });
        assertThat(hub.store.changes().of("customer", mended.id())).singleElement()
                .satisfies(change -> assertThat(change.message()).isEqualTo(bad.messageId()));
    }

    @Test
    void aRetryTwiceAtOnceHasOneEffect() throws Exception {
        hub.says("erp", "order", InvoiceTest.order("S-1", "42.00"));
        Outcome bad = refused("books", "payment", "p1");
        Map<String, Object> payment = Map.of("source", Map.of("id", "p1"), "orderNumber", "S-1", "amount", "10.00",
                "currency", "CHF");
        List<Callable<Outcome>> retries = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            retries.add(() -> again(bad, "books", "payment", payment));
        }
        List<Outcome.State> states = new ArrayList<>();
        try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var call : callers.invokeAll(retries)) {
                states.add(call.get().state());
            }
        }
        assertThat(states).containsOnlyOnce(Outcome.State.APPLIED).containsOnly(Outcome.State.APPLIED,
                Outcome.State.DUPLICATE);
        assertThat(hub.count("select count(*) from payment")).isEqualTo(1);
        assertThat(hub.count("select count(*) from parked_action")).isEqualTo(1);
    }

    @Test
    void aPaymentBeforeItsOrderIsDueWhenTheOrderComes() {
        Map<String, Object> payment = Map.of("source", Map.of("id", "p1"), "orderNumber", "S-1", "amount", "42.00",
                "currency", "CHF");
        Outcome early = hub.says("books", "payment", payment);
        assertThat(early.state()).isEqualTo(Outcome.State.PARKED);
        assertThat(hub.store.parkedWork().due(null, 10)).isEmpty();

        hub.says("shop", "order", with(InvoiceTest.order("S-1", "42.00"), "paymentStatus", "unpaid"));
        assertThat(hub.store.parkedWork().due(null, 10)).containsExactly(early.messageId());
        assertThat(hub.store.parkedWork().due(early.messageId(), 10)).as("the page after").isEmpty();

        assertThat(again(early, "books", "payment", payment, Retry.HUB).state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(hub.order("S-1").document()).containsEntry("paymentStatus", "paid");
        assertThat(hub.count("select count(*) from invoice")).isEqualTo(1);
        assertThat(hub.store.parkedWork().due(null, 10)).isEmpty();
    }

    @Test
    void whatIsThereAndDoesNotHelpIsNotTriedForEver() {
        Map<String, Object> payment = Map.of("source", Map.of("id", "p1"), "orderNumber", "S-1", "amount", "1.00",
                "currency", "CHF");
        Outcome early = hub.says("books", "payment", payment);
        hub.says("shop", "order", InvoiceTest.order("S-1", "42.00"));
        assertThat(hub.store.parkedWork().due(null, 10)).hasSize(1);
        // Somebody else's mapping makes another number of it today.
        Map<String, Object> misread = with(payment, "orderNumber", "S-2");
        assertThat(again(early, "books", "payment", misread, Retry.HUB).state()).isEqualTo(Outcome.State.PARKED);
        assertThat(hub.store.parkedWork().due(null, 10)).isEmpty();
    }

    @Test
    void countsByCauseWhateverThePlaceInAList() {
        refused("shop", "customer", "7");
        refused("shop", "customer", "8");
        hub.says("books", "payment", Map.of("source", Map.of("id", "p1"), "orderNumber", "S-1", "amount", "1.00",
                "currency", "CHF"));

        List<ParkedItems.Cause> causes = hub.store.parked().causes(null);
        assertThat(causes).hasSize(2);
        assertThat(causes.getFirst()).satisfies(cause -> {
            assertThat(cause.cause())
                    .isEqualTo("shop mapping:shop/customer-to-canonical /phones/*/number invalid");
            assertThat(cause.count()).isEqualTo(2);
            assertThat(cause.spokes()).containsExactly("shop");
            assertThat(cause.problem()).contains("not a phone number");
            assertThat(hub.store.parked().find(cause.example())).isPresent();
        });
        assertThat(hub.store.parked().causes("books")).singleElement()
                .satisfies(cause -> assertThat(cause.count()).isEqualTo(1));
        assertThat(hub.store.parked().of(causes.getFirst().cause(), null, null, 10)).hasSize(2);
        assertThat(hub.store.parked().figures()).contains(new ParkedItems.Figure("INVALID", "shop", 2));
    }

    @Test
    void keepsWhatAPersonMadeOfAMessageBesideWhatCame() {
        Outcome bad = refused("shop", "customer", "7");
        hub.store.parkedWork().edit(parked(bad).id(), "first".getBytes(StandardCharsets.UTF_8), "body", "api");
        hub.store.parkedWork().edit(parked(bad).id(), "second".getBytes(StandardCharsets.UTF_8), "document", "api");

        assertThat(hub.store.parkedWork().journaled(bad.messageId()).orElseThrow()).satisfies(journaled -> {
            assertThat(journaled.content()).asString().isEqualTo("second");
            assertThat(journaled.editedAs()).isEqualTo("document");
        });
        assertThat(hub.store.messages().find(bad.messageId()).orElseThrow().received()).containsExactly(1);
        assertThat(hub.store.parked().history(parked(bad))).extracting(ParkedItems.Action::editedAs)
                .containsExactly("body", "document");
    }

    @Test
    void asksForAReasonAndClosesNothingTwice() {
        Outcome bad = refused("shop", "customer", "7");
        UUID id = parked(bad).id();
        ParkedWork work = hub.store.parkedWork();
        assertThatThrownBy(() -> work.discard(id, " ", "api")).isInstanceOf(ParkedWork.NotPossible.class)
                .hasMessageContaining("reason");
        assertThatThrownBy(() -> work.notSame(id, "api")).hasMessageContaining("retry, edit, discard");
        work.discard(id, "a test record", "api");
        assertThatThrownBy(() -> work.discard(id, "again", "api")).hasMessageContaining("done with");
        assertThatThrownBy(() -> work.discard(UUID.randomUUID(), "why", "api")).hasMessageContaining("Nothing");
        assertThat(again(bad, "shop", "customer", anna("Meier")).state()).as("what was discarded stays out")
                .isEqualTo(Outcome.State.DUPLICATE);
        assertThat(hub.count("select count(*) from customer")).isZero();
    }

    @Test
    void aPersonChoosesTheValueOfADisputedField() {
        try (Hub careful = new Hub(
                new Survivorship(Map.of("customer", Map.of("name", Survivorship.Policy.PARK))))) {
            Outcome created = careful.says("erp", "customer", person("1", "Anna", "Meier", "anna@example.org", null));
            careful.says("shop", "customer", person("s1", "Anna", "Muster", "anna@example.org", null));
            Parked conflict = careful.store.parked().list(new ParkedItems.Question("CONFLICT", null, true), null, 9)
                    .items().getFirst();
            ParkedWork work = careful.store.parkedWork();
            assertThat(work.actions(conflict)).containsExactly("choose", "discard");

            ParkedWork.Choice choice = work.choice(conflict.id(), conflict.detail().get("theirs"));
            assertThat(choice.patch()).isEqualTo(Map.of("name", Map.of("given", "Anna", "family", "Muster")));
            work.choose(conflict.id(), choice, "api");

            assertThat(careful.customer(created)).containsEntry("name", Map.of("given", "Anna", "family", "Muster"));
            assertThat(careful.store.goldens().origins("customer", created.id()))
                    .filteredOn(origin -> origin.field().equals("/name/family")).singleElement()
                    .satisfies(origin -> assertThat(origin.spoke()).isEqualTo("api"));
            assertThat(careful.store.parked().find(conflict.id()).orElseThrow().resolvedAt()).isNotNull();
            assertThat(careful.claims("erp", "customer")).hasSize(1);
            assertThat(careful.claims("shop", "customer")).as("which holds it already").isEmpty();
        }
    }

    @Test
    void whatCameWhileAPersonWasChoosingStays() {
        Map<String, Object> home = Map.of("use", "home", "lines", List.of("Seeweg 1"), "city", "Zug");
        Map<String, Object> work = Map.of("use", "work", "lines", List.of("Am Markt 2"), "city", "Bern");
        try (Hub careful = new Hub(
                new Survivorship(Map.of("customer", Map.of("addresses", Survivorship.Policy.PARK))))) {
            Map<String, Object> anna = person("1", "Anna", "Meier", "anna@example.org", null);
            Outcome created = careful.says("erp", "customer", with(anna, "addresses", List.of(home)));
            careful.says("shop", "customer", with(with(anna, "source", Map.of("id", "s1")), "addresses",
                    List.of(with(home, "city", "Baar"))));
            Parked conflict = careful.store.parked().list(new ParkedItems.Question("CONFLICT", null, true), null, 9)
                    .items().getFirst();
            ParkedWork parkedWork = careful.store.parkedWork();
            ParkedWork.Choice choice = parkedWork.choice(conflict.id(), "Baar");
            careful.says("erp", "customer", with(anna, "addresses", List.of(home, work)));

            parkedWork.choose(conflict.id(), choice, "api");

            assertThat(careful.customer(created).get("addresses")).asInstanceOf(
                    org.assertj.core.api.InstanceOfAssertFactories.list(Map.class))
                    .extracting(address -> address.get("city")).containsExactlyInAnyOrder("Baar", "Bern");
            assertThat(careful.store.parked().find(conflict.id()).orElseThrow().resolvedAt()).isNotNull();
        }
    }

    @Test
    void whatWasAskedOfACustomerThatWasMergedSinceIsAnsweredForTheOneThatStayed() {
        try (Hub careful = new Hub(
                new Survivorship(Map.of("customer", Map.of("language", Survivorship.Policy.PARK))))) {
            Outcome anna = careful.says("erp", "customer",
                    with(person("1", "Anna", "Meier", "anna@example.org", null), "language", "de-CH"));
            careful.says("shop", "customer",
                    with(person("s1", "Anna", "Meier", "anna@example.org", null), "language", "fr-CH"));
            Outcome kept = careful.says("erp", "customer", person("2", "Anna", "Keller", "keller@example.org", null));
            careful.store.corrections().merge(kept.id(), anna.id(), "api");
            Parked conflict = careful.store.parked().list(new ParkedItems.Question("CONFLICT", null, true), null, 9)
                    .items().getFirst();
            ParkedWork work = careful.store.parkedWork();

            work.choose(conflict.id(), work.choice(conflict.id(), "fr-CH"), "api");

            assertThat(careful.customer(kept)).containsEntry("language", "fr-CH");
            assertThat(careful.store.parked().find(conflict.id()).orElseThrow().resolvedAt()).isNotNull();
        }
    }

    @Test
    void twoThatAPersonFindsTheSameBecomeOne() {
        Parked possible = twoAlike();
        UUID other = UUID.fromString(possible.detail().get("other").toString());

        assertThatThrownBy(() -> hub.store.parkedWork().same(possible.id(), UUID.randomUUID(), "api"))
                .isInstanceOf(ParkedWork.NotPossible.class).hasMessageContaining(other.toString());
        hub.store.parkedWork().same(possible.id(), other, "api");

        assertThat(hub.store.corrections().mergedInto(possible.entityId())).contains(other);
        assertThat(hub.store.parked().find(possible.id()).orElseThrow().resolvedAt()).isNotNull();
        assertThat(hub.count("select count(*) from customer")).isEqualTo(1);
    }

    @Test
    void twoThatAreOneByNowCannotBeToldApartWithoutBeingParted() {
        Parked possible = twoAlike();
        UUID third = hub.says("erp", "customer", person("3", "Anna", "Third", "third@example.org", null)).id();
        hub.store.corrections().merge(third, possible.entityId(), "api");
        hub.store.corrections().merge(third, UUID.fromString(possible.detail().get("other").toString()), "api");

        assertThatThrownBy(() -> hub.store.parkedWork().notSame(possible.id(), "api"))
                .isInstanceOf(ParkedWork.NotPossible.class).hasMessageContaining("unmerge them first");
        assertThat(hub.store.parked().find(possible.id()).orElseThrow().resolvedAt()).isNull();
        hub.store.parkedWork().same(possible.id(), null, "api");
        assertThat(hub.store.parked().find(possible.id()).orElseThrow().resolvedAt()).isNotNull();
    }

    @Test
    void anEditThatGivesACustomerTheAddressOfAnotherAsksWhetherTheyAreOne() {
        Outcome anna = hub.says("erp", "customer", person("1", "Anna", "Meier", "anna@example.org", null));
        Outcome ben = hub.says("erp", "customer", person("2", "Anna", "Keller", "keller@example.org", null));
        Map<String, Object> patch = Map.of("emails", List.of(Map.of("address", "anna@example.org")));

        hub.store.ingest().ingest(List.of(new Arrival("api", "customer", null, "rest", "application/merge-patch+json",
                Json.text(patch).getBytes(StandardCharsets.UTF_8), hub.now(), new LinkedHashMap<>(patch), null, null,
                null, new Edit(ben.id(), null))));

        assertThat(hub.store.parked().list(new ParkedItems.Question("POSSIBLE_DUPLICATE", null, true), null, 9).items())
                .singleElement().satisfies(possible -> assertThat(List.of(possible.entityId().toString(),
                        possible.detail().get("other"))).containsExactlyInAnyOrder(anna.id().toString(),
                                ben.id().toString()));
    }

    private Parked twoAlike() {
        hub.says("erp", "customer", alike("1", "anna@example.org"));
        hub.says("erp", "customer", alike("2", "other@example.org"));
        return hub.store.parked().list(new ParkedItems.Question("POSSIBLE_DUPLICATE", null, true), null, 9).items()
                .getFirst();
    }

    /** Somebody of the same name in the same house. */
    private static Map<String, Object> alike(String id, String email) {
        Map<String, Object> person = person(id, "Anna", "Meier", email, null);
        person.put("addresses", List.of(
                Map.of("use", "home", "lines", List.of("Seeweg 1"), "postalCode", "8001", "city", "Zug")));
        return person;
    }

    @Test
    void twoThatAPersonToldApartAreNotBroughtUpAgain() {
        Map<String, Object> two = alike("2", "other@example.org");
        Parked possible = twoAlike();

        hub.store.parkedWork().notSame(possible.id(), "api");
        hub.says("shop", "customer", with(two, "source", Map.of("id", "s2")));
        hub.says("erp", "customer", with(two, "phones", List.of(Map.of("number", "+41441234567"))));

        assertThat(hub.store.parked().list(new ParkedItems.Question("POSSIBLE_DUPLICATE", null, true), null, 9).items())
                .isEmpty();
    }

    // ---- deliveries

    private Parked refusedByShop() {
        hub.says("erp", "customer", person("1", "Anna", "Meier", "anna@example.org", null));
        answer(DeliveryResult.Kind.PARKED, "name is too long");
        return hub.store.parked().list(new ParkedItems.Question("DELIVERY", "shop", true), null, 9).items().getFirst();
    }

    private void answer(DeliveryResult.Kind kind, String problem) {
        Delivery delivery = hub.claims("shop", "customer").getFirst();
        hub.store.lanes().record(List.of(new DeliveryResult(delivery, kind, null, "s1", null, null, true, problem,
                problem == null ? null : "/name", Instant.parse("2026-03-01T10:00:00Z"), Duration.ofMillis(3))));
    }

    @Test
    void aRefusedDeliveryIsTriedAgainNowAndItsSuccessClosesIt() {
        Parked refused = refusedByShop();
        assertThat(hub.claims("shop", "customer")).isEmpty();

        hub.store.parkedWork().retry(refused.id(), "api");
        answer(DeliveryResult.Kind.PARKED, "name is still too long");
        Parked again = hub.store.parked().find(refused.id()).orElseThrow();
        assertThat(again.resolvedAt()).isNull();
        assertThat(again.problem()).contains("still");

        hub.store.parkedWork().retry(refused.id(), "api");
        answer(DeliveryResult.Kind.DONE, null);
        assertThat(hub.store.parked().find(refused.id()).orElseThrow().resolvedAt()).isNotNull();
        assertThatThrownBy(() -> hub.store.parkedWork().retry(refused.id(), "api")).hasMessageContaining("done with");
        assertThat(hub.claims("shop", "customer")).as("a delivery that was done is not repeated").isEmpty();
    }

    @Test
    void aChangeThatSettlesARefusedDeliveryClosesIt() {
        Parked refused = refusedByShop();
        hub.says("erp", "customer", person("1", "Anna", "M", "anna@example.org", null));
        answer(DeliveryResult.Kind.DONE, null);

        assertThat(hub.store.parked().find(refused.id()).orElseThrow().resolvedAt()).isNotNull();
    }

    @Test
    void aRefusedDeliveryThatIsAcceptedRestsUntilTheNextChange() {
        Parked refused = refusedByShop();
        hub.store.parkedWork().discard(refused.id(), "the shop need not know", "api");

        assertThat(hub.claims("shop", "customer")).isEmpty();
        assertThat(hub.count("select count(*) from link where state = 'PARKED'")).isZero();
        hub.says("erp", "customer", person("1", "Anna", "Keller", "anna@example.org", null));
        assertThat(hub.claims("shop", "customer")).hasSize(1);
    }

    @Test
    void whatIsWrittenAfterThePersonsWordInTheSpokeClosesARefusedDelivery() {
        Delivery made = annaInTheShop();
        hub.says("erp", "customer", with(ANNA, "language", "fr"));
        answer(DeliveryResult.Kind.PARKED, "no such language");
        Parked refused = hub.store.parked().list(new ParkedItems.Question("DELIVERY", "shop", true), null, 9).items()
                .getFirst();

        hub.says("shop", "customer", Map.of("source", Map.of("id", there(made)), "name",
                Map.of("given", "Anna", "family", "Keller")));
        assertThat(hub.store.parked().find(refused.id()).orElseThrow().resolvedAt()).isNull();
        answer(DeliveryResult.Kind.DONE, null);

        assertThat(hub.store.parked().find(refused.id()).orElseThrow().resolvedAt()).isNotNull();
    }

    @Test
    void aRetryWhereNothingIsLeftToDoClosesTheItem() throws Exception {
        Parked refused = refusedByShop();
        try (var connection = hub.database.getConnection(); var statement = connection.createStatement()) {
            statement.execute("set serai.tenant = '1'");
            statement.execute("update link set state = 'SYNCED', synced = wanted where spoke = 'shop'");
            statement.execute("reset serai.tenant");
        }

        assertThat(hub.store.parkedWork().retry(refused.id(), "api")).isFalse();
        assertThat(hub.store.parked().find(refused.id()).orElseThrow().resolvedAt()).isNotNull();
    }

    @Test
    void aRetryOfWhatIsBeingTriedAlreadyLeavesTheItemToWhatComesOfIt() {
        Parked refused = refusedByShop();
        assertThat(hub.store.parkedWork().retry(refused.id(), "api")).isTrue();
        assertThat(hub.store.parkedWork().retry(refused.id(), "api")).isTrue();
        assertThat(hub.store.parked().find(refused.id()).orElseThrow().resolvedAt()).isNull();
    }

    // ---- records that are gone

    private static final Map<String, Object> ANNA = person("1", "Anna", "Meier", "anna@example.org", null);

    /** Anna is in the shop, and the claim that made her there. */
    private Delivery annaInTheShop() {
        hub.says("erp", "customer", ANNA);
        return hub.delivers("shop", "customer").getFirst();
    }

    private static String there(Delivery made) {
        return "shop-" + made.id();
    }

    private Outcome shopDeletes(Delivery made) {
        return hub.says("shop", "customer", with(ANNA, "source", Map.of("id", there(made), "deleted", true)));
    }

    private Parked missing() {
        return hub.store.parked().list(new ParkedItems.Question("CONFLICT", "shop", true), null, 9).items().getFirst();
    }

    private Link inTheShop(Delivery made) {
        return hub.store.goldens().links("customer", made.id()).stream().filter(link -> link.spoke().equals("shop"))
                .findFirst().orElseThrow();
    }

    @Test
    void aRecordThatItsSpokeDeletedIsMadeAgainWhenAPersonSaysSo() {
        Delivery made = annaInTheShop();
        Outcome gone = shopDeletes(made);
        assertThat(hub.store.parkedWork().actions(parked(gone))).containsExactly("recreate", "discard");

        assertThat(hub.store.parkedWork().recreate(parked(gone).id(), "api")).isTrue();

        assertThat(parked(gone).resolvedAt()).isNotNull();
        assertThat(state(gone)).isEqualTo("DISCARDED");
        Delivery again = hub.claims("shop", "customer").getFirst();
        assertThat(again.creates()).isTrue();
        assertThat(again.attempt()).as("it is looked for before it is made").isEqualTo(2);
        assertThat(again.patch()).isEqualTo(made.patch());
        assertThat(again.idempotencyKey()).as("under the old key the shop may answer with the old record")
                .isNotEqualTo(made.idempotencyKey());
        hub.store.lanes().record(List.of(new DeliveryResult(again, DeliveryResult.Kind.DONE, again.patch(), "s9", null,
                null, true, null, null, hub.now(), Duration.ofMillis(3))));
        assertThat(inTheShop(made)).extracting(Link::state, Link::externalId).containsExactly("SYNCED", "s9");
    }

    @Test
    void nothingIsWrittenToADeletedRecordUntilItsSpokeSpeaksOfItAgain() {
        Delivery made = annaInTheShop();
        Outcome gone = shopDeletes(made);
        hub.says("erp", "customer", with(ANNA, "language", "fr"));
        assertThat(hub.claims("shop", "customer")).isEmpty();
        hub.store.parkedWork().discard(parked(gone).id(), "she has left", "api");
        hub.says("erp", "customer", with(ANNA, "language", "it"));

        assertThat(hub.claims("shop", "customer")).isEmpty();
        assertThat(inTheShop(made).state()).isEqualTo("GONE");
        hub.says("shop", "customer", with(ANNA, "source", Map.of("id", there(made))));
        assertThat(hub.claims("shop", "customer")).singleElement()
                .satisfies(update -> assertThat(update.patch()).containsOnlyKeys("language"));
    }

    @Test
    void anAnswerThatComesAfterTheDeletionStartsNothing() {
        Delivery made = annaInTheShop();
        hub.says("erp", "customer", with(ANNA, "language", "fr"));
        Delivery underWay = hub.claims("shop", "customer").getFirst();
        shopDeletes(made);
        hub.says("erp", "customer", with(ANNA, "language", "it"));

        assertThat(hub.store.lanes().record(List.of(new DeliveryResult(underWay, DeliveryResult.Kind.DONE,
                underWay.patch(), null, null, null, true, null, null, hub.now(), Duration.ofMillis(3)))))
                .containsExactly(false);

        assertThat(inTheShop(made).state()).isEqualTo("GONE");
    }

    @Test
    void aDeliveryToARecordThatIsGoneAsksWhetherToMakeItAgain() {
        Delivery made = annaInTheShop();
        hub.says("erp", "customer", with(ANNA, "language", "fr"));
        answer(DeliveryResult.Kind.GONE, "404");

        assertThat(missing().problem()).contains(there(made), "recreate");
        hub.says("erp", "customer", with(ANNA, "language", "it"));
        assertThat(hub.claims("shop", "customer")).as("which would be refused like the first").isEmpty();
        hub.store.parkedWork().recreate(missing().id(), "api");
        assertThat(hub.claims("shop", "customer")).singleElement()
                .satisfies(again -> assertThat(again.patch()).containsEntry("language", "it").containsKey("name"));
        assertThat(hub.store.parked().list(new ParkedItems.Question(null, "shop", true), null, 9).items()).isEmpty();
    }

    @Test
    void aRecordThatCameBackIsNotMadeTwice() {
        Delivery made = annaInTheShop();
        hub.says("erp", "customer", with(ANNA, "language", "fr"));
        answer(DeliveryResult.Kind.GONE, "404");
        UUID refused = missing().id();
        Outcome gone = shopDeletes(made);
        hub.says("shop", "customer", with(ANNA, "source", Map.of("id", there(made))));

        assertThat(hub.store.parked().list(new ParkedItems.Question(null, "shop", true), null, 9).items())
                .extracting(Parked::message).containsExactly(gone.messageId());
        assertThatThrownBy(() -> hub.store.parkedWork().recreate(refused, "api")).hasMessageContaining("done with");
        assertThat(hub.store.parkedWork().recreate(parked(gone).id(), "api")).as("nothing left to do").isFalse();
        assertThat(parked(gone).resolvedAt()).isNotNull();
        assertThat(inTheShop(made).externalId()).isEqualTo(there(made));
    }

    @Test
    void aDeletedRecordStaysAwayAlsoWhenItsCustomerIsMergedAndWhereTheSpokeHasAnother() {
        Delivery made = annaInTheShop();
        Outcome gone = shopDeletes(made);
        Outcome other = hub.says("shop", "customer", person("s2", "Anna", "Keller", "keller@example.org", null));
        hub.store.corrections().merge(other.id(), made.id(), "api");

        assertThat(hub.claims("shop", "customer")).extracting(Delivery::externalId).containsExactly("s2");
        assertThatThrownBy(() -> hub.store.parkedWork().recreate(parked(gone).id(), "api"))
                .isInstanceOf(ParkedWork.NotPossible.class).hasMessageContaining("s2");
        assertThat(parked(gone).resolvedAt()).isNull();
    }

    // ---- invoices

    private InvoiceClaim claimed() {
        List<InvoiceClaim> claims = hub.store.invoices().claim("books", 10, Duration.ofSeconds(30));
        return claims.isEmpty() ? null : claims.getFirst();
    }

    private void came(InvoiceClaim claim, InvoiceResult.Kind kind, Map<String, Object> made) {
        hub.store.invoices()
                .record(new InvoiceResult(claim, kind, made, "i-1", Duration.ZERO,
                        kind == InvoiceResult.Kind.MADE ? null : "it cannot be asked", null,
                        Instant.parse("2026-03-01T10:00:00Z"), Duration.ofMillis(4)));
    }

    private Parked undecided() {
        hub.says("erp", "order", InvoiceTest.order("S-1", "42.00"));
        hub.delivers("books", "customer");
        came(claimed(), InvoiceResult.Kind.UNDECIDABLE, null);
        return hub.store.parked().list(new ParkedItems.Question("UNKNOWN_OUTCOME", null, true), null, 9).items()
                .getFirst();
    }

    @Test
    void anInvoiceThatAPersonHasSeenIsNeverMadeAgain() {
        Parked unknown = undecided();
        assertThat(hub.store.parkedWork().actions(unknown)).containsExactly("retry", "exists", "absent");
        hub.store.parkedWork().exists(unknown.id(), "R-17", null, "api");

        assertThat(hub.order("S-1").document()).containsEntry("invoiceNumber", "R-17");
        assertThat(hub.count("select count(*) from invoice where state = 'DONE' and number = 'R-17'")).isEqualTo(1);
        assertThat(claimed()).isNull();
        for (Runnable attempt : List.<Runnable>of(() -> hub.store.parkedWork().retry(unknown.id(), "api"),
                () -> hub.store.parkedWork().absent(unknown.id(), "api"),
                () -> hub.store.parkedWork().exists(unknown.id(), "R-18", null, "api"),
                () -> hub.store.parkedWork().discard(unknown.id(), "why", "api"))) {
            assertThatThrownBy(attempt::run).isInstanceOf(ParkedWork.NotPossible.class);
        }
        hub.says("shop", "order", InvoiceTest.order("S-1", "42.00"));
        assertThat(claimed()).isNull();
        assertThat(hub.count("select count(*) from invoice")).isEqualTo(1);
    }

    @Test
    void anUnknownInvoiceIsAskedForAgainBeforeAnythingIsSent() {
        Parked unknown = undecided();
        hub.store.parkedWork().retry(unknown.id(), "api");

        InvoiceClaim question = claimed();
        assertThat(question.asks()).isTrue();
        assertThatThrownBy(() -> hub.store.parkedWork().absent(unknown.id(), "api")).as("while it is asked")
                .isInstanceOf(ParkedWork.NotPossible.class);
        came(question, InvoiceResult.Kind.MADE, Map.of("number", "R-1"));

        assertThat(hub.store.parked().find(unknown.id()).orElseThrow().resolvedAt()).isNotNull();
        assertThat(claimed()).isNull();
    }

    @Test
    void anInvoiceThatIsNotThereIsSentWithItsOldKey() {
        hub.says("erp", "order", InvoiceTest.order("S-1", "42.00"));
        hub.delivers("books", "customer");
        InvoiceClaim first = claimed();
        came(first, InvoiceResult.Kind.UNDECIDABLE, null);
        Parked unknown = hub.store.parked().list(new ParkedItems.Question("UNKNOWN_OUTCOME", null, true), null, 9)
                .items().getFirst();

        hub.store.parkedWork().absent(unknown.id(), "api");

        InvoiceClaim second = claimed();
        assertThat(second.asks()).isFalse();
        assertThat(second.idempotencyKey()).isEqualTo(first.idempotencyKey());
        came(second, InvoiceResult.Kind.MADE, Map.of("number", "R-1"));
        assertThat(hub.count("select count(*) from invoice where state = 'DONE'")).isEqualTo(1);
    }

    @Test
    void twoInvoicesDoNotShareANumber() {
        Parked first = undecided();
        hub.store.parkedWork().exists(first.id(), "R-17", null, "api");
        hub.says("erp", "order", InvoiceTest.order("S-2", "42.00"));
        came(claimed(), InvoiceResult.Kind.UNDECIDABLE, null);
        Parked second = hub.store.parked().list(new ParkedItems.Question("UNKNOWN_OUTCOME", null, true), null, 9)
                .items().getFirst();

        assertThatThrownBy(() -> hub.store.parkedWork().exists(second.id(), "R-17", null, "api"))
                .isInstanceOf(ParkedWork.NotPossible.class).hasMessageContaining("R-17");
    }

    @Test
    void keepsParkedWorkOfEveryTenantToItself() {
        refused("shop", "customer", "7");
        assertThat(hub.count("select count(*) from held")).isEqualTo(1);
        assertThat(hub.countOfTenant(2, "select count(*) from held")).isZero();
        assertThat(hub.countOfTenant(2, "select count(*) from parked_action")).isZero();
    }
}
