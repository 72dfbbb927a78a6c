package io.serai.bench;

import static io.serai.bench.Options.Part.BULK;
import static io.serai.bench.Options.Part.FANOUT;
import static io.serai.bench.Options.Part.LATENCY;
import static io.serai.bench.Options.Part.LIVE;
import static io.serai.bench.Options.Part.REST;
import static io.serai.bench.Options.Part.SOAP;
import static io.serai.bench.Options.Part.START;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** {@code ./serai bench}: runs the hub, PostgreSQL and their clients in turn and prints what came of it. */
public final class Bench {
    static final int[] CLIENTS = {1, 16, 64};
    static final int[] LIVE_CLIENTS = {16, 64};

    private static final Duration LONGEST = Duration.ofMinutes(5);

    private final Options options;
    private final Path root;
    private final Figures figures = new Figures();
    private final Hub.Place place;
    private final Load load;
    private Cluster cluster;
    private Reference reference;

    private Bench(Options options, Path root) throws IOException {
        this.options = options;
        this.root = root;
        Files.createDirectories(options.work());
        String disk = Files.getFileStore(options.work()).type();
        if (disk.equals("tmpfs") || disk.equals("ramfs")) {
            throw new IllegalArgumentException(options.work() + " is in memory, where a commit costs nothing. "
                    + "Choose a folder on a disk with --work.");
        }
        this.place = new Hub.Place(root, options.work(), options.jvm());
        this.load = new Load(options.work());
    }

    /** @param arguments see {@code --help} */
    public static void main(String[] arguments) {
        int code;
        try {
            code = run(arguments);
        } catch (IllegalArgumentException wrong) {
            System.err.println(wrong.getMessage());
            code = 2;
        } catch (Exception failed) {
            System.err.println("The benchmark failed: " + failed.getMessage());
            failed.printStackTrace();
            code = 2;
        }
        System.exit(code);
    }

    private static int run(String[] arguments) throws Exception {
        if (arguments.length == 1 && arguments[0].matches("-h|--help|help")) {
            System.out.print(Options.HELP);
            return 0;
        }
        Options options = Options.of(arguments);
        Path root = Path.of("").toAbsolutePath();
        if (!Files.isDirectory(root.resolve("routes/target/serai/lib"))) {
            throw new IllegalArgumentException("There is no built hub here; start the benchmark with ./serai bench.");
        }
        if (Files.exists(options.work())) {
            throw new IllegalArgumentException(
                    options.work() + " exists already. Delete it or choose another (--work).");
        }
        if (!options.keep()) {
            Cleanup.add(() -> Folder.delete(options.work()));
        }
        try {
            return new Bench(options, root).measure();
        } finally {
            Cleanup.all();
        }
    }

    private int measure() throws Exception {
        Path data = options.work().resolve("hub");
        Path home = Home.make(root, options.work().resolve("home"));
        say("Making the database (%s)", data);
        Cluster.Recipe recipe;
        try (Hub first = place.start(home, data, Map.of())) {
            first.awaitReady();
            recipe = Cluster.Recipe.of(data);
        }
        Map<String, String> settings;
        cluster = Cluster.start(recipe, options.work().resolve("postgres.log"));
        try (Cluster running = cluster) {
            settings = running.settings();
            System.out.println(running);
            reference = new Reference(running, options.work());
            if (options.wants(REST, SOAP, BULK)) {
                nobodyListens(home, data);
            }
            if (options.wants(LIVE, LATENCY)) {
                oneListens();
            }
            if (options.wants(FANOUT)) {
                threeListen();
            }
        }
        if (options.wants(START)) {
            for (int round = 1; round <= options.rounds(); round++) {
                try (Hub again = place.start(home, data, Map.of())) {
                    figures.add("start", again.start().toMillis() / 1e3);
                    say("start to first answer %.1f s", again.start().toMillis() / 1e3);
                }
            }
        }
        Report report = new Report(figures);
        report.print();
        if (options.json() != null) {
            report.write(options.json(), options, settings);
        }
        return options.check() && !report.allMet() ? 1 : 0;
    }

