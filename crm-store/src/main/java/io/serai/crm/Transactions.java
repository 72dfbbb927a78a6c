package io.serai.crm;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;

import javax.sql.DataSource;

import org.postgresql.PGConnection;

/** Runs work in a transaction that knows its tenant. */
final class Transactions {
    private static final String DISCARD_PLANS = "discard plans;\n";
    private static final Duration PLANS_LIVE = Duration.ofSeconds(5);

    private final DataSource dataSource;
    private final int tenant;
    /** When each server connection last made its plans, in nanoseconds of this process. */
    private final Map<PGConnection, Long> planned = Collections.synchronizedMap(new WeakHashMap<>());

    Transactions(DataSource dataSource, int tenant) {
        this.dataSource = dataSource;
        this.tenant = tenant;
    }

    int tenant() {
        return tenant;
    }

    interface Work<R> {
        R in(Connection connection) throws SQLException;
    }

    /** Reads, or writes that concern one row's own state (leases, cursors). */
    <R> R run(Work<R> work) {
        return transaction("select set_config('serai.tenant', ?, true)", work);
    }

    /**
     * Writes golden records, links or invoices. One such transaction at a time per tenant, over all processes: batches
     * make it faster than many small ones side by side, nothing can deadlock, and change numbers rise in commit order.
     */
    <R> R write(Work<R> work) {
        return transaction("select set_config('serai.tenant', ?, true), pg_advisory_xact_lock(5391, " + tenant + ")",
                work);
    }

    private <R> R transaction(String begin, Work<R> work) {
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try {
                String first = plansAreOld(connection) ? DISCARD_PLANS + begin : begin;
                try (PreparedStatement statement = connection.prepareStatement(first)) {
                    statement.setString(1, Integer.toString(tenant));
                    statement.execute();
                }
                R result = work.in(connection);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException failed) {
                rollback(connection, failed);
                throw failed;
            }
        } catch (SQLException failed) {
            throw unavailable(failed);
        }
    }

    /**
     * A plan that was made while a table was empty reads it whole for ever after, until somebody analyses the table. So
     * plans are made anew every few seconds, which costs a few milliseconds.
     */
    private boolean plansAreOld(Connection connection) throws SQLException {
        PGConnection server = connection.unwrap(PGConnection.class);
        long now = System.nanoTime();
        Long made = planned.get(server);
        if (made != null && now - made < PLANS_LIVE.toNanos()) {
            return false;
        }
        planned.put(server, now);
        return made != null;
    }

    private static void rollback(Connection connection, Exception failed) {
        try {
            connection.rollback();
        } catch (SQLException alsoFailed) {
            failed.addSuppressed(alsoFailed);
        }
    }

    private static RuntimeException unavailable(SQLException failed) {
        String state = failed.getSQLState() == null ? "" : failed.getSQLState();
        if (state.startsWith("22") || state.startsWith("23") || state.startsWith("54")) {
            return new Unstorable(failed);
        }
        return new StoreUnavailable("The database did not take it: " + failed.getMessage(), failed);
    }

    /** The data itself cannot be stored (SQLSTATE classes 22, 23 and 54), however often one tries. */
    static final class Unstorable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unstorable(SQLException cause) {
            super(cause.getMessage(), cause);
        }

        /** The database's complaint, without the row it shows for it. */
        String reason() {
            return Storable.text(getMessage().lines().findFirst().orElse(""));
        }
    }
}
