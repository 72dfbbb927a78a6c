package io.serai.crm;

import static io.serai.crm.Hub.person;
import static io.serai.crm.Hub.with;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CorrectionsTest {
    private static final String CLERK = "api";
    private final Hub hub = new Hub();
    private Outcome anna;
    private Outcome annie;

    @AfterEach
    void close() {
        hub.close();
    }

    /** The ERP and the shop know one woman under two addresses. */
    private void twoThatAreOne() {
        anna = hub.says("erp", "customer", person("e1", "Anna", "Meier", "anna@example.org", null));
        hub.passes(Duration.ofMinutes(1));
        annie = hub.says("shop", "customer",
                with(person("s1", "Annie", "Meier", "annie@example.org", "+41449999999"), "language", "de-CH"));
        hub.delivers("books", "customer");
        hub.delivers("shop", "customer");
        hub.delivers("erp", "customer");
        hub.passes(Duration.ofMinutes(1));
    }

    private Map<String, Object> order(String number, Map<String, Object> customer) {
        return Map.of("source", Map.of("id", "o" + number), "number", number, "customer", customer, "status", "open",
                "paymentStatus", "paid", "currency", "CHF", "total", "120.00");
    }

    private Golden golden(UUID id) {
        return hub.store.goldens().find("customer", id).orElseThrow();
    }

    private Outcome merge() {
        return hub.store.corrections().merge(anna.id(), annie.id(), CLERK);
    }

    private List<String> externalIds(UUID id) {
        return hub.store.goldens().links("customer", id).stream().map(link -> link.spoke() + " " + link.externalId())
                .sorted().toList();
    }

    private Map<String, Object> address(String city) {
        return Map.of("use", "home", "city", city);
    }

    @Test
    void makesOneCustomerOfTwoFieldByField() {
        twoThatAreOne();
        Outcome merged = merge();

        assertThat(merged.state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(merged.id()).isEqualTo(anna.id());
        assertThat(golden(anna.id()).document()).containsEntry("name", Map.of("given", "Annie", "family", "Meier"))
                .containsEntry("language", "de-CH")
                .containsEntry("emails",
                        List.of(Map.of("address", "anna@example.org"), Map.of("address", "annie@example.org")));
        FieldOrigin given = origin(anna.id(), "/name/given");
        assertThat(given.spoke()).isEqualTo("shop");
        assertThat(given.lost()).singleElement().satisfies(lost -> assertThat(lost.value()).isEqualTo("Anna"));
        assertThat(hub.store.goldens().find("customer", annie.id())).isEmpty();
        assertThat(hub.store.corrections().mergedInto(annie.id())).contains(anna.id());
        assertThat(hub.store.goldens().list("customer", new Filter(Map.of("email", "annie@example.org")), null, 5)
                .items()).extracting(Golden::id).containsExactly(anna.id());
        assertThat(hub.store.changes().of("customer", anna.id()).getLast())
                .satisfies(change -> assertThat(change.reason() + " by " + change.spoke()).isEqualTo("merged by api"));
        assertThat(hub.store.changes().of("customer", annie.id()).getLast().fields())
                .containsEntry("mergedInto", Map.of("id", anna.id().toString()));
    }

    private FieldOrigin origin(UUID id, String path) {
        return hub.store.goldens().origins("customer", id).stream().filter(origin -> origin.field().equals(path))
                .findFirst().orElseThrow();
    }

    @Test
    void keepsAllRecordsOfBothInStep() {
        twoThatAreOne();
        merge();

        assertThat(externalIds(anna.id())).containsExactly("books books-" + anna.id(), "books books-" + annie.id(),
                "erp e1", "erp erp-" + annie.id(), "shop s1", "shop shop-" + anna.id());
        for (String spoke : List.of("books", "erp", "shop")) {
            hub.delivers(spoke, "customer");
            assertThat(hub.claims(spoke, "customer")).as(spoke).isEmpty();
        }
        // Long enough for it to be no word from before the write.
        hub.passes(Duration.ofMinutes(1));
        hub.says("erp", "customer", person("e1", "Anne", "Meier", "anna@example.org", null));
        assertThat(hub.delivers("shop", "customer")).as("both records of the shop").hasSize(2);
        assertThat(hub.delivers("erp", "customer")).as("the other record of the ERP").singleElement()
                .satisfies(delivery -> assertThat(delivery.externalId()).isEqualTo("erp-" + annie.id()));
    }

    @Test
    void letsOldIdsWorkOn() {
        twoThatAreOne();
        merge();
        Outcome byRecord = hub.says("shop", "customer",
                with(person("s1", "Annie", "Meier", "annie@example.org", "+41449999999"), "language", "fr-CH"));
        Outcome byId = hub.says("shop", "order", order("7", Map.of("id", annie.id().toString())));

        assertThat(byRecord.id()).isEqualTo(anna.id());
        assertThat(golden(anna.id()).document()).containsEntry("language", "fr-CH");
        assertThat(byId.state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(hub.order("7").document()).containsEntry("customer", Map.of("id", anna.id().toString()));
    }

    @Test
    void movesWhatBelongsToTheAbsorbedOneAndTellsNoSpokeOfIt() {
        twoThatAreOne();
        hub.says("shop", "order", order("7", Map.of("source", Map.of("id", "s1"))));
        hub.says("mailbox", "interaction", Map.of("kind", "email", "source", Map.of("id", "m1"), "customer",
                Map.of("emails", List.of(Map.of("address", "annie@example.org"))), "subject", "Hello"));
        hub.claims("shop", "order");
        merge();

        Filter hers = new Filter(Map.of("customer", anna.id().toString()));
        for (String entity : List.of("order", "invoice", "interaction")) {
            assertThat(hub.store.goldens().list(entity, hers, null, 5).items()).as(entity).hasSize(1);
        }
        assertThat(hub.count("select count(*) from invoice where customer = '" + anna.id() + "'")).isEqualTo(1);
        assertThat(hub.claims("shop", "order")).isEmpty();
    }

    @Test
    void mergesTheSameOnlyOnce() {
        twoThatAreOne();
        merge();
        assertThat(merge().state()).isEqualTo(Outcome.State.UNCHANGED);
        assertThat(hub.store.corrections().merge(anna.id(), UUID.randomUUID(), CLERK).state())
                .isEqualTo(Outcome.State.NOT_FOUND);
    }

    @Test
    void findsARecordThatWasBeingMadeWhileItsCustomerWasMerged() {
        anna = hub.says("erp", "customer", person("e1", "Anna", "Meier", "anna@example.org", null));
        annie = hub.says("erp", "customer", person("e2", "Annie", "Meier", "annie@example.org", null));
        List<Delivery> underWay = hub.claims("shop", "customer");
        merge();
        hub.store.lanes().record(underWay.stream().map(delivery -> new DeliveryResult(delivery,
                DeliveryResult.Kind.DONE, null, "s-" + delivery.id(), null, null, true, null, null,
                java.time.Instant.parse("2026-03-01T10:00:01Z"), Duration.ofMillis(1))).toList());

        assertThat(externalIds(anna.id())).contains("shop s-" + anna.id(), "shop s-" + annie.id());
        assertThat(hub.delivers("shop", "customer")).as("both lack what the other had").hasSize(2);
        assertThat(hub.claims("shop", "customer")).isEmpty();
    }

    private DeliveryResult result(Delivery delivery, DeliveryResult.Kind kind) {
        return new DeliveryResult(delivery, kind, null, null, null, Duration.ZERO, true,
                kind == DeliveryResult.Kind.DONE ? null : "no", null, hub.now(), Duration.ofMillis(1));
    }

    @Test
    void whatOneOfTwoRecordsIsRefusedStaysOpenWhenTheOtherTakesIt() {
        twoThatAreOne();
        merge();
        List<Delivery> both = hub.claims("shop", "customer");
        assertThat(both).hasSize(2);
        hub.store.lanes().record(List.of(result(both.getFirst(), DeliveryResult.Kind.PARKED),
                result(both.getLast(), DeliveryResult.Kind.RETRY)));
        hub.delivers("shop", "customer");

        List<Parked> open = hub.store.parked().list(new ParkedItems.Question("DELIVERY", "shop", true), null, 9)
                .items();
        assertThat(open).hasSize(1);
        hub.store.parkedWork().retry(open.getFirst().id(), CLERK);
        assertThat(hub.delivers("shop", "customer")).extracting(Delivery::lane)
                .containsExactly(both.getFirst().lane());
        assertThat(hub.count("select count(*) from parked where resolved_at is null")).isZero();
    }

    @Test
    void whatMayHaveBeenMadeWithoutAnAnswerIsLookedForUnderTheIdThatItWasMadeUnder() {
        anna = hub.says("erp", "customer", person("e1", "Anna", "Meier", "anna@example.org", null));
        hub.delivers("shop", "customer");
        annie = hub.says("erp", "customer", person("e2", "Annie", "Meier", "annie@example.org", null));
        Delivery lost = hub.claims("shop", "customer").getFirst();
        hub.store.lanes().record(List.of(result(lost, DeliveryResult.Kind.RETRY)));

        merge();

        Delivery again = hub.claims("shop", "customer").stream().filter(Delivery::creates).findFirst().orElseThrow();
        assertThat(again.id()).isEqualTo(anna.id());
        assertThat(again.attempt()).as("looked for first").isEqualTo(2);
        assertThat(again.reference()).isEqualTo(annie.id());
        assertThat(again.idempotencyKey()).isEqualTo(lost.idempotencyKey());
        assertThat(again.golden()).containsEntry("id", annie.id().toString());
        assertThat(again.patch()).as("word for word").isEqualTo(lost.patch());
        hub.store.lanes().record(List.of(result(again, DeliveryResult.Kind.RETRY)));
        hub.store.corrections().unmerge(annie.id(), CLERK);

        Delivery parted = hub.claims("shop", "customer").stream().filter(Delivery::creates).findFirst().orElseThrow();
        assertThat(parted.id()).isEqualTo(annie.id());
        assertThat(parted.reference()).isEqualTo(annie.id());
        assertThat(parted.attempt()).isEqualTo(3);
    }

    @Test
    void aDeliveryThatWasNotTriedCountsForNothingWhereItsCustomerWasMergedMeanwhile() {
        twoThatAreOne();
        hub.says("erp", "customer",
                person("erp-" + annie.id(), "Annie", "Keller", "annie@example.org", "+41449999999"));
        Delivery underWay = hub.claims("shop", "customer").getFirst();
        assertThat(underWay.id()).isEqualTo(annie.id());
        merge();
        hub.store.lanes().record(List.of(new DeliveryResult(underWay, DeliveryResult.Kind.RETRY, null, null, null,
                Duration.ZERO, false, null, null, hub.now(), Duration.ofMillis(1))));

        assertThat(hub.count("select min(attempts) from link")).isZero();
    }

    @Test
    void makesNoSecondRecordWhereOneIsThere() {
        anna = hub.says("erp", "customer", person("e1", "Anna", "Meier", "anna@example.org", null));
        hub.delivers("shop", "customer");
        annie = hub.says("erp", "customer", person("e2", "Annie", "Meier", "annie@example.org", null));
        merge();
        assertThat(hub.delivers("shop", "customer")).singleElement()
                .satisfies(delivery -> assertThat(delivery.creates()).isFalse());
    }

    @Test
    void partsTwoAndGivesEachWhatItsOwnRecordsSaidSince() {
        twoThatAreOne();
        merge();
        for (String spoke : List.of("books", "erp", "shop")) {
            hub.delivers(spoke, "customer");
        }
        hub.passes(Duration.ofMinutes(1));
        Map<String, Object> atTheShop = with(with(golden(anna.id()).document(), "source", Map.of("id", "s1")),
                "addresses", List.of(address("Basel")));
        hub.says("shop", "customer", atTheShop);
        hub.says("erp", "customer", with(with(golden(anna.id()).document(), "source", Map.of("id", "e1")),
                "phones", List.of(Map.of("number", "+41449999999"), Map.of("number", "+41441111111"))));
        Outcome edit = edit(anna.id(), Map.of("note", "Rings before noon"));
        hub.says("shop", "order", order("8", Map.of("source", Map.of("id", "s1"))));
        hub.says("shop", "order", order("9", Map.of("source", Map.of("id", "shop-" + anna.id()))));
        hub.says("shop", "order", order("10", Map.of("emails", List.of(Map.of("address", "anna@example.org")))));

        Corrections.Parted parted = hub.store.corrections().unmerge(annie.id(), CLERK);

        assertThat(parted.outcome().state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(golden(annie.id()).document()).containsEntry("addresses", List.of(address("Basel")))
                .containsEntry("emails", List.of(Map.of("address", "annie@example.org")))
                .containsEntry("name", Map.of("given", "Annie", "family", "Meier"))
                .containsEntry("phones", List.of(Map.of("number", "+41449999999"))).doesNotContainKey("note");
        assertThat(golden(anna.id()).document())
                .containsEntry("emails", List.of(Map.of("address", "anna@example.org")))
                .containsEntry("name", Map.of("given", "Anna", "family", "Meier"))
                .containsEntry("phones", List.of(Map.of("number", "+41441111111")))
                .containsEntry("note", "Rings before noon").doesNotContainKeys("addresses", "language");
        assertThat(hub.order("8").document()).containsEntry("customer", Map.of("id", annie.id().toString()));
        assertThat(hub.order("9").document()).containsEntry("customer", Map.of("id", anna.id().toString()));
        assertThat(hub.count("select count(*) from invoice i join sales_order o on o.id = i.sales_order"
                + " where o.customer = i.customer")).isEqualTo(3);
        assertThat(parted.undecided()).anySatisfy(one -> assertThat(one.message()).isEqualTo(edit.messageId()))
                .anySatisfy(one -> assertThat(one.id()).isEqualTo(hub.order("10").id()))
                .noneSatisfy(one -> assertThat(one.id()).isIn(hub.order("8").id(), hub.order("9").id()));
        assertThat(externalIds(annie.id())).containsExactly("books books-" + annie.id(), "erp erp-" + annie.id(),
                "shop s1");
        assertThat(origin(annie.id(), "/addresses/home/city").spoke()).isEqualTo("shop");
    }

    private Outcome edit(UUID id, Map<String, Object> patch) {
        Arrival arrival = hub.arrival(CLERK, "customer", null, patch);
        return hub.store.ingest().ingest(List.of(new Arrival(CLERK, "customer", null, "rest", null, arrival.received(),
                arrival.receivedAt(), patch, null, null, null, new Edit(id, null)))).getFirst();
    }

    @Test
    void tellsTheSpokesThatTheyAreTwoAgain() {
        twoThatAreOne();
        merge();
        for (String spoke : List.of("books", "erp", "shop")) {
            hub.delivers(spoke, "customer");
        }
        hub.store.corrections().unmerge(anna.id(), CLERK);

        List<Delivery> told = hub.delivers("shop", "customer");
        assertThat(told).hasSize(2).allSatisfy(delivery -> assertThat(delivery.golden().get("emails"))
                .isEqualTo(golden(delivery.id()).document().get("emails")));
        assertThat(told).extracting(Delivery::externalId).containsExactlyInAnyOrder("s1", "shop-" + anna.id());
        assertThat(hub.claims("shop", "customer")).isEmpty();
    }

    @Test
    void partsInAnyOrderWithoutBringingBackWhatBelongsToAnother() {
        twoThatAreOne();
        Outcome third = hub.says("erp", "customer",
                person("e3", "Änni", "Meier", "aenni@example.org", "+41443333333"));
        merge();
        hub.passes(Duration.ofMinutes(1));
        hub.store.corrections().merge(anna.id(), third.id(), CLERK);
        assertThat(hub.store.corrections().unmerge(anna.id(), CLERK).outcome().state())
                .isEqualTo(Outcome.State.CONFLICT);
        hub.store.corrections().unmerge(annie.id(), CLERK);
        hub.store.corrections().unmerge(third.id(), CLERK);

        assertThat(golden(anna.id()).document()).containsEntry("name", Map.of("given", "Anna", "family", "Meier"))
                .containsEntry("emails", List.of(Map.of("address", "anna@example.org")))
                .doesNotContainKeys("phones", "language");
        assertThat(golden(third.id()).document())
                .containsEntry("emails", List.of(Map.of("address", "aenni@example.org")));
    }

    @Test
    void followsCustomersThatWereMergedAgain() {
        twoThatAreOne();
        Outcome third = hub.says("erp", "customer", person("e3", "Änni", "Meier", "aenni@example.org", null));
        merge();
        hub.store.corrections().merge(third.id(), anna.id(), CLERK);

        assertThat(hub.store.corrections().mergedInto(annie.id())).contains(third.id());
        assertThat(edit(annie.id(), Map.of("language", "it-CH")).id()).isEqualTo(third.id());
        assertThat(hub.store.corrections().unmerge(annie.id(), CLERK).outcome().state())
                .isEqualTo(Outcome.State.CONFLICT);
        hub.store.corrections().unmerge(anna.id(), CLERK);
        assertThat(hub.store.corrections().unmerge(annie.id(), CLERK).outcome().state())
                .isEqualTo(Outcome.State.APPLIED);
        assertThat(golden(annie.id()).document()).containsEntry("language", "de-CH");
    }

    @Test
    void asksNeverAgainAboutTwoThatWereToldApart() {
        Map<String, Object> first = with(person("e1", "Anna", "Meier", "anna@example.org", null), "addresses",
                List.of(Map.of("use", "home", "lines", List.of("Gasse 1"), "postalCode", "8001", "city", "Zürich")));
        Map<String, Object> second = with(with(first, "source", Map.of("id", "e2")), "emails",
                List.of(Map.of("address", "annie@example.org")));
        anna = hub.says("erp", "customer", first);
        annie = hub.says("erp", "customer", second);
        ParkedItems.Question open = new ParkedItems.Question("POSSIBLE_DUPLICATE", null, true);
        assertThat(hub.store.parked().list(open, null, 5).items()).hasSize(1);
        assertThat(hub.store.corrections().tellApart(annie.id(), anna.id(), CLERK).state())
                .isEqualTo(Outcome.State.APPLIED);
        hub.says("erp", "customer", with(second, "emails", List.of(Map.of("address", "anna@example.org"))));

        assertThat(hub.store.parked().list(open, null, 5).items()).isEmpty();
    }

    @Test
    void neverAsksAboutTwoThatWereParted() {
        twoThatAreOne();
        merge();
        hub.store.corrections().unmerge(annie.id(), CLERK);
        hub.says("shop", "customer", person("s1", "Annie", "Meier", "anna@example.org", "+41449999999"));
        assertThat(hub.store.parked().list(new ParkedItems.Question("POSSIBLE_DUPLICATE", null, true), null, 5).items())
                .isEmpty();
    }

    @Test
    void explainsAFieldAndRestoresAValueThatLost() {
        Outcome created = hub.says("erp", "customer", person("e1", "Anna", "Meier", "anna@example.org", null));
        hub.delivers("shop", "customer");
        hub.passes(Duration.ofMinutes(1));
        hub.says("shop", "customer",
                person("shop-" + created.id(), "Anna", "Keller", "anna@example.org", null));

        Explanation why = hub.store.goldens().explain("customer", created.id(), "/name/family");
        assertThat(why.values()).singleElement().satisfies(value -> {
            assertThat(value.spoke()).isEqualTo("shop");
            assertThat(value.lost().getFirst().message()).isEqualTo(created.messageId());
        });
        assertThat(why.history()).extracting(Explanation.Change::values)
                .containsExactly(Map.of("/name/family", "Meier"), Map.of("/name/family", "Keller"));
        assertThat(why.history()).extracting(Explanation.Change::mapping).containsOnly("test@1");

        Outcome restored = hub.store.corrections().restore(new Edit(created.id(), 2L),
                new Corrections.Earlier("/name/family", created.messageId(), null), CLERK);
        assertThat(restored.state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(golden(created.id()).document()).containsEntry("name", Map.of("given", "Anna", "family", "Meier"));
        assertThat(origin(created.id(), "/name/family").rule()).isEqualTo("restored");
        assertThat(origin(created.id(), "/name/family").lost().getFirst().value()).isEqualTo("Keller");
        assertThat(hub.delivers("shop", "customer")).singleElement()
                .satisfies(delivery -> assertThat(delivery.patch()).containsKey("name"));
    }

    @Test
    void restoresAnElementThatWasTakenAway() {
        Outcome created = hub.says("erp", "customer", person("e1", "Anna", "Meier", "anna@example.org", null));
        hub.says("erp", "customer", person("e1", "Anna", "Meier", null, null));
        Corrections.Earlier then = new Corrections.Earlier("/emails/anna@example.org", null, 1L);

        assertThat(hub.store.corrections().restore(new Edit(created.id(), 1L), then, CLERK).state())
                .isEqualTo(Outcome.State.CONFLICT);
        hub.store.corrections().restore(new Edit(created.id(), null), then, CLERK);
        assertThat(golden(created.id()).document())
                .containsEntry("emails", List.of(Map.of("address", "anna@example.org")));
        assertThat(hub.store.corrections().restore(new Edit(created.id(), null),
                new Corrections.Earlier("/language", null, 1L), CLERK).state()).isEqualTo(Outcome.State.NOT_FOUND);
    }

    @Test
    void mergingAnswersWhatARecordThatBelongsToAnotherCustomerHasAsked() {
        Outcome anna = hub.says("shop", "customer", person("s1", "Anna", "Meier", "anna@example.org", null));
        Outcome same = hub.says("erp", "customer", person("2", "Anna", "Meyer", "meyer@example.org", null));
        answersOfTheShop(DeliveryResult.Kind.DONE, "s1");
        assertThat(openDeliveries()).extracting(Parked::entityId).containsExactly(same.id());

        hub.store.corrections().merge(anna.id(), same.id(), "api");

        assertThat(openDeliveries()).isEmpty();
    }

    @Test
    void aRefusedDeliveryGoesWithItsRecordWhenCustomersAreMergedAndParted() {
        Outcome kept = hub.says("erp", "customer", person("1", "Anna", "Meier", "anna@example.org", null));
        hub.delivers("shop", "customer");
        Outcome absorbed = hub.says("erp", "customer", person("2", "Ann", "Keller", "keller@example.org", null));
        hub.delivers("shop", "customer");
        hub.says("erp", "customer", person("2", "Ann", "Kellermann", "keller@example.org", null));
        answersOfTheShop(DeliveryResult.Kind.PARKED, null);
        assertThat(openDeliveries()).hasSize(1);

        hub.store.corrections().merge(kept.id(), absorbed.id(), "api");
        assertThat(openDeliveries()).as("it is tried anew").isEmpty();
        answersOfTheShop(DeliveryResult.Kind.PARKED, null);
        assertThat(openDeliveries()).as("one for each record").extracting(Parked::entityId).containsExactly(kept.id(),
                kept.id());

        hub.store.corrections().unmerge(absorbed.id(), "api");
        assertThat(openDeliveries()).as("of the one that stayed").hasSize(1);
    }

    private void answersOfTheShop(DeliveryResult.Kind kind, String externalId) {
        hub.store.lanes()
                .record(hub.claims("shop", "customer").stream()
                        .map(delivery -> new DeliveryResult(delivery, kind, null, externalId, null, null, true,
                                kind == DeliveryResult.Kind.DONE ? null : "too long", null, hub.now(),
                                Duration.ofMillis(3)))
                        .toList());
    }

    private List<Parked> openDeliveries() {
        return hub.store.parked().list(new ParkedItems.Question(null, "shop", true), null, 9).items().stream()
                .filter(parked -> parked.message() == null).toList();
    }
}
