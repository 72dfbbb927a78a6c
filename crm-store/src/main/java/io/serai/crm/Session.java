package io.serai.crm;

import java.sql.Connection;
import java.sql.SQLException;

/** The way to the database within one transaction. What can wait travels with what comes next. */
final class Session {
    private final Connection connection;
    private Statements waiting = new Statements();

    Session(Connection connection) {
        this.connection = connection;
    }

    /** Is executed first of all that comes next, in the same round trip. */
    void first(Statements statements) {
        waiting = waiting.and(statements);
    }

    void execute(Statements statements) throws SQLException {
        Statements all = waiting.and(statements);
        waiting = new Statements();
        all.send(connection);
    }
}
