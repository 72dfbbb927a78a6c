package io.serai.crm;

import java.sql.SQLException;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;

/**
 * One writer's turn: from here to its commit nobody else, in no process, writes golden records, links or invoices of this
 * tenant. The row that everybody locks for it also numbers the turns and holds the end of the chain of changes.
 */
final class Turn {
    private final Session session;
    private final Set<Object> touched = new HashSet<>();
    private boolean taken;
    private long number;
    private long sequence;
    private byte[] hash;
    private boolean ended;

    /** The turn is waited for with the first statement in {@code session}, and ends with its transaction. */
    Turn(Session session) {
        this.session = session;
        session.first(
                new Statements().read("select turn, sequence, hash, tombstones from change_head for update", row -> {
                    taken = true;
                    number = row.getLong(1) + 1;
                    sequence = row.getLong(2);
                    hash = row.getBytes(3);
                    session.buried(row.getLong(4));
                }));
    }

    /** Waits until the turn is there, unless something was asked already and waited for it. */
    void await() throws SQLException {
        if (!taken) {
            session.execute(new Statements());
        }
        if (!taken) {
            throw new IllegalStateException("The database does not know this tenant.");
        }
    }

    Session session() {
        return session;
    }

    /** Rises by one with every turn that anybody takes. */
    long number() {
        return number;
    }

    /** The number of the last change. */
    long sequence() {
        return sequence;
    }

    /** The last link of the chain of changes. */
    byte[] hash() {
        return hash;
    }

    /** The chain has got longer. */
    void chained(long last, byte[] link) {
        sequence = last;
        hash = link;
    }

    /** Notes that this turn changes what others may have read: entities by their id, and whatever they are found by. */
    void touch(Object what) {
        touched.add(what);
    }

    Set<Object> touched() {
        return Collections.unmodifiableSet(touched);
    }

    /** Writes and commits, in one round trip. @param last all that is still to be written */
    void commit(Statements last) throws SQLException {
        await();
        last.write("update change_head set turn = ?, sequence = ?, hash = ?", number, sequence, hash).write("commit")
                .execute(session);
        ended = true;
    }

    boolean ended() {
        return ended;
    }
}
