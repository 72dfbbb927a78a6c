package io.serai.crm;

import static io.serai.crm.Hub.person;
import static io.serai.crm.Hub.with;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is taken for whom, and who is not. */
class RecognitionTest {
    private final Hub hub = new Hub();

    @AfterEach
    void close() {
        hub.close();
    }

    private static Map<String, Object> numbered(Map<String, Object> customer, String number) {
        return with(customer, "identifiers", List.of(Map.of("scheme", "vat", "value", number)));
    }

    private List<Parked> possibleDuplicates() {
        return hub.store.parked().list(new ParkedItems.Question("POSSIBLE_DUPLICATE", null, true), null, 10).items();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-", "n/a", "0", "none", ".", "unknown", "0000000", "000.000.000", "1234"})
    void aPlaceholderForATaxNumberMakesStrangersNoSingleCustomer(String placeholder) {
        Outcome anna = hub.says("erp", "customer",
                numbered(person("1", "Anna", "Meier", "anna@example.org", null), placeholder));
        Outcome reto = hub.says("erp", "customer",
                numbered(person("2", "Reto", "Hug", "reto@example.org", null), placeholder));
        Outcome lea = hub.says("erp", "customer", numbered(person("3", "Lea", "Frei", null, "+41441234567"), "-"));

        assertThat(List.of(anna.id(), reto.id(), lea.id())).doesNotHaveDuplicates();
        assertThat(possibleDuplicates()).isEmpty();
    }

    @Test
    void aTaxNumberDecidesHoweverItIsWritten() {
        Outcome first = hub.says("erp", "customer",
                numbered(person("1", "Anna", "Meier", null, null), "CHE-123.456.788"));
        Outcome second = hub.says("nightly", "customer",
                numbered(person("n1", "Meier", "Handel", null, null), "che 123 456 788"));

        assertThat(second.id()).isEqualTo(first.id());
    }

    private static Map<String, Object> firm(String id, String name, String email, String phone) {
        Map<String, Object> firm = person(id, "-", "-", email, phone);
        firm.remove("name");
        firm.put("kind", "organization");
        firm.put("organizationName", name);
        return firm;
    }

    @Test
    void aFirmAndAPersonOfItsNameWhoShareAPhoneAreTwo() {
        Outcome firm = hub.says("erp", "customer", firm("1", "Muster AG", null, "+41441234567"));
        Outcome peter = hub.says("erp", "customer", person("2", "Peter", "Muster", null, "+41441234567"));

        assertThat(peter.id()).isNotEqualTo(firm.id());
        assertThat(possibleDuplicates()).hasSize(1);
    }

    @Test
    void whoeverHasNoFamilyNameIsNotTakenForAnotherOfTheHousehold() {
        Outcome peter = hub.says("erp", "customer", person("1", "Peter", "Muster", null, "+41441234567"));
        Outcome anna = hub.says("nightly", "customer",
                with(person("n1", "-", "-", null, "+41441234567"), "name", Map.of("given", "Anna")));
        Outcome alsoPeter = hub.says("nightly", "customer",
                with(person("n2", "-", "-", null, "+41441234567"), "name", Map.of("given", "Peter")));

        assertThat(anna.id()).isNotEqualTo(peter.id());
        assertThat(alsoPeter.id()).isEqualTo(peter.id());
    }

    @Test
    void asksWhetherAPersonIsTheFirmWhoseEmailAddressTheyGive() {
        Outcome firm = hub.says("erp", "customer", firm("1", "Muster AG", "info@muster.ch", null));
        Outcome peter = hub.says("nightly", "customer", person("n1", "Peter", "Muster", "info@muster.ch", null));

        assertThat(peter.id()).isNotEqualTo(firm.id());
        assertThat(hub.customer(firm)).containsEntry("kind", "organization").doesNotContainKey("name");
        assertThat(possibleDuplicates()).singleElement()
                .satisfies(parked -> assertThat(parked.problem()).contains(firm.id().toString()));
    }

    @Test
    void nobodyIsAMemberOfThemselves() {
        Outcome firm = hub.says("erp", "customer",
                numbered(firm("1", "Muster AG", "info@muster.ch", null), "CHE-123.456.788"));
        Map<String, Object> peter = with(numbered(person("2", "Peter", "Muster", "info@muster.ch", null),
                "CHE-123.456.788"), "memberOf", Map.of("externalId", "1"));

        Outcome member = hub.says("erp", "customer", peter);
        hub.says("erp", "customer", with(numbered(firm("1", "Muster AG", "info@muster.ch", null), "CHE-123.456.788"),
                "phones", List.of(Map.of("number", "+41441234567"))));

        assertThat(hub.customer(member)).containsEntry("memberOf", Map.of("id", firm.id().toString()));
        assertThat(member.id()).isNotEqualTo(firm.id());
        assertThat(possibleDuplicates()).as("nobody has to be asked").isEmpty();
    }

    @Test
    void aFirmIsRecognisedWhereASystemTakesItForAPerson() {
        Outcome firm = hub.says("erp", "customer", firm("1", "Muster Handel", "info@muster.ch", "+41441234567"));
        // The accounting service keeps one name and guesses from it; a guest of the shop is nothing but an address.
        Outcome inBooks = hub.says("nightly", "customer", person("n1", "Muster", "Handel", null, "+41441234567"));
        Outcome guest = hub.says("nightly", "customer",
                Map.of("source", Map.of("id", "n2"), "kind", "person", "emails",
                        List.of(Map.of("address", "info@muster.ch"))));
        Outcome named = hub.says("nightly", "customer", with(person("n3", "-", "-", "info@muster.ch", null), "name",
                Map.of("family", "info@muster.ch")));

        assertThat(List.of(inBooks.id(), guest.id(), named.id())).containsOnly(firm.id());
        assertThat(possibleDuplicates()).isEmpty();
    }

    private static Map<String, Object> vat(String value) {
        return Map.of("scheme", "vat", "value", value);
    }

    private Map<String, Object> wellKnown(Object... numbers) {
        return with(firm("1", "Muster AG", "info@muster.ch", null), "identifiers", List.of(numbers));
    }

    @Test
    void aFirmHasAVatNumberInEveryCountryWhereItHasOne() {
        Outcome firm = hub.says("erp", "customer", wellKnown(vat("CHE-123.456.788"), vat("DE123456788")));
        assertThat(hub.customer(firm)).containsEntry("identifiers",
                List.of(vat("CHE-123.456.788"), vat("DE123456788")));
        assertThat(hub.store.goldens().explain("customer", firm.id(), "/identifiers").values().toString())
                .contains("/identifiers/vat:de123456788/value");

        Outcome other = hub.says("nightly", "customer",
                with(firm("n1", "Muster AG", null, null), "identifiers",
                        List.of(vat("che 123 456 788"), vat("FR12345"))));
        assertThat(other.id()).isEqualTo(firm.id());
        assertThat((List<?>) hub.customer(firm).get("identifiers")).hasSize(3);

        hub.says("erp", "customer", wellKnown(vat("CHE-123.456.788"), vat("DE999456788")));
        assertThat(hub.customer(firm).get("identifiers").toString()).as("one that was mended takes the other's place")
                .contains("DE999456788", "FR12345").doesNotContain("DE123456788");
        hub.says("erp", "customer", wellKnown());
        assertThat(hub.customer(firm)).containsEntry("identifiers", List.of(vat("FR12345")));
    }

    @Test
    void theJournalSaysWhatWasLeftOutBecauseItWasSaidTwice() {
        Map<String, Object> home = Map.of("use", "home", "city", "Bern");
        Map<String, Object> other = Map.of("use", "home", "city", "Chur");

        Outcome anna = hub.says("erp", "customer",
                with(person("1", "Anna", "Meier", "anna@example.org", null), "addresses", List.of(home, other)));

        assertThat(hub.customer(anna)).containsEntry("addresses", List.of(home));
        assertThat(hub.store.messages().find(anna.messageId()).orElseThrow().journey().toString())
                .contains("left out as said twice [/addresses/1]");
    }
}
