package io.serai.crm;

import static io.serai.crm.Hub.person;
import static io.serai.crm.Hub.with;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.datasource.DelegatingDataSource;

import com.zaxxer.hikari.HikariDataSource;

import io.serai.crm.plan.Survivorship;

class ErasureTest {
    private static final String CLERK = "api";
    /** Stands in everything that is said of her, and nowhere else. */
    private static final String CANARY = "canary";
    private Hub hub = new Hub();

    @AfterEach
    void close() {
        hub.close();
    }

    private static Map<String, Object> anna(String record) {
        return with(person(record, "Anna", "Canary", "anna@canary.example", "+41449990001"), "addresses",
                List.of(Map.of("use", "billing", "lines", List.of("Canary street 1"), "city", "Bern")));
    }

    private Outcome known() {
        Outcome created = hub.says("erp", "customer", "e-1", anna("c1"));
        hub.delivers("shop", "customer");
        hub.delivers("books", "customer");
        return created;
    }

    private Map<String, Object> order(String number, String paid) {
        return Map.of("source", Map.of("id", "o" + number), "number", number, "customer", anna("c1"), "status", "open",
                "paymentStatus", paid, "currency", "CHF", "total", "120.00", "note", "For canary, at the back door");
    }

    private void invoice(String number) {
        InvoiceClaim claim = hub.store.invoices().claim("books", 10, Duration.ofSeconds(30)).getFirst();
        hub.store.invoices().record(new InvoiceResult(claim, InvoiceResult.Kind.MADE, Map.of("number", number), "b1",
                null, null, null, Instant.parse("2026-03-01T10:00:00Z"), Duration.ofMillis(1)));
    }

    /** Every row of every table that still names her. */
    private List<String> traces() throws Exception {
        List<String> found = new ArrayList<>();
        try (Connection connection = HubDatabase.owner(hub.database).getConnection();
                Statement statement = connection.createStatement()) {
            List<String> tables = new ArrayList<>();
            try (ResultSet row = statement.executeQuery("select table_name from information_schema.tables"
                    + " where table_schema = 'public' and table_type = 'BASE TABLE'")) {
                while (row.next()) {
                    tables.add(row.getString(1));
                }
            }
            for (String table : tables) {
                String text = table.equals("message")
                        ? "t::text || encode(t.received, 'escape')"
                        : "t::text";
                try (ResultSet row = statement.executeQuery("select " + text + " from " + table + " t where lower("
                        + text + ") like '%" + CANARY + "%' or " + text + " like '%449990001%'")) {
                    while (row.next()) {
                        found.add(table + ": " + row.getString(1));
                    }
                }
            }
        }
        return found;
    }

