package io.serai.crm;

import static io.serai.crm.Hub.person;
import static io.serai.crm.Hub.with;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.serai.crm.plan.Survivorship;

class IngestTest {
    private final Hub hub = new Hub();

    @AfterEach
    void close() {
        hub.close();
    }

    @Test
    void keepsANewCustomerAndTellsEveryOtherSpoke() {
        Outcome outcome = hub.says("erp", "customer", person("1", "Anna", "Meier", "Anna@example.org", "+41441234567"));

        assertThat(outcome.state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(outcome.version()).isEqualTo(1);
        assertThat(hub.customer(outcome)).containsEntry("name", Map.of("given", "Anna", "family", "Meier"));
        assertThat(hub.claims("shop", "customer")).singleElement().satisfies(delivery -> {
            assertThat(delivery.creates()).isTrue();
            assertThat(delivery.patch()).containsKeys("name", "emails", "phones");
        });
        assertThat(hub.claims("books", "customer")).hasSize(1);
        assertThat(hub.claims("erp", "customer")).isEmpty();
    }

    @Test
    void dropsTheEchoOfItsOwnWrite() {
        hub.says("erp", "customer", person("1", "Anna", "Meier", "Anna@Example.org", "+41441234567"));
        Delivery delivery = hub.delivers("shop", "customer",
                patch -> with(patch, "emails", List.of(Map.of("address", "anna@example.org")))).getFirst();

        Outcome echo = hub.says("shop", "customer",
                person("shop-" + delivery.id(), "Anna", "Meier", "anna@example.org", "+41441234567"));

        assertThat(echo.state()).isEqualTo(Outcome.State.UNCHANGED);
        assertThat(echo.version()).isEqualTo(1);
        assertThat(hub.claims("erp", "customer")).isEmpty();
        assertThat(hub.claims("shop", "customer")).isEmpty();
    }

    @Test
    void dropsAnEchoThatOvertakesTheAnswerToTheWrite() {
        hub.says("erp", "customer", person("1", "Anna", "Meier", "Anna@Example.org", "+41441234567"));
        Delivery claimed = hub.claims("shop", "customer").getFirst();

        Outcome echo = hub.says("shop", "customer", person("77", "Anna", "Meier", "anna@example.org", "+41441234567"));
        hub.store.lanes().record(List.of(done(claimed, "77")));

        assertThat(echo.state()).isEqualTo(Outcome.State.UNCHANGED);
        assertThat(hub.store.goldens().links("customer", echo.id())).filteredOn(link -> link.spoke().equals("shop"))
                .singleElement().satisfies(link -> {
                    assertThat(link.externalId()).isEqualTo("77");
                    assertThat(link.state()).isEqualTo("SYNCED");
                });
    }

    @Test
    void anUnansweredWriteThatOthersHaveReplacedManyTimesIsStillNoEdit() {
        Outcome created = hub.says("erp", "customer", person("1", "Anna", "House 1", "anna@example.org", null));
        hub.claims("shop", "customer");
        // The hub dies: what it wrote is there, and nobody knows. Meanwhile life goes on.
        for (int house = 2; house <= 20; house++) {
            hub.says("erp", "customer", person("1", "Anna", "House " + house, "anna@example.org", null));
        }
        hub.passes(Duration.ofMinutes(5));

        hub.says("shop", "customer", person("77", "Anna", "House 1", "anna@example.org", null));

        assertThat(hub.customer(created)).extracting("name").extracting("family").isEqualTo("House 20");
    }

    @Test
    void aCreateThatNobodyAnsweredIsSaidAgainWordForWordAndWhatIsNewFollows() {
        hub.says("erp", "customer", person("1", "Anna", "House 1", "anna@example.org", null));
        Delivery unanswered = hub.claims("shop", "customer").getFirst();
        hub.says("erp", "customer", person("1", "Anna", "House 2", "anna@example.org", null));
        hub.passes(Duration.ofMinutes(5));

        Delivery again = hub.claims("shop", "customer").getFirst();
        assertThat(again.patch()).isEqualTo(unanswered.patch());
        assertThat(again.idempotencyKey()).isEqualTo(unanswered.idempotencyKey());
        hub.store.lanes().record(List.of(done(again, "77")));

        assertThat(hub.claims("shop", "customer")).singleElement().satisfies(update -> {
            assertThat(update.externalId()).isEqualTo("77");
            assertThat(update.idempotencyKey()).as("it must not pass for a repeat of anything").isNull();
            assertThat(update.patch()).extracting("name").extracting("family").isEqualTo("House 2");
        });
    }

    @Test
    void keepsAnEditThatOvertakesTheAnswerToTheWrite() {
        Outcome created = hub.says("erp", "customer",
                with(person("1", "Anna", "Meier", "Anna@Example.org", "+41441234567"), "phones",
                        List.of(Map.of("number", "+41441234567"), Map.of("number", "+41447654321"))));
        Delivery claimed = hub.claims("shop", "customer").getFirst();

        // The shop keeps one phone number, in lower case whatever has a case, and somebody has just changed the number.
        hub.says("shop", "customer", person("77", "Anna", "Meier", "anna@example.org", "+41449999999"));
        hub.store.lanes().record(List.of(done(claimed, "77")));

        assertThat(hub.customer(created)).containsEntry("emails", List.of(Map.of("address", "Anna@Example.org")))
                .containsEntry("phones", List.of(Map.of("number", "+41449999999"), Map.of("number", "+41447654321")));
    }

    @Test
    void keepsBothNumbersWhenTheSpokesOwnRecordMeetsAWriteThatFailed() {
        Outcome created = hub.says("erp", "customer",
                person("1", "Anna", "Meier", "anna@example.org", "+41441234567"));
        Delivery claimed = hub.claims("shop", "customer").getFirst();
        hub.store.lanes().record(List.of(new DeliveryResult(claimed, DeliveryResult.Kind.RETRY, null, null, null,
                Duration.ofMinutes(1), true, "no answer", null, Instant.parse("2026-03-01T10:00:00Z"),
                Duration.ofMillis(5))));

        hub.says("shop", "customer", person("77", "Anna", "Meier", "anna@example.org", "+41449999999"));

        assertThat(hub.customer(created)).containsEntry("phones",
                List.of(Map.of("number", "+41441234567"), Map.of("number", "+41449999999")));
    }

    private static DeliveryResult done(Delivery delivery, String externalId) {
        return new DeliveryResult(delivery, DeliveryResult.Kind.DONE, null, externalId, null, null, false, null, null,
                java.time.Instant.parse("2026-03-01T10:00:00Z"), Duration.ofMillis(5));
    }

    @Test
    void keepsBothEditsWhenTwoSpokesChangeDifferentFields() {
        Map<String, Object> anna = person("1", "Anna", "Meier", "anna@example.org", "+41441234567");
        Outcome created = hub.says("erp", "customer", anna);
        String shopId = "shop-" + hub.delivers("shop", "customer").getFirst().id();
        hub.delivers("books", "customer");

        hub.says("shop", "customer", person(shopId, "Anna", "Meier", "anna@example.org", "+41449999999"));
        hub.says("erp", "customer", with(anna, "name", Map.of("given", "Anna", "family", "Keller")));

        assertThat(hub.customer(created)).containsEntry("name", Map.of("given", "Anna", "family", "Keller"))
                .containsEntry("phones", List.of(Map.of("number", "+41449999999")));
        assertThat(hub.claims("erp", "customer")).singleElement()
                .satisfies(delivery -> assertThat(delivery.changed()).containsExactly("phones"));
        assertThat(hub.claims("shop", "customer")).singleElement()
                .satisfies(delivery -> assertThat(delivery.changed()).containsExactly("name"));
        assertThat(hub.claims("books", "customer")).singleElement()
                .satisfies(delivery -> assertThat(delivery.changed()).containsExactlyInAnyOrder("name", "phones"));
    }

    @Test
    void tellsAbsentFromCleared() {
        Map<String, Object> anna = person("1", "Anna", "Meier", "anna@example.org", "+41441234567");
        Outcome created = hub.says("erp", "customer", with(anna, "language", "de"));

        Outcome silent = hub.says("erp", "customer", anna);
        assertThat(silent.state()).isEqualTo(Outcome.State.UNCHANGED);
        assertThat(hub.customer(created)).containsEntry("language", "de");

        Outcome cleared = hub.says("erp", "customer", with(anna, "language", null));
        assertThat(cleared.state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(hub.customer(created)).doesNotContainKey("language");

        Outcome emptied = hub.says("erp", "customer", with(anna, "phones", List.of()));
        assertThat(emptied.version()).isEqualTo(3);
        assertThat(hub.customer(created)).doesNotContainKey("phones");
    }

    @Test
    void recognisesAKnownCustomerByEmailInOtherCaseAndByPhone() {
        Outcome first = hub.says("erp", "customer", person("1", "Anna", "Meier", "Anna@Example.org", "+41441234567"));
        Outcome byEmail = hub.says("nightly", "customer", person("n1", "Anna", "Meier", "ANNA@example.ORG", null));
        Outcome byPhone = hub.says("nightly", "customer", person("n2", "A.", "Meier", null, "+41441234567"));

        assertThat(byEmail.id()).isEqualTo(first.id());
        assertThat(byPhone.id()).isEqualTo(first.id());
        assertThat(hub.count("select count(*) from customer")).isEqualTo(1);
    }

    @Test
    void neverMergesTwoPeopleWhoOnlyShareAPhone() {
        Outcome anna = hub.says("erp", "customer", person("1", "Anna", "Meier", "anna@example.org", "+41441234567"));
        Outcome reto = hub.says("erp", "customer", person("2", "Reto", "Hug", "reto@example.org", "+41441234567"));

        assertThat(reto.id()).isNotEqualTo(anna.id());
        assertThat(
                hub.store.parked().list(new ParkedItems.Question("POSSIBLE_DUPLICATE", null, true), null, 10).items())
                .hasSize(1);
    }

    @Test
    void asksAPersonWhenOnlyNameAndAddressAreAlike() {
        Map<String, Object> address = Map.of("use", "home", "lines", List.of("Seestrasse 12"), "postalCode", "8002",
                "city", "Zürich", "country", "CH");
        Outcome one = hub.says("erp", "customer",
                with(person("1", "Anna", "Müller", "anna@example.org", null), "addresses", List.of(address)));
        Outcome other = hub.says("erp", "customer",
                with(person("2", "Ana", "Mueller", "am@example.net", null), "addresses", List.of(address)));

        assertThat(other.id()).isNotEqualTo(one.id());
        assertThat(
                hub.store.parked().list(new ParkedItems.Question("POSSIBLE_DUPLICATE", null, true), null, 10).items())
                .singleElement().satisfies(parked -> assertThat(parked.problem()).contains(one.id().toString()));
    }

    @Test
    void answersARepeatedEventLikeTheFirstTime() {
        Map<String, Object> anna = person("1", "Anna", "Meier", "anna@example.org", null);
        Outcome first = hub.says("erp", "customer", "m-1", anna);
        Outcome repeat = hub.says("erp", "customer", "m-1", anna);

        assertThat(repeat.state()).isEqualTo(Outcome.State.DUPLICATE);
        assertThat(repeat.id()).isEqualTo(first.id());
        assertThat(repeat.messageId()).isEqualTo(first.messageId());
        assertThat(hub.count("select count(*) from message")).isEqualTo(1);
    }

    @Test
    void refusesAnEventIdThatComesBackWithOtherContent() {
        hub.says("erp", "customer", "m-1", person("1", "Anna", "Meier", "anna@example.org", null));
        Outcome reuse = hub.says("erp", "customer", "m-1", person("1", "Berta", "Meier", "anna@example.org", null));

        assertThat(reuse.state()).isEqualTo(Outcome.State.PARKED);
        assertThat(reuse.refusal().code()).isEqualTo("key-reuse");
        assertThat(hub.count("select count(*) from message")).isEqualTo(2);
    }

    private Arrival edit(String key, UUID whom, Long version) {
        return new Arrival("office", "customer", key, "rest", "application/json", new byte[]{'{', '}'},
                Instant.parse("2026-03-01T10:00:00Z"), new LinkedHashMap<>(Map.of("status", "inactive")), null, null,
                null, new Edit(whom, version));
    }

    @Test
    void takesTheSameEditOfAnotherCustomerForAnotherMessage() {
        Outcome anna = hub.says("erp", "customer", person("1", "Anna", "Meier", "anna@example.org", null));
        Outcome bert = hub.says("erp", "customer", person("2", "Bert", "Huber", "bert@example.org", null));
        List<Outcome> outcomes = hub.store.ingest().ingest(List.of(edit("deactivate", anna.id(), null),
                edit("deactivate", bert.id(), null), edit("deactivate", anna.id(), null)));

        assertThat(outcomes).extracting(Outcome::state).containsExactly(Outcome.State.APPLIED,
                Outcome.State.REJECTED, Outcome.State.DUPLICATE);
        assertThat(outcomes.get(1).refusal().code()).isEqualTo("key-reuse");
        assertThat(hub.customer(bert)).doesNotContainEntry("status", "inactive");
    }

    @Test
    void whoeverWasRefusedMayMendTheMessageAndKeepItsId() {
        Outcome anna = hub.says("erp", "customer", person("1", "Anna", "Meier", "anna@example.org", null));
        Ingest ingest = hub.store.ingest();
        Arrival early = edit("k", anna.id(), 7L);
        Arrival mended = edit("k", anna.id(), 1L);
        Outcome refused = ingest.ingest(List.of(early)).getFirst();
        Outcome done = ingest.ingest(List.of(mended)).getFirst();

        assertThat(List.of(refused.state(), done.state())).containsExactly(Outcome.State.CONFLICT,
                Outcome.State.APPLIED);
        assertThat(ingest.ingest(List.of(mended, early, edit("k", anna.id(), 2L)))).satisfiesExactly(
                again -> assertThat(again.messageId()).isEqualTo(done.messageId()),
                again -> assertThat(again.messageId()).isEqualTo(refused.messageId()),
                third -> assertThat(third.refusal().code()).isEqualTo("key-reuse"));
        assertThat(hub.store.goldens().find("customer", anna.id()).orElseThrow().version()).isEqualTo(2);
    }

    @Test
    void mendsAMessageInTheSameBatchToo() {
        Outcome anna = hub.says("erp", "customer", person("1", "Anna", "Meier", "anna@example.org", null));
        List<Outcome> outcomes = hub.store.ingest()
                .ingest(List.of(edit("k", anna.id(), 7L), edit("k", anna.id(), 1L), edit("k", anna.id(), 1L)));

        assertThat(outcomes).extracting(Outcome::state).containsExactly(Outcome.State.CONFLICT,
                Outcome.State.APPLIED, Outcome.State.DUPLICATE);
    }

    @Test
    void ignoresWhatIsOlderThanWhatTheSpokeSaidBefore() {
        Outcome first = hub.says("shop", "customer",
                with(person("1", "Anna", "Meier", "anna@example.org", null), "source",
                        Map.of("id", "1", "revision", "2026-03-01T10:00:00+01:00")));
        Outcome stale = hub.says("shop", "customer",
                with(person("1", "Anna", "Old", "anna@example.org", null), "source",
                        Map.of("id", "1", "revision", "2026-03-01T08:30:00Z")));

        assertThat(stale.state()).isEqualTo(Outcome.State.STALE);
        assertThat(hub.customer(first)).containsEntry("name", Map.of("given", "Anna", "family", "Meier"));
    }

    @Test
    void journalsWhatNoEarlierStepCouldRead() {
        Refusal why = new Refusal("soap:erp/customer", "/Envelope/Body", "The XML is broken.", "malformed");
        Outcome outcome = hub.store.ingest().ingest(List.of(new Arrival("erp", "customer", null, "soap", "text/xml",
                new byte[]{'<'}, Instant.parse("2026-03-01T10:00:00Z"), null, why, null, null, null))).getFirst();

        assertThat(outcome.state()).isEqualTo(Outcome.State.REJECTED);
        assertThat(outcome.refusal()).isEqualTo(why);
        assertThat(hub.count("select count(*) from message where state = 'REJECTED'")).isEqualTo(1);
    }

    @Test
    void isolatesABadMemberOfABatch() {
        List<Arrival> arrivals = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Map<String, Object> person = person("p" + i, "Given" + i, "Family" + i, "p" + i + "@example.org", null);
            arrivals.add(hub.arrival("nightly", "customer", "row-" + i,
                    i == 7 ? with(person, "currency", "no currency at all") : person));
        }

        List<Outcome> outcomes = hub.store.ingest().ingest(arrivals);

        assertThat(outcomes).filteredOn(outcome -> outcome.state() == Outcome.State.APPLIED).hasSize(19);
        assertThat(outcomes.get(7).state()).isEqualTo(Outcome.State.PARKED);
        assertThat(hub.count("select count(*) from message")).isEqualTo(20);
        assertThat(hub.count("select count(*) from customer")).isEqualTo(19);
    }

    @Test
    void keepsOneCustomerWhenFiftyCallersSendItAtOnce() throws Exception {
        List<Callable<Outcome>> calls = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            String spoke = i % 2 == 0 ? "erp" : "shop";
            calls.add(() -> hub.says(spoke, "customer",
                    person(null, "Anna", "Meier", "anna@example.org", "+41441234567")));
        }
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Outcome> call : callers.invokeAll(calls)) {
                assertThat(call.get().id()).isNotNull();
            }
        }
        assertThat(hub.count("select count(*) from customer")).isEqualTo(1);
        assertThat(hub.count("select count(*) from message")).isEqualTo(50);
    }

    @Test
    void tellsWhereEveryValueCameFromAndWhichValueLost() {
        Outcome created = hub.says("erp", "customer", person("1", "Anna", "Meier", "anna@example.org", null));
        Outcome changed = hub.says("erp", "customer", person("1", "Anna", "Keller", "anna@example.org", null));

        List<FieldOrigin> origins = hub.store.goldens().origins("customer", created.id());
        assertThat(origins).filteredOn(origin -> origin.field().equals("/name/family")).singleElement()
                .satisfies(origin -> {
                    assertThat(origin.value()).isEqualTo("Keller");
                    assertThat(origin.message()).isEqualTo(changed.messageId());
                    assertThat(origin.mapping()).isEqualTo("test@1");
                    assertThat(origin.lost()).singleElement()
                            .satisfies(lost -> assertThat(lost.value()).isEqualTo("Meier"));
                });
        assertThat(origins).filteredOn(origin -> origin.field().equals("/name/given")).singleElement()
                .satisfies(origin -> assertThat(origin.message()).isEqualTo(created.messageId()));
    }

    @Test
    void parksAFieldWhosePolicyLeavesItToAPerson() {
        try (Hub careful = new Hub(new Survivorship(
                Map.of("customer",
                        Map.of("name", Survivorship.Policy.PARK, "language", Survivorship.Policy.RANKING))))) {
            Map<String, Object> anna = person("1", "Anna", "Meier", "anna@example.org", null);
            Outcome created = careful.says("erp", "customer", with(anna, "language", "de"));
            careful.says("shop", "customer",
                    with(person("s1", "Anna", "Muster", "anna@example.org", null), "language", "fr"));

            assertThat(careful.customer(created)).containsEntry("language", "de").containsEntry("name",
                    Map.of("given", "Anna", "family", "Meier"));
            assertThat(careful.store.parked().list(new ParkedItems.Question("CONFLICT", null, true), null, 10).items())
                    .singleElement().satisfies(parked -> {
                        assertThat(parked.field()).isEqualTo("/name/family");
                        assertThat(parked.detail()).containsEntry("golden", "Meier").containsEntry("theirs", "Muster");
                    });
            assertThat(careful.claims("shop", "customer")).singleElement()
                    .satisfies(delivery -> assertThat(delivery.changed()).containsExactly("name", "language"));
        }
    }

    @Test
    void editsOnlyTheVersionThatWasSeen() {
        Outcome created = hub.says("erp", "customer", person("1", "Anna", "Meier", "anna@example.org", null));
        Arrival edit = edit(created, 1L, Map.of("language", "fr"));
        assertThat(hub.store.ingest().ingest(List.of(edit)).getFirst().state()).isEqualTo(Outcome.State.APPLIED);

        Outcome late = hub.store.ingest().ingest(List.of(edit(created, 1L, Map.of("language", "it")))).getFirst();
        assertThat(late.state()).isEqualTo(Outcome.State.CONFLICT);
        assertThat(hub.customer(created)).containsEntry("language", "fr");
    }

    private static int edits;

    private static Arrival edit(Outcome record, Long version, Map<String, Object> patch) {
        return new Arrival("api", "customer", "edit-" + edits++, "rest", "application/merge-patch+json",
                Json.text(patch).getBytes(java.nio.charset.StandardCharsets.UTF_8), java.time.Instant.EPOCH,
                new LinkedHashMap<>(patch), null, null, null, new Edit(record.id(), version));
    }

    @Test
    void bringsASpokeThatWasAwayToTheLatestStateOnly() {
        Outcome created = hub.says("erp", "customer", person("1", "Anna", "Meier", "anna@example.org", null));
        hub.delivers("shop", "customer");
        for (int i = 0; i < 5; i++) {
            hub.says("erp", "customer", person("1", "Anna", "Name" + i, "anna@example.org", null));
        }

        assertThat(hub.claims("shop", "customer")).singleElement().satisfies(delivery -> {
            assertThat(delivery.version()).isEqualTo(6);
            assertThat(delivery.patch()).containsEntry("name", Map.of("given", "Anna", "family", "Name4"));
        });
        assertThat(hub.customer(created)).containsEntry("name", Map.of("given", "Anna", "family", "Name4"));
    }

    @Test
    void neverRecordsTheResultOfAClaimThatLapsed() {
        hub.says("erp", "customer", person("1", "Anna", "Meier", "anna@example.org", null));
        Delivery frozen = hub.claims("shop", "customer").getFirst();
        hub.passes(Duration.ofMinutes(2));
        Delivery second = hub.claims("shop", "customer").getFirst();

        assertThat(second.fence()).isGreaterThan(frozen.fence());
        assertThat(hub.store.lanes().record(List.of(done(frozen, "x1")))).containsExactly(false);
        assertThat(hub.store.lanes().record(List.of(done(second, "x1")))).containsExactly(true);
    }

    @Test
    void findsCustomersByNameEmailPhoneAndExternalId() {
        Outcome anna = hub.says("erp", "customer",
                person("4711", "Anna Lena", "Müller-Keller", "anna@example.org", "+41441234567"));
        hub.says("erp", "customer", person("4712", "Reto", "Hug", "reto@example.org", null));

        for (Map<String, String> question : List.of(Map.of("name", "mull ann"), Map.of("email", "ANNA@example.org"),
                Map.of("phone", "+41441234567"), Map.of("externalId", "4711", "spoke", "erp"))) {
            assertThat(hub.store.goldens().list("customer", new Filter(question), null, 10).items()).as("%s", question)
                    .singleElement().satisfies(found -> assertThat(found.id()).isEqualTo(anna.id()));
        }
        Page<Golden> first = hub.store.goldens().list("customer", Filter.NONE, null, 1);
        assertThat(hub.store.goldens().list("customer", Filter.NONE, first.next(), 1).items()).hasSize(1);
    }

    @Test
    void keepsEveryTenantToItself() {
        hub.says("erp", "customer", person("1", "Anna", "Meier", "anna@example.org", null));
        try (var connection = hub.database.getConnection(); var statement = connection.createStatement()) {
            statement.execute("set serai.tenant = '2'");
            try (var row = statement.executeQuery("select count(*) from customer")) {
                row.next();
                assertThat(row.getLong(1)).isZero();
            }
            statement.execute("reset serai.tenant");
            try (var row = statement.executeQuery("select count(*) from customer")) {
                row.next();
                assertThat(row.getLong(1)).as("without a tenant").isZero();
            }
            org.assertj.core.api.Assertions
                    .assertThatThrownBy(() -> statement.execute("alter table customer disable row level security"))
                    .hasMessageContaining("owner");
        } catch (java.sql.SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }
}
