package io.serai.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import jakarta.jms.JMSException;
import jakarta.jms.Session;

import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;

/** The real processes of one run: PostgreSQL, the company, the broker and one or more hubs, with wires of ours in between. */
final class Stage implements AutoCloseable {
    /**
     * What the run needs.
     *
     * @param hubs how many hub processes
     * @param brokerApart whether the broker is a process of its own; else the first hub has it, and further ones none
     * @param database whether the hub reaches PostgreSQL through a wire of ours
     * @param spokes which of erp, shop and books the hub knows
     * @param paces how many requests a second some of them allow
     */
    record Needs(int hubs, boolean brokerApart, boolean database, List<String> spokes, Map<String, Integer> paces) {
        static final Needs ONE_HUB = new Needs(1, false, false, Ledgers.SYSTEMS, Map.of());
        static final Needs TWO_HUBS = new Needs(2, true, false, Ledgers.SYSTEMS, Map.of());

        Needs withBrokerApart() {
            return new Needs(hubs, true, database, spokes, paces);
        }

        Needs withDatabaseBehindWire() {
            return new Needs(hubs, brokerApart, true, spokes, paces);
        }

        Needs withOnly(String... names) {
            return new Needs(hubs, brokerApart, database, List.of(names), paces);
        }

        Needs withPace(String spoke, int perSecond) {
            return new Needs(hubs, brokerApart, database, spokes, Map.of(spoke, perSecond));
        }
    }

    final Path folder;
    final Postgres postgres;
    final List<Hub> hubs = new ArrayList<>();
    final Map<String, Proxy> wires = new LinkedHashMap<>();
    final Proxy database;
    private final Build build;
    private final Map<String, String> addresses = new HashMap<>();
    private final Map<String, List<Map<String, Object>>> ledgers = new HashMap<>();
    private final int brokerPort = Http.freePort();
    private final Needs needs;
    /** Where the company believes the hub to be. */
    final Proxy door = new Proxy(0);
    private Child company;
    private Child broker;

    Stage(Build build, Path folder, Path programs, Needs needs) throws Exception {
        this.build = build;
        this.folder = folder;
        this.needs = needs;
        Files.createDirectories(folder);
        this.postgres = Postgres.start(folder.resolve("postgres"), programs);
        this.database = needs.database() ? new Proxy(postgres.port()) : null;
        if (needs.brokerApart()) {
            startBroker();
        }
        startCompany();
        Map<String, String> environment = environment();
        for (int i = 0; i < needs.hubs(); i++) {
            Map<String, String> own = new HashMap<>(environment);
            if (i > 0 && !needs.brokerApart()) {
                own.put("BROKER_URL", "none");
            }
            Hub hub = new Hub("hub" + i, build, folder, own);
            hubs.add(hub);
        }
        // The first makes the tables.
        for (Hub hub : hubs) {
            hub.start();
        }
        speakTo(hub());
    }

    private Map<String, String> environment() throws IOException {
        Map<String, String> environment = new HashMap<>(
                postgres.environment(database == null ? postgres.port() : database.port()));
        for (String system : List.of("ERP", "SHOP", "BOOKS")) {
            String url = addresses.get(system + "_URL");
            Proxy wire = new Proxy(Integer.parseInt(url.substring(url.lastIndexOf(':') + 1)));
            wires.put(system.toLowerCase(java.util.Locale.ROOT), wire);
            if (needs.spokes().contains(system.toLowerCase(java.util.Locale.ROOT))) {
                environment.put(system + "_URL", wire.url());
            }
        }
        for (String name : List.of("ERP_USER", "ERP_PASSWORD", "SHOP_TOKEN", "SHOP_HOOK_SECRET", "BOOKS_TOKEN")) {
            environment.put(name, addresses.get(name));
        }
        environment.put("SERAI_HOME", home().toString());
        environment.put("SERAI_ERASURE_KEY", "the same for all hubs of this stage");
        environment.put("INBOX_DIR", folder.resolve("inbox").toString());
        Files.createDirectories(folder.resolve("inbox"));
        if (needs.brokerApart()) {
            environment.putAll(Map.of("BROKER_URL", "tcp://127.0.0.1:" + brokerPort, "BROKER_USER", "serai",
                    "BROKER_PASSWORD", BrokerProcess.HUB_PASSWORD));
        }
        return environment;
    }