    @Test
    void leavesNoTraceOfAPersonInTheHub() throws Exception {
        Outcome created = known();
        hub.says("shop", "order", order("1", "unpaid"));
        hub.says("mailbox", "interaction", Map.of("kind", "email", "source", Map.of("id", "m1"), "customer",
                Map.of("emails", List.of(Map.of("address", "Anna@Canary.example"))), "subject", "Canary"));
        hub.says("erp", "customer", with(anna("c1"), "language", "no language: canary"));
        hub.store.ingest().ingest(List.of(new Arrival("nightly", "customer", "n1", "poll", "text/csv",
                "row;ANNA@canary.example;".getBytes(StandardCharsets.UTF_8), Instant.parse("2026-03-01T10:00:00Z"),
                null, new Refusal("connector", "/canary", "Cannot be read: canary.", "malformed"), null, null,
                null)));
        hub.says("erp", "customer", with(anna("c1"), "emails", List.of(Map.of("address", "new@canary.example"))));
        assertThat(traces()).isNotEmpty();

        Erasures.Erased erased = hub.store.erasures().erase(created.id(), CLERK);

        assertThat(erased.outcome().state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(traces()).isEmpty();
        assertThat(Files.readString(hub.ledger)).doesNotContainIgnoringCase(CANARY).contains(created.id().toString());
        assertThat(hub.store.goldens().find("customer", created.id())).isEmpty();
        assertThat(hub.store.erasures().of(created.id())).contains(erased.receipt().id());
        assertThat(erased.receipt().done()).extractingByKey("kept").isEqualTo(List.of());
        assertThat(hub.store.changes().of("customer", created.id()).getLast())
                .satisfies(change -> assertThat(change.reason() + " by " + change.spoke()).isEqualTo("erased by api"));
    }

    @Test
    void aKeptSaleOfSomebodyErasedCanStillBeTakenBackAndNothingOfThemComesBack() throws Exception {
        Outcome created = known();
        hub.says("shop", "order", order("1", "paid"));
        invoice("R-1");
        hub.store.erasures().erase(created.id(), CLERK);
        List<String> kept = traces();

        Map<String, Object> cancelled = with(order("1", "paid"), "status", "cancelled");
        Outcome taken = hub.says("shop", "order", "cancelled-1", cancelled);

        assertThat(taken.state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(hub.says("shop", "order", "cancelled-1", cancelled).state()).isEqualTo(Outcome.State.DUPLICATE);
        assertThat(hub.order("1").document()).containsEntry("status", "cancelled").doesNotContainKey("note");
        InvoiceClaim note = hub.store.invoices().claim("books", "credit-note", 10, Duration.ofSeconds(30), 0)
                .getFirst();
        assertThat(note.document()).containsEntry("invoiceExternalId", "b1").containsEntry("invoiceNumber", "R-1");
        hub.store.invoices().record(new InvoiceResult(note, InvoiceResult.Kind.MADE, Map.of("number", "CN-1"), "n1",
                null, null, null, Instant.parse("2026-03-01T10:00:00Z"), Duration.ofMillis(1)));
        assertThat(hub.order("1").document()).containsEntry("creditNoteNumber", "CN-1");
        assertThat(traces()).isEqualTo(kept);
        assertThat(hub.says("shop", "order", order("2", "paid")).refusal().code()).as("a new sale of theirs")
                .isEqualTo("erased");
        assertThat(traces()).isEqualTo(kept);
    }

    @Test
    void whatIsSaidOfAKeptSaleOfSomebodyErasedWaitsItsTurnWithoutThem() throws Exception {
        Outcome created = known();
        hub.says("shop", "order", order("1", "paid"));
        invoice("R-1");
        hub.store.erasures().erase(created.id(), CLERK);
        List<String> kept = traces();
        Outcome unreadable = hub.store.ingest().ingest(List.of(new Arrival("shop", "order", "bad", "webhook",
                "application/json", new byte[]{1}, Instant.parse("2026-03-01T10:00:00Z"), null,
                new Refusal("mapping", "/lines", "Cannot be read.", "invalid"), null, null, null, "o1", null)))
                .getFirst();
        assertThat(unreadable.state()).isEqualTo(Outcome.State.PARKED);

        Outcome waiting = hub.says("shop", "order", with(order("1", "paid"), "status", "cancelled"));

        assertThat(waiting.state()).isEqualTo(Outcome.State.WAITING);
        Journaled journaled = hub.store.parkedWork().journaled(waiting.messageId()).orElseThrow();
        assertThat(journaled.contentType()).isEqualTo(Arrival.CANONICAL);
        assertThat(Json.document(new String(journaled.content(), StandardCharsets.UTF_8)))
                .containsEntry("status", "cancelled").doesNotContainKeys("customer", "note");
        assertThat(traces()).isEqualTo(kept);
    }

    @Test
    void keepsWhatAnInvoiceNeedsAndNamesIt() throws Exception {
        Outcome created = known();
        hub.says("shop", "order", order("1", "paid"));
        assertThat(hub.store.erasures().erase(created.id(), CLERK).outcome().refusal().code())
                .isEqualTo("not-invoiced");
        invoice("R-1");
        hub.delivers("mailbox", "invoice");
        Erasures.Erased erased = hub.store.erasures().erase(created.id(), CLERK);

        assertThat(erased.outcome().state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(hub.store.goldens().find("customer", created.id()).orElseThrow().document().keySet())
                .containsExactlyInAnyOrder("kind", "name", "addresses");
        assertThat(hub.order("1").document()).containsEntry("invoiceNumber", "R-1").doesNotContainKey("note");
        assertThat(traces()).singleElement().asString().startsWith("customer: ");
        assertThat((List<?>) erased.receipt().done().get("kept"))
                .extracting(one -> ((Map<?, ?>) one).get("entity").toString())
                .containsExactly("customer", "order", "invoice");
        assertThat(hub.store.goldens().list("customer", new Filter(Map.of("name", "canary")), null, 5).items())
                .isEmpty();
        Outcome payment = hub.says("books", "payment", Map.of("source", Map.of("id", "p1"), "invoiceNumber", "R-1",
                "amount", "120.00", "currency", "CHF"));
        assertThat(payment.state()).as("business goes on").isEqualTo(Outcome.State.APPLIED);
        assertThat(hub.store.erasures().erase(created.id(), CLERK).outcome().state())
                .isEqualTo(Outcome.State.NOT_FOUND);
    }

    @Test
    void leavesNothingOfWhatCouldNotBeReadOfHerRecordNorOfWhatWaitedBehindIt() throws Exception {
        Outcome created = known();
        Outcome unreadable = hub.store.ingest().ingest(List.of(new Arrival("erp", "customer", "u1", "webhook",
                "application/json", "{\"no\":\"c1\",\"canary\":\"044 999 00 01\"}".getBytes(StandardCharsets.UTF_8),
                hub.now(), null, new Refusal("mapping", "/canary", "Cannot be read.", "invalid"), null, null, null,
                "c1", null))).getFirst();
        Outcome waiting = hub.says("erp", "customer", Map.of("source", Map.of("id", "c1"), "addresses",
                List.of(Map.of("lines", List.of("Canary street 2"), "city", "Bern"))));
        Outcome order = hub.says("erp", "order", Map.of("source", Map.of("id", "o9"), "customer",
                Map.of("source", Map.of("id", "c1")), "note", "For canary"));
        assertThat(List.of(unreadable.state(), waiting.state(), order.state())).containsExactly(Outcome.State.PARKED,
                Outcome.State.WAITING, Outcome.State.PARKED);

        hub.store.erasures().erase(created.id(), CLERK);

        assertThat(traces()).isEmpty();
        assertThat(hub.store.parked().list(new ParkedItems.Question(null, null, true), null, 5).items()).isEmpty();
        assertThat(hub.store.parkedWork().due(null, 5)).isEmpty();
    }

    @Test
    void bringsNobodyBackWhoWasErased() throws Exception {
        Outcome created = known();
        hub.store.erasures().erase(created.id(), CLERK);
        List<Outcome> late = List.of(hub.says("erp", "customer", "e-1", anna("c1")),
                hub.says("erp", "customer", "e-9", anna("c1")),
                hub.says("erp", "customer", with(person("c1", "A", "B", null, null), "language", "de-CH")),
                hub.says("nightly", "customer", person("77", "Anna", "Canary", "ANNA@canary.example", null)),
                hub.says("shop", "customer", person("shop-" + created.id(), "Anna", "Canary", null, null)),
                hub.says("shop", "order", order("5", "paid")),
                hub.says("mailbox", "interaction", Map.of("kind", "lead", "source", Map.of("id", "m2"), "customer",
                        Map.of("phones", List.of(Map.of("number", "+41449990001"))))),
                hub.says("api", "order", with(order("6", "paid"), "customer", Map.of("id", created.id().toString()))));

        assertThat(late).allSatisfy(outcome -> {
            assertThat(outcome.state()).isEqualTo(Outcome.State.REJECTED);
            assertThat(outcome.refusal().code()).isEqualTo("erased");
        });
        assertThat(traces()).isEmpty();
        assertThat(hub.count("select count(*) from customer")).isZero();
        assertThat(hub.store.messages().find(late.get(1).messageId()).orElseThrow().received()).isEmpty();
        assertThat(hub.store.parked().list(new ParkedItems.Question(null, null, true), null, 5).items()).isEmpty();
    }

    @Test
    void letsOthersWithTheSameNumberGoOn() {
        Outcome created = known();
        Outcome husband = hub.says("erp", "customer",
                person("c2", "Beat", "Ochsner", "beat@example.org", "+41449990001"));
        hub.store.erasures().erase(created.id(), CLERK);
        assertThat(hub.says("erp", "customer",
                with(person("c2", "Beat", "Ochsner", "beat@example.org", "+41449990001"), "language", "de-CH")).state())
                .isEqualTo(Outcome.State.APPLIED);
        assertThat(hub.says("nightly", "customer", person("8", "Beat", "Ochsner", null, "+41449990001")).id())
                .isEqualTo(husband.id());
    }

    @Test
    void letsAPersonInAgainWhenAnOperatorSaysSo() {
        Outcome created = known();
        UUID erasure = hub.store.erasures().erase(created.id(), CLERK).receipt().id();
        assertThat(hub.says("shop", "customer", "back", anna("s5")).refusal().code()).isEqualTo("erased");
        assertThat(hub.store.erasures().lift(erasure, CLERK)).isTrue();
        Outcome again = hub.says("shop", "customer", "back", anna("s5"));
        assertThat(again.state()).isEqualTo(Outcome.State.APPLIED);
        assertThat(again.id()).isNotEqualTo(created.id());
        assertThat(hub.store.erasures().of(created.id())).as("the old id stays erased").contains(erasure);
        assertThat(hub.store.erasures().lift(erasure, CLERK)).isFalse();
    }

    @Test
    void tellsTheSpokesUntilTheyHaveDoneIt() {
        Outcome created = known();
        UUID erasure = hub.store.erasures().erase(created.id(), CLERK).receipt().id();
        List<Erasures.Task> tasks = hub.store.erasures().claim(10, Duration.ofSeconds(30));
        assertThat(tasks).extracting(task -> task.spoke() + " " + task.externalId()).containsExactlyInAnyOrder("erp c1",
                "shop shop-" + created.id(), "books books-" + created.id());
        assertThat(hub.store.erasures().claim(10, Duration.ofSeconds(30))).isEmpty();
        for (Erasures.Task task : tasks) {
            switch (task.spoke()) {
                case "erp" -> hub.store.erasures().done(task);
                case "books" -> hub.store.erasures().byHand(task, "It has no delete.");
                default -> hub.store.erasures().again(task, Duration.ofMinutes(1), "It is away.");
            }
        }
        hub.passes(Duration.ofMinutes(2));
        assertThat(hub.store.erasures().claim(10, Duration.ofSeconds(30))).singleElement()
                .satisfies(task -> assertThat(task.attempt()).isEqualTo(2));
        assertThat(hub.store.erasures().receipt(erasure).orElseThrow().spokes())
                .extracting(one -> one.spoke() + " " + one.state() + " " + one.externalId()).containsExactlyInAnyOrder(
                        "erp DONE null", "books BY_HAND books-" + created.id(), "shop PENDING shop-" + created.id());
    }

    @Test
    void whatASpokeAnswersAfterAnErasureBringsNothingBack() throws Exception {
        Outcome created = known();
        hub.says("erp", "customer", with(anna("c1"), "name", Map.of("given", "Anna", "family", "Canary-Meier")));
        Delivery underWay = hub.claims("shop", "customer").getFirst();
        assertThat(hub.store.erasures().erase(created.id(), CLERK).outcome().state())
                .isEqualTo(Outcome.State.APPLIED);

        hub.store.lanes().record(List.of(new DeliveryResult(underWay, DeliveryResult.Kind.PARKED, null, null, null,
                null, true, "\"Anna Canary\" is too short", "/name", hub.now(), Duration.ofMillis(3))));

        assertThat(hub.count("select count(*) from delivery where outcome = 'PARKED'")).isEqualTo(1);
        assertThat(traces()).isEmpty();
    }

    @Test
    void erasesAlsoThoseWhoWereMergedIntoThePerson() throws Exception {
        Outcome created = known();
        Outcome other = hub.says("shop", "customer", person("s9", "Canary", "Anna", "other@canary.example", null));
        hub.store.corrections().merge(created.id(), other.id(), CLERK);
        hub.store.erasures().erase(other.id(), CLERK);

        assertThat(traces()).isEmpty();
        assertThat(hub.store.erasures().of(created.id())).isEqualTo(hub.store.erasures().of(other.id())).isPresent();
        assertThat(hub.says("shop", "customer", person("s9", "X", "Y", null, null)).refusal().code())
                .isEqualTo("erased");
    }

    @Test
    void leavesNothingOfAPersonWithWhomSheWasOneForAWhile() throws Exception {
        Outcome created = known();
        Outcome eva = hub.says("erp", "customer", person("c5", "Eva", "Muster", "eva@example.org", null));
        hub.store.corrections().merge(eva.id(), created.id(), CLERK);
        hub.says("erp", "customer", with(anna("c1"), "note", "Calls herself Canary"));
        hub.says("erp", "customer", with(anna("c1"), "note", "Calls herself Canary"));
        hub.store.corrections().unmerge(created.id(), CLERK);
        hub.delivers("shop", "customer");
        hub.delivers("books", "customer");
        hub.store.erasures().erase(created.id(), CLERK);

        assertThat(traces()).isEmpty();
        assertThat(hub.store.goldens().find("customer", eva.id())).isPresent();
    }

    @Test
    void keepsTheChainOfChangesWhole() throws Exception {
        Outcome created = known();
        hub.says("erp", "customer", with(anna("c1"), "language", "de-CH"));
        hub.store.erasures().erase(created.id(), CLERK);
        hub.says("erp", "customer", person("c2", "Beat", "Ochsner", "beat@example.org", null));

        byte[] previous = {0};
        long entries = 0;
        try (Connection connection = HubDatabase.owner(hub.database).getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select sequence, at, spoke, reason, entity, entity_id, version,"
                        + " message, hash from change order by sequence")) {
            while (row.next()) {
                Instant at = row.getObject(2, java.time.OffsetDateTime.class).toInstant();
                String text = String.join("|", row.getString(1), at.toString(), row.getString(3), row.getString(4),
                        row.getString(5), row.getString(6), row.getString(7), String.valueOf(row.getString(8)));
                previous = Identifiers.sha256(previous, text.getBytes(StandardCharsets.UTF_8));
                assertThat(row.getBytes(9)).as(text).isEqualTo(previous);
                entries++;
            }
        }
        assertThat(entries).isEqualTo(4);
    }

    @Test
    void mayEmptyTheLogOfChangesButNotWriteIt() {
        known();
        assertThatThrownBy(() -> hub.count("update change set fields = '{}' returning 1"))
                .hasStackTraceContaining("permission denied");
    }

    @Test
    void erasesAgainWhenABackupFromBeforeIsRestored() throws Exception {
        Outcome created = known();
        Outcome other = hub.says("shop", "customer", person("s9", "Canary", "Anna", "other@canary.example", null));
        hub.close();
        HikariDataSource backup = HubDatabase.copy(hub.database);
        hub = new Hub(Survivorship.NEWEST_EVERYWHERE, HubDatabase.again(hub.database), hub.ledger);
        hub.store.corrections().merge(created.id(), other.id(), CLERK);
        UUID erasure = hub.store.erasures().erase(created.id(), CLERK).receipt().id();
        hub.close();
        hub = new Hub(Survivorship.NEWEST_EVERYWHERE, backup, hub.ledger);

        assertThat(traces()).isEmpty();
        assertThat(hub.count("select count(*) from customer")).isZero();
        assertThat(hub.says("erp", "customer", anna("c1")).refusal().code()).isEqualTo("erased");
        assertThat(hub.says("nightly", "customer", person("1", "A", "B", "other@canary.example", null)).refusal()
                .code()).isEqualTo("erased");
        assertThat(hub.store.erasures().receipt(erasure)).isPresent();
        assertThat(hub.store.erasures().claim(10, Duration.ofSeconds(30))).as("the spokes are told again").isNotEmpty();
    }

    /** A process whose connection breaks at an erasure. @param done whether the database has done it by then */
    private CrmStore breaking(String sqlState, boolean done) {
        return CrmStore.open(new DelegatingDataSource(hub.database) {
            @Override
            public Connection getConnection() throws SQLException {
                Connection connection = super.getConnection();
                boolean[] erases = new boolean[1];
                return (Connection) Proxy.newProxyInstance(getClass().getClassLoader(),
                        new Class<?>[]{Connection.class}, (_, method, arguments) -> {
                            erases[0] |= method.getName().equals("prepareStatement")
                                    && arguments[0].toString().contains("insert into erasure ");
                            if (erases[0] && method.getName().equals(done ? "commit" : "prepareStatement")) {
                                throw new SQLException("the connection broke", sqlState);
                            }
                            try {
                                return method.invoke(connection, arguments);
                            } catch (InvocationTargetException failed) {
                                throw failed.getCause();
                            }
                        });
            }
        }, hub.store.settings(), hub::now, hub.erasures());
    }

    private UUID promised() {
        List<Map<String, Object>> lines = hub.erasures().lines();
        assertThat(lines.getLast()).as("the promise stays").containsKey("erasure");
        return UUID.fromString(lines.getLast().get("erasure").toString());
    }

    @Test
    void staysErasedThroughARestoreAlsoWhenTheAnswerToTheCommitWasLost() throws Exception {
        Outcome created = known();
        hub.close();
        HikariDataSource backup = HubDatabase.copy(hub.database);
        hub = new Hub(Survivorship.NEWEST_EVERYWHERE, HubDatabase.again(hub.database), hub.ledger);
        try (CrmStore process = breaking("08006", true)) {
            assertThatThrownBy(() -> process.erasures().erase(created.id(), CLERK))
                    .isInstanceOf(StoreUnavailable.class);
        }
        UUID erasure = promised();
        assertThat(hub.store.erasures().of(created.id())).as("it was done").contains(erasure);
        hub.close();
        hub = new Hub(Survivorship.NEWEST_EVERYWHERE, backup, hub.ledger);

        assertThat(traces()).isEmpty();
        assertThat(hub.store.erasures().receipt(erasure)).isPresent();
    }

    @Test
    void anErasureThatDidNotReachTheDatabaseIsDoneAtTheNextStart() throws Exception {
        Outcome created = known();
        try (CrmStore process = breaking("08006", false)) {
            assertThatThrownBy(() -> process.erasures().erase(created.id(), CLERK))
                    .isInstanceOf(StoreUnavailable.class);
        }
        UUID erasure = promised();
        assertThat(hub.store.goldens().find("customer", created.id())).as("not done").isPresent();
        hub.close();
        hub = new Hub(Survivorship.NEWEST_EVERYWHERE, HubDatabase.again(hub.database), hub.ledger);

        assertThat(traces()).isEmpty();
        assertThat(hub.store.erasures().receipt(erasure)).isPresent();
    }

    @Test
    void whoAsksAgainAfterALostErasureGetsTheReceiptThatWasPromisedAndCanLiftIt() {
        Outcome created = known();
        try (CrmStore process = breaking("08006", false)) {
            assertThatThrownBy(() -> process.erasures().erase(created.id(), CLERK))
                    .isInstanceOf(StoreUnavailable.class);
        }
        UUID erasure = promised();

        assertThat(hub.store.erasures().erase(created.id(), CLERK).receipt().id()).isEqualTo(erasure);

        hub.store.erasures().lift(erasure, CLERK);
        hub.close();
        hub = new Hub(Survivorship.NEWEST_EVERYWHERE, HubDatabase.again(hub.database), hub.ledger);
        assertThat(hub.says("shop", "customer", anna("s5")).state()).isEqualTo(Outcome.State.APPLIED);
    }

    @Test
    void aPromiseThatTheDatabaseHasRefusedIsTakenBack() {
        Outcome created = known();
        try (CrmStore process = breaking("23505", false)) {
            assertThatThrownBy(() -> process.erasures().erase(created.id(), CLERK))
                    .isInstanceOf(Transactions.Unstorable.class);
        }
        hub.close();
        hub = new Hub(Survivorship.NEWEST_EVERYWHERE, HubDatabase.again(hub.database), hub.ledger);

        assertThat(hub.store.goldens().find("customer", created.id())).isPresent();
    }

    @Test
    void doesNotStartWithAKeyThatKnowsNobodyAgain() {
        assertThatThrownBy(() -> CrmStore.open(hub.database, hub.store.settings(), Instant::now,
                ErasureLedger.at(hub.ledger, "another".getBytes(StandardCharsets.UTF_8))))
                .hasMessageContaining("SERAI_ERASURE_KEY");
    }

    @Test
    void takesNothingFromATornLine() throws Exception {
        Outcome created = known();
        Files.writeString(hub.ledger, "{\"erasure\":\"0198");
        hub.store.erasures().erase(created.id(), CLERK);
        assertThat(ErasureLedger.at(hub.ledger, new byte[]{1}).lines()).hasSize(1);
    }

    @Test
    void handsOutAllThatIsHeld() {
        Outcome created = known();
        hub.says("shop", "order", order("1", "paid"));
        invoice("R-1");
        Map<String, Object> export = hub.store.erasures().export(created.id()).orElseThrow();
        assertThat(export).containsOnlyKeys("customers", "merges", "orders", "invoices", "credit-notes",
                "opportunities", "interactions", "payments", "links", "changes", "messages", "deliveries", "parked");
        for (String part : List.of("customers", "orders", "invoices", "links", "changes", "messages", "deliveries")) {
            assertThat((List<?>) export.get(part)).as(part).isNotEmpty();
        }
        assertThat(Json.text(((List<?>) export.get("messages")).getFirst())).contains("anna@canary.example");
        assertThat(hub.store.erasures().export(UUID.randomUUID())).isEmpty();
    }
}
