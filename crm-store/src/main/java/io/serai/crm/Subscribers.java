package io.serai.crm;

import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * Who follows the change log, and how far each has got; shared by all processes of the hub. One of them at a time tells a
 * subscriber something.
 */
public final class Subscribers {
    /** A subscriber whose filter lets little through is brought on in steps of so many changes. */
    private static final int LOOKED_AT = 5_000;
    /** Of the fields that one turn holds, in bytes of JSON; a single change may be larger. */
    private static final int LARGEST_TURN = 512 << 10;
    private static final int HASH_BYTES = 8;

    private static final String RESOLVE = "update parked set resolved_at = ? where subject = ? and resolved_at is null";
    private static final String PASSED = "update subscriber set position = ?, lease_until = null where id = ? and fence = ?";
    private static final String EVENT = "sequence, entity, entity_id, version, fields::text, spoke, message, reason, at, hash";
    private static final String COLUMNS = """
            s.id, s.kind, s.name, s.url, s.entities, s.spokes, s.whole_record, s.state, s.position,
              h.sequence - s.position, c.at, s.attempts, s.refusals, s.set_aside, s.failing_since, s.problem,
              s.taken_at, s.next_try_at, s.old_secret_until, s.created_at""";
    private static final String SELECT = "select " + COLUMNS + """
             from subscriber s join change_head h on h.tenant = s.tenant
              left join change c on c.tenant = s.tenant and c.sequence = s.position + 1
            """;

    private final Transactions transactions;
    private final InstantSource clock;

    Subscribers(Transactions transactions, InstantSource clock) {
        this.transactions = transactions;
        this.clock = clock;
    }

    /** In the order in which they were made. */
    public List<Subscriber> list() {
        return read("order by s.created_at, s.id");
    }

    public Optional<Subscriber> find(UUID id) {
        return read("where s.id = ?", id).stream().findFirst();
    }

    /**
     * Adds somebody who is told by webhook.
     *
     * @param after the last change that it is not told; null to begin with the next one
     * @return its id; empty when the name is taken, or there are {@code most} already
     */
    public Optional<UUID> add(String name, String url, Subscriber.Follows follows, byte[] secret, Long after,
            int most) {
        return add(Subscriber.Kind.WEBHOOK, name, url, follows, secret, after, most);
    }

    /** Makes sure that there is a subscriber of this kind, of which there is one. A new one begins with the next change. */
    public void require(Subscriber.Kind kind, String name) {
        add(kind, name, null, Subscriber.Follows.EVERYTHING, null, null, Integer.MAX_VALUE);
    }

    private Optional<UUID> add(Subscriber.Kind kind, String name, String url, Subscriber.Follows follows,
            byte[] secret, Long after, int most) {
        Instant now = clock.instant();
        UUID id = Identifiers.next(now);
        return changed("""
                insert into subscriber (id, kind, name, url, entities, spokes, whole_record, secret, position,
                  created_at, next_try_at)
                select ?::uuid, ?, ?, ?::text, ?, ?, ?, ?::bytea, least(coalesce(?::bigint, sequence), sequence),
                  here.at, here.at
                from change_head, (select ?::timestamptz) here(at)
                where (select count(*) from subscriber where url is not null) < ?
                on conflict do nothing returning id
                """, id, word(kind), name, url, array(follows.entities()),
                array(follows.spokes()), follows.whole(), secret, after,
                now, most) ? Optional.of(id) : Optional.empty();
    }

    /** Where a webhook goes from now on. @return false when there is no such subscriber, or the name is taken */
    public boolean change(UUID id, String name, String url, Subscriber.Follows follows) {
        return changed("""
                update subscriber s set name = ?, url = ?::text, entities = ?, spokes = ?, whole_record = ?,
                  next_try_at = least(next_try_at, ?)
                where id = ? and not exists (select 1 from subscriber o where o.name = ? and o.id <> s.id)
                returning id
                """, name, url, array(follows.entities()), array(follows.spokes()),
                follows.whole(), clock.instant(), id, name);
    }