    private void nobodyListens(Path home, Path data) throws Exception {
        String database = "serai";
        try (Hub hub = place.start(home, data, cluster.environment(database))) {
            warmUp(hub, options.wants(SOAP));
            if (options.wants(BULK)) {
                warmUpFiles(hub, database);
            }
            for (int round = 1; round <= options.rounds(); round++) {
                say("Round %d, nobody listens", round);
                cluster.checkpoint();
                if (options.wants(REST, SOAP)) {
                    for (int clients : CLIENTS) {
                        tx("tx" + clients, clients);
                        post("rest" + clients, hub, database, () -> load.rest(hub, clients, options.seconds()),
                                clients);
                        if (options.wants(SOAP)) {
                            post("soap" + clients, hub, database, () -> load.soap(hub, clients, options.seconds()),
                                    clients);
                        }
                    }
                }
                if (options.wants(BULK)) {
                    cluster.checkpoint();
                    double copied = reference.copy(options.rows());
                    figures.add("copy", copied);
                    double loaded = options.rows() / drop(hub, database, options.rows());
                    figures.add("bulk", loaded);
                    say("  copy %,.0f rows/s, file %,.0f rows/s", copied, loaded);
                }
            }
            double[] memory = hub.residentMebibytes();
            figures.add("rss", memory[0]);
            figures.add("rss.highest", memory[1]);
            say("  hub holds %.0f MiB; %,.0f customers, %,.0f open questions", memory[0], customers(database),
                    cluster.number(database, "select count(*) from parked"));
        }
    }

    private void oneListens() throws Exception {
        String database = "serai_one";
        cluster.create(database);
        try (Sink sink = new Sink()) {
            Path home = Home.make(root, options.work().resolve("home-one"), sink.url());
            try (Hub hub = place.start(home, options.work().resolve("hub-one"), cluster.environment(database))) {
                warmUp(hub, false);
                awaitDelivered(database);
                for (int round = 1; round <= options.rounds(); round++) {
                    say("Round %d, one spoke kept in step", round);
                    cluster.checkpoint();
                    if (options.wants(LIVE)) {
                        for (int clients : LIVE_CLIENTS) {
                            tx("live.tx" + clients, clients);
                            live(hub, database, clients);
                        }
                    }
                    if (options.wants(LATENCY)) {
                        latency(hub, sink);
                    }
                }
                requireDelivered(database, 1, sink);
            }
        }
    }

    private void live(Hub hub, String database, int clients) throws Exception {
        String name = "live" + clients;
        post(name, hub, database, () -> load.rest(hub, clients, options.seconds()), clients);
        String[] backlog = cluster.text(database, """
                select count(*) || ' ' || coalesce(extract(epoch from now() - min(behind_since)), 0)
                from link where state = 'BEHIND'
                """).split(" ");
        figures.add(name + ".backlog.rows", Double.parseDouble(backlog[0]));
        figures.add(name + ".backlog.seconds", Double.parseDouble(backlog[1]));
        long begun = System.nanoTime();
        awaitDelivered(database);
        double drained = (System.nanoTime() - begun) / 1e9;
        figures.add(name + ".drain.seconds", drained);
        say("    behind: %s customers, the oldest for %s s; %.1f s until all were delivered", backlog[0], backlog[1],
                drained);
    }

    private void latency(Hub hub, Sink sink) throws Exception {
        Pace.Result result = Pace.run(hub, sink, options.seconds());
        figures.add("latency.p50", result.fromSending().p50());
        figures.add("latency.p95", result.fromSending().p95());
        figures.add("latency.max", result.fromSending().max());
        figures.add("latency.answer.p50", result.fromAnswer().p50());
        figures.add("latency.answer.p95", result.fromAnswer().p95());
        say("  delivered after p50 %.1f ms, p95 %.1f ms, max %.1f ms", result.fromSending().p50(),
                result.fromSending().p95(), result.fromSending().max());
    }

