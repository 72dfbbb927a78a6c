package io.serai.hub.database;

import io.serai.hub.PrivateFile;
import io.serai.hub.StartRefused;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import com.sun.management.OperatingSystemMXBean;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real PostgreSQL in the data folder, on loopback and with a password. It outlives a hub that was killed: the next hub
 * takes over the server that still runs.
 */
public final class EmbeddedDatabase implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedDatabase.class);
    private static final String OWNER = "serai_owner";
    private static final String DATABASE = "serai";
    /** Recovery after a crash reads up to max_wal_size of log first. */
    private static final Duration START = Duration.ofMinutes(5);
    private static final Duration STOP = Duration.ofSeconds(60);
    private static final long LOG_LIMIT = 10L << 20;

    /** Nothing here may trade durability for speed; what must be on is said although it is PostgreSQL's default. */
    private static final Map<String, String> SETTINGS = Map.ofEntries(Map.entry("fsync", "on"),
            Map.entry("synchronous_commit", "on"), Map.entry("full_page_writes", "on"),
            Map.entry("listen_addresses", "127.0.0.1"), Map.entry("unix_socket_directories", ""),
            Map.entry("max_connections", "60"), Map.entry("shared_buffers", sharedBuffers()),
            Map.entry("wal_compression", "pglz"), Map.entry("max_wal_size", "2GB"), Map.entry("min_wal_size", "256MB"),
            Map.entry("checkpoint_timeout", "15min"), Map.entry("autovacuum_naptime", "5s"),
            Map.entry("random_page_cost", "1.1"), Map.entry("jit", "off"),
            Map.entry("timezone", "UTC"), Map.entry("log_timezone", "UTC"),
            Map.entry("log_min_messages", "warning"), Map.entry("log_min_error_statement", "panic"),
            Map.entry("log_parameter_max_length", "0"), Map.entry("log_parameter_max_length_on_error", "0"));

    private static final long LEAST_BUFFERS = 128;
    private static final long MOST_BUFFERS = 1024;

    private final ProcessHandle server;
    private final DatabaseAddress address;

    private EmbeddedDatabase(ProcessHandle server, DatabaseAddress address) {
        this.server = server;
        this.address = address;
    }

    /**
     * Starts the server and makes the database on the first start.
     *
     * @param folder the server's own folder, e.g. {@code data/postgres}
     * @param programs where PostgreSQL's programs are, or are unpacked to
     * @param password the owner's
     */
    public static EmbeddedDatabase start(Path folder, Path programs, String password) {
        try {
            PrivateFile.folder(folder);
            Path cluster = folder.resolve("cluster");
            Optional<EmbeddedDatabase> running = adopt(cluster, password);
            if (running.isPresent()) {
                return running.get();
            }
            PostgresPrograms postgres = PostgresPrograms.in(programs);
            if (!Files.exists(cluster.resolve("PG_VERSION"))) {
                initialise(postgres, folder, cluster, password);
            }
            return launch(postgres, folder, cluster, password);
        } catch (IOException e) {
            throw new StartRefused("PostgreSQL cannot be started in " + folder + ": " + e.getMessage(), e);
        }
    }

    public DatabaseAddress address() {
        return address;
    }

    /** Ends the sessions, writes everything down and stops the server. */
    @Override
    public void close() {
        stop(server);
    }

    /** The server of a hub that was killed: still running, and ours because it has our folder. */
    private static Optional<EmbeddedDatabase> adopt(Path cluster, String password) throws IOException {
        Path pidFile = cluster.resolve("postmaster.pid");
        if (!Files.exists(pidFile)) {
            return Optional.empty();
        }
        List<String> lines = Files.readAllLines(pidFile);
        Optional<ProcessHandle> process = lines.isEmpty() ? Optional.empty() : ours(lines.getFirst(), cluster);
        if (process.isEmpty()) {
            // After a power cut the number in the file may belong to any process by now, and PostgreSQL would not start.
            Files.delete(pidFile);
            return Optional.empty();
        }
        if (lines.size() > 3) {
            DatabaseAddress address = address(Integer.parseInt(lines.get(3).strip()), password);
            try (Connection connection = connect(address, DATABASE)) {
                LOG.info("Took over the PostgreSQL that a former hub left running (process {})", process.get().pid());
                return Optional.of(new EmbeddedDatabase(process.get(), address));
            } catch (SQLException notUsable) {
                LOG.info("A former hub left a PostgreSQL that does not answer; it is stopped and started again");
            }
        }
        stop(process.get());
        Files.deleteIfExists(pidFile);
        return Optional.empty();
    }

    private static Optional<ProcessHandle> ours(String pid, Path cluster) {
        return ProcessHandle.of(Long.parseLong(pid.strip())).filter(ProcessHandle::isAlive)
                .filter(handle -> handle.info().arguments()
                        .map(arguments -> List.of(arguments).contains(cluster.toString())).orElse(false));
    }

    private static void initialise(PostgresPrograms postgres, Path folder, Path cluster, String password)
            throws IOException {
        Path draft = folder.resolve("cluster.new");
        deleteTree(draft);
        Path passwordFile = folder.resolve("password.new");
        PrivateFile.write(passwordFile, password + "\n");
        try {
            Process process = command(folder, List.of(postgres.program("initdb").toString(), "-D", draft.toString(),
                    "-U", OWNER, "--pwfile=" + passwordFile, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C",
                    "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions")).start();
            waitFor(process, folder);
        } finally {
            Files.delete(passwordFile);
        }
        Files.move(draft, cluster, StandardCopyOption.ATOMIC_MOVE);
    }

    private static EmbeddedDatabase launch(PostgresPrograms postgres, Path folder, Path cluster, String password)
            throws IOException {
        int port = freePort();
        List<String> line = new ArrayList<>();
        if (Files.isExecutable(Path.of("/usr/bin/setsid"))) {
            // Ctrl-C goes to the whole process group: PostgreSQL must not stop before the hub has finished.
            line.add("/usr/bin/setsid");
        }
        line.addAll(List.of(postgres.program("postgres").toString(), "-D", cluster.toString(), "-p",
                Integer.toString(port)));
        SETTINGS.forEach((name, value) -> line.addAll(List.of("-c", name + "=" + value)));
        Process process = command(folder, line).start();
        DatabaseAddress address = address(port, password);
        try {
            awaitReady(process, address, folder);
            createDatabase(address);
        } catch (SQLException e) {
            stop(process.toHandle());
            throw new IOException(e.getMessage(), e);
        }
        return new EmbeddedDatabase(process.toHandle(), address);
    }

    /** An eighth of the memory there is: the machine is the hub's and the spokes' as well. */
    private static String sharedBuffers() {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long eighth = system.getTotalMemorySize() >> 23;
        return Math.clamp(eighth, LEAST_BUFFERS, MOST_BUFFERS) + "MB";
    }

    private static void awaitReady(Process process, DatabaseAddress address, Path folder)
            throws IOException, SQLException {
        long deadline = System.nanoTime() + START.toNanos();
        while (true) {
            try (Connection connection = connect(address, "postgres")) {
                return;
            } catch (SQLException notYet) {
                if (!process.isAlive()) {
                    throw new IOException("the server ended at once: " + lastWords(folder));
                }
                // 28: it is up but does not know our password, so waiting does not help.
                boolean refused = notYet.getSQLState() != null && notYet.getSQLState().startsWith("28");
                if (refused || System.nanoTime() > deadline) {
                    throw notYet;
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
        }
    }

    private static void createDatabase(DatabaseAddress address) throws SQLException {
        try (Connection connection = connect(address, "postgres"); Statement statement = connection.createStatement()) {
            try (ResultSet found = statement
                    .executeQuery("select 1 from pg_database where datname = '" + DATABASE + "'")) {
                if (found.next()) {
                    return;
                }
            }
            statement.execute("create database " + DATABASE);
        }
    }

    private static DatabaseAddress address(int port, String password) {
        return new DatabaseAddress("jdbc:postgresql://127.0.0.1:" + port + "/" + DATABASE, OWNER, password);
    }

    private static Connection connect(DatabaseAddress address, String database) throws SQLException {
        String url = address.jdbcUrl().substring(0, address.jdbcUrl().lastIndexOf('/') + 1) + database;
        return DriverManager.getConnection(url + "?connectTimeout=5&loginTimeout=5&socketTimeout=60", address.user(),
                address.password());
    }

    private static void stop(ProcessHandle server) {
        if (!server.isAlive()) {
            return;
        }
        try {
            // SIGINT: end the sessions and stop properly. Java can send SIGTERM only, which waits for the sessions.
            new ProcessBuilder("kill", "-INT", Long.toString(server.pid())).start().waitFor();
            server.onExit().orTimeout(STOP.toSeconds(), TimeUnit.SECONDS).join();
        } catch (IOException | CompletionException e) {
            LOG.warn("PostgreSQL (process {}) did not stop within {}; the next start takes it over", server.pid(),
                    STOP);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static ProcessBuilder command(Path folder, List<String> line) throws IOException {
        List<String> whole = new ArrayList<>(line);
        if (isRoot()) {
            // PostgreSQL refuses root; in a user namespace of its own it is nobody in particular.
            whole.addAll(0, List.of("unshare", "-U"));
        }
        Path log = folder.resolve("server.log");
        if (Files.exists(log) && Files.size(log) > LOG_LIMIT) {
            Files.move(log, folder.resolve("server.log.1"), StandardCopyOption.REPLACE_EXISTING);
        }
        ProcessBuilder builder = new ProcessBuilder(whole).directory(folder.toFile()).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        builder.environment().put("LC_ALL", "C");
        return builder;
    }

    private static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }

    private static void waitFor(Process process, Path folder) throws IOException {
        try {
            if (process.waitFor() != 0) {
                throw new IOException(lastWords(folder));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static String lastWords(Path folder) throws IOException {
        List<String> lines = Files.readAllLines(folder.resolve("server.log"));
        return String.join(" ", lines.subList(Math.max(0, lines.size() - 2), lines.size()));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void deleteTree(Path tree) throws IOException {
        if (!Files.exists(tree)) {
            return;
        }
        try (var paths = Files.walk(tree)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
