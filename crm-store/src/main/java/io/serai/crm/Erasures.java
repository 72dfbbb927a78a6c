package io.serai.crm;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.crm.Corrections.Taken;

/**
 * What is held about a person, and how it goes on request: here in one transaction, in the spokes as soon as each can be
 * reached. What the law makes one keep stays, and is named.
 */
public final class Erasures {
    private static final Logger LOG = LoggerFactory.getLogger(Erasures.class);
    /** What an erasure cannot do, for its receipt. */
    static final List<String> NOT_REACHED = List.of(
            "Backups of the database: this erasure is done again when one is restored.",
            "Messages that could not be read and name the person by nothing but a name, a number in another form than the"
                    + " hub keeps, or, where they are about something else, an id.",
            "What spokes did with what they were told before.");
    /** Longer than a message may be on its way into the journal. */
    private static final Duration ON_THE_WAY = Duration.ofMinutes(2);

    private final Transactions transactions;
    private final InstantSource clock;
    private final Corrections corrections;
    private final ErasureLedger ledger;

    /** @param ledger null where nobody can be erased */
    Erasures(Transactions transactions, InstantSource clock, Corrections corrections, ErasureLedger ledger) {
        this.transactions = transactions;
        this.clock = clock;
        this.corrections = corrections;
        this.ledger = ledger;
    }

    /**
     * What was done for an erasure.
     *
     * @param done in the hub: how many messages, changes and so on were emptied or removed; what was kept and why; what
     *        nobody can reach
     * @param liftedAt when the person was let in again; null when not
     */
    public record Receipt(UUID id, String by, Instant at, Map<String, Object> done, List<InSpoke> spokes,
            Instant liftedAt) {}

    /**
     * A record of the person in a spoke.
     *
     * @param externalId null once the spoke has deleted it
     * @param state PENDING, DONE, or BY_HAND where the spoke cannot be told to
     */
    public record InSpoke(String spoke, String externalId, String state, int attempts, String problem,
            Instant doneAt) {}

    /** @param receipt null when nobody was erased */
    public record Erased(Outcome outcome, Receipt receipt) {}

    // ---- erasing

    /**
     * Erases a customer, with all customers that were merged into it.
     *
     * @return APPLIED with a receipt; NOT_FOUND; or CONFLICT, while a sale of theirs is not invoiced to its end or a spoke is
     *         making a record of them
     */
    public Erased erase(UUID id, String by) {
        if (ledger == null) {
            throw new IllegalStateException("This store was opened without an erasure ledger; nobody can be erased.");
        }
        return erase(id, by, promised(id).orElseGet(() -> Identifiers.next(clock.instant())), true);
    }

    /** @param anew whether it is not in the ledger yet */
    private Erased erase(UUID asked, String by, UUID erasure, boolean anew) {
        boolean[] written = new boolean[1];
        Instant begin = clock.instant();
        UUID id = whoIs(asked);
        Set<UUID> messages = transactions.run(session -> Held.of(session, id).messages(session, new UUID(0, 0)));
        Outcome outcome;
        try {
            outcome = corrections.correct(by, Corrections.request("erase", "id", asked), work -> {
                written[0] = false;
                work.loading().customers(List.of(asked));
                GoldenRow golden = work.workspace().golden(asked);
                if (golden == null || golden.entity != Entity.CUSTOMER || Corrections.erased(work, golden)) {
                    return Taken.notThere(asked);
                }
                Session session = work.turn().session();
                Held person = Held.of(session, golden.id);
                Taken no = mustWait(session, golden, person);
                if (no != null) {
                    return no;
                }
                Set<UUID> all = new LinkedHashSet<>(messages);
                all.addAll(person.messages(session, Identifiers.next(begin.minus(ON_THE_WAY))));
                Set<String> marks = new Erasing(work, golden, person, erasure).erase(all);
                if (anew) {
                    // Before the commit: once it is promised it will be done, whatever happens to the database.
                    ledger.append(promise(erasure, work.workspace().now(), by, person, marks));
                    written[0] = true;
                }
                return new Taken(Outcome.State.APPLIED, golden.id, golden.version + 1, null, Set.of());
            });
        } catch (Transactions.Unstorable never) {
            if (written[0]) {
                ledger.append(Map.of("withdrawn", erasure.toString()));
            }
            throw never;
        } catch (StoreUnavailable unknown) {
            if (written[0]) {
                LOG.warn(
                        "Nobody knows whether erasure {} was done: the database did not answer. Ask for it again, or it is"
                                + " made sure of at the next start.",
                        erasure);
            }
            throw unknown;
        }
        return new Erased(outcome, receipt(erasure).orElse(null));
    }

