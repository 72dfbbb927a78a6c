package io.serai.bench;

import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The hub's own PostgreSQL, with the hub's own settings, but started by the benchmark: so that the references run on the
 * same server while hubs come and go. Only the number of connections is raised, for the reference with 64 clients.
 */
final class Cluster implements AutoCloseable {
    private static final int CONNECTIONS = 200;
    private static final Pattern MAX_CONNECTIONS = Pattern.compile("max_connections=\\d+");
    private static final List<String> MUST_BE_ON = List.of("fsync", "synchronous_commit", "full_page_writes");

    private final Process server;
    private final int port;
    private final String user;
    private final String password;

    private Cluster(Process server, int port, String user, String password) {
        this.server = server;
        this.port = port;
        this.user = user;
        this.password = password;
    }

    /**
     * How the hub started its server.
     *
     * @param address as the hub wrote it down, with credentials
     */
    record Recipe(List<String> commandLine, Path folder, URI address) {

        /** Reads it off a running hub's server. */
        static Recipe of(Path hubData) throws IOException {
            Path cluster = hubData.resolve("postgres/cluster");
            long pid = Long.parseLong(Files.readAllLines(cluster.resolve("postmaster.pid")).getFirst().strip());
            String address = Files.readAllLines(hubData.resolve("sandbox.env")).stream()
                    .filter(line -> line.startsWith("DATABASE_URL=")).findFirst().orElseThrow()
                    .substring("DATABASE_URL=".length());
            return new Recipe(Running.commandLine(pid), cluster, URI.create(address));
        }
    }

    static Cluster start(Recipe recipe, Path log) throws Exception {
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(Path.of("/usr/bin/setsid"))) {
            // Ctrl-C must reach the hub before its database.
            command.add("/usr/bin/setsid");
        }
        if ("root".equals(System.getProperty("user.name"))) {
            command.addAll(List.of("unshare", "-U"));
        }
        recipe.commandLine().forEach(word -> command
                .add(MAX_CONNECTIONS.matcher(word).replaceAll("max_connections=" + CONNECTIONS)));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        builder.environment().put("LC_ALL", "C");
        String[] credentials = recipe.address().getRawUserInfo().split(":", 2);
        Cluster cluster = new Cluster(builder.start(), recipe.address().getPort(), decode(credentials[0]),
                decode(credentials[1]));
        Cleanup.add(cluster::close);
        Wait.until("PostgreSQL answers, see " + log, Duration.ofSeconds(60), Duration.ofMillis(50),
                cluster::answers);
        cluster.refuseUnlessDurable();
        return cluster;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    private boolean answers() {
        if (!server.isAlive()) {
            throw new IllegalStateException("PostgreSQL ended at once.");
        }
        try (Connection connection = connect("postgres")) {
            return connection.isValid(5);
        } catch (SQLException notYet) {
            return false;
        }
    }

    private void refuseUnlessDurable() throws SQLException {
        for (String name : MUST_BE_ON) {
            if (!"on".equals(text("postgres", "show " + name))) {
                throw new IllegalStateException("PostgreSQL runs with " + name + " off: such figures mean nothing.");
            }
        }
    }

    /** What the figures depend on, for the report. */
    Map<String, String> settings() throws SQLException {
        Map<String, String> settings = new LinkedHashMap<>();
        for (String name : List.of("server_version", "fsync", "synchronous_commit", "full_page_writes",
                "wal_sync_method", "wal_compression", "shared_buffers", "max_wal_size", "checkpoint_timeout")) {
            settings.put(name, text("postgres", "show " + name));
        }
        return settings;
    }

    int port() {
        return port;
    }

    String user() {
        return user;
    }

    /** What a hub must be told to work on a database of this server. */
    Map<String, String> environment(String database) {
        return Map.of("DATABASE_URL", "jdbc:postgresql://127.0.0.1:" + port + "/" + database, "DATABASE_USER", user,
                "DATABASE_PASSWORD", password);
    }

    /** What PostgreSQL's own programs must be told. */
    Map<String, String> programEnvironment() {
        return Map.of("PGPASSWORD", password);
    }

    Connection connect(String database) throws SQLException {
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?connectTimeout=5",
                user, password);
    }

    void create(String database) throws SQLException {
        execute("postgres", "create database " + database);
    }

    void execute(String database, String sql) throws SQLException {
        try (Connection connection = connect(database); Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    double number(String database, String sql) throws SQLException {
        return Double.parseDouble(text(database, sql));
    }

    /** First column of the first row. */
    String text(String database, String sql) throws SQLException {
        try (Connection connection = connect(database);
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }

    /** Puts everything written so far behind us, so that no measurement pays for the one before. */
    void checkpoint() throws SQLException {
        execute("postgres", "checkpoint");
    }

    double cpuSeconds() {
        return Running.cpuSecondsOfFamily(server.pid());
    }

    @Override
    public String toString() {
        try {
            return "PostgreSQL " + settings().entrySet().stream()
                    .map(setting -> setting.getKey() + "=" + setting.getValue()).collect(Collectors.joining(", "));
        } catch (SQLException e) {
            return "PostgreSQL";
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        if (server.isAlive()) {
            // SIGINT ends the sessions; SIGTERM would wait for them.
            new ProcessBuilder("kill", "-INT", Long.toString(server.pid())).start().waitFor();
            if (!server.waitFor(60, TimeUnit.SECONDS)) {
                server.destroyForcibly().waitFor();
            }
        }
    }
}
