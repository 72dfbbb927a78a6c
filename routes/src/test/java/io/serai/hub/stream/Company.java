package io.serai.hub.stream;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

import com.zaxxer.hikari.HikariDataSource;
import jakarta.jms.ConnectionFactory;
import org.postgresql.ds.PGSimpleDataSource;

import io.serai.crm.Arrival;
import io.serai.crm.CrmStore;
import io.serai.crm.Outcome;
import io.serai.crm.Settings;
import io.serai.crm.SpokeProfile;
import io.serai.crm.Subscriber;
import io.serai.crm.plan.Survivorship;
import io.serai.hub.HubSettings;
import io.serai.hub.database.EmbeddedDatabase;
import io.serai.hub.web.Json;

/** A database of its own with customers that change, and as many hub processes on it as a test wants. */
final class Company implements AutoCloseable {
    static final HubSettings.Stream WEBHOOKS = new HubSettings.Stream(false, "", "", true);

    private static final EmbeddedDatabase POSTGRES = postgres();
    private static final AtomicInteger COUNT = new AtomicInteger();

    final CrmStore store;
    private final String url;
    private final List<AutoCloseable> open = new ArrayList<>();
    private final AtomicInteger events = new AtomicInteger();
    private volatile Duration passed = Duration.ZERO;

    /** One hub on the database. */
    record Process(HikariDataSource database, CrmStore store, ChangeStream stream) {

        /** What it was about to write down is lost, and nobody is told. */
        void dies() {
            database.close();
        }
    }

    Company() {
        url = fresh("company" + COUNT.incrementAndGet());
        store = store(pool());
    }

    private static EmbeddedDatabase postgres() {
        try {
            Path folder = Files.createTempDirectory(Files.createDirectories(Path.of("target/hubs")), "stream");
            EmbeddedDatabase database = EmbeddedDatabase.start(folder.toAbsolutePath(),
                    Path.of("target/programs").toAbsolutePath(), "secret");
            Runtime.getRuntime().addShutdownHook(new Thread(database::close));
            return database;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String fresh(String name) {
        String postgres = POSTGRES.address().jdbcUrl();
        try (Connection connection = DriverManager.getConnection(postgres, POSTGRES.address().user(), "secret");
                Statement statement = connection.createStatement()) {
            statement.execute("create database " + name);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        PGSimpleDataSource owner = new PGSimpleDataSource();
        String url = postgres.replaceFirst("/[a-z]+(\\?|$)", "/" + name + "$1");
        owner.setURL(url);
        owner.setUser(POSTGRES.address().user());
        owner.setPassword("secret");
        CrmStore.migrate(owner, "serai_stream", "runtime");
        return url;
    }

    private HikariDataSource pool() {
        HikariDataSource pool = new HikariDataSource();
        pool.setJdbcUrl(url);
        pool.setUsername("serai_stream");
        pool.setPassword("runtime");
        pool.setMaximumPoolSize(6);
        pool.setMinimumIdle(1);
        pool.setConnectionTimeout(3_000);
        open.add(pool);
        return pool;
    }

    private CrmStore store(HikariDataSource pool) {
        CrmStore opened = CrmStore.open(pool,
                new Settings(1,
                        List.of(new SpokeProfile("erp", "customer", SpokeProfile.Flow.NONE, Set.of(), 50),
                                new SpokeProfile("shop", "customer", SpokeProfile.Flow.NONE, Set.of(), 50)),
                        Survivorship.NEWEST_EVERYWHERE),
                clock());
        open.add(opened);
        return opened;
    }

    /** The real time, and what the test has let pass. */
    InstantSource clock() {
        return () -> Instant.now().plus(passed);
    }

    void passes(Duration time) {
        passed = passed.plus(time);
    }

    /** Starts a hub. */
    Process process(HubSettings.Stream settings, ConnectionFactory broker) {
        HikariDataSource pool = pool();
        CrmStore own = store(pool);
        ChangeStream stream = new ChangeStream(own, clock(), settings, InetAddress::getAllByName, broker);
        open.add(stream::stop);
        stream.start();
        return new Process(pool, own, stream);
    }

    Process process() {
        return process(WEBHOOKS, null);
    }

    /** The ERP says that the customer's first name is {@code given}. */
    UUID says(String customer, String given) {
        return says("erp", customer, given);
    }

    UUID says(String spoke, String customer, String given) {
        Map<String, Object> document = Map.of("source", Map.of("id", customer), "kind", "person", "name",
                Map.of("given", given, "family", "Lee"), "emails",
                List.of(Map.of("address", customer + "@example.com")));
        Outcome outcome = store.ingest()
                .ingest(List.of(new Arrival(spoke, "customer", "event-" + events.incrementAndGet(), "webhook",
                        "application/json", Json.text(document).getBytes(StandardCharsets.UTF_8), clock().instant(),
                        document, null, "test@1", null, null)))
                .getFirst();
        if (outcome.refusal() != null) {
            throw new AssertionError(outcome.refusal());
        }
        return outcome.id();
    }

    UUID subscribe(Receiver receiver, Subscriber.Follows follows) {
        return store.subscribers().add("receiver " + receiver.port(), receiver.url(), follows, receiver.secret, null,
                100).orElseThrow();
    }

    Subscriber subscriber(UUID id) {
        return store.subscribers().find(id).orElseThrow();
    }

    @Override
    public void close() throws Exception {
        for (AutoCloseable one : open.reversed()) {
            one.close();
        }
    }
}
