package io.serai.crm;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.UUID;

/** The way to the database within one transaction. What can wait travels with what comes next. */
final class Session {
    private static final int LONGEST_SILENCE = 600_000;

    private final Connection connection;
    private final Tombstones tombstones;
    private Statements waiting = new Statements();
    /** How many times the tombstones have changed; negative until somebody has read it. */
    private long buried = -1;

    Session(Connection connection, Tombstones tombstones) {
        this.connection = connection;
        this.tombstones = tombstones;
    }

    /** How many times the tombstones have changed. */
    void buried(long times) {
        buried = times;
    }

    /** The tombstones as of this transaction, each with its erasure. */
    Map<String, UUID> tombstones() throws SQLException {
        if (buried < 0) {
            execute(new Statements());
        }
        if (buried < 0) {
            execute(new Statements().read("select tombstones from change_head", row -> buried(row.getLong(1))));
        }
        return tombstones.asOf(this, buried);
    }

    /** Whether a customer was erased: what is left of it belongs to its invoices. */
    boolean erased(UUID customer) throws SQLException {
        Map<String, UUID> erased = tombstones();
        return !erased.isEmpty() && erased.containsKey(tombstones.customer(customer));
    }

    /** What stands for a person there. */
    Tombstones marks() {
        return tombstones;
    }

    /** From now on the server may be silent for as long as it takes to read a large table through. */
    void patient() throws SQLException {
        connection.setNetworkTimeout(Runnable::run, LONGEST_SILENCE);
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
