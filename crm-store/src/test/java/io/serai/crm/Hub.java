package io.serai.crm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

import com.zaxxer.hikari.HikariDataSource;

import io.serai.crm.plan.Survivorship;

/** A store with a small company round it, and words to tell its story. */
final class Hub implements AutoCloseable {
    private static final Set<String> CUSTOMER_FIELDS = Set.of("kind", "name", "organizationName", "emails", "phones",
            "addresses", "language");

    final HikariDataSource database;
    final CrmStore store;
    final Path ledger;
    private final AtomicInteger events = new AtomicInteger();
    private Instant now = Instant.parse("2026-03-01T10:00:00Z");

    Hub() {
        this(Survivorship.NEWEST_EVERYWHERE);
    }

    Hub(Survivorship survivorship) {
        this(survivorship, HubDatabase.fresh(), ledger());
    }

    /** On a database that was there before. @param ledger of those who were erased */
    Hub(Survivorship survivorship, HikariDataSource database, Path ledger) {
        this.database = database;
        this.ledger = ledger;
        this.store = CrmStore.open(database, new Settings(1,
                List.of(profile("erp", "customer", SpokeProfile.Flow.OUT, 80),
                        profile("shop", "customer", SpokeProfile.Flow.OUT, 40),
                        profile("books", "customer", SpokeProfile.Flow.OUT, 50),
                        new SpokeProfile("books", "invoice", SpokeProfile.Flow.ISSUE, Set.of(), 50),
                        new SpokeProfile("books", "credit-note", SpokeProfile.Flow.ISSUE, Set.of(), 50),
                        new SpokeProfile("shop", "order", SpokeProfile.Flow.UPDATE,
                                Set.of("invoiceNumber", "invoiceStatus"), 50),
                        new SpokeProfile("mailbox", "invoice", SpokeProfile.Flow.OUT,
                                Set.of("number", "total", "currency", "customer"), 50)),
                survivorship), clock(), erasures());
    }

    private static Path ledger() {
        try {
            return Files.createTempDirectory(Path.of("target"), "hub").resolve("erasures.jsonl");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** What all processes on this database share. */
    ErasureLedger erasures() {
        return ErasureLedger.at(ledger, "secret".getBytes(StandardCharsets.UTF_8));
    }

    private static SpokeProfile profile(String spoke, String entity, SpokeProfile.Flow flow, int rank) {
        return new SpokeProfile(spoke, entity, flow, CUSTOMER_FIELDS, rank);
    }

    private InstantSource clock() {
        return () -> now;
    }

    Instant now() {
        return now;
    }

    void passes(Duration time) {
        now = now.plus(time);
    }

    Outcome says(String spoke, String entity, Map<String, Object> document) {
        return says(spoke, entity, "event-" + events.incrementAndGet(), document);
    }

    Outcome says(String spoke, String entity, String event, Map<String, Object> document) {
        return store.ingest().ingest(List.of(arrival(spoke, entity, event, document))).getFirst();
    }

    Arrival arrival(String spoke, String entity, String event, Map<String, Object> document) {
        return new Arrival(spoke, entity, event, "webhook", "application/json",
                Json.text(document).getBytes(StandardCharsets.UTF_8), now, new LinkedHashMap<>(document), null,
                "test@1", null, null);
    }

    Map<String, Object> customer(Outcome outcome) {
        return store.goldens().find("customer", outcome.id()).orElseThrow().document();
    }

    Golden order(String number) {
        return store.goldens().list("order", new Filter(Map.of("number", number)), null, 1).items().getFirst();
    }

    List<Delivery> claims(String spoke, String entity) {
        return store.lanes().claim(spoke, entity, 100, Duration.ofSeconds(30));
    }

    /** The spoke takes everything that waits for it, and holds it as {@code holds} says. */
    List<Delivery> delivers(String spoke, String entity, java.util.function.UnaryOperator<Map<String, Object>> holds) {
        List<Delivery> claims = claims(spoke, entity);
        List<DeliveryResult> results = new ArrayList<>();
        for (Delivery claim : claims) {
            results.add(new DeliveryResult(claim, DeliveryResult.Kind.DONE,
                    holds.apply(new LinkedHashMap<>(claim.patch())),
                    claim.creates() ? spoke + "-" + claim.id() : null, null, null, false, null, null, now,
                    Duration.ofMillis(3)));
        }
        store.lanes().record(results);
        return claims;
    }

    List<Delivery> delivers(String spoke, String entity) {
        return delivers(spoke, entity, patch -> patch);
    }

    long count(String sql) {
        return countOfTenant(1, sql);
    }

    long countOfTenant(int tenant, String sql) {
        try (Connection connection = database.getConnection(); Statement statement = connection.createStatement()) {
            statement.execute("set serai.tenant = '" + tenant + "'");
            try (ResultSet row = statement.executeQuery(sql)) {
                row.next();
                return row.getLong(1);
            } finally {
                statement.execute("reset serai.tenant");
            }
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    static Map<String, Object> person(String id, String given, String family, String email, String phone) {
        Map<String, Object> person = new LinkedHashMap<>();
        if (id != null) {
            person.put("source", Map.of("id", id));
        }
        person.put("kind", "person");
        person.put("name", Map.of("given", given, "family", family));
        person.put("emails", email == null ? List.of() : List.of(Map.of("address", email)));
        person.put("phones", phone == null ? List.of() : List.of(Map.of("number", phone)));
        return person;
    }

    static Map<String, Object> with(Map<String, Object> document, String field, Object value) {
        Map<String, Object> changed = new LinkedHashMap<>(document);
        changed.put(field, value);
        return changed;
    }

    @Override
    public void close() {
        store.close();
        database.close();
    }
}
