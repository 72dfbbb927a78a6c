package io.serai.crm;

import static io.serai.crm.Hub.person;
import static io.serai.crm.Hub.with;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Spokes that have habits of their own come to rest; those that cannot are stopped, each at its field. */
class RestTest {
    private final Hub hub = new Hub();

    @AfterEach
    void close() {
        hub.close();
    }

    private static Map<String, Object> anna(String id, String family) {
        return person(id, "Anna", family, "anna@example.org", null);
    }

    /** Its answer tells nothing but the id. */
    private String created(String spoke) {
        return spoke + "-" + hub.delivers(spoke, "customer", _ -> null).getFirst().id();
    }

    private List<Parked> frozen() {
        return hub.store.parked().list(new ParkedItems.Question("FROZEN_FIELD", null, true), null, 9).items();
    }

    private String journey(Outcome outcome) {
        return hub.store.messages().find(outcome.messageId()).orElseThrow().journey().getLast().detail();
    }

    @Test
    void twoSpokesThatWriteANameInTheirOwnWayComeToRest() {
        hub.says("erp", "customer", anna("1", "Meier von der Langen Strasse"));
        String shop = created("shop");
        String books = created("books");

        Outcome upper = hub.says("shop", "customer", anna(shop, "MEIER VON DER LANGEN STRASSE"));
        Outcome cut = hub.says("books", "customer", anna(books, "Meier von der"));

        assertThat(List.of(upper.state(), cut.state())).containsOnly(Outcome.State.UNCHANGED);
        for (String spoke : List.of("erp", "shop", "books")) {
            assertThat(hub.claims(spoke, "customer")).as(spoke).isEmpty();
        }
        assertThat(journey(cut)).contains("no news by its own words after version 1 was written");
    }

    @Test
    void anEditElsewhereInACutRecordDoesNotCutTheName() {
        Outcome created = hub.says("shop", "customer", anna("1", "Meier von der Langen Strasse"));
        String erp = created("erp");

        hub.says("erp", "customer", with(anna(erp, "Meier von der"), "language", "de"));

        assertThat(hub.customer(created)).containsEntry("language", "de").containsEntry("name",
                Map.of("given", "Anna", "family", "Meier von der Langen Strasse"));
    }

    @Test
    void aNameThatWasMendedInTheSpokeThatCutsItIsAnEdit() {
        Outcome created = hub.says("shop", "customer", anna("1", "Meier von der Langen Strasse"));
        String erp = created("erp");
        hub.says("erp", "customer", anna(erp, "Meier von der"));
        hub.says("erp", "customer", anna(erp, "Meier von Der"));

        assertThat(hub.customer(created)).containsEntry("name", Map.of("given", "Anna", "family", "Meier von Der"));
    }

    @Test
    void aSpokeThatHasNoPlaceForAFieldDoesNotClearIt() {
        Outcome created = hub.says("erp", "customer", with(anna("1", "Meier"), "language", "de"));
        String shop = created("shop");
        Outcome echo = hub.says("shop", "customer", with(anna(shop, "Meier"), "language", null));

        assertThat(echo.state()).isEqualTo(Outcome.State.UNCHANGED);
        assertThat(hub.customer(created)).containsEntry("language", "de");
        assertThat(hub.claims("shop", "customer")).isEmpty();
    }

    @Test
    void whatWasSaidBeforeAWriteAndArrivesAfterItSetsNothingBack() {
        Outcome created = hub.says("erp", "customer", anna("1", "Meier"));
        String shop = created("shop");
        hub.says("erp", "customer", anna("1", "Keller"));
        hub.delivers("shop", "customer");
        Outcome late = hub.says("shop", "customer", with(anna(shop, "Meier"), "language", "fr"));

        assertThat(hub.customer(created)).containsEntry("language", "fr").containsEntry("name",
                Map.of("given", "Anna", "family", "Keller"));
        assertThat(late.state()).isEqualTo(Outcome.State.APPLIED);
    }

    /** The spoke does what it was told and answers with the record's revision and nothing else. */
    private void done(Delivery delivery, String revision) {
        hub.store.lanes().record(List.of(new DeliveryResult(delivery, DeliveryResult.Kind.DONE, null,
                delivery.creates() ? "s1" : null, revision, null, false, null, null, hub.now(),
                Duration.ofMillis(3))));
    }