    /** Goes on where it stopped; with an empty record of failures. Closes what a person was asked because of them. */
    public boolean enable(UUID id) {
        return transactions.run(session -> {
            boolean[] found = new boolean[1];
            new Statements()
                    .read("""
                            update subscriber set state = 'ACTIVE', attempts = 0, refusals = 0, set_aside = 0, failing_since = null,
                              problem = null, next_try_at = ?
                            where id = ? returning id
                            """,
                            row -> found[0] = true, clock.instant(), id)
                    .write(RESOLVE, clock.instant(), subject(id, null)).execute(session);
            return found[0];
        });
    }

    /** Tells it nothing until it is enabled. */
    public boolean disable(UUID id, String why) {
        return changed("update subscriber set state = 'DISABLED', problem = ? where id = ? returning id", why, id);
    }

    /** Signs with a new secret; with the one before as well until {@code oldUntil}. */
    public boolean rotate(UUID id, byte[] secret, Instant oldUntil) {
        return changed("""
                update subscriber set old_secret = secret, old_secret_until = ?, secret = ?
                where id = ? and kind = 'webhook' returning id
                """, oldUntil, secret, id);
    }

    /** Removes a webhook's subscriber and closes what a person was asked because of it. */
    public boolean remove(UUID id) {
        return transactions.run(session -> {
            boolean[] found = new boolean[1];
            new Statements().read("delete from subscriber where id = ? and kind = 'webhook' returning id",
                    row -> found[0] = true, id).execute(session);
            if (found[0]) {
                new Statements().write("""
                        update parked set resolved_at = ?
                        where kind = 'SUBSCRIBER' and starts_with(subject, ?) and resolved_at is null
                        """, clock.instant(), subject(id, null)).execute(session);
            }
            return found[0];
        });
    }

    /**
     * Begins anew after {@code position}: whoever is at it finishes the few changes under way and stops.
     *
     * @param position the last change that is taken for done; what lies beyond the end of the log means its end
     */
    public boolean move(UUID id, long position) {
        return changed("""
                update subscriber s set position = least(?, h.sequence), attempts = 0, refusals = 0, next_try_at = ?
                from change_head h where s.id = ? returning s.id
                """, position, clock.instant(), id);
    }

    /** The number of the last change that was made before this time; 0 when there is none. */
    public long before(Instant time) {
        // The times of the log rise with its numbers, as far as clocks of several processes agree: halving finds the place.
        return transactions.run(session -> {
            long[] range = new long[2];
            new Statements().read("select sequence from change_head", row -> range[1] = row.getLong(1))
                    .execute(session);
            while (range[0] < range[1]) {
                long middle = (range[0] + range[1] + 1) / 2;
                boolean[] earlier = new boolean[1];
                new Statements().read("select at < ? from change where sequence = ?",
                        row -> earlier[0] = row.getBoolean(1), time, middle).execute(session);
                range[earlier[0] ? 0 : 1] = earlier[0] ? middle : middle - 1;
            }
            return range[0];
        });
    }

    /** One change by its number. */
    public Optional<ChangeEvent> event(long sequence) {
        List<ChangeEvent> found = new ArrayList<>();
        transactions.run(session -> {
            new Statements().read("select " + EVENT + " from change where sequence = ?", row -> found.add(event(row)),
                    sequence).execute(session);
            return null;
        });
        return found.stream().findFirst();
    }

    /** What a webhook is signed with now, the newest first. */
    public List<byte[]> secrets(UUID id) {
        List<byte[]> secrets = new ArrayList<>();
        transactions.run(session -> {
            new Statements().read(
                    "select secret, case when old_secret_until > ? then old_secret end from subscriber where id = ?",
                    row -> secrets.addAll(secrets(row, 1)), clock.instant(), id).execute(session);
            return null;
        });
        return secrets;
    }

    /** The whole record as it was after this change, worked out from the log: whoever looks at an old change sees an old record. */
    public Map<String, Object> record(Change change) {
        Map<String, Object> record = new LinkedHashMap<>();
        transactions.run(session -> {
            new Statements()
                    .read("select fields::text from change where entity_id = ? and version <= ? order by version",
                            row -> record.putAll(Json.document(row.getString(1))), change.id(), change.version())
                    .execute(session);
            return null;
        });
        record.values().removeIf(Objects::isNull);
        return record;
    }

