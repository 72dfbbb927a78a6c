package io.serai.hub;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import java.util.stream.Stream;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.sql.DataSource;

import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.env.Environment;

import io.serai.connector.Section;
import io.serai.connector.Spoke;
import io.serai.connector.Spokes;
import io.serai.crm.CrmStore;
import io.serai.hub.broker.BrokerUser;
import io.serai.hub.broker.EmbeddedBroker;
import io.serai.hub.database.DatabaseAddress;
import io.serai.hub.database.Durability;
import io.serai.hub.database.EmbeddedDatabase;
import io.serai.hub.flow.RouteFiles;
import io.serai.hub.stream.ChangeStream;

/** What takes its time and needs no Spring: database, broker and the engineers' files. All of it starts at once. */
public final class Groundwork implements AutoCloseable {
    static final String RUNTIME = "serai_runtime";

    private static final Logger LOG = LoggerFactory.getLogger(Groundwork.class);

    private final HubSettings settings;
    private final DataFolder folder;
    private final Credentials credentials;
    private final CompletableFuture<Spokes> spokes;
    private final CompletableFuture<Void> routes;
    private final CompletableFuture<DatabaseAddress> database;
    private final CompletableFuture<Optional<EmbeddedBroker>> broker;
    private volatile EmbeddedDatabase embedded;

    private Groundwork(HubSettings settings, Environment environment) {
        this.settings = settings;
        this.folder = DataFolder.take(settings.data());
        this.credentials = new Credentials(folder.path());
        this.database = begin("database", this::database);
        this.spokes = begin("spokes", () -> Spokes.load(settings.home().resolve("connectors"),
                settings.routes().resolve("spokes"), name -> variable(environment, name)));
        this.broker = begin("broker", this::broker);
        this.routes = begin("routes", () -> {
            RouteFiles.check(settings.routes(), folder.path());
            return null;
        });
    }

    static Groundwork begin(HubSettings settings, Environment environment) {
        return new Groundwork(settings, environment);
    }

    /** Where the hub keeps everything. */
    public Path data() {
        return folder.path();
    }

    /** Where the embedded broker keeps its messages. */
    Path brokerFolder() {
        return folder.path().resolve("artemis");
    }

    public Credentials credentials() {
        return credentials;
    }

    /** Waits until the engineers' route files are known to be sound. */
    void requireSoundRoutes() {
        join(routes);
    }

    /** The configured spokes. */
    Spokes spokes() {
        return join(spokes);
    }

    /** The database, up, migrated and durable; its user owns the tables. */
    DatabaseAddress owner() {
        return join(database);
    }

    /** The same database for daily work: a role that owns nothing. */
    DatabaseAddress runtime() {
        return new DatabaseAddress(owner().jdbcUrl(), RUNTIME, runtimePassword(owner()));
    }

    /** The embedded broker; empty when it could not be started or another one is used. Waits until that is clear. */
    public Optional<EmbeddedBroker> embeddedBroker() {
        return join(broker);
    }

    /** True when the embedded broker is up, or another one is used; does not wait. */
    boolean brokerStarted() {
        return !settings.broker().url().isEmpty() || broker.isDone() && join(broker).isPresent();
    }

    @Override
    public void close() throws Exception {
        try {
            Optional<EmbeddedBroker> started = broker.exceptionally(failed -> Optional.empty()).join();
            if (started.isPresent()) {
                started.get().close();
            }
        } finally {
            database.exceptionally(failed -> null).join();
            if (embedded != null) {
                embedded.close();
            }
            folder.close();
        }
    }

