package io.serai.connector.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.serai.connector.Forgetful;
import io.serai.connector.Item;
import io.serai.connector.Outcome;
import io.serai.connector.SettableClock;
import io.serai.connector.Watch;

class DropFolderTest {
    private static final Charset WINDOWS = Charset.forName("windows-1252");
    private static final List<Format> FORMATS = List.of(
            new Format.Csv("csv", null, null, List.of("id", "name", "city"), List.of("id")),
            new Format.Xml("xml", "customer"), new Format.JsonLines("jsonl"),
            new Format.FixedWidth("txt", null, List.of(new Format.Column("id", 1, 10, true, true, true),
                    new Format.Column("name", 11, 10, true, false, false))));

    @TempDir
    Path folder;

    private final SettableClock clock = new SettableClock();
    private final Forgetful polls = new Forgetful();
    private Journal journal = new Journal();
    private FileInlet inlet;

    @BeforeEach
    void start() {
        restart();
    }

    private void restart() {
        inlet = new FileInlet(
                new FileSettings("nightly", "customer", FORMATS, Duration.ofSeconds(1), Duration.ofSeconds(2), 100_000,
                        2_000, 500),
                new LocalFolder(folder), polls, clock, Watch.NOBODY);
        inlet.accept(journal);
    }

    private void pickUp() {
        inlet.round();
        clock.advance(Duration.ofSeconds(2));
        inlet.round();
    }

    private void drop(String name, String content) throws IOException {
        Files.write(folder.resolve(name), content.getBytes(UTF_8));
    }

    private String only(String inner) throws IOException {
        try (var files = Files.list(folder.resolve(inner))) {
            return Files.readString(files.reduce((one, other) -> {
                throw new AssertionError("More than one file in " + inner + ": " + one + ", " + other);
            }).orElseThrow(() -> new AssertionError("No file in " + inner)));
        }
    }