    /**
     * Claims subscribers that have something to hear and are due. A claim that is not ended within the lease is free again.
     * Subscribers whose filter lets nothing through are brought on here and not handed out.
     *
     * @param kinds who can be told by the caller
     * @param events the most that one is handed
     */
    public List<SubscriberTurn> claim(Collection<Subscriber.Kind> kinds, int most, int events, Duration lease) {
        Instant now = clock.instant();
        Instant until = now.plus(lease);
        return transactions.run(session -> {
            List<Claimed> claimed = new ArrayList<>();
            long[] head = new long[1];
            new Statements().read("select sequence from change_head", row -> head[0] = row.getLong(1)).read("""
                    with due as (
                      select d.id from subscriber d join change_head e on e.tenant = d.tenant
                      where d.kind = any(?) and d.state = 'ACTIVE' and d.position < e.sequence and d.next_try_at <= ?
                        and (d.lease_until is null or d.lease_until < ?)
                      order by d.next_try_at limit ? for update of d skip locked),
                    mine as (
                      update subscriber m set lease_until = ?, fence = m.fence + 1 from due where m.id = due.id
                      returning m.*)
                    select %s, s.fence, s.secret, case when s.old_secret_until > ? then s.old_secret end
                    from mine s join change_head h on h.tenant = s.tenant
                      left join change c on c.tenant = s.tenant and c.sequence = s.position + 1
                    """.formatted(COLUMNS),
                    row -> claimed.add(new Claimed(subscriber(row), row.getLong(21), secrets(row, 22))),
                    kinds.stream().map(Subscribers::word).toArray(String[]::new), now, now,
                    most, until, now).execute(session);
            List<SubscriberTurn> turns = new ArrayList<>();
            for (Claimed one : claimed) {
                SubscriberTurn turn = turn(session, one, head[0], events, until);
                if (turn.events().isEmpty()) {
                    new Statements().write(PASSED, turn.end(), one.subscriber.id(), one.fence).execute(session);
                } else {
                    turns.add(turn);
                }
            }
            return turns;
        });
    }

    private record Claimed(Subscriber subscriber, long fence, List<byte[]> secrets) {}

    /** @param head the log is read no further: what is beyond was committed after the reading began */
    private static SubscriberTurn turn(Session session, Claimed claimed, long head, int most, Instant until)
            throws SQLException {
        Subscriber subscriber = claimed.subscriber;
        long last = Math.min(head, subscriber.position() + LOOKED_AT);
        List<ChangeEvent> events = new ArrayList<>();
        boolean[] more = new boolean[1];
        new Statements().read("select " + EVENT + """
                , total - size < ? from (
                  select *, octet_length(fields::text) size,
                    sum(octet_length(fields::text)) over (order by sequence) total
                  from (select * from change where sequence > ? and sequence <= ?
                      and (cardinality(?::text[]) = 0 or entity = any(?))
                      and (cardinality(?::text[]) = 0 or spoke = any(?))
                    order by sequence limit ?) c) sized order by sequence
                """, row -> {
            if (row.getBoolean(11)) {
                events.add(event(row));
            } else {
                more[0] = true;
            }
        }, LARGEST_TURN, subscriber.position(), last, array(subscriber.follows().entities()),
                array(subscriber.follows().entities()), array(subscriber.follows().spokes()),
                array(subscriber.follows().spokes()), most).execute(session);
        boolean all = !more[0] && events.size() < most;
        return new SubscriberTurn(subscriber, claimed.fence, claimed.secrets, events,
                all ? last : events.getLast().change().sequence(), until);
    }

    /**
     * Ends a turn: writes down how far it came and lets the next one have it.
     *
     * @return false when it had passed to somebody else, or a person has moved, disabled or removed the subscriber meanwhile
     */
    public boolean end(SubscriberTurn turn, SubscriberTurn.End end) {
        UUID id = turn.subscriber().id();
        return transactions.run(session -> {
            boolean[] ours = new boolean[1];
            new Statements().read("""
                    update subscriber set position = ?, state = ?, attempts = ?, refusals = ?, set_aside = ?,
                      failing_since = ?, problem = ?::text, taken_at = ?, next_try_at = ?, lease_until = null
                    where id = ? and fence = ? and position = ? and state = 'ACTIVE' returning id
                    """, _ -> ours[0] = true, end.position(), end.state().name(), end.attempts(), end.refusals(),
                    end.setAsideInARow(), end.failingSince(), end.problem(), end.takenAt(),
                    end.nextTryAt(), id, turn.fence(), turn.subscriber().position()).execute(session);
            if (!ours[0]) {
                new Statements().write("update subscriber set lease_until = null where id = ? and fence = ?", id,
                        turn.fence()).execute(session);
            } else if (end.setAside() != null) {
                park(session, turn, end.setAside(), subject(id, end.setAside().change().sequence()), end.problem());
            } else if (end.state() == Subscriber.State.DISABLED) {
                park(session, turn, turn.events().getFirst(), subject(id, null), end.problem());
            }
            return ours[0];
        });
    }

