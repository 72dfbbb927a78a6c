package io.serai.hub.database;

import io.serai.hub.StartRefused;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import javax.sql.DataSource;

/** The hub acknowledges after the commit; that is worth nothing on a database that forgets commits. */
public final class Durability {
    private static final int OLDEST = 150_000;

    private Durability() {}

    /** Refuses a PostgreSQL before 15, and one that may lose what it has committed. */
    public static void check(DataSource database) {
        try (Connection connection = database.getConnection(); Statement statement = connection.createStatement()) {
            int version = Integer.parseInt(show(statement, "server_version_num"));
            if (version < OLDEST) {
                throw new StartRefused("The hub needs PostgreSQL 15 or newer; this one is " + version / 10_000 + ".");
            }
            for (String setting : List.of("fsync", "full_page_writes", "synchronous_commit")) {
                if (show(statement, setting).equals("off")) {
                    throw new StartRefused("PostgreSQL runs with " + setting + " = off: it may lose what the hub has "
                            + "acknowledged. Set " + setting + " = on and start the hub again.");
                }
            }
        } catch (SQLException e) {
            throw new StartRefused("The database does not answer: " + e.getMessage()
                    + " Check DATABASE_URL, DATABASE_USER and DATABASE_PASSWORD.", e);
        }
    }

    private static String show(Statement statement, String setting) throws SQLException {
        try (ResultSet result = statement.executeQuery("show " + setting)) {
            result.next();
            return result.getString(1);
        }
    }
}