    private DatabaseAddress database() {
        DatabaseAddress address;
        if (settings.database().url().isEmpty()) {
            Path postgres = folder.path().resolve("postgres");
            Path programs = settings.database().programs().isEmpty()
                    ? postgres
                    : Path.of(settings.database().programs()).toAbsolutePath();
            embedded = EmbeddedDatabase.start(postgres, programs, credentials.get("DATABASE_OWNER_PASSWORD"));
            address = embedded.address();
        } else {
            address = DatabaseAddress.of(settings.database().url(), settings.database().user(),
                    settings.database().password());
        }
        DataSource owner = dataSource(address);
        Durability.check(owner);
        CrmStore.migrate(owner, RUNTIME, runtimePassword(address));
        return address;
    }

    private static DataSource dataSource(DatabaseAddress address) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setURL(address.jdbcUrl());
        source.setUser(address.user());
        source.setPassword(address.password());
        source.setConnectTimeout(10);
        return source;
    }

    /** Derived unless it is given, so that all hubs on one database agree on it without telling each other. */
    private String runtimePassword(DatabaseAddress owner) {
        if (!settings.database().runtimePassword().isEmpty()) {
            return settings.database().runtimePassword();
        }
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(("serai" + owner.password()).getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return Base64.getUrlEncoder().withoutPadding()
                    .encodeToString(mac.doFinal(RUNTIME.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private Optional<EmbeddedBroker> broker() {
        if (!settings.broker().url().isEmpty()) {
            return Optional.empty();
        }
        try {
            List<BrokerUser> users = new ArrayList<>(brokerUsers());
            Set<String> queues = new HashSet<>();
            users.forEach(user -> {
                queues.addAll(user.sends());
                queues.addAll(user.receives());
            });
            Set<String> topics = ChangeStream.topics(settings.stream());
            follower().ifPresent(users::add);
            return Optional.of(EmbeddedBroker.start(brokerFolder(), settings.broker().port(), queues,
                    topics, credentials.get("BROKER_HUB_PASSWORD"), users));
        } catch (Exception e) {
            // The broker carries messages for some spokes; the others must not suffer with it.
            LOG.error("The embedded broker did not start; the hub works without queues until it is started again", e);
            return Optional.empty();
        }
    }

    /** One user for every spoke that speaks by queue: it sends to the queues it is read from, and reads its answers. */
    public List<BrokerUser> brokerUsers() {
        List<BrokerUser> users = new ArrayList<>();
        for (Spoke spoke : spokes().on()) {
            if (!"queue".equals(spoke.connector().protocol())) {
                continue;
            }
            Set<String> sends = new HashSet<>();
            Set<String> receives = new HashSet<>();
            for (Section object : spoke.definition().named("objects").values()) {
                object.section("in").ifPresent(in -> {
                    in.find("queue").ifPresent(sends::add);
                    receives.addAll(in.texts("replies"));
                });
                object.section("out").ifPresent(
                        out -> Stream.of("queue", "topic").flatMap(word -> out.find(word).stream())
                                .forEach(receives::add));
            }
            Spoke.Access access = spoke.access();
            boolean named = access != null && access.user() != null && access.password() != null;
            users.add(new BrokerUser(named ? access.user() : spoke.name(),
                    named ? access.password() : credentials.get("BROKER_PASSWORD_" + spoke.name()), sends, receives));
        }
        return users;
    }

    /** Who may subscribe to the topics that changes go to; empty while they go to none. */
    Optional<BrokerUser> follower() {
        Set<String> topics = ChangeStream.topics(settings.stream());
        return topics.isEmpty()
                ? Optional.empty()
                : Optional.of(new BrokerUser("changes", credentials.get("BROKER_PASSWORD_changes"), Set.of(), topics));
    }

    private String variable(Environment environment, String name) {
        String value = environment.getProperty(name);
        if (value == null && name.equals("INBOX_DIR")) {
            return folder.path().resolve("inbox").toString();
        }
        return value;
    }

    private static <T> CompletableFuture<T> begin(String name, Supplier<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        Thread.ofPlatform().name("start-" + name).daemon().start(() -> {
            try {
                result.complete(work.get());
            } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    private static <T> T join(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }
}