    private static Map<String, Object> promise(UUID erasure, Instant at, String by, Held person, Set<String> marks) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("erasure", erasure.toString());
        line.put("at", at.toString());
        line.put("by", by);
        line.put("customers", person.customers().stream().map(UUID::toString).toList());
        line.put("marks", List.copyOf(marks));
        return line;
    }

    /** The erasure that somebody who is asked for was promised before, and that the database does not know. */
    private Optional<UUID> promised(UUID asked) {
        UUID id = whoIs(asked);
        return promises().entrySet().stream()
                .filter(promise -> ids(promise.getValue()).stream().anyMatch(one -> whoIs(one).equals(id)))
                .map(promise -> UUID.fromString(promise.getKey())).findFirst();
    }

    private UUID whoIs(UUID customer) {
        return corrections.mergedInto(customer).orElse(customer);
    }

    /** What the ledger promises and the database does not know, by erasure, oldest first. */
    private Map<String, Map<String, Object>> promises() {
        Map<String, Map<String, Object>> promises = new LinkedHashMap<>();
        for (Map<String, Object> line : ledger.lines()) {
            if (line.get("erasure") instanceof String erasure) {
                promises.put(erasure, line);
            } else if (line.get("withdrawn") instanceof String erasure) {
                promises.remove(erasure);
            }
        }
        transactions.run(session -> {
            new Statements().read("select id from erasure", row -> promises.remove(row.getString(1))).execute(session);
            return null;
        });
        return promises;
    }

    /** Null when nothing is under way that must come to its end first. */
    private Taken mustWait(Session session, GoldenRow golden, Held person) throws SQLException {
        List<String> open = new ArrayList<>();
        List<String> busy = new ArrayList<>();
        new Statements()
                .read("""
                        select reference from invoice where customer = any(?::uuid[]) and state not in ('DONE', 'WITHDRAWN')
                        union select reference from credit_note
                        where customer = any(?::uuid[]) and state not in ('DONE', 'WITHDRAWN')
                        """,
                        row -> open.add(row.getString(1)), Writing.ids(person.customers()),
                        Writing.ids(person.customers()))
                .read("""
                        select spoke from link where entity_id = any(?::uuid[]) and external_id is null
                          and lease_until > ?
                        """, row -> busy.add(row.getString(1)), Writing.ids(person.customers()),
                        clock.instant())
                .execute(session);
        if (!open.isEmpty()) {
            return Taken.refused(golden, Outcome.State.CONFLICT, null, "Sales " + open
                    + " are not invoiced to their end. Wait until they are, or decide about them, and erase then.",
                    "not-invoiced");
        }
        return busy.isEmpty()
                ? null
                : Taken.refused(golden, Outcome.State.CONFLICT, null, "Spoke " + busy.getFirst()
                        + " is being told of this customer at this moment. Try again in a minute.", "busy");
    }

    // ---- the receipt

    public Optional<Receipt> receipt(UUID erasure) {
        List<Receipt> found = new ArrayList<>();
        List<InSpoke> spokes = new ArrayList<>();
        transactions.run(session -> {
            new Statements().read("""
                    select spoke, external_id, state, attempts, problem, done_at from spoke_erasure
                    where erasure = ? order by id
                    """, row -> spokes.add(new InSpoke(row.getString(1), row.getString(2), row.getString(3),
                    row.getInt(4), row.getString(5), Goldens.instant(row, 6))), erasure).read("""
                            select id, erased_by, at, done::text, lifted_at from erasure where id = ?
                            """,
                            row -> found.add(new Receipt(row.getObject(1, UUID.class), row.getString(2),
                                    Goldens.instant(row, 3), Json.document(row.getString(4)), spokes,
                                    Goldens.instant(row, 5))),
                            erasure)
                    .execute(session);
            return null;
        });
        return found.stream().findFirst();
    }

    /** The erasure that a customer's id went with; empty when it did not. */
    public Optional<UUID> of(UUID customer) {
        return transactions.run(session -> Optional.ofNullable(session.tombstones().isEmpty()
                ? null
                : session.tombstones().get(session.marks().customer(customer))));
    }

    /**
     * A person who was erased may come again, as somebody new. What was erased stays erased, under its old ids too.
     *
     * @return whether there was such an erasure, not lifted yet
     */
    public boolean lift(UUID erasure, String by) {
        Instant now = clock.instant();
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("lifted", erasure.toString());
        line.put("at", now.toString());
        line.put("by", by);
        return transactions.write(turn -> {
            List<UUID> found = new ArrayList<>();
            new Statements().read("select id from erasure where id = ? and lifted_at is null",
                    row -> found.add(row.getObject(1, UUID.class)), erasure).execute(turn.session());
            if (found.isEmpty()) {
                return false;
            }
            Set<String> own = own(turn.session(), erasure);
            turn.touch(Tombstones.ALL);
            ledger.append(line);
            turn.commit(new Statements().write("update erasure set lifted_at = ? where id = ?", now,
                    erasure)
                    .write("delete from tombstone where erasure = ? and mark <> all(?)", erasure,
                            own.toArray(String[]::new))
                    .write("update change_head set tombstones = tombstones + 1"));
            return true;
        });
    }

    /** The marks of the hub's own ids: they stand for nobody any more, whoever comes. */
    private Set<String> own(Session session, UUID erasure) {
        Set<String> own = new LinkedHashSet<>();
        for (Map<String, Object> line : ledger.lines()) {
            if (erasure.toString().equals(line.get("erasure"))) {
                ids(line).forEach(id -> own.add(session.marks().customer(id)));
            }
        }
        return own;
    }

    private static List<UUID> ids(Map<String, Object> line) {
        return ((List<?>) line.get("customers")).stream().map(id -> UUID.fromString(id.toString())).toList();
    }

    // ---- the spokes

    /** A record that a spoke has to delete. @param fence proves that the claim still stands */
    public record Task(UUID erasure, long id, long fence, String spoke, String externalId, int attempt) {}

    /** Claims what spokes have still to delete and is due. A claim that is not recorded within the lease is free again. */
    public List<Task> claim(int most, Duration lease) {
        Instant now = clock.instant();
        List<Task> tasks = new ArrayList<>();
        transactions.run(session -> {
            new Statements().read("""
                    with due as (
                      select erasure, id from spoke_erasure
                      where state = 'PENDING' and next_try_at <= ? and (lease_until is null or lease_until < ?)
                      order by next_try_at limit ? for update skip locked)
                    update spoke_erasure s set lease_until = ?, fence = fence + 1, attempts = attempts + 1
                    from due where s.erasure = due.erasure and s.id = due.id
                    returning s.erasure, s.id, s.fence, s.spoke, s.external_id, s.attempts
                    """,
                    row -> tasks.add(new Task(row.getObject(1, UUID.class), row.getLong(2), row.getLong(3),
                            row.getString(4), row.getString(5), row.getInt(6))),
                    now, now, most, clock.instant().plus(lease)).execute(session);
            return null;
        });
        return tasks;
    }

    /** The spoke holds the record no longer. */
    public void done(Task task) {
        close(task, "DONE", null);
    }

    /** The spoke cannot be told to delete it: somebody has to do it there. @param why a full sentence */
    public void byHand(Task task, String why) {
        close(task, "BY_HAND", why);
    }

    private void close(Task task, String state, String why) {
        transactions.run(session -> {
            new Statements().write("""
                    update spoke_erasure s set state = e.state, problem = e.problem, lease_until = null,
                      external_id = case when e.state = 'DONE' then null else external_id end,
                      done_at = case when e.state = 'DONE' then e.at end
                    from (select ?::text state, ?::text problem, ?::timestamptz at) e
                    where s.erasure = ? and s.id = ? and s.fence = ?
                    """, state, why == null ? "" : why, clock.instant(), task.erasure(), task.id(),
                    task.fence()).execute(session);
            return null;
        });
    }

    /** The spoke did not do it now. @param why a full sentence */
    public void again(Task task, Duration after, String why) {
        transactions.run(session -> {
            new Statements().write("""
                    update spoke_erasure set next_try_at = ?, lease_until = null, problem = ?
                    where erasure = ? and id = ? and fence = ?
                    """, clock.instant().plus(after), why, task.erasure(), task.id(), task.fence())
                    .execute(session);
            return null;
        });
    }

    // ---- after a restore

    /** Does what the ledger knows and the database does not: it is older than its erasures, or one did not get through to it. */
    void applyLedger() {
        if (ledger == null) {
            return;
        }
        Set<String> lifted = new HashSet<>();
        for (Map<String, Object> line : ledger.lines()) {
            if (line.get("lifted") instanceof String erasure) {
                lifted.add(erasure);
            }
        }
        promises().forEach((erasure, line) -> applyAgain(UUID.fromString(erasure), line, lifted.contains(erasure)));
    }

    private void applyAgain(UUID erasure, Map<String, Object> line, boolean lifted) {
        LOG.warn("The database does not know of erasure {}; it is done again", erasure);
        String by = line.get("by").toString();
        boolean done = false;
        for (UUID id : ids(line)) {
            // Before the merge that the backup does not know of either, the person was several.
            UUID own = done ? Identifiers.named("erasure", erasure, id) : erasure;
            Outcome outcome = erase(id, by, own, false).outcome();
            done |= outcome.state() == Outcome.State.APPLIED;
            if (outcome.state() == Outcome.State.CONFLICT) {
                LOG.error("Erasure {} cannot be done again: {} It is tried at every start.", erasure,
                        outcome.refusal().problem());
                return;
            }
        }
        boolean found = done;
        transactions.write(turn -> {
            Set<String> marks = new LinkedHashSet<>();
            ids(line).forEach(id -> marks.add(turn.session().marks().customer(id)));
            if (!lifted) {
                ((List<?>) line.get("marks")).forEach(mark -> marks.add(mark.toString()));
            }
            Statements last = turn.session().marks().raise(erasure, marks);
            if (!found) {
                // Whose answer was lost may be done by now: it was on its way when this began.
                last.write("insert into erasure (id, erased_by, at, done) values (?, ?, ?::timestamptz, ?::json)"
                        + " on conflict do nothing", erasure, by, line.get("at").toString(),
                        Json.text(Map.of("notReached", NOT_REACHED, "tombstones", marks.size())));
            }
            if (lifted) {
                last.write("delete from tombstone where erasure = ? and mark <> all(?)", erasure,
                        own(turn.session(), erasure).toArray(String[]::new))
                        .write("update erasure set lifted_at = ? where id = ?", clock.instant(), erasure);
            }
            turn.touch(Tombstones.ALL);
            turn.commit(last);
            return null;
        });
    }

    // ---- what is held

    /**
     * Everything that is held about a customer, in one document: the record and where its values came from, what each spoke
     * holds, what belongs to it, and every message as it came. Empty when there is no such customer.
     */
    public Optional<Map<String, Object>> export(UUID asked) {
        UUID id = whoIs(asked);
        return transactions.run(session -> Held.of(session, id).export(session));
    }
}