    private List<String> names(String inner) throws IOException {
        try (var files = Files.list(folder.resolve(inner))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void takesEveryRowAndThenMovesTheFile() throws IOException {
        drop("customers.csv", "id;name;city\r\n1;Anna;Zürich\r\n2;Bert;Genève\r\n");
        pickUp();
        assertThat(journal.items).extracting(Item::body).containsExactly(
                Map.of("id", "1", "name", "Anna", "city", "Zürich"),
                Map.of("id", "2", "name", "Bert", "city", "Genève"));
        assertThat(journal.items).extracting(Item::row).containsExactly(2L, 3L);
        assertThat(new String(journal.items.getFirst().received(), UTF_8)).isEqualTo("1;Anna;Zürich");
        assertThat(names("done")).containsExactly("customers.csv");
        assertThat(names("rejected")).isEmpty();
    }

    @Test
    void waitsUntilAFileStopsGrowing() throws IOException {
        drop("customers.csv", "id;name;city\n1;An");
        inlet.round();
        clock.advance(Duration.ofSeconds(2));
        drop("customers.csv", "id;name;city\n1;Anna;Bern\n");
        inlet.round();
        assertThat(journal.items).isEmpty();
        clock.advance(Duration.ofMillis(1999));
        inlet.round();
        assertThat(journal.items).isEmpty();
        clock.advance(Duration.ofMillis(1));
        inlet.round();
        assertThat(journal.items).hasSize(1);
    }

    @Test
    void takesAFileAtOnceWhenItIsMarkedDone() throws IOException {
        drop("customers.csv", "id;name;city\n1;Anna;Bern\n");
        drop("customers.csv.done", "");
        inlet.round();
        assertThat(journal.items).hasSize(1);
        assertThat(folder.resolve("customers.csv.done")).doesNotExist();
    }

    @Test
    void aMarkerOfAnEarlierFileSaysNothingOfTheNextOne() throws IOException {
        drop("customers.csv", "id;name;city\n1;Anna;Bern\n");
        pickUp();
        drop("customers.csv.done", "");
        Files.setLastModifiedTime(folder.resolve("customers.csv.done"),
                FileTime.from(Instant.now().minus(Duration.ofMinutes(1))));
        drop("customers.csv", "id;name;city\n2;Be");
        inlet.round();
        assertThat(journal.items).as("it still grows").hasSize(1);
        drop("customers.csv", "id;name;city\n2;Bert;Bern\n");
        pickUp();
        assertThat(journal.items).extracting(Item::body).last()
                .isEqualTo(Map.of("id", "2", "name", "Bert", "city", "Bern"));
        assertThat(names("")).containsExactly("done", "rejected");
    }

    @Test
    void takesAwayMarkersThatAreLeftAndNothingElse() throws IOException {
        drop("customers.csv.done", "");
        drop("notes.done", "somebody's own");
        inlet.round();
        assertThat(names("")).contains("customers.csv.done");
        clock.advance(Duration.ofSeconds(2));
        inlet.round();
        assertThat(names("")).containsExactly("done", "notes.done", "rejected");
    }

    @Test
    void aFileThatIsPutRightWhileItIsRejectedIsRead() throws IOException {
        drop("customers.csv", "");
        inlet.accept(items -> {
            if (journal.items.isEmpty()) {
                drop("customers.csv", "id;name;city\n1;Anna;Bern\n");
            }
            return journal.accept(items);
        });
        pickUp();
        assertThat(journal.refused()).hasSize(1);
        assertThat(names("rejected")).isEmpty();
        pickUp();
        assertThat(journal.good()).hasSize(1);
        assertThat(names("done")).containsExactly("customers.csv");
    }

    @Test
    void leavesHiddenUnfinishedAndLinkedFilesAlone() throws IOException {
        List<String> names = List.of(".customers.csv", "customers.csv.part", "customers.tmp", "customers.csv~",
                "~customers.csv");
        for (String name : names) {
            drop(name, "id;name;city\n1;Anna;Bern\n");
        }
        Path secret = Files.writeString(Files.createTempFile("secret", ".csv"), "id;name;city\n1;Secret;Bern\n");
        Files.createSymbolicLink(folder.resolve("link.csv"), secret);
        pickUp();
        pickUp();
        assertThat(journal.items).isEmpty();
        assertThat(folder.resolve("link.csv")).exists();
        Files.delete(secret);
    }

    @Test
    void readsCommasWindowsLettersMarksAndQuotedLineBreaks() throws IOException {
        Files.write(folder.resolve("a.csv"), "id,name,city\n1,\"Müller, Söhne\",Zürich\n".getBytes(WINDOWS));
        Files.write(folder.resolve("b.csv"),
                "\uFEFFid;name;city\n2;\"Anna\r\n\"\"die Große\"\"\";Köln\n".getBytes(UTF_8));
        Files.write(folder.resolve("c.csv"), "ID\tName\tCity\n=\"003\"\tMüller\tBern\n".getBytes(WINDOWS));
        pickUp();
        assertThat(journal.items).extracting(Item::body).containsExactlyInAnyOrder(
                Map.of("id", "1", "name", "Müller, Söhne", "city", "Zürich"),
                Map.of("id", "2", "name", "Anna\r\n\"die Große\"", "city", "Köln"),
                Map.of("id", "003", "name", "Müller", "city", "Bern"));
    }

    @Test
    void rejectsBadRowsWithTheirReasonsAndTakesTheOthers() throws IOException {
        byte[] bad = "5;Sch\u00fctz;Bern\n".getBytes(WINDOWS);
        byte[] head = ("id;name;city\n1;Zoë;Genève\n2;Bert\n;Carl;Bern\n4;\"Dora\"x;Bern\n").getBytes(UTF_8);
        byte[] tail = ("6;" + "x".repeat(2_000) + ";Bern\n7;Emil;Köln\n").getBytes(UTF_8);
        try (var out = Files.newOutputStream(folder.resolve("customers.csv"))) {
            out.write(head);
            out.write(bad);
            out.write(tail);
        }
        pickUp();
        assertThat(journal.good()).extracting(Item::row).containsExactly(2L, 8L);
        assertThat(journal.refused()).extracting(Item::row).containsExactly(3L, 4L, 5L, 6L, 7L);
        assertThat(journal.refused()).extracting(item -> item.refusal().code()).containsExactly("malformed", "invalid",
                "malformed", "malformed", "too-large");
        assertThat(journal.refused().get(1).refusal().field()).isEqualTo("id");
        List<String> lines = rejectedLines();
        assertThat(lines.getFirst()).isEqualTo("id;name;city;row;field;reason");
        assertThat(lines.get(1)).isEqualTo("2;Bert;3;;" + '"'
                + "The row has 2 cells but the header row has 3; quote cells that hold the delimiter \"\";\"\"." + '"');
        assertThat(lines.get(2)).isEqualTo(";Carl;Bern;4;id;The column id must not be empty.");
        assertThat(lines).hasSize(6);
        assertThat(names("done")).containsExactly("customers.csv");
    }

    private List<String> rejectedLines() throws IOException {
        String name = names("rejected").stream().filter(file -> file.endsWith(".csv")).findFirst().orElseThrow();
        return new String(Files.readAllBytes(folder.resolve("rejected").resolve(name)), WINDOWS).lines().toList();
    }

    /** One row after the other, with what a person may leave undone or take away on the way. */
    @Test
    void aRejectedFileCanBePutRightAgainAndAgain() throws IOException {
        drop("customers.csv", "id;name;city\n1;Anna;Bern\n2;Bert\n;Carl;Bern\n4;\"Dora;Bern\n\"\";E;Köln\n");
        pickUp();
        String rejected = taken();
        assertThat(rejected.lines()).hasSize(5);
        drop("again.csv", rejected.replace("2;Bert;3", "2;Bert;Bern;3"));
        pickUp();
        assertThat(journal.good()).extracting(DropFolderTest::name).containsExactly("Anna",
                "Bert");
        String still = taken();
        List<String> lines = still.lines().toList();
        assertThat(lines).hasSize(4).startsWith("id;name;city;row;field;reason",
                ";Carl;Bern;3;id;The column id must not be empty.")
                .endsWith("\"\";E;Köln;5;id;The column id must not be empty.");
        assertThat(lines.get(2)).startsWith("4;\"Dora;Bern;4;;\"The row cannot").containsOnlyOnce("The row cannot");
        drop("last.csv", still.replace(";Carl;Bern;3", "3;Carl;Bern;3").replace("\"Dora", "Dora").replace("\"\";E",
                "5;E"));
        pickUp();
        assertThat(journal.good()).extracting(DropFolderTest::name).containsExactly("Anna",
                "Bert", "Carl", "Dora", "E");
        assertThat(names("rejected")).isEmpty();
    }

    private static Object name(Item item) {
        return ((Map<?, ?>) item.body()).get("name");
    }

    /** The only file in rejected/, which is no longer there then. */
    private String taken() throws IOException {
        String content = only("rejected");
        Files.delete(folder.resolve("rejected").resolve(names("rejected").getFirst()));
        return content;
    }

    @Test
    void rejectedRecordsOfOtherFormatsCanBeDroppedAgainToo() throws IOException {
        journal.deciding(item -> Journal.outcome(
                item.body().toString().contains("Bern") ? Outcome.State.APPLIED : Outcome.State.REJECTED, "/city",
                "Where?"));
        drop("a.xml", "<all><customer><id>1</id></customer><customer><id>2</id></customer></all>");
        drop("a.jsonl", "{\"id\":\"3\"}\n{\"id\":\"4\"}\n");
        drop("a.txt", "5         Bert\n6         Emil\n");
        pickUp();
        assertThat(names("rejected")).hasSize(6);
        for (String name : names("rejected")) {
            if (!name.endsWith(".reasons.csv")) {
                String rows = Files.readString(folder.resolve("rejected").resolve(name));
                drop("again-" + name, rows.replace("</id>", "</id><city>Bern</city>")
                        .replace("\"}", "\",\"city\":\"Bern\"}").replaceAll("Bert|Emil", "Bern"));
            }
        }
        pickUp();
        assertThat(journal.refused()).isEmpty();
        assertThat(journal.answers.values().stream().filter(answer -> answer.state() == Outcome.State.APPLIED))
                .hasSize(6);
    }

    @Test
    void anOpenQuoteCostsItsOwnRowOnly() throws IOException {
        StringBuilder rows = new StringBuilder("id;name;city\n1;\"Anna;Bern\n");
        for (int i = 2; i <= 600; i++) {
            rows.append(i).append(i % 100 == 0 ? ";\"Foo; Bar\";Bern\n" : ";Bert;Bern\n");
        }
        drop("customers.csv", rows.toString());
        pickUp();
        assertThat(journal.refused()).extracting(Item::row).containsExactly(2L);
        assertThat(journal.good()).hasSize(599);
    }

    @Test
    void neutralisesFormulasInReasons() throws IOException {
        journal.deciding(item -> Journal.outcome(Outcome.State.PARKED, "/=cmd", "=HYPERLINK(\"http://evil\")\nnext"));
        drop("customers.csv", "id,name,city\n1,Anna,Bern\n");
        pickUp();
        assertThat(only("rejected")).isEqualTo("id,name,city,row,field,reason\r\n1,Anna,Bern,2,'=cmd,"
                + "\"'=HYPERLINK(\"\"http://evil\"\") next A person has to look at it.\"\r\n");
    }

    @Test
    void rejectsWhatIsNoTextAndSaysWhy() throws IOException {
        Files.write(folder.resolve("binary.csv"), new byte[]{'i', 'd', 0, 1, 2, '\n'});
        Files.write(folder.resolve("wide.csv"), "\uFEFFid;name\n".getBytes(Charset.forName("UTF-16LE")));
        drop("headless.csv", "1;Anna;Bern\n2;Bert;Bern\n");
        drop("empty.csv", "");
        drop("orders.pdf", "%PDF");
        drop("big.csv", "id;name;city\n" + "1;Anna;Bern\n".repeat(10_000));
        drop("broken.xml", "<customers><customer><id>1</id></customer><customer>");
        pickUp();
        assertThat(journal.good()).isEmpty();
        assertThat(journal.refused()).hasSize(7).allMatch(item -> item.row() == null && item.body() == null);
        assertThat(names("done")).isEmpty();
        assertThat(names("rejected")).contains("binary.csv", "binary.csv.reason.txt", "wide.csv", "headless.csv",
                "empty.csv", "orders.pdf", "big.csv", "broken.xml");
        assertThat(reason("binary.csv")).contains("zero bytes");
        assertThat(reason("wide.csv")).contains("UTF-16");
        assertThat(reason("headless.csv")).contains("no header row").contains("id, name, city");
        assertThat(reason("orders.pdf")).contains("*.csv, *.xml, *.jsonl, *.txt");
        assertThat(reason("big.csv")).contains("100000");
        assertThat(reason("broken.xml")).contains("line 1");
    }

    private String reason(String name) throws IOException {
        return Files.readString(folder.resolve("rejected").resolve(name + ".reason.txt"));
    }

    @Test
    void readsXmlRecordsAndRefusesDocumentTypes() throws IOException {
        drop("a.xml",
                """
                        <?xml version="1.0" encoding="ISO-8859-1"?>
                        <customers><customer nr="7"><name>Anna</name><mail>a@x.example</mail><mail>b@x.example</mail></customer>
                        <customer><name>%s</name></customer><customer>nothing</customer><customer><name>Bert</name></customer></customers>
                        """
                        .formatted("x".repeat(2_000)));
        drop("b.xml",
                "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a><customer><name>&e;</name></customer></a>");
        pickUp();
        assertThat(journal.good()).extracting(Item::body).containsExactly(
                Map.of("@nr", "7", "name", "Anna", "mail", List.of("a@x.example", "b@x.example")),
                Map.of("name", "Bert"));
        assertThat(reason("b.xml")).contains("DOCTYPE");
        String name = names("rejected").stream().filter(file -> file.endsWith(".reasons.csv")).findFirst()
                .orElseThrow();
        assertThat(Files.readString(folder.resolve("rejected").resolve(name)).lines()).hasSize(3).first()
                .isEqualTo("row;field;reason");
    }

    /** Names count without their namespaces, so two may be one. */
    @Test
    void readsElementsWithSeveralAttributesOfOneName() throws IOException {
        drop("a.xml",
                """
                        <all xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:a="urn:a">
                        <customer type="buyer" xsi:type="Person"><name>Anna</name></customer>
                        <customer a:type="old" type="new"><name>Bert</name><phone xsi:type="Phone" xsi:nil="true"/></customer></all>""");
        pickUp();
        assertThat(journal.refused()).isEmpty();
        Map<String, Object> bert = new HashMap<>(Map.of("@type", "new", "name", "Bert"));
        bert.put("phone", null);
        assertThat(journal.good()).extracting(Item::body)
                .containsExactly(Map.of("@type", "buyer", "name", "Anna"), bert);
    }

    @Test
    void readsJsonLinesAndFixedWidth() throws IOException {
        drop("a.jsonl", "{\"id\":\"1\",\"total\":10.10}\n\n[1]\n{\"id\":\n");
        drop("b.txt", "0000001234Anna Björk \n          Bert\n0000000000Zero\n");
        pickUp();
        assertThat(journal.good()).extracting(Item::body).containsExactlyInAnyOrder(
                Map.of("id", "1", "total", new java.math.BigDecimal("10.10")),
                Map.of("id", "1234", "name", "Anna Björk"), Map.of("id", "0", "name", "Zero"));
        assertThat(journal.refused()).extracting(Item::row).containsExactlyInAnyOrder(3L, 4L, 2L);
    }

    @Test
    void triesAgainWithGrowingPausesWhileNothingCanBeStored() throws IOException {
        journal.isAway(2);
        drop("customers.csv", "id;name;city\n1;Anna;Bern\n");
        pickUp();
        assertThat(folder.resolve("customers.csv")).exists();
        clock.advance(Duration.ofMillis(999));
        inlet.round();
        clock.advance(Duration.ofMillis(1));
        inlet.round();
        clock.advance(Duration.ofMillis(1999));
        inlet.round();
        assertThat(journal.items).isEmpty();
        clock.advance(Duration.ofMillis(1));
        inlet.round();
        assertThat(journal.items).hasSize(1);
        assertThat(names("done")).containsExactly("customers.csv");
    }

    @Test
    void losesAndRepeatsNothingWhenKilledInTheMiddle() throws IOException {
        StringBuilder rows = new StringBuilder("id;name;city\n");
        for (int i = 0; i < 1_200; i++) {
            rows.append(i % 100 == 7 ? "" : i).append(";Anna;Bern\n");
        }
        drop("customers.csv", rows.toString());
        journal.diesAtBatch(2);
        pickUp();
        assertThat(journal.items).hasSize(500);
        assertThat(names("rejected")).isEmpty();
        restart();
        pickUp();
        assertThat(journal.items).hasSize(1_200);
        assertThat(journal.refused()).hasSize(12);
        assertThat(only("rejected").lines()).hasSize(13);
        assertThat(names("done")).containsExactly("customers.csv");
    }

    @Test
    void aRepeatedOrRenamedFileChangesNothing() throws IOException {
        drop("customers.csv", "id;name;city\n1;Anna;Bern\n");
        pickUp();
        drop("customers.csv", "id;name;city\n1;Anna;Bern\n");
        pickUp();
        drop("renamed.csv", "id;name;city\n1;Anna;Bern\n");
        pickUp();
        assertThat(journal.items).hasSize(1);
        assertThat(names("done")).hasSize(3);
    }

    @Test
    void onlyForgetfulLooksAtATime() throws IOException {
        drop("customers.csv", "id;name;city\n1;Anna;Bern\n");
        try (var turn = polls.claim("nightly", "files/customer", Duration.ofMinutes(1)).orElseThrow()) {
            assertThat(turn.cursor()).isNull();
            pickUp();
            assertThat(journal.items).isEmpty();
        }
        pickUp();
        assertThat(journal.items).hasSize(1);
    }

    @Test
    void filesCanBeDroppedAsSoonAsItIsOpen() {
        var anotherHubLooks = new FileInlet(
                new FileSettings("nightly", "customer", FORMATS, Duration.ofSeconds(1), Duration.ZERO, 1L << 30, 2_000,
                        500),
                new LocalFolder(folder.resolve("inbox")), (spoke, what, lease) -> Optional.empty(), clock,
                Watch.NOBODY);
        anotherHubLooks.open(journal);
        anotherHubLooks.close();

        assertThat(folder.resolve("inbox/rejected")).isDirectory();
    }

    @Test
    void handsLongRowsOverInBatchesThatFitIntoMemory() throws IOException {
        drop("long.jsonl", ("{\"id\":\"" + "x".repeat(60_000) + "\"}\n").repeat(200));
        inlet = new FileInlet(
                new FileSettings("nightly", "customer", FORMATS, Duration.ofSeconds(1), Duration.ZERO, 1L << 30,
                        64 << 10, 512),
                new LocalFolder(folder), polls, clock, Watch.NOBODY);
        inlet.accept(journal);
        inlet.round();
        assertThat(journal.items).hasSize(200);
        assertThat(journal.batches).containsExactly(70, 70, 60);
    }

    @Test
    void handsALongFileOverInSmallBatches() throws IOException {
        try (BufferedWriter out = Files.newBufferedWriter(folder.resolve("many.csv"))) {
            out.write("id;name;city\n");
            for (int i = 0; i < 1_000_000; i++) {
                out.write(i + ";Name of the customer " + i + ";Some city in the country with a long name " + i + "\n");
            }
        }
        var counted = new long[2];
        inlet = new FileInlet(
                new FileSettings("nightly", "customer", FORMATS, Duration.ofSeconds(1), Duration.ZERO, 1L << 30, 2_000,
                        500),
                new LocalFolder(folder), polls, clock, Watch.NOBODY);
        inlet.accept(items -> {
            counted[0] += items.size();
            counted[1] = Math.max(counted[1], items.size());
            return items.stream().map(item -> Journal.outcome(Outcome.State.APPLIED, null, null)).toList();
        });
        inlet.round();
        assertThat(counted).containsExactly(1_000_000, 500);
        assertThat(names("done")).containsExactly("many.csv");
    }
}
