package io.serai.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MapCommandTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path folder;

    private int run(String standardInput, String... arguments) {
        var in = new ByteArrayInputStream(standardInput.getBytes(StandardCharsets.UTF_8));
        var command = new MapCommand(in, new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        var all = new ArrayList<>(List.of("--dir", Folder.ROOT.toString()));
        all.addAll(List.of(arguments));
        return command.run(all.toArray(String[]::new));
    }

    private String sample(String text) throws IOException {
        return Files.writeString(folder.resolve("sample.json"), text).toString();
    }

    @Test
    void showsTheResultAndThatItIsValid() throws IOException {
        assertThat(run("", "shopify/customer-to-canonical", sample("{\"id\": 7, \"last_name\": \"Müller\"}"))).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("\"family\" : \"Müller\"")
                .endsWith("valid customer\n");
    }

    @Test
    void readsStandardInputAndVariables() throws IOException {
        var with = Files.writeString(folder.resolve("with.json"), "{\"operation\": \"create\", \"reference\": \"r-1\"}")
                .toString();
        assertThat(run("{\"kind\": \"organization\", \"organizationName\": \"Muster AG\"}", "--with", with,
                "accounting/customer-from-canonical", "-")).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("\"reference\" : \"r-1\"").doesNotContain("valid");
    }

    @Test
    void saysWhichPathIsWrongAndWhy() throws IOException {
        assertThat(run("", "shopify/customer-to-canonical",
                sample("{\"id\": 7, \"email\": \"x\", \"tags\": \"" + "x".repeat(101) + "\"}"))).isEqualTo(1);
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("not a valid customer:",
                "  /emails/0/address: \"x\" is not an e-mail address",
                "  /tags/0: The text is longer than 100 characters");
    }

    @Test
    void saysWhereTheMappingFailed() throws IOException {
        assertThat(run("", "shopify/customer-to-canonical", sample("{\"id\": 7, \"phone\": \"none\"}"))).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .contains("/phone: The phone number \"none\" is not a phone number", "at line ", "$e164(phone");
    }

    @Test
    void saysWhereTheSampleIsNoJson() throws IOException {
        assertThat(run("", "shopify/customer-to-canonical", sample("{\n \"id\" 7}"))).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("The record is no JSON (line 2, column");
    }

    @Test
    void mapsXml() throws IOException {
        assertThat(run("<DEBMAS07><E1KNA1M><KUNNR>0017</KUNNR></E1KNA1M></DEBMAS07>", "sap/customer-to-canonical", "-"))
                .isZero();
        assertThat(out.toString(StandardCharsets.UTF_8)).contains("\"id\" : \"17\"").endsWith("valid customer\n");
    }

    @Test
    void saysHowItIsUsed() {
        assertThat(run("", "shopify/customers-to-canonical", "-")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains(
                "There is no mapping \"shopify/customers-to-canonical\". There are:",
                "\n  shopify/customer-to-canonical\n");
        assertThat(run("", "shopify/customer-to-canonical")).isEqualTo(2);
        assertThat(run("", "shopify/customer-to-canonical", folder.resolve("none.json").toString())).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("Usage: map", "none.json cannot be read");
        assertThat(run("", "--help")).isZero();
    }

    @Test
    void saysWhichMappingOfTheFolderIsBroken() throws IOException {
        Files.createDirectories(folder.resolve("test"));
        Files.writeString(folder.resolve("test/it.jsonata"), "{\"a\": }");
        assertThat(run("", "--dir", folder.toString(), "test/it", "-")).isEqualTo(2);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("it.jsonata, line 1, column");
    }
}