    @Test
    void whatAPersonSaidBeforeAWriteOvertookItStandsBesideWhatWasWritten() {
        Outcome created = hub.says("erp", "customer", anna("1", "Meier"));
        done(hub.claims("shop", "customer").getFirst(), "1");
        hub.says("shop", "customer", with(anna("s1", "Meier"), "source", Map.of("id", "s1", "revision", "1")));
        hub.says("erp", "customer", anna("1", "Keller"));
        done(hub.claims("shop", "customer").getFirst(), "3");

        Map<String, Object> said = with(anna("s1", "Meier"), "language", "de");
        hub.says("shop", "customer", with(said, "source", Map.of("id", "s1", "revision", "2")));

        assertThat(hub.customer(created)).containsEntry("language", "de").containsEntry("name",
                Map.of("given", "Anna", "family", "Keller"));
    }

    @Test
    void whatIsSetBackLaterIsAnEdit() {
        Outcome created = hub.says("erp", "customer", anna("1", "Meier"));
        String shop = created("shop");
        hub.says("erp", "customer", anna("1", "Keller"));
        hub.delivers("shop", "customer");
        hub.passes(Duration.ofMinutes(1));
        hub.says("shop", "customer", anna(shop, "Meier"));

        assertThat(hub.customer(created)).containsEntry("name", Map.of("given", "Anna", "family", "Meier"));
    }

    @Test
    void writesAgainWhatALostWriteMayHaveLeft() {
        hub.says("erp", "customer", anna("1", "Meier"));
        created("shop");
        hub.says("erp", "customer", with(anna("1", "Meier"), "phones", List.of(Map.of("number", "+41441234567"))));
        Delivery lost = hub.claims("shop", "customer").getFirst();
        hub.says("erp", "customer", anna("1", "Meier"));
        hub.store.lanes().record(List.of(new DeliveryResult(lost, DeliveryResult.Kind.RETRY, null, null, null,
                Duration.ZERO, true, "no answer", null, java.time.Instant.parse("2026-03-01T10:00:00Z"),
                Duration.ofMillis(3))));

        assertThat(hub.claims("shop", "customer")).singleElement()
                .satisfies(delivery -> assertThat(delivery.patch()).containsEntry("phones", List.of()));
    }

    /** Shop and ERP each have a rule of their own how a name is written, and apply it to whatever they are given. */
    private Outcome fight(int rounds) {
        Outcome created = hub.says("erp", "customer", anna("1", "Meier"));
        String shop = "shop-" + hub.delivers("shop", "customer").getFirst().id();
        for (int i = 0; i < rounds; i++) {
            hub.passes(Duration.ofMinutes(5));
            hub.says("shop", "customer", anna(shop, "Meier".toUpperCase(Locale.ROOT)));
            hub.delivers("erp", "customer");
            hub.passes(Duration.ofMinutes(5));
            hub.says("erp", "customer", anna("1", "Meier"));
            hub.delivers("shop", "customer");
        }
        return created;
    }

    @Test
    void aFieldThatSpokesFightOverIsFrozenAndEverythingElseGoesOn() {
        Outcome created = fight(4);
        assertThat(frozen()).singleElement().satisfies(parked -> {
            assertThat(parked.entityId()).isEqualTo(created.id());
            assertThat(parked.field()).isEqualTo("/name/family");
            assertThat(parked.detail().get("values").toString()).contains("MEIER", "Meier", "shop", "erp");
        });
        long version = hub.store.goldens().find("customer", created.id()).orElseThrow().version();
        Outcome other = hub.says("erp", "customer", with(anna("1", "Mayer"), "language", "de"));

        assertThat(other.version()).isEqualTo(version + 1);
        assertThat(hub.customer(created)).containsEntry("language", "de");
        assertThat(hub.customer(created).get("name").toString()).doesNotContain("Mayer");
        assertThat(hub.claims("shop", "customer")).singleElement()
                .satisfies(delivery -> assertThat(delivery.patch()).containsOnlyKeys("language"));
    }

