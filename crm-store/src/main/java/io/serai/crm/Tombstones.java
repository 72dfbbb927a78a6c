package io.serai.crm;

import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import io.serai.crm.plan.MatchKey;

/**
 * By what erased people would be known again. All are remembered; a number that every writer reads anyway tells when there
 * are others, so that a hub where nobody was ever erased spends nothing on it.
 */
final class Tombstones {
    /** What whoever plans with the tombstones has read, in the words of {@link Turn#touch}. */
    static final Object ALL = Tombstones.class;

    /** Under the key that made the others: a hub with another key would not know anybody again. */
    private static final UUID KEY_CHECK = new UUID(0, 0);

    private final ErasureLedger ledger;
    private Map<String, UUID> marks = Map.of();
    private long known;

    /** @param ledger null for a store in which nobody can be erased */
    Tombstones(ErasureLedger ledger) {
        this.ledger = ledger;
    }

    /** Which erasure each mark belongs to, as of now. @param head how many times they have changed */
    synchronized Map<String, UUID> asOf(Session session, long head) throws SQLException {
        if (head != known) {
            Map<String, UUID> now = new HashMap<>();
            new Statements().read("select mark, erasure from tombstone",
                    row -> now.put(row.getString(1), row.getObject(2, UUID.class))).execute(session);
            if (!now.isEmpty() && (ledger == null || !KEY_CHECK.equals(now.get(keyCheck())))) {
                throw new IllegalStateException(
                        "The database belongs to hubs with another key for erasures. Without theirs this hub"
                                + " would not know again who was erased: start it with the same SERAI_ERASURE_KEY.");
            }
            now.remove(keyCheck());
            marks = now;
            known = head;
        }
        return marks;
    }

    private String keyCheck() {
        return ledger.mark("key", "");
    }

    String of(MatchKey key) {
        return ledger.mark(key.kind().name(), key.value());
    }

    String record(String spoke, String externalId) {
        return ledger.mark("record", spoke + "/" + externalId);
    }

    String customer(UUID id) {
        return ledger.mark("customer", id.toString());
    }

    /** The first hub decides about the key: the others have to have the same before anybody is erased, and not after. */
    Statements settleKey(Session session) throws SQLException {
        boolean[] settled = new boolean[1];
        new Statements().read("select 1 from tombstone limit 1", _ -> settled[0] = true).execute(session);
        return settled[0] || ledger == null ? new Statements() : raise(KEY_CHECK, Set.of());
    }

    /** Writes down what an erased person would be known by. */
    Statements raise(UUID erasure, Set<String> raised) {
        Columns rows = new Columns();
        rows.add(keyCheck(), KEY_CHECK);
        raised.forEach(mark -> rows.add(mark, erasure));
        return new Statements().write("""
                insert into tombstone (mark, erasure) select mark, erasure::uuid
                from (select unnest(?) mark, unnest(?) erasure) t on conflict do nothing
                """, rows.arrays()).write("update change_head set tombstones = tombstones + 1");
    }
}
