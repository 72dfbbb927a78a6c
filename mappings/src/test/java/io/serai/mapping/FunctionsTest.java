package io.serai.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FunctionsTest {
    private static Object map(String expression, Object input) {
        return new JsonataMapping("test/it", "0", expression, Map.of()).apply(input, Map.of());
    }

    private static Object of(String expression, Object value) {
        var record = new LinkedHashMap<String, Object>();
        record.put("v", value);
        return map(expression, record);
    }

    private static MappingException refused(String expression, Object value) {
        return catchThrowableOfType(MappingException.class, () -> of(expression, value));
    }

    @ParameterizedTest
    @ValueSource(strings = {"$trimmed(v)", "$text(v)", "$parts(v)", "$money(v)", "$decimal(v)", "$times(v, 2)",
            "$e164(v)", "$country(v)", "$language(v)",
            "$currency(v)", "$date(v)", "$instant(v)", "$labels(v)", "$table(v)", "$plainText(v)", "$withoutNulls(v)"})
    void keepsAbsentAbsentAndNullNull(String call) {
        assertThat(map("{\"x\": " + call + "}", Map.of())).isEqualTo(Map.of());
        assertThat((Map<?, ?>) of("{\"x\": " + call + "}", null)).hasSize(1).containsValue(null);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {"1234.50|1234.50", "1'234.50|1234.50", "1’234.5|1234.50",
            "1 234.5|1234.50", "1,234.50|1234.50", "-3|-3.00",
            "3.20-|-3.20", "+7|7.00", "0.012500|0.0125", " 12 |12.00"})
    void readsMoneyThatCanBeReadInOneWay(String text, String money) {
        assertThat(of("$money(v)", text)).isEqualTo(money);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"1.234,50|1.234,50|1234.50", "1234,5|1.234,50|1234.50",
            "1 234,50|1 234,50|1234.50", "12,345|1,234.50|12345.00", "1'234.50|1'234.50|1234.50"})
    void readsMoneyInTheStyleTheMappingNames(String text, String style, String money) {
        assertThat(map("$money(v, style)", Map.of("v", text, "style", style))).isEqualTo(money);
    }

    /** A few characters in a record that become a gigabyte when written without exponent. */
    @ParameterizedTest
    @ValueSource(strings = {"1e999999999", "1e-999999999"})
    void refusesNumbersThatAreLongWhenWrittenOut(String number) {
        var mapping = new JsonataMapping("test/number", "1", "{\"total\": $money(v)}", Map.of());
        var read = catchThrowableOfType(MappingException.class,
                () -> mapping.apply("{\"v\": " + number + "}", Map.of()));
        assertThat(read.code()).isEqualTo(MappingException.MALFORMED);
        assertThat(read.problem()).contains("line 1", "more than 60 digits");
        for (var function : List.of("$money(v)", "$text(v)", "$total([v])", "$decimal(1, v)")) {
            var given = refused(function, new BigDecimal(number));
            assertThat(given.problem()).as(function).contains("too long");
        }
        assertThat(refused("$text(v)", new BigDecimal(number)).field()).isEqualTo("/v");
    }

    @Test
    void neverGuessesWhichMarkIsTheDecimalPoint() {
        assertThat(refused("$money(v)", "1,234").problem()).isEqualTo(
                "\"1,234\" can be read in two ways; name the style in the mapping, such as $money(value, \"1.234,50\").");
        assertThat(refused("$money(v)", "1.234,50").problem()).contains("two ways");
        assertThat(refused("$money(v, \"1.234,50\")", "1.23,50").problem())
                .contains("not a number written like 1.234,50");
        assertThat(refused("$money(v, \"whatever\")", "1").code()).isEqualTo(MappingException.FAILED);
    }

    @Test
    void refusesMoneyThatIsNone() {
        assertThat(refused("$money(v)", "free").problem()).isEqualTo("\"free\" is not a number; write it as 1234.50.");
        assertThat(refused("$money(v)", "1e5").problem()).contains("is not a number");
        assertThat(refused("$money(v)", "123456789012345").problem()).contains("is too large");
        assertThat(refused("$money(v)", "0.1234567").problem()).contains("too many decimals");
        assertThat(refused("$money(v)", "9".repeat(5_000)).problem()).hasSizeLessThan(200);
        assertThat(of("$money(v)", "  ")).isNull();
    }

    @Test
    void countsMoneyExactly() {
        assertThat(map("$total([\"0.10\", 0.2, \"0.30\", null])", Map.of())).isEqualTo("0.60");
        assertThat(map("$total([])", Map.of())).isEqualTo("0.00");
        assertThat(map("$times(\"1.005\", \"1\")", Map.of())).isEqualTo("1.01");
        assertThat(map("$times(\"0.08875\", 100, 4)", Map.of())).isEqualTo("8.875");
        assertThat(map("$money(v)", JsonText.parse("{\"v\": 12345678901234.123456}")))
                .isEqualTo("12345678901234.123456");
        assertThat(map("$decimal(v)", JsonText.parse("{\"v\": 100.0}"))).isEqualTo("100");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"044 123 45 67|CH|+41441234567", "+41 (0)44 123 45 67|CH|+41441234567",
            "0041 44 123 45 67||+41441234567", "+41441234567||+41441234567",
            "01 23 45 67 89|FR|+33123456789", "(212) 555-0100|US|+12125550100", "030/1234567|DE|+49301234567"})
    void writesPhoneNumbersInE164(String text, String country, String number) {
        var record = new LinkedHashMap<String, Object>();
        record.put("v", text);
        record.put("c", country);
        assertThat(map("$e164(v, c)", record)).isEqualTo(number);
    }

    @Test
    void makesNoNumberOfOneThatOnlyItsTownKnows() {
        assertThat(refused("$e164(v, \"US\")", "253-0000").problem())
                .isEqualTo("The phone number \"253-0000\" has no area code; send the whole number.");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"call me|is not a phone number", "044 123 45 67|has no known country code",
            "+41 44|is too short", "+999 123 456 789|has no known country code"})
    void refusesPhoneNumbersThatCannotBeDialled(String text, String reason) {
        assertThat(refused("$e164(v)", text).problem()).startsWith("The phone number \"" + text + "\" " + reason);
    }

    @ParameterizedTest
    @CsvSource({"CH,CH", "ch,CH", "CHE,CH", "Switzerland,CH", "Schweiz,CH", "Suisse,CH", "Svizzera,CH", "Österreich,AT",
            "OESTERREICH,AT", "USA,US", "UK,GB", "Großbritannien,GB",
            "Côte d’Ivoire,CI", "The Moon,", "XX,"})
    void knowsCountriesByCodeAndName(String text, String code) {
        if (code == null) {
            assertThat(refused("$country(v)", text).problem()).contains("is no known country");
        } else {
            assertThat(of("$country(v)", text)).isEqualTo(code);
        }
    }

    @ParameterizedTest
    @CsvSource({"de,de", "DE,de", "de_CH,de-CH", "de-ch,de-CH", "ger,de", "German,de", "français,fr",
            "zh-Hant-TW,zh-Hant-TW", "Klingon,", "x,"})
    void knowsLanguages(String text, String tag) {
        if (tag == null) {
            assertThat(refused("$language(v)", text).problem()).contains("is no known language");
        } else {
            assertThat(of("$language(v)", text)).isEqualTo(tag);
        }
    }

    @Test
    void knowsCurrencies() {
        assertThat(of("$currency(v)", " chf ")).isEqualTo("CHF");
        assertThat(refused("$currency(v)", "Fr.").problem()).contains("is no known currency");
    }

    @Test
    void readsDatesAndMoments() {
        assertThat(of("$date(v)", "2026-03-01T10:00:00Z")).isEqualTo("2026-03-01");
        assertThat(of("$date(v, \"dd.MM.yyyy\")", "01.03.2026")).isEqualTo("2026-03-01");
        assertThat(refused("$date(v, \"dd.MM.yyyy\")", "30.02.2026").problem())
                .contains("is no date written as dd.MM.yyyy");
        assertThat(of("$instant(v)", "2026-03-01T10:00:00+01:00")).isEqualTo("2026-03-01T09:00:00Z");
        assertThat(of("$instant(v, null, \"Europe/Zurich\")", "2026-07-01 10:00:00")).isEqualTo("2026-07-01T08:00:00Z");
        assertThat(of("$instant(v, \"dd.MM.yyyy HH:mm\", \"Europe/Zurich\")", "01.07.2026 10:00"))
                .isEqualTo("2026-07-01T08:00:00Z");
        assertThat(of("$instant(v, null, \"UTC\")", "2026-03-01")).isEqualTo("2026-03-01T00:00:00Z");
        assertThat(refused("$instant(v)", "2026-03-01T10:00:00").problem()).contains("does not say its time zone");
        assertThat(refused("$instant(v)", "yesterday").problem()).contains("is no date and time");
    }

    @Test
    void makesAListOfWhateverComes() {
        assertThat(of("$list(v)", "one")).isEqualTo(List.of("one"));
        assertThat(of("$list(v)", null)).isEqualTo(List.of());
        assertThat(of("$list(v)", List.of("one", "two"))).isEqualTo(List.of("one", "two"));
        assertThat(map("{\"x\": $list(v)}", Map.of())).isEqualTo(Map.of());
        assertThat(of("$list(v, function($x, $i) { {\"n\": $i, \"x\": $x} })", "one"))
                .isEqualTo(List.of(Map.of("n", 0, "x", "one")));
        assertThat(of("{\"x\": $list(v, function($x) { $trimmed($x) })}", List.of("a", " ")))
                .isEqualTo(Map.of("x", List.of("a")));
    }

    @Test
    void trimsEverythingInvisible() {
        assertThat(of("$trimmed(v)", "\uFEFF\u00A0 Anna \u200B\t")).isEqualTo("Anna");
        assertThat(of("$trimmed(v)", "\u00A0")).isNull();
        assertThat(of("$text(v)", 7044518219907L)).isEqualTo("7044518219907");
        assertThat(of("$parts(v, \",\")", "vip, , newsletter,vip")).isEqualTo(List.of("vip", "newsletter"));
    }

    @Test
    void saysWhichFieldOfTheRecordIsWrong() {
        var record = Folder.object("{\"a\": [{\"phone\": \"x1\"}, {\"phone\": \"none\"}], \"b\": \"none\"}");
        var refused = catchThrowableOfType(MappingException.class, () -> map("$e164(a[1].phone)", record));
        assertThat(refused.field()).isEqualTo("/a/1/phone");
        assertThat(refused("$required(v, \"id\")", "").field()).isEqualTo("/id");
    }

    @Test
    void letsFreeTextFailQuietly() {
        assertThat(of("$attempt(function() { $e164(v) })", "do not call")).isNull();
        assertThat(of("$attempt(function() { $e164(v) })", "+41441234567")).isEqualTo("+41441234567");
    }

    @ParameterizedTest
    @ValueSource(strings = {"$now()", "$millis()", "$random()", "$shuffle([1, 2])", "$eval(\"1\")"})
    void refusesWhatWouldGiveAnotherResultEachTime(String call) {
        assertThat(refused(call, 1).code()).isEqualTo(MappingException.FAILED);
        assertThat(refused(call, 1).problem()).contains("$");
    }

    @Test
    void readsLabelsAsFormsWriteThem() {
        assertThat(Labels.inText("Name: Anna\r\n\r\nMessage: at 10:30\r\nsee https://x.example\r\nBudget: 5",
                Set.of("message"), Set.of("name", "message")))
                .containsEntry("name", "Anna").containsEntry("message", "at 10:30\nsee https://x.example\nBudget: 5");
        assertThat(Labels.inTable("<table><tr><td>Name:<td>Anna</td></tr><tr><td>lonely</td></tr></table>"))
                .isEqualTo(Map.of("name", "Anna"));
        assertThat(Labels.inTable("<tr><td")).isEmpty();
    }

    /** A web form or a shop field can hold megabytes; nobody may hold a thread up with them. */
    @Test
    @Timeout(10)
    void staysQuickOnHugeTexts() {
        var words = "a ".repeat(1_000_000);
        assertThat(Labels.inText("Message: x\n" + "y: z\n".repeat(400_000), Set.of("message"), Set.of("message")))
                .hasSize(1);
        assertThat(Labels.inTable("<tr".repeat(600_000))).isEmpty();
        assertThat(Labels.inTable("<TABLE><TR><TD>\u0130\u0130<TD>v</TABLE>"))
                .isEqualTo(Map.of("\u0130\u0130".toLowerCase(Locale.ROOT), "v"));
        assertThat(Texts.parts(words, " ")).hasSize(1);
        for (var call : List.of("$money(v)", "$money(v, \"1.234,50\")", "$e164(v)", "$country(v)", "$language(v)",
                "$currency(v)", "$date(v)", "$instant(v)")) {
            for (var text : List.of(words, "1".repeat(1_000_000), ",123".repeat(500_000), "-a".repeat(500_000))) {
                assertThat(refused(call, text).problem()).hasSizeLessThan(300);
            }
        }
        for (var mapping : List.of("accounting/customer-to-canonical", "mailbox/interaction-to-canonical",
                "files/customer-to-canonical")) {
            var record = new LinkedHashMap<String, Object>(Map.of("id", "1", "name",
                    "a".repeat(1_000_000) + " " + words, "first_name", words, "messageId", "1"));
            record.put("text", "Email: a@b.example\nName: " + "a".repeat(1_000_000) + " b\nMessage: " + words);
            record.put("from", Map.of("address", "a@b.example"));
            assertThat(Folder.MAPPINGS.mapping(mapping).apply(record, Map.of())).isInstanceOf(Map.class);
        }
        assertThat(
                CanonicalSchemas.shipped().validate("customer",
                        Map.of("emails", List.of(Map.of("address", "a@" + "b.".repeat(500_000) + "c")),
                                "language", "de" + "-a".repeat(500_000), "note", words, "tags", List.of(words))))
                .hasSize(4);
    }
}