    private void threeListen() throws Exception {
        String database = "serai_three";
        cluster.create(database);
        try (Sink sink = new Sink()) {
            Path home = Home.make(root, options.work().resolve("home-three"), sink.url(), sink.url(), sink.url());
            try (Hub hub = place.start(home, options.work().resolve("hub-three"), cluster.environment(database))) {
                say("Warming up");
                long warm = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.warmUp());
                do {
                    drop(hub, database, options.fanOutRows() / 4);
                    awaitDelivered(database);
                } while (System.nanoTime() < warm);
                for (int round = 1; round <= options.rounds(); round++) {
                    say("Round %d, three spokes", round);
                    cluster.checkpoint();
                    double before = cluster.number(database, "select coalesce(max(id), 0) from delivery");
                    double hubBefore = hub.cpuSeconds();
                    double databaseBefore = cluster.cpuSeconds();
                    long begun = System.nanoTime();
                    double loaded = options.fanOutRows() / drop(hub, database, options.fanOutRows());
                    awaitDelivered(database);
                    double whole = (System.nanoTime() - begun) / 1e9;
                    recordFanOut(database, before, whole, loaded);
                    double each = 1e3 / (3 * options.fanOutRows());
                    double hubCpu = each * (hub.cpuSeconds() - hubBefore);
                    double databaseCpu = each * (cluster.cpuSeconds() - databaseBefore);
                    figures.add("fanout.cpu.hub", hubCpu);
                    figures.add("fanout.cpu.postgres", databaseCpu);
                    say("    CPU for each, with its share of the file: %.3f + %.3f ms", hubCpu, databaseCpu);
                }
                requireDelivered(database, 3, sink);
            }
        }
    }

    private void recordFanOut(String database, double before, double whole, double loaded) throws Exception {
        String[] log = cluster.text(database, """
                select count(*) || ' ' || extract(epoch from max(at) - min(at))
                from delivery where outcome = 'DONE' and id > %.0f
                """.formatted(before)).split(" ");
        double deliveries = Double.parseDouble(log[0]);
        if (deliveries != 3.0 * options.fanOutRows()) {
            throw new IllegalStateException("Of " + 3 * options.fanOutRows() + " deliveries " + log[0]
                    + " are recorded as done.");
        }
        double seconds = Double.parseDouble(log[1]);
        figures.add("fanout", deliveries / seconds);
        figures.add("fanout.deliveries", deliveries);
        figures.add("fanout.seconds", seconds);
        figures.add("fanout.whole", deliveries / whole);
        say("  file %,.0f rows/s, %,.0f recorded deliveries/s (%,.0f/s from dropping the file)", loaded,
                deliveries / seconds, deliveries / whole);
    }

    private interface Posting {
        Load.Result run() throws Exception;
    }

    private void tx(String name, int clients) throws Exception {
        double perSecond = reference.transactions(clients, options.seconds());
        figures.add(name, perSecond);
        say("  %-9s %,7.0f/s", name, perSecond);
    }

    /** Measures, and makes sure that what was answered is there. */
    private void post(String name, Hub hub, String database, Posting posting, int clients) throws Exception {
        double customers = customers(database);
        double hubBefore = hub.cpuSeconds();
        double databaseBefore = cluster.cpuSeconds();
        Load.Result result = posting.run();
        double hubCpu = 1e3 * (hub.cpuSeconds() - hubBefore) / result.requests();
        double databaseCpu = 1e3 * (cluster.cpuSeconds() - databaseBefore) / result.requests();
        double stored = settled(database) - customers;
        // wrk goes without waiting for the last answers.
        if (stored < result.requests() || stored > result.requests() + clients) {
            throw new IllegalStateException("%s: %d requests were answered, but %.0f customers are there."
                    .formatted(name, result.requests(), stored));
        }
        figures.add(name, result.perSecond());
        figures.add(name + ".p50", result.p50Millis());
        figures.add(name + ".p95", result.p95Millis());
        figures.add(name + ".p99", result.p99Millis());
        figures.add(name + ".max", result.maxMillis());
        figures.add(name + ".cpu.hub", hubCpu);
        figures.add(name + ".cpu.postgres", databaseCpu);
        figures.add(name + ".cpu.wrk", result.clientCpu());
        figures.add(name + ".cpu", hubCpu + databaseCpu);
        say("  %-9s %,7.0f/s  p50 %.2f ms  p99 %.2f ms  CPU %.3f + %.3f ms", name, result.perSecond(),
                result.p50Millis(), result.p99Millis(), hubCpu, databaseCpu);
    }

    /** Seconds from the moment a file of new customers is complete until all of them are golden records. */
    private double drop(Hub hub, String database, int rows) throws Exception {
        long first = People.share(rows);
        String name = "customers-" + first + ".csv";
        Path aside = Files.write(options.work().resolve(name), People.csv(first, rows));
        double customers = customers(database);
        Path done = hub.inbox().resolve("done");
        Files.createDirectories(hub.inbox());
        long begun = System.nanoTime();
        Files.move(aside, hub.inbox().resolve(name), StandardCopyOption.ATOMIC_MOVE);
        Wait.until("the file is done", LONGEST, Duration.ofMillis(10), () -> Files.exists(done.resolve(name)));
        double seconds = (System.nanoTime() - begun) / 1e9;
        if (customers(database) - customers != rows) {
            throw new IllegalStateException("Of a file of " + rows + " customers "
                    + (customers(database) - customers) + " are there.");
        }
        return seconds;
    }

    private double customers(String database) throws Exception {
        return cluster.number(database, "select count(*) from customer");
    }

    /** The customers once what was under way has come to its end, so that the next measurement does not count it as its own. */
    private double settled(String database) throws Exception {
        double[] seen = {-2, -1};
        Wait.until("the last customers are stored", Duration.ofSeconds(20), Duration.ofMillis(200), () -> {
            seen[0] = seen[1];
            seen[1] = customers(database);
            return seen[0] == seen[1];
        });
        return seen[1];
    }

    /** Asks on one connection and by the index: who looks must not be what is measured. */
    private void awaitDelivered(String database) throws Exception {
        try (Connection connection = cluster.connect(database); Statement statement = connection.createStatement()) {
            statement.execute("set enable_seqscan = off");
            Wait.until("everything is delivered", LONGEST, Duration.ofMillis(50), () -> {
                try (ResultSet behind = statement.executeQuery("select from link where state = 'BEHIND' limit 1")) {
                    return !behind.next();
                }
            });
        }
    }

    /** Every customer is in every spoke, once, by the hub's book and by the sink's. */
    private void requireDelivered(String database, int spokes, Sink sink) throws Exception {
        awaitDelivered(database);
        double expected = spokes * customers(database);
        double links = cluster.number(database,
                "select count(*) from link where spoke like 'sink%' and state = 'SYNCED' and synced = wanted");
        if (links != expected || sink.contacts() != expected) {
            throw new IllegalStateException("Of %.0f customers in spokes the hub knows %.0f and the sink %d."
                    .formatted(expected, links, sink.contacts()));
        }
    }

    private void warmUp(Hub hub, boolean soap) throws Exception {
        say("Warming up");
        load.rest(hub, 16, options.warmUp());
        if (soap) {
            load.soap(hub, 16, options.warmUp());
        }
        reference.transactions(16, 2);
        reference.copy(1_000);
    }

    private void warmUpFiles(Hub hub, String database) throws Exception {
        long warm = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.warmUp());
        do {
            drop(hub, database, options.rows() / 4);
        } while (System.nanoTime() < warm);
    }

    private static void say(String text, Object... values) {
        System.out.println(String.format(Locale.ROOT, text, values));
    }
}
