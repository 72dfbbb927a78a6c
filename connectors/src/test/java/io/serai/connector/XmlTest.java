package io.serai.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

class XmlTest {
    @Test
    void tellsAbsentFromNilFromEmpty() throws MalformedException {
        Map<?, ?> value = (Map<?, ?>) read("""
                <c xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><phone xsi:nil="true"/><city/></c>""");

        assertThat(value.containsKey("phone")).isTrue();
        assertThat(value.get("phone")).isNull();
        assertThat(value.containsKey("email")).isFalse();
        assertThat(value.get("city")).isEqualTo("");
    }

    @Test
    void readsAttributesTextAndRepetition() throws MalformedException {
        assertThat(read("<c n='1'><e use='work'>a@x</e><e>b@x</e></c>"))
                .isEqualTo(Map.of("@n", "1", "e", List.of(Map.of(
                        "@use", "work", "#text", "a@x"), "b@x")));
    }

    @Test
    void ignoresPrefixesAndNamespaces() throws MalformedException {
        assertThat(read("<x:c xmlns:x='urn:a' xmlns:y='urn:b'><y:name>A</y:name></x:c>"))
                .isEqualTo(Map.of("name", "A"));
    }

    @Test
    void refusesADocumentTypeSoThatNoEntityIsExpandedOrFetched() {
        refused("<!DOCTYPE c [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><c>&x;</c>", "DTD");
        refused("<!DOCTYPE c SYSTEM 'http://127.0.0.1:1/x.dtd'><c/>", "DTD");
    }

    @Test
    void refusesDepthAndSize() {
        refused("<a>".repeat(51) + "</a>".repeat(51), "deeper than 50");
        refused("<c>" + "<e/>".repeat(200_001) + "</c>", "more than 200000");
        refused("<c>" + " ".repeat(2 * 1024 * 1024) + "</c>", "larger than");
    }

    @Test
    void namesThePlaceAndNotTheContentOfWhatIsBroken() {
        refused("<c>\n<secret>x</c>", "line 2");
        assertThatThrownBy(() -> read("<c><secret>x</c>")).message().doesNotContain("secret");
    }

    @Test
    void readsRecordsOneByOneAndKeepsThoseBeforeABreak() throws MalformedException {
        List<Object> names = new ArrayList<>();
        try (Xml.Records records = Xml.records(new ByteArrayInputStream("<cs>\n<c><n>1</n></c>\n<c><n>2</n></c>\n<c>"
                .getBytes(StandardCharsets.UTF_8)))) {
            assertThatThrownBy(() -> records.forEachRemaining(record -> names.add(record.line() + ":" + Json.at(record
                    .value(), "/n")))).isInstanceOf(Xml.Unreadable.class);
        }
        assertThat(names).containsExactly("2:1", "3:2");
    }

    @Test
    void writesWhatItReads() throws MalformedException {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put("@n", "1");
        value.put("name", "Müller & <Söhne> \u0001");
        value.put("phone", null);
        value.put("tag", List.of("a", "b"));

        Map<?, ?> read = (Map<?, ?>) Xml.read(Xml.write("customer", value));

        value.put("name", "Müller & <Söhne> ");
        assertThat(read).isEqualTo(value);
    }

    @Test
    void writesANumberWithItsExponentWhenItIsLongWithoutOne() {
        assertThat(new String(Xml.write("total", new BigDecimal("1e999999999")), StandardCharsets.UTF_8))
                .endsWith("<total>1E+999999999</total>");
        assertThat(new String(Xml.write("total", new BigDecimal("1e3")), StandardCharsets.UTF_8))
                .endsWith("<total>1000</total>");
    }

    private static Object read(String xml) throws MalformedException {
        return Xml.read(xml.getBytes(StandardCharsets.UTF_8));
    }

    private static void refused(String xml, String why) {
        assertThatThrownBy(() -> read(xml)).isInstanceOf(MalformedException.class).hasMessageContaining(why);
    }
}
