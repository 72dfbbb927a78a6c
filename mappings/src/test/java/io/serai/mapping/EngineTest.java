package io.serai.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class EngineTest {
    @TempDir
    private Path folder;

    private Path write(String file, String text) throws IOException {
        var path = folder.resolve(file);
        Files.createDirectories(path.getParent());
        return Files.writeString(path, text);
    }

    private Mapping mapping(String jsonata) throws IOException {
        write("test/it.jsonata", jsonata);
        return Mappings.load(folder).mapping("test/it");
    }

    private BadMappingException bad() {
        return catchThrowableOfType(BadMappingException.class, () -> Mappings.load(folder));
    }

    @Test
    void namesFileLineAndColumnOfABadMapping() throws IOException {
        var file = write("test/it.jsonata", "{\n  \"a\": $trimmed(a),\n  \"b\": )\n}");
        assertThat(bad().file()).isEqualTo(file);
        assertThat(bad().line()).isEqualTo(3);
        assertThat(bad()).hasMessageContaining("it.jsonata, line 3, column").hasMessageContaining(")");
    }

    @Test
    void namesFileAndLineOfABadStylesheet() throws IOException {
        write("test/it.xslt",
                "<xsl:stylesheet version=\"3.0\" xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\">\n<xsl:template match=\"/\">\n<xsl:value-of select=\"1 +\"/></xsl:template></xsl:stylesheet>");
        assertThat(bad().line()).isEqualTo(3);
        write("test/it.xslt", "<xsl:stylesheet");
        assertThat(bad().line()).isEqualTo(1);
    }

    @Test
    void namesAMappingThatIsUsedButNotThere() throws IOException {
        write("test/it.jsonata", "{\n\"customer\": $mapped(\"test/other\", customer)}");
        assertThat(bad()).hasMessageContaining("line 2, column 13")
                .hasMessageContaining("test/other, which is not there");
        write("test/other.jsonata", "$mapped('test/it', $)");
        assertThat(bad()).hasMessageContaining("which uses this one");
    }

    @Test
    void refusesAFolderThatIsNotThereAndAFileThatIsNotUtf8() throws IOException {
        assertThatThrownBy(() -> Mappings.load(folder.resolve("none"))).isInstanceOf(BadMappingException.class)
                .hasMessageContaining("no such folder");
        Files.createDirectories(folder.resolve("test"));
        Files.write(folder.resolve("test/it.jsonata"), new byte[]{'"', (byte) 0xE4, '"'});
        assertThat(bad()).hasMessageContaining("UTF-8");
    }

    @Test
    void saysWhichMappingsThereAre() throws IOException {
        mapping("$");
        assertThatThrownBy(() -> Mappings.load(folder).mapping("test/that"))
                .hasMessage("There is no mapping \"test/that\"; there are test/it.");
    }

    @Test
    void theVersionFollowsTheFileAndWhatItUses() throws IOException {
        write("test/part.jsonata", "{\"a\": a}");
        var first = mapping("$mapped(\"test/part\", $)");
        assertThat(first.version()).matches("[0-9a-f]{12}");
        assertThat(first.label()).isEqualTo("test/it@" + first.version());
        assertThat(mapping("$mapped(\"test/part\", $)").version()).isEqualTo(first.version());
        write("test/part.jsonata", "{\"a\": b}");
        assertThat(mapping("$mapped(\"test/part\", $)").version()).isNotEqualTo(first.version());
    }

    @Test
    void keepsNullAbsentAndTheExactNumber() throws IOException {
        var result = mapping(
                "{\"nothing\": null, \"given\": a, \"absent\": b, \"big\": c, \"exact\": d, \"list\": [a, c]}")
                .apply("{\"a\": null, \"c\": 9007199254740993, \"d\": 0.1000}", Map.of());
        var expected = new LinkedHashMap<String, Object>();
        expected.put("nothing", null);
        expected.put("given", null);
        expected.put("big", 9007199254740993L);
        expected.put("exact", new BigDecimal("0.1000"));
        expected.put("list", Arrays.asList(null, 9007199254740993L));
        assertThat(result).isEqualTo(expected);
    }

    @Test
    void givesPlainJavaThatSharesNothingWithTheRecord() throws IOException {
        var inner = new ArrayList<Object>(List.of("a"));
        var record = new LinkedHashMap<String, Object>(Map.of("list", inner));
        var result = Folder.object(
                mapping("{\"one\": list, \"many\": [list, list], \"sum\": 0.5 + 0.25}").apply(record, Map.of()));
        assertThat(result.get("one")).isInstanceOf(ArrayList.class).isNotSameAs(inner);
        assertThat(result.get("many")).isEqualTo(List.of("a", "a")).extracting(Object::getClass)
                .isEqualTo(ArrayList.class);
        assertThat(result.get("sum")).isEqualTo(new BigDecimal("0.75"));
    }

    @Test
    void bindsWhatTheDeliveryKnows() throws IOException {
        var bindings = new LinkedHashMap<String, Object>(
                Map.of("operation", "update", "golden", Map.of("kind", "person"), "changed", List.of("name")));
        bindings.put("reference", null);
        assertThat(mapping("[$operation, $golden.kind, $changed[0], $exists($externalId), $reference]").apply(Map.of(),
                bindings))
                .isEqualTo(Arrays.asList("update", "person", "name", false, null));
    }

    @Test
    @Timeout(20)
    void endsAMappingThatDoesNotEnd() throws IOException {
        var endless = catchThrowableOfType(MappingException.class,
                () -> mapping("($f := function($n) { $f($n + 1) }; $f(0))").apply(Map.of(), Map.of()));
        assertThat(endless.code()).isEqualTo(MappingException.TIMEOUT);
        assertThat(endless.problem()).contains("longer than 2 seconds");
    }

    @Test
    void endsARecursionThatGoesTooDeep() throws IOException {
        var deep = catchThrowableOfType(MappingException.class,
                () -> mapping("($f := function($n) { 1 + $f($n + 1) }; $f(0))").apply(Map.of(), Map.of()));
        assertThat(deep.code()).isEqualTo(MappingException.TIMEOUT);
        assertThat(deep.problem()).contains("levels deep");
    }

    @Test
    void saysWhereInTheMappingItFailed() throws IOException {
        var failed = catchThrowableOfType(MappingException.class,
                () -> mapping("{\n  \"a\": $uppercase(a)\n}").apply(Map.of("a", 5), Map.of()));
        assertThat(failed.code()).isEqualTo(MappingException.FAILED);
        assertThat(failed.place()).startsWith("line 2, column").contains("$uppercase(a)");
        assertThat(failed.step()).isEqualTo("mapping:test/it");
    }

    @Test
    void takesWhatTheMappingItselfSaysForARefusal() throws IOException {
        for (var jsonata : List.of("$error(\"The order has no lines; add one.\")",
                "$assert(false, \"The order has no lines; add one.\")")) {
            var refused = catchThrowableOfType(MappingException.class,
                    () -> mapping(jsonata).apply(Map.of(), Map.of()));
            assertThat(refused.code()).isEqualTo(MappingException.INVALID);
            assertThat(refused.problem()).isEqualTo("The order has no lines; add one.");
        }
    }

    @Test
    void boundsTheJsonItReads() throws IOException {
        var deep = "[".repeat(60) + "]".repeat(60);
        assertThat(catchThrowableOfType(MappingException.class, () -> mapping("$").apply(deep, Map.of())).code())
                .isEqualTo(MappingException.TOO_LARGE);
        var many = "[" + "1,".repeat(200_000) + "1]";
        assertThat(catchThrowableOfType(MappingException.class, () -> mapping("$").apply(many, Map.of())).code())
                .isEqualTo(MappingException.TOO_LARGE);
        for (var broken : List.of("{\"a\": 1, \"a\": 2}", "{} {}", "", "\u0000", "{\"a\": NaN}")) {
            assertThat(catchThrowableOfType(MappingException.class, () -> mapping("$").apply(broken, Map.of())).code())
                    .isEqualTo(MappingException.MALFORMED);
        }
    }

    @Test
    void sharesOneMappingBetweenThreads() throws Exception {
        var mapping = mapping(
                "($name := a; {\"a\": $name, \"b\": $list(b, function($x) { $x & $name }), \"c\": $operation, \"d\": $$.a})");
        var threads = 8;
        var start = new CountDownLatch(1);
        var results = new ArrayList<Future<?>>();
        try (var pool = Executors.newFixedThreadPool(threads)) {
            for (var i = 0; i < threads; i++) {
                var me = "t" + i;
                results.add(pool.submit(() -> {
                    start.await();
                    for (var n = 0; n < 2_000; n++) {
                        var a = me + "-" + n;
                        assertThat(mapping.apply(Map.of("a", a, "b", List.of("x", "y")), Map.of("operation", me)))
                                .isEqualTo(Map.of("a", a, "b", List.of("x" + a, "y" + a), "c", me, "d", a));
                    }
                    return null;
                }));
            }
            start.countDown();
            for (var result : results) {
                result.get();
            }
        }
    }

    private static final String STYLESHEET = """
            <xsl:stylesheet version="3.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:map="http://www.w3.org/2005/xpath-functions/map"
              xmlns:file="java:java.io.File" expand-text="yes"><xsl:param name="operation"/><xsl:output method="%s"/>
            <xsl:template match="/">%s</xsl:template></xsl:stylesheet>""";

    private Object transformed(String method, String body, Object input) throws IOException {
        write("test/it.xslt", STYLESHEET.formatted(method, body));
        return Mappings.load(folder).mapping("test/it").apply(input, Map.of("operation", "update"));
    }

    @Test
    void mapsXmlToJsonAndToXml() throws IOException {
        assertThat(transformed("json",
                "<xsl:sequence select=\"map { 'a': string(/r/@a), 'n': (), 'op': $operation }\"/>", "<r a='1'/>"))
                .isEqualTo(Folder.object("{\"a\": \"1\", \"n\": null, \"op\": \"update\"}"));
        assertThat((String) transformed("xml", "<out>{/r/@a}</out>", "<r a='1'/>".getBytes())).contains(">1</out>");
    }

    @Test
    void neverReadsOutsideTheRecord() throws IOException {
        var secret = write("secret.xml", "<secret/>").toUri();
        assertThatThrownBy(() -> transformed("xml", "<o>{/}</o>",
                "<!DOCTYPE r [<!ENTITY x SYSTEM \"" + secret + "\">]><r>&x;</r>"))
                .isInstanceOf(MappingException.class).extracting("code").isEqualTo(MappingException.MALFORMED);
        assertThatThrownBy(() -> transformed("xml", "<xsl:copy-of select=\"doc('" + secret + "')\"/>", "<r/>"))
                .isInstanceOf(MappingException.class);
        assertThatThrownBy(() -> transformed("xml", "<xsl:copy-of select=\"document('" + secret + "')\"/>", "<r/>"))
                .isInstanceOf(MappingException.class);
        assertThatThrownBy(() -> transformed("xml", "<o>{unparsed-text('" + secret + "')}</o>", "<r/>"))
                .isInstanceOf(MappingException.class);
        assertThatThrownBy(() -> transformed("xml", "<o>{file:exists(file:new('/'))}</o>", "<r/>"))
                .isInstanceOf(RuntimeException.class);
        var written = folder.resolve("written.xml");
        assertThatThrownBy(() -> transformed("xml",
                "<xsl:result-document href=\"" + written.toUri() + "\"><o/></xsl:result-document>", "<r/>"))
                .isInstanceOf(BadMappingException.class);
        assertThat(written).doesNotExist();
    }

    @Test
    void saysWhereXmlIsBroken() {
        var broken = catchThrowableOfType(MappingException.class, () -> transformed("xml", "<o/>", "<r>\n<a></r>"));
        assertThat(broken.code()).isEqualTo(MappingException.MALFORMED);
        assertThat(broken.problem()).contains("line 2");
    }
}