    @Test
    void aPersonWhoSetsAFrozenFieldLetsItGoOn() {
        Outcome created = fight(4);
        String value = hub.customer(created).get("name").toString();
        Map<String, Object> name = Map.of("given", "Anna", "family",
                value.contains("MEIER") ? "MEIER" : "Meier");
        Outcome decided = hub.store.ingest()
                .ingest(List.of(new Arrival("office", "customer", "decided", "rest", null, new byte[]{1},
                        java.time.Instant.parse("2026-03-01T12:00:00Z"), Map.of("name", name), null, null, null,
                        new Edit(created.id(), null))))
                .getFirst();

        assertThat(decided.state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(frozen()).isEmpty();
        hub.says("erp", "customer", anna("1", "Frei"));
        assertThat(hub.customer(created).get("name").toString()).contains("Frei");
    }

    @Test
    void aFightEndsWithTheCustomerThatIsMergedIntoAnotherAndNothingIsFrozenWhenTheyAreParted() {
        Outcome created = fight(4);
        Outcome other = hub.says("erp", "customer", person("2", "Eva", "Muster", "eva@example.org", null));
        hub.store.corrections().merge(other.id(), created.id(), "api");
        assertThat(frozen()).isEmpty();

        hub.store.corrections().unmerge(created.id(), "api");
        hub.says("erp", "customer", anna("1", "Frei"));

        assertThat(hub.customer(created).get("name").toString()).contains("Frei");
    }

    @Test
    void whatAPersonHasDecidedWhileTwoWereOneStaysDecidedWhenTheyAreParted() {
        Outcome created = fight(4);
        Outcome other = hub.says("erp", "customer", person("2", "Eva", "Muster", "eva@example.org", null));
        hub.store.corrections().merge(created.id(), other.id(), "api");
        Parked question = frozen().getFirst();
        hub.store.parkedWork().choose(question.id(), hub.store.parkedWork().choice(question.id(), "Meier"), "api");

        hub.store.corrections().unmerge(other.id(), "api");
        hub.says("erp", "customer", anna("1", "Frei"));

        assertThat(frozen()).isEmpty();
        assertThat(hub.customer(created).get("name").toString()).contains("Frei");
    }

    @Test
    void aSpokeThatAnswersEveryWriteWithSomethingNewIsStopped() {
        Outcome created = hub.says("erp", "customer", anna("1", "Meier 0"));
        String shop = created("shop");
        for (int i = 1; i < 20 && frozen().isEmpty(); i++) {
            hub.passes(Duration.ofSeconds(2));
            hub.says(i % 2 == 0 ? "erp" : "shop", "customer", anna(i % 2 == 0 ? "1" : shop, "Meier " + i));
            hub.delivers(i % 2 == 0 ? "shop" : "erp", "customer");
        }
        assertThat(frozen()).singleElement()
                .satisfies(parked -> assertThat(parked.entityId()).isEqualTo(created.id()));
    }

    @Test
    void twoPeopleWhoEditOneFieldInTurnAreNotStopped() {
        Outcome created = hub.says("erp", "customer", anna("1", "Meier 0"));
        String shop = created("shop");
        for (int i = 1; i < 20; i++) {
            hub.passes(Duration.ofSeconds(20));
            hub.says(i % 2 == 0 ? "erp" : "shop", "customer", anna(i % 2 == 0 ? "1" : shop, "Meier " + i));
            hub.delivers(i % 2 == 0 ? "shop" : "erp", "customer");
        }
        assertThat(frozen()).isEmpty();
        assertThat(hub.customer(created).get("name").toString()).contains("Meier 19");
    }

    @Test
    void aValueThatLosesByRankIsKept() {
        try (Hub ranked = new Hub(new io.serai.crm.plan.Survivorship(Map.of("customer", Map.of("name",
                io.serai.crm.plan.Survivorship.Policy.RANKING))))) {
            Outcome created = ranked.says("erp", "customer", anna("1", "Meier"));
            ranked.says("shop", "customer", anna("s1", "Keller"));
            assertThat(ranked.store.goldens().origins("customer", created.id()).toString()).contains("Keller");
        }
    }

    @Test
    void everySuppressionSaysByWhichRungAndOfWhichWrite() {
        hub.says("erp", "customer", anna("1", "Meier"));
        String shop = created("shop");
        Outcome echo = hub.says("shop", "customer", anna(shop, "Meier"));

        assertThat(journey(echo)).contains("no news by its values after version 1 was written");
    }
}
