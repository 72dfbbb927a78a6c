package io.serai.hub.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedDatabaseTest {
    private static final Path PROGRAMS = Path.of("target/programs").toAbsolutePath();

    @TempDir
    Path folder;

    @Test
    void keepsWhatWasCommittedAcrossARestart() throws Exception {
        try (EmbeddedDatabase database = start()) {
            execute(database, "create table kept (value int)", "insert into kept values (7)");
        }
        try (EmbeddedDatabase database = start()) {
            assertThat(read(database, "select value from kept")).isEqualTo("7");
        }
    }

    @Test
    void takesOverTheServerOfAHubThatWasKilled() throws Exception {
        // A killed hub closes nothing; its server goes on.
        EmbeddedDatabase orphan = start();
        execute(orphan, "create table kept (value int)");
        try (EmbeddedDatabase database = start()) {
            assertThat(database.address()).isEqualTo(orphan.address());
            execute(database, "insert into kept values (1)");
        }
        Assertions.assertThatThrownBy(() -> read(orphan, "select 1")).isInstanceOf(SQLException.class);
    }

    @Test
    void recoversWhenTheServerWasKilled() throws Exception {
        EmbeddedDatabase killed = start();
        execute(killed, "create table kept (value int)", "insert into kept values (7)");
        ProcessHandle server = server();
        server.destroyForcibly();
        server.onExit().join();
        try (EmbeddedDatabase database = start()) {
            assertThat(read(database, "select value from kept")).isEqualTo("7");
        }
    }

    /** After a power cut the process number in the file may belong to anybody. */
    @Test
    void isNotMisledByAnOldProcessNumber() throws Exception {
        start().close();
        Files.writeString(folder.resolve("cluster/postmaster.pid"),
                ProcessHandle.current().pid() + "\n/elsewhere\n1\n5432\n");
        try (EmbeddedDatabase database = start()) {
            assertThat(read(database, "select 1")).isEqualTo("1");
        }
    }

    @Test
    void forgetsNothingAndListensOnLoopbackOnly() throws Exception {
        try (EmbeddedDatabase database = start()) {
            for (String setting : List.of("fsync", "synchronous_commit", "full_page_writes")) {
                assertThat(read(database, "show " + setting)).as(setting).isEqualTo("on");
            }
            assertThat(read(database, "show listen_addresses")).isEqualTo("127.0.0.1");
            assertThat(read(database, "show unix_socket_directories")).isEmpty();
            assertThat(read(database, "show data_checksums")).isEqualTo("on");
            DatabaseAddress address = database.address();
            Assertions.assertThatThrownBy(
                    () -> DriverManager.getConnection(address.jdbcUrl(), address.user(), "guess").close())
                    .isInstanceOf(SQLException.class).hasMessageContaining("password");
        }
    }

    private EmbeddedDatabase start() {
        return EmbeddedDatabase.start(folder, PROGRAMS, "secret");
    }

    private ProcessHandle server() throws Exception {
        String pid = Files.readAllLines(folder.resolve("cluster/postmaster.pid")).getFirst();
        return ProcessHandle.of(Long.parseLong(pid.strip())).orElseThrow();
    }

    private static void execute(EmbeddedDatabase database, String... statements) throws SQLException {
        try (Connection connection = connect(database); Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private static String read(EmbeddedDatabase database, String sql) throws SQLException {
        try (Connection connection = connect(database);
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }

    private static Connection connect(EmbeddedDatabase database) throws SQLException {
        DatabaseAddress address = database.address();
        return DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password());
    }
}
