package io.serai.crm;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** The log of what changed in the golden records. */
public final class Changes {
    private static final String SELECT = "select sequence, entity, entity_id, version, fields::text, spoke, message, reason, at from change";
    private final Transactions transactions;

    Changes(Transactions transactions) {
        this.transactions = transactions;
    }

    /**
     * Changes in the order of their commits: whoever reads on from the last {@code next} misses none.
     *
     * @param entity null for all
     */
    public Page<Change> list(String after, int limit, String entity) {
        List<Change> found = read(
                SELECT + " where sequence > ? and entity = coalesce(nullif(?, ''), entity) order by sequence limit ?",
                after == null ? 0L : Long.parseLong(after), entity == null ? "" : entity, limit);
        return new Page<>(found, found.size() < limit ? null : Long.toString(found.getLast().sequence()));
    }

    /** The history of one record, oldest first. */
    public List<Change> of(String entity, UUID id) {
        return read(SELECT + " where entity_id = ? and entity = ? order by version", id, entity);
    }

    private List<Change> read(String sql, Object... parameters) {
        List<Change> found = new ArrayList<>();
        transactions.list(session -> {
            new Statements().read(sql, row -> found.add(change(row)), parameters).execute(session);
            return null;
        });
        return found;
    }

    static Change change(ResultSet row) throws SQLException {
        return new Change(row.getLong(1), row.getString(2), row.getObject(3, UUID.class), row.getLong(4),
                Json.document(row.getString(5)), row.getString(6), row.getObject(7, UUID.class), row.getString(8),
                Goldens.instant(row, 9));
    }
}
