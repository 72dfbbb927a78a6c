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
}
