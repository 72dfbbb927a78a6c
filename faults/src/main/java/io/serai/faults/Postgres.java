package io.serai.faults;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

import io.serai.hub.database.DatabaseAddress;
import io.serai.hub.database.EmbeddedDatabase;

/** The hub's PostgreSQL with the hub's settings, but a process that hubs share and that can be killed apart from them. */
final class Postgres implements AutoCloseable {
    private final Path folder;
    private final int port;
    private final DatabaseAddress address;
    private final List<String> command;
    private Child server;

    private Postgres(Path folder, int port, DatabaseAddress address, List<String> command) {
        this.folder = folder;
        this.port = port;
        this.address = address;
        this.command = command;
    }

    /** @param programs where PostgreSQL's programs are unpacked; may be shared. */
    static Postgres start(Path folder, Path programs) throws Exception {
        List<String> command = new ArrayList<>();
        DatabaseAddress address;
        try (EmbeddedDatabase first = EmbeddedDatabase.start(folder, programs, "owner-of-the-tables")) {
            address = first.address();
            String pid = Files.readAllLines(folder.resolve("cluster/postmaster.pid")).getFirst().strip();
            if ("root".equals(System.getProperty("user.name"))) {
                command.addAll(List.of("unshare", "-U"));
            }
            command.addAll(List.of(Files.readString(Path.of("/proc", pid, "cmdline")).split("\0")));
        }
        int port = Integer.parseInt(address.jdbcUrl().replaceAll(".*:(\\d+)/.*", "$1"));
        Postgres postgres = new Postgres(folder, port, address, command);
        postgres.start();
        return postgres;
    }

    void start() throws IOException {
        server = Child.start("PostgreSQL", folder.resolve("server.log"), command, Map.of("LC_ALL", "C"));
        Wait.until("PostgreSQL answers", Wait.LONG, () -> {
            server.requireAlive();
            try (Connection connection = connect()) {
                return connection.isValid(5);
            }
        });
    }

    void kill() {
        server.kill();
    }

    void stop() throws Exception {
        server.signal("INT");
        if (!server.ends(Duration.ofSeconds(60))) {
            throw new IllegalStateException("PostgreSQL does not stop");
        }
        server.close();
    }

    /** A copy of all that is stored; only while the server is stopped. */
    void copy(Path to, boolean back) throws IOException {
        Path from = folder.resolve("cluster");
        Path source = back ? to : from;
        Path target = back ? from : to;
        delete(target);
        Files.walkFileTree(source, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) throws IOException {
                Files.copy(path, target.resolve(source.relativize(path)), StandardCopyOption.COPY_ATTRIBUTES);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) throws IOException {
                Files.copy(path, target.resolve(source.relativize(path)), StandardCopyOption.COPY_ATTRIBUTES);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    static void delete(Path tree) throws IOException {
        if (!Files.exists(tree)) {
            return;
        }
        try (var paths = Files.walk(tree)) {
            for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    /** The server and all the processes that it has begun. */
    List<Long> pids() {
        return server.pids();
    }

    int port() {
        return port;
    }

    Path folder() {
        return folder;
    }

    Map<String, String> environment(int throughPort) {
        return Map.of("DATABASE_URL", "jdbc:postgresql://127.0.0.1:" + throughPort + "/serai", "DATABASE_USER",
                address.user(), "DATABASE_PASSWORD", address.password());
    }

    Connection connect() throws SQLException {
        return DriverManager.getConnection(address.jdbcUrl() + "?connectTimeout=5&socketTimeout=120", address.user(),
                address.password());
    }

    long number(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getLong(1);
        }
    }

    /** The rows, each as its columns joined. */
    List<String> rows(String sql) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                List<String> columns = new ArrayList<>();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    columns.add(result.getString(i));
                }
                rows.add(String.join(" | ", columns));
            }
        }
        return rows;
    }

    @Override
    public void close() throws Exception {
        if (server.alive()) {
            server.kill();
        }
    }
}
