package io.serai.crm;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

import javax.sql.DataSource;

/** Runs work in a transaction that knows its tenant. */
final class Transactions {
    private final DataSource dataSource;
    private final int tenant;

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
                try (PreparedStatement statement = connection.prepareStatement(begin)) {
                    statement.setString(1, Integer.toString(tenant));
                    try (ResultSet _ = statement.executeQuery()) {
                        R result = work.in(connection);
                        connection.commit();
                        return result;
                    }
                }
            } catch (SQLException | RuntimeException failed) {
                rollback(connection, failed);
                throw failed;
            }
        } catch (SQLException failed) {
            throw unavailable(failed);
        }
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
        if (state.startsWith("22") || state.startsWith("23")) {
            return new Unstorable(failed);
        }
        return new StoreUnavailable("The database did not take it: " + failed.getMessage(), failed);
    }

    /** The data itself cannot be stored (SQLSTATE classes 22 and 23), however often one tries. */
    static final class Unstorable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unstorable(SQLException cause) {
            super(cause.getMessage(), cause);
        }
    }
}
