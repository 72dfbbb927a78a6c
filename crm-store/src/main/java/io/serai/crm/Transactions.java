package io.serai.crm;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

import javax.sql.DataSource;

import org.postgresql.PGConnection;

/** Runs work in a transaction that knows its tenant. */
final class Transactions {
    private static final Duration PLANS_LIVE = Duration.ofSeconds(5);
    static final Duration LONGEST_SEARCH = Duration.ofSeconds(3);
    /** SQLSTATE of a statement that took too long. */
    private static final String CANCELLED = "57014";

    private final DataSource dataSource;
    private final int tenant;
    private final Tombstones tombstones;
    /** Who waits for a turn waits here, and not in the database. */
    private final ReentrantLock turns = new ReentrantLock(true);
    private final RecentTurns recent = new RecentTurns();
    /** When each server connection last made its plans, in nanoseconds of this process. */
    private final Map<PGConnection, Long> planned = Collections.synchronizedMap(new WeakHashMap<>());

    Transactions(DataSource dataSource, int tenant, Tombstones tombstones) {
        this.dataSource = dataSource;
        this.tenant = tenant;
        this.tombstones = tombstones;
    }

    int tenant() {
        return tenant;
    }

    /** What is done in a transaction. */
    interface Work<R> {
        R in(Session session) throws SQLException;
    }

    /** Writes, and may end the turn itself ({@link Turn#commit}). */
    interface Writer<R> {
        R write(Turn turn) throws SQLException;
    }

    /** What is to be written, worked out from what was read. */
    interface Plan<R> extends Writer<R> {

        /** What the plan rests on, in the words of {@link Turn#touch}. */
        Set<Object> read();
    }

    /** @param seen the last turn that reading was sure to see. @param plan null when what was read did not fit together */
    private record Early<R>(long seen, Plan<R> plan) {

        boolean holds(RecentTurns recent, Turn turn) {
            return plan != null && recent.leftAlone(plan.read(), seen, turn.number());
        }
    }

    /** Reads, or writes that concern one row's own state (leases, cursors). */
    <R> R run(Work<R> work) {
        return transaction(work);
    }

    /**
     * Reads a list that somebody asked for and waits for.
     *
     * @throws TooLong when it takes longer than anybody should hold up the database for
     */
    <R> R list(Work<R> work) {
        return transaction(session -> {
            session.first(new Statements().read("select set_config('statement_timeout', ?, true)", null,
                    Long.toString(LONGEST_SEARCH.toMillis())));
            try {
                return work.in(session);
            } catch (SQLException failed) {
                if (CANCELLED.equals(failed.getSQLState())) {
                    throw new TooLong(failed);
                }
                throw failed;
            }
        });
    }

    /**
     * Writes golden records, links or invoices. One such transaction at a time per tenant, over all processes: batches
     * make it faster than many small ones side by side, nothing can deadlock, and change numbers rise in commit order.
     */
    <R> R write(Writer<R> writer) {
        turns.lock();
        try {
            return transaction(session -> inTurn(session, writer));
        } finally {
            turns.unlock();
        }
    }

    /**
     * As {@link #write(Writer)}. Reading and planning need not wait for the turn: they are done while others write. Whoever
     * changed meanwhile what the plan rests on makes it void: then it is made again, in the turn.
     *
     * @param begun is told when only writing is left, at the latest
     * @param mend what to do when it fails; still in the turn, so that nobody overtakes
     */
    <R> R plan(Work<Plan<R>> planner, Runnable begun, Function<RuntimeException, R> mend) {
        boolean[] locked = new boolean[1];
        try {
            return transaction(session -> {
                locked[0] = turns.tryLock();
                Early<R> early = locked[0] ? null : early(planner, session);
                if (!locked[0]) {
                    turns.lock();
                    locked[0] = true;
                    begun.run();
                }
                return inTurn(session, turn -> {
                    if (early != null) {
                        turn.await();
                    }
                    Plan<R> plan = early != null && early.holds(recent, turn) ? early.plan() : planner.in(session);
                    turn.await();
                    begun.run();
                    return plan.write(turn);
                });
            });
        } catch (StackOverflowError tooDeep) {
            return mend.apply(new IllegalArgumentException("nested too deeply", tooDeep));
        } catch (RuntimeException failed) {
            return mend.apply(failed);
        } finally {
            if (locked[0]) {
                turns.unlock();
            }
        }
    }

    private static <R> Early<R> early(Work<Plan<R>> planner, Session session) throws SQLException {
        long[] seen = new long[1];
        session.first(new Statements().read("select turn, tombstones from change_head", row -> {
            seen[0] = row.getLong(1);
            session.buried(row.getLong(2));
        }));
        try {
            Plan<R> plan = planner.in(session);
            return new Early<>(seen[0], plan);
        } catch (RuntimeException | StackOverflowError perhapsOvertaken) {
            return new Early<>(0, null);
        }
    }

    private <R> R inTurn(Session session, Writer<R> writer) throws SQLException {
        Turn turn = new Turn(session);
        R result = writer.write(turn);
        if (!turn.ended()) {
            turn.commit(new Statements());
        }
        recent.add(turn);
        return result;
    }

    private <R> R transaction(Work<R> work) {
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try {
                Session session = new Session(connection, tombstones);
                if (plansAreOld(connection)) {
                    session.first(new Statements().write("discard plans"));
                }
                session.first(new Statements().read("select set_config('serai.tenant', ?, true)", null,
                        Integer.toString(tenant)));
                R result = work.in(session);
                connection.commit();
                return result;
            } catch (SQLException | RuntimeException | StackOverflowError failed) {
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

    private static void rollback(Connection connection, Throwable failed) {
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
