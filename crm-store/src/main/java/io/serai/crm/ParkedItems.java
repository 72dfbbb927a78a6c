package io.serai.crm;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;

/** What people must look at. {@link ParkedWork} is what they can do about it. */
public final class ParkedItems {
    private static final int MOST_CAUSES = 500;
    static final String SELECT = """
            select id, kind, subject, cause, spoke, entity, entity_id, message, step, field, problem, detail::text, at,
              resolved_at from parked""";
    private final Transactions transactions;

    ParkedItems(Transactions transactions) {
        this.transactions = transactions;
    }

    /** Narrows a list; kind, spoke and cause may be null. */
    public record Question(String kind, String spoke, String cause, boolean openOnly) {

        public Question(String kind, String spoke, boolean openOnly) {
            this(kind, spoke, null, openOnly);
        }
    }

    /**
     * All that is parked for one reason.
     *
     * @param first when the oldest of them was parked, {@code last} the youngest
     * @param example the youngest of them, with its problem
     */
    public record Cause(String kind, String cause, List<String> spokes, long count, Instant first, Instant last,
            UUID example, String problem) {}

    /** How much is parked. */
    public record Figure(String kind, String spoke, long count) {}

    /**
     * Something that was done about a parked matter.
     *
     * @param by the name of an API key, or {@link Retry#HUB}
     * @param outcome what came of it: the state of a message that was tried again, or done
     * @param note the reason given, or why it did not help; may be null
     * @param editedAs body or document, when the message was edited; else null
     */
    public record Action(String action, String by, Instant at, String outcome, String note, String editedAs) {}

    /** Latest first. */
    public Page<Parked> list(Question question, String after, int limit) {
        Where where = where(question, after);
        List<Parked> found = read(latest(where), where.parameters(limit + 1));
        boolean more = found.size() > limit;
        List<Parked> items = more ? List.copyOf(found.subList(0, limit)) : List.copyOf(found);
        return new Page<>(items, more ? items.getLast().id().toString() : null);
    }

    static Where where(Question question, String after) {
        Where where = new Where().and("kind = ?", question.kind()).and("spoke = ?", question.spoke())
                .and("cause = ?", question.cause()).and("id < ?::uuid", after);
        return question.openOnly() ? where.and("resolved_at is null") : where;
    }

    static String latest(Where where) {
        return where.sql() + " order by tenant desc, id desc limit ?";
    }

    public Optional<Parked> find(UUID id) {
        return read(" where id = ?", id).stream().findFirst();
    }

    /** What is open, by reason; the most frequent first. @param spoke null for all */
    public List<Cause> causes(String spoke) {
        List<Cause> causes = new ArrayList<>();
        transactions.run(session -> {
            new Statements().read(
                    """
                            select g.kind, g.cause, g.spokes, g.count, g.first, g.last, g.example::uuid, p.problem
                            from (select kind, cause, array_agg(distinct spoke) spokes, count(*) count, min(at) first, max(at) last,
                                max(id::text) example
                              from parked where resolved_at is null and spoke = coalesce(nullif(?, ''), spoke)
                              group by kind, cause) g
                            join parked p on p.id = g.example::uuid
                            order by g.count desc, g.kind, g.cause limit ?
                            """,
                    row -> causes.add(new Cause(row.getString(1), row.getString(2),
                            Arrays.asList((String[]) row.getArray(3).getArray()), row.getLong(4),
                            Goldens.instant(row, 5), Goldens.instant(row, 6), row.getObject(7, UUID.class),
                            row.getString(8))),
                    text(spoke), MOST_CAUSES).execute(session);
            return null;
        });
        return causes;
    }

    /** The open items of one reason, oldest first. @param kind null for all. @param after the last of those before; may be null */
    public List<Parked> of(String cause, String kind, UUID after, int most) {
        return read("""
                 where cause = ? and kind = coalesce(nullif(?, ''), kind) and resolved_at is null and id > ?::uuid
                order by id limit ?
                """, cause, text(kind),
                after == null ? "00000000-0000-0000-0000-000000000000" : after.toString(), most);
    }

    /** How much is open, by kind and spoke. */
    public List<Figure> figures() {
        List<Figure> figures = new ArrayList<>();
        transactions.run(session -> {
            new Statements()
                    .read("select kind, spoke, count(*) from parked where resolved_at is null group by kind, spoke",
                            row -> figures.add(new Figure(row.getString(1), row.getString(2), row.getLong(3))))
                    .execute(session);
            return null;
        });
        return figures;
    }

    /** What was done about it so far, oldest first. */
    public List<Action> history(Parked parked) {
        List<Action> actions = new ArrayList<>();
        transactions.run(session -> {
            new Statements().read("""
                    select action, by_whom, at, outcome, note, edited_as from parked_action where subject = ?
                    order by id limit 500
                    """,
                    row -> actions.add(new Action(row.getString(1), row.getString(2), Goldens.instant(row, 3),
                            row.getString(4).toLowerCase(Locale.ROOT), row.getString(5), row.getString(6))),
                    parked.subject()).execute(session);
            return null;
        });
        return actions;
    }

    /** The messages that wait behind a parked one, in order. */
    public List<UUID> waiting(Parked parked, int most) {
        List<UUID> waiting = new ArrayList<>();
        if (parked.message() != null) {
            transactions.run(session -> {
                new Statements()
                        .read("""
                                select w.message from held h join held w
                                  on w.spoke = h.spoke and w.entity = h.entity and w.record = h.record and w.position > h.position
                                where h.message = ? order by w.position limit ?
                                """,
                                row -> waiting.add(row.getObject(1, UUID.class)), parked.message(), most)
                        .execute(session);
                return null;
            });
        }
        return waiting;
    }

    private List<Parked> read(String where, Object... parameters) {
        List<Parked> found = new ArrayList<>();
        transactions.list(session -> {
            new Statements().read(SELECT + where, row -> found.add(parked(row)), parameters).execute(session);
            return null;
        });
        return found;
    }

    private static String text(String value) {
        return value == null ? "" : value;
    }

    static Parked parked(ResultSet row) throws SQLException {
        return new Parked(row.getObject(1, UUID.class), row.getString(2), row.getString(3), row.getString(4),
                row.getString(5), row.getString(6), row.getObject(7, UUID.class), row.getObject(8, UUID.class),
                row.getString(9), row.getString(10), row.getString(11), Json.document(row.getString(12)),
                Goldens.instant(row, 13), Goldens.instant(row, 14));
    }
}