    /** The change was taken after all. */
    public void taken(UUID id, ChangeEvent event) {
        transactions.run(session -> {
            new Statements().write(RESOLVE, clock.instant(), subject(id, event.change().sequence()))
                    .execute(session);
            return null;
        });
    }

    private void park(Session session, SubscriberTurn turn, ChangeEvent event, String subject, String problem)
            throws SQLException {
        Instant now = clock.instant();
        Subscriber subscriber = turn.subscriber();
        Change change = event.change();
        new Statements().write(
                """
                        insert into parked (id, kind, subject, cause, spoke, entity, entity_id, message, step, problem, detail, at)
                        values (?, 'SUBSCRIBER', ?, ?, ?, ?, ?, ?::uuid, ?, ?, ?::json, ?) on conflict do nothing
                        """,
                Identifiers.next(now), subject, subject(subscriber.id(), null),
                "subscriber:" + subscriber.name(), change.entity(), change.id(), change.message(),
                "subscriber:" + subscriber.name(), problem,
                Json.text(Map.of("subscriber", subscriber.id(), "sequence", change.sequence(), "event", event.id())),
                now).execute(session);
    }

    /** One and the same open question: the subscriber as a whole, or one change that it does not take. */
    private static String subject(UUID id, Long sequence) {
        return "subscriber:" + id + (sequence == null ? "" : ":" + sequence);
    }

    private List<Subscriber> read(String rest, Object... parameters) {
        List<Subscriber> found = new ArrayList<>();
        transactions.run(session -> {
            new Statements().read(SELECT + rest, row -> found.add(subscriber(row)), parameters).execute(session);
            return null;
        });
        return found;
    }

    private boolean changed(String sql, Object... parameters) {
        boolean[] found = new boolean[1];
        transactions.run(session -> {
            new Statements().read(sql, _ -> found[0] = true, parameters).execute(session);
            return null;
        });
        return found[0];
    }

    private static Subscriber subscriber(ResultSet row) throws SQLException {
        return new Subscriber(row.getObject(1, UUID.class),
                Subscriber.Kind.valueOf(row.getString(2).toUpperCase(Locale.ROOT)), row.getString(3),
                row.getString(4), new Subscriber.Follows(texts(row, 5), texts(row, 6), row.getBoolean(7)),
                Subscriber.State.valueOf(row.getString(8)), row.getLong(9), row.getLong(10), Goldens.instant(row, 11),
                row.getInt(12), row.getInt(13), row.getInt(14), Goldens.instant(row, 15), row.getString(16),
                Goldens.instant(row, 17), Goldens.instant(row, 18), Goldens.instant(row, 19),
                Goldens.instant(row, 20));
    }

    private static ChangeEvent event(ResultSet row) throws SQLException {
        Change change = Changes.change(row);
        byte[] hash = row.getBytes(10);
        return new ChangeEvent(change.sequence() + "-" + HexFormat.of().formatHex(hash, 0, HASH_BYTES), change);
    }

    private static List<byte[]> secrets(ResultSet row, int first) throws SQLException {
        List<byte[]> secrets = new ArrayList<>();
        for (int column = first; column < first + 2; column++) {
            if (row.getBytes(column) != null) {
                secrets.add(row.getBytes(column));
            }
        }
        return secrets;
    }

    private static List<String> texts(ResultSet row, int column) throws SQLException {
        Array array = row.getArray(column);
        return List.of((String[]) array.getArray());
    }

    private static String[] array(List<String> texts) {
        return texts.toArray(String[]::new);
    }

    private static String word(Subscriber.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }
}
