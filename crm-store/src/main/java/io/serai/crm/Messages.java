package io.serai.crm;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Reads the journal. */
public final class Messages {
    private static final String SELECT = """
            select id, spoke, entity, protocol, event, content_type, received_at, state, entity_id, version,
              refusal::text, mapping, traceparent""";
    private final Transactions transactions;

    Messages(Transactions transactions) {
        this.transactions = transactions;
    }

    /** Narrows a list; each may be null. */
    public record Question(String spoke, String entity, Outcome.State state) {}

    /**
     * Latest first.
     *
     * @throws TooLong when hardly any message is as asked for. Those that are parked, rejected or waiting are found at once
     */
    public Page<Message> list(Question question, String after, int limit) {
        Where where = where(question, after);
        List<Message> found = new ArrayList<>();
        transactions.list(session -> {
            new Statements().read(select(where), row -> found.add(message(row, null, List.of())),
                    where.parameters(limit + 1)).execute(session);
            return null;
        });
        boolean more = found.size() > limit;
        List<Message> items = more ? List.copyOf(found.subList(0, limit)) : List.copyOf(found);
        return new Page<>(items, more ? items.getLast().id().toString() : null);
    }

    static Where where(Question question, String after) {
        Where where = new Where().and("spoke = ?", question.spoke()).and("entity = ?", question.entity());
        if (question.state() != null) {
            where.and("state = '" + question.state() + "'");
        }
        if (question.state() == Outcome.State.WAITING) {
            where.and("id = any(array(select message from held))");
        }
        return where.and("id < ?::uuid", after);
    }

    static String select(Where where) {
        return SELECT + " from message" + where.sql() + " order by tenant desc, id desc limit ?";
    }

    public Optional<Message> find(UUID id) {
        return transactions.run(session -> {
            List<Message> found = new ArrayList<>();
            new Statements().read(SELECT + ", received, finding::text from message where id = ?", row -> {
                Message bare = message(row, row.getBytes(14), List.of());
                found.add(message(row, row.getBytes(14),
                        journey(session, bare, Json.document(row.getString(15)))));
            }, id).execute(session);
            return found.stream().findFirst();
        });
    }

    private static List<Message.Step> journey(Session session, Message message, Map<String, Object> finding)
            throws SQLException {
        List<Message.Step> journey = new ArrayList<>();
        journey.add(new Message.Step("connector:" + message.spoke() + "/" + message.entity(), message.receivedAt(),
                "received", message.protocol()));
        if (message.mapping() != null) {
            journey.add(new Message.Step("mapping:" + message.mapping(), message.receivedAt(), "mapped", null));
        }
        String result = message.state().toLowerCase(Locale.ROOT);
        if (message.refusal() != null) {
            Refusal why = message.refusal();
            journey.add(new Message.Step(why.step(), message.receivedAt(), result,
                    (why.field() == null ? "" : why.field() + ": ") + why.problem()));
            deeds(session, message, journey);
            return journey;
        }
        journey.add(new Message.Step("crm:" + message.entity(), message.receivedAt(), result,
                finding.get("recognised") + ", changed " + finding.get("changed")
                        + (message.version() == null ? "" : ", version " + message.version())
                        + (finding.get("doubles") == null ? "" : ", left out as said twice " + finding.get("doubles"))
                        + (finding.get("echo") == null ? "" : ", no news by its " + finding.get("echo"))
                        + (finding.get("write") == null
                                ? ""
                                : " after version " + finding.get("write") + " was written")));
        deeds(session, message, journey);
        if (message.entityId() == null) {
            return journey;
        }
        String id = message.entityId().toString();
        new Statements().read("""
                select d.spoke, d.entity, d.operation, d.at, d.outcome, d.problem, d.version, d.fields::text
                from change c join delivery d on d.entity_id = c.entity_id and d.version >= c.version
                  and d.version < coalesce((select min(n.version) from change n
                    where n.entity_id = c.entity_id and n.version > c.version), d.version + 1)
                where c.message = ? and c.entity_id = any(array(
                  select ?::uuid union select customer from sales_order where id = ?::uuid
                  union select id from invoice where sales_order = ?::uuid
                  union select sales_order from payment where id = ?::uuid
                  union select invoice from payment where id = ?::uuid))
                order by d.id limit 200
                """,
                row -> journey.add(new Message.Step("connector:" + row.getString(1) + "/" + row.getString(2),
                        Goldens.instant(row, 4), row.getString(5).toLowerCase(Locale.ROOT),
                        row.getString(6) == null
                                ? row.getString(3) + " version " + row.getLong(7) + ", fields " + row.getString(8)
                                : row.getString(6))),
                message.id(), id, id, id, id, id).execute(session);
        return journey;
    }

    /** What people, or the hub itself, did about it while it was parked. */
    private static void deeds(Session session, Message message, List<Message.Step> journey) throws SQLException {
        new Statements().read("""
                select action, at, outcome, by_whom, note from parked_action where subject = ? order by id limit 100
                """,
                row -> journey.add(new Message.Step("parked:" + row.getString(1), Goldens.instant(row, 2),
                        row.getString(3).toLowerCase(Locale.ROOT),
                        "by " + row.getString(4) + (row.getString(5) == null ? "" : ": " + row.getString(5)))),
                IngestBatch.subject(message.id())).execute(session);
    }

    private static Message message(ResultSet row, byte[] received, List<Message.Step> journey) throws SQLException {
        return new Message(row.getObject(1, UUID.class), row.getString(2), row.getString(3), row.getString(4),
                row.getString(5), row.getString(6), Goldens.instant(row, 7), row.getString(8),
                row.getObject(9, UUID.class), row.getObject(10, Long.class), Loading.refusal(row.getString(11)),
                row.getString(12), row.getString(13), received, journey);
    }
}
