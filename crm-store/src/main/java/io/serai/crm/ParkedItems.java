package io.serai.crm;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** What people must look at. */
public final class ParkedItems {
    private static final String SELECT = """
            select id, kind, cause, spoke, entity, entity_id, message, step, field, problem, detail::text, at,
              resolved_at from parked""";
    private final Transactions transactions;

    ParkedItems(Transactions transactions) {
        this.transactions = transactions;
    }

    /** Narrows a list; kind and spoke may be null. */
    public record Question(String kind, String spoke, boolean openOnly) {}

    /** Latest first. */
    public Page<Parked> list(Question question, String after, int limit) {
        List<Parked> found = read("""
                 where kind = coalesce(nullif(?, ''), kind) and spoke = coalesce(nullif(?, ''), spoke)
                  and (not ? or resolved_at is null) and id < ?::uuid order by tenant desc, id desc limit ?
                """, text(question.kind()), text(question.spoke()), question.openOnly(),
                after == null ? "ffffffff-ffff-ffff-ffff-ffffffffffff" : after, limit + 1);
        boolean more = found.size() > limit;
        List<Parked> items = more ? List.copyOf(found.subList(0, limit)) : List.copyOf(found);
        return new Page<>(items, more ? items.getLast().id().toString() : null);
    }

    public Optional<Parked> find(UUID id) {
        return read(" where id = ?", id).stream().findFirst();
    }

    private List<Parked> read(String where, Object... parameters) {
        List<Parked> found = new ArrayList<>();
        transactions.run(session -> {
            new Statements().read(SELECT + where, row -> found.add(parked(row)), parameters).execute(session);
            return null;
        });
        return found;
    }

    private static String text(String value) {
        return value == null ? "" : value;
    }

    private static Parked parked(ResultSet row) throws SQLException {
        return new Parked(row.getObject(1, UUID.class), row.getString(2), row.getString(3), row.getString(4),
                row.getString(5), row.getObject(6, UUID.class), row.getObject(7, UUID.class), row.getString(8),
                row.getString(9), row.getString(10), Json.document(row.getString(11)), Goldens.instant(row, 12),
                Goldens.instant(row, 13));
    }
}