    /** The folder with routes, connectors and mappings: the build's, or one in which some spokes have a pace of their own. */
    private Path home() throws IOException {
        if (needs.paces().isEmpty()) {
            return build.home();
        }
        Path home = folder.resolve("home");
        Path spokes = Files.createDirectories(home.resolve("routes/spokes"));
        for (String same : List.of("connectors", "mappings")) {
            Files.createSymbolicLink(home.resolve(same), build.home().resolve(same));
        }
        for (String copied : List.of("routes", "routes/spokes")) {
            try (var files = Files.newDirectoryStream(build.home().resolve(copied), "*.yaml")) {
                for (Path file : files) {
                    Files.copy(file, home.resolve(copied).resolve(file.getFileName()));
                }
            }
        }
        for (Map.Entry<String, Integer> pace : needs.paces().entrySet()) {
            Files.writeString(spokes.resolve(pace.getKey() + ".yaml"),
                    "limits: {per_second: " + pace.getValue() + "}\n", StandardOpenOption.APPEND);
        }
        return home;
    }

    /** The company's systems: one process, four servers, each with a ledger of its own. */
    private void startCompany() throws Exception {
        Path env = folder.resolve("company.env");
        company = Child.start("the company", folder.resolve("company.log"),
                build.program("io.serai.sandbox.Company", "--data", folder.resolve("company").toString(), "--env",
                        env.toString(), "--hub", door.url()),
                Map.of());
        Wait.until("the company is there", Wait.LONG, () -> {
            company.requireAlive();
            return Files.exists(env);
        });
        for (String line : Files.readAllLines(env)) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                addresses.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
    }

    /** From now on the company's systems reach this hub. */
    void speakTo(Hub hub) {
        door.leadTo(hub.port());
    }

    void startBroker() throws IOException {
        broker = Child.start("the broker", folder.resolve("broker.log"), build.program(BrokerProcess.class.getName(),
                folder.resolve("broker").toString(), Integer.toString(brokerPort)), Map.of());
        Path log = folder.resolve("broker.log");
        long readyBefore = Files.readString(log).lines().filter("ready"::equals).count();
        Wait.until("the broker is ready, see " + log, Wait.LONG, () -> {
            broker.requireAlive();
            return Files.readString(log).lines().filter("ready"::equals).count() > readyBefore;
        });
    }

    void killBroker() {
        broker.kill();
    }

    /** The first hub. */
    Hub hub() {
        return hubs.getFirst();
    }

    List<String> spokes() {
        return needs.spokes();
    }

    boolean brokerApart() {
        return needs.brokerApart();
    }

    /** Where a system of the company is, past our wires: erp, shop or books. */
    String system(String name) {
        return addresses.get(name.toUpperCase(java.util.Locale.ROOT) + "_URL");
    }

    String secret(String name) {
        return addresses.get(name);
    }

    Path inbox() {
        return folder.resolve("inbox");
    }

    ActiveMQConnectionFactory queues() {
        ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(
                needs.brokerApart() ? "tcp://127.0.0.1:" + brokerPort : hub().brokerUrl());
        factory.setCallTimeout(5_000);
        factory.setReconnectAttempts(0);
        factory.setBlockOnDurableSend(true);
        return factory;
    }

    String queuePassword() throws IOException {
        return needs.brokerApart() ? BrokerProcess.FINANCE_PASSWORD : hub().address("BROKER_PASSWORD");
    }

    /** How many messages lie in a queue, as the broker says. */
    int waiting(String queue) throws JMSException, IOException {
        try (var factory = queues();
                var connection = needs.brokerApart()
                        ? factory.createConnection("serai", BrokerProcess.HUB_PASSWORD)
                        : factory.createConnection("finance", queuePassword());
                var session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            connection.start();
            int count = 0;
            for (var messages = session.createBrowser(session.createQueue(queue)).getEnumeration(); messages
                    .hasMoreElements(); messages.nextElement()) {
                count++;
            }
            return count;
        }
    }

    /** All that a system has written down so far. What was read once is not read again: a ledger only grows. */
    List<Map<String, Object>> ledger(String system) throws Exception {
        synchronized (ledgers) {
            List<Map<String, Object>> known = ledgers.computeIfAbsent(system, _ -> new ArrayList<>());
            known.addAll(Http.ledger(system(system), known.size()));
            return List.copyOf(known);
        }
    }

    /** Tells a system of the company to misbehave. */
    void control(String system, Map<String, Object> wanted) throws Exception {
        Http.act(system(system) + "/control", wanted);
    }

    @Override
    public void close() throws Exception {
        hubs.forEach(Hub::close);
        company.kill();
        if (broker != null && broker.alive()) {
            broker.kill();
        }
        door.close();
        for (Proxy wire : wires.values()) {
            wire.close();
        }
        if (database != null) {
            database.close();
        }
        postgres.close();
    }
}
