package io.serai.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

class CanonicalSchemasTest {
    private static final List<String> ENTITIES = CanonicalSchemas.ENTITIES;
    private static final CanonicalSchemas SCHEMAS = CanonicalSchemas.shipped();

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
            "customer|{'kind': 'robot'}|/kind|\"\"\"robot\"\" is none of person or organization.\"",
            "customer|{'kind': null}|/kind|null is none of person or organization.",
            "customer|{'phones': [{'number': '044 123 45 67'}]}|/phones/0/number|\"\"\"044 123 45 67\"\" is not a phone number in E.164 form; write it as +41441234567.\"",
            "customer|{'emails': [{'address': 'anna@localhost'}]}|/emails/0/address|\"\"\"anna@localhost\"\" is not an e-mail address; write it as name@example.com.\"",
            "customer|{'emails': [{'use': 'work'}]}|/emails/0/address|The field is missing; give it.",
            "customer|{'emails': {}}|/emails|The value is an object but must be array or null.",
            "customer|{'addresses': [{'use': 'home', 'country': 'che'}]}|/addresses/0/country|\"\"\"che\"\" is not an ISO 3166-1 alpha-2 country code; write it as CH.\"",
            "customer|{'language': 'german language'}|/language|\"\"\"german language\"\" is not a BCP 47 language tag; write it as de-CH.\"",
            "customer|{'currency': 'Fr.'}|/currency|\"\"\"Fr.\"\" is not an ISO 4217 currency code; write it as CHF.\"",
            "customer|{'note': 5}|/note|\"\"\"5\"\" is a number but must be string or null.\"",
            "customer|{'consents': [{'purpose': 'x', 'granted': true, 'at': 'yesterday'}]}|/consents/0/at|\"\"\"yesterday\"\" is not an RFC 3339 date and time; write it as 2026-03-01T09:30:00Z.\"",
            "customer|{'custom': {'shoe/size': '42'}}|/custom/shoe~1size|\"The field \"\"shoe/size\"\" is not known here; remove it or correct its name, or declare it in canonical/custom.schema.json.\"",
            "customer|{'phone': '1'}|/phone|\"The field \"\"phone\"\" is not known here; remove it or correct its name.\"",
            "customer|{'tags': ['']}|/tags/0|The text is empty; give one or leave the field out.",
            "order|{'total': '1.00'}|/number|The field is missing; give it.",
            "order|{'number': '1', 'total': '12,90'}|/total|\"\"\"12,90\"\" is not a decimal number; write it as 1234.50.\"",
            "order|{'number': '1', 'total': 12.9}|/total|\"\"\"12.9\"\" is a number but must be string or null.\"",
            "order|{'number': '1', 'customer': {'emails': [{'address': 'x'}]}}|/customer/emails/0/address|\"\"\"x\"\" is not an e-mail address; write it as name@example.com.\"",
            "order|{'number': '1', 'lines': [{'line': 'one'}]}|/lines/0/line|\"\"\"one\"\" is text but must be integer.\"",
            "order|{'number': '1', 'lines': [{'line': 0}]}|/lines/0/line|\"\"\"0\"\" is less than 1.\"",
            "invoice|{'dueOn': '2026-02-30'}|/dueOn|\"\"\"2026-02-30\"\" is not a date; write it as 2026-03-01.\"",
            "invoice|{'customer': {'id': 'me'}}|/customer/id|\"\"\"me\"\" is not a UUID.\""})
    void saysWhatIsWrongAndWhatToDo(String entity, String document, String field, String problem) {
        assertThat(SCHEMAS.validate(entity, Folder.object(document.replace('\'', '"'))))
                .containsExactly(new Problem(field, problem));
    }

    @Test
    void takesNullForClearedAndAnEmptyDocumentForNothingSaid() {
        assertThat(SCHEMAS.validate("customer", Map.of())).isEmpty();
        assertThat(SCHEMAS.validate("customer", Folder
                .object("""
                        {"name": null, "organizationName": null, "language": null, "currency": null, "status": null, "note": null, "memberOf": null, "custom": null,
                         "emails": [], "phones": null, "addresses": [{"use": "billing", "lines": [], "city": null, "region": null, "postalCode": null, "country": null}]}""")))
                .isEmpty();
    }

    @Test
    void boundsListsAndTexts() {
        var tags = IntStream.range(0, 251).mapToObj(i -> "t" + i).toList();
        assertThat(SCHEMAS.validate("customer", Map.of("tags", tags)))
                .containsExactly(new Problem("/tags", "The list has more than 250 members; send fewer."));
        assertThat(SCHEMAS.validate("customer", Map.of("note", "x".repeat(10_001))))
                .containsExactly(new Problem("/note", "The text is longer than 10000 characters; shorten it."));
    }

    @Test
    void refusesWhatNoDatabaseStores() {
        assertThat(SCHEMAS.validate("customer", Map.of("tags", List.of("ok", "nul\u0000")))).singleElement()
                .extracting(Problem::field).isEqualTo("/tags/1");
        assertThat(SCHEMAS.validate("customer", Map.of("note", "half \uD83D"))).singleElement()
                .extracting(Problem::field).isEqualTo("/note");
        assertThat(SCHEMAS.validate("customer", Map.of("note", "whole \uD83D\uDE00"))).isEmpty();
        assertThat(SCHEMAS.validate("customer", Map.of("note", Instant.EPOCH))).singleElement()
                .satisfies(problem -> assertThat(problem.problem()).contains("Instant"));
    }

    /** A mapping may multiply until a number is long; nobody gives it an exponent again. */
    @Test
    void refusesNumbersThatAreLongWhenWrittenOut() {
        assertThat(SCHEMAS.validate("order", Map.of("number", "1", "lines", List.of(Map.of("line",
                new BigDecimal("1e999999999")))))).containsExactly(new Problem("/lines/0/line",
                        "The number has more than 60 digits before or after the point; write it shorter."));
    }

    @Test
    void tellsEveryProblemOnce() {
        assertThat(SCHEMAS.validate("customer",
                Folder.object("{\"kind\": \"x\", \"language\": 5, \"emails\": [{\"address\": 1}]}")))
                .extracting(Problem::field)
                .containsExactlyInAnyOrder("/kind", "/language", "/emails/0/address");
    }

    @Test
    void knowsNoOtherEntity() {
        assertThatThrownBy(() -> SCHEMAS.validate("supplier", Map.of())).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("customer, order");
    }

    @Test
    void readsTheFolderBeforeWhatIsShipped(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("custom.schema.json"),
                "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\"shoeSize\": {\"type\": \"string\"}}}");
        assertThat(CanonicalSchemas.in(folder).validate("customer", Map.of("custom", Map.of("shoeSize", "42"))))
                .isEmpty();
        assertThat(SCHEMAS.validate("customer", Map.of("custom", Map.of("shoeSize", "42")))).hasSize(1);
        Files.writeString(folder.resolve("custom.schema.json"), "{\n \"type\" \"object\"}");
        assertThatThrownBy(() -> CanonicalSchemas.in(folder)).isInstanceOf(BadMappingException.class)
                .hasMessageContaining("custom.schema.json, line 2, column");
    }

    @ParameterizedTest
    @FieldSource("ENTITIES")
    void describesEveryFieldOfEverySchema(String entity) {
        describes(entity, Folder.object(SCHEMAS.text(entity)), "");
    }

    @SuppressWarnings("unchecked")
    private static void describes(String entity, Map<String, Object> schema, String pointer) {
        var properties = (Map<String, Object>) schema.getOrDefault("properties", Map.of());
        if (!properties.isEmpty()) {
            assertThat(schema).as("%s%s", entity, pointer).containsEntry("additionalProperties", false);
        }
        new LinkedHashMap<>(properties).forEach((name, property) -> {
            var described = (Map<String, Object>) property;
            assertThat(described).as("%s%s/%s", entity, pointer, name).containsKeys("title", "description");
            describes(entity, described, pointer + "/" + name);
            if (described.get("items") instanceof Map<?, ?> items) {
                describes(entity, (Map<String, Object>) items, pointer + "/" + name + "/*");
            }
        });
    }
}
