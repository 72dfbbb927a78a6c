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
import java.util.stream.Stream;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.crm.Corrections.Case;
import io.serai.crm.Corrections.Taken;
import io.serai.crm.plan.MatchKey;
import io.serai.crm.plan.Provenance;

/**
 * What is held about a person, and how it goes on request: here in one transaction, in the spokes as soon as each can be
 * reached. What the law makes one keep stays, and is named.
 */
public final class Erasures {
    private static final Logger LOG = LoggerFactory.getLogger(Erasures.class);
    /** What an invoice has to say of its buyer. */
    private static final List<String> BUYER = List.of("kind", "name", "organizationName", "addresses", "identifiers");
    private static final String KEPT = "Invoices, and the sale, the payments and the buyer they speak of, are accounting"
            + " records that have to be kept for the years the law says.";
    private static final List<String> NOT_REACHED = List.of(
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
                return erase(work, golden, person, all, erasure, anew, written);
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

    private Taken erase(Case work, GoldenRow golden, Held person, Set<UUID> messages, UUID erasure, boolean anew,
            boolean[] written) throws SQLException {
        Workspace workspace = work.workspace();
        Session session = work.turn().session();
        Instant now = workspace.now();
        Map<String, Object> hub = new LinkedHashMap<>();
        Set<String> marks = new LinkedHashSet<>();
        person.customers().forEach(id -> marks.add(session.marks().customer(id)));
        unshared(session, person).forEach(key -> marks.add(session.marks().of(key)));

        Map<Entity, List<GoldenRow>> belongings = new LinkedHashMap<>();
        for (Entity entity : Held.BELONGINGS) {
            belongings.put(entity, work.loading().belongings(entity, golden.id));
        }
        Set<UUID> paidFor = new HashSet<>();
        new Statements().read("""
                select o.id from sales_order o where o.customer = ? and (
                  exists (select 1 from invoice i where i.sales_order = o.id)
                  or exists (select 1 from payment p where p.sales_order = o.id))
                """, row -> paidFor.add(row.getObject(1, UUID.class)), golden.id).execute(session);
        Set<UUID> removed = new LinkedHashSet<>();
        List<Map<String, Object>> kept = new ArrayList<>();
        for (Entity entity : Held.BELONGINGS) {
            Set<UUID> gone = new LinkedHashSet<>();
            for (GoldenRow one : belongings.get(entity)) {
                boolean stays = entity.issued() || entity == Entity.ORDER && paidFor.contains(one.id);
                if (stays) {
                    kept.add(kept(one));
                    continue;
                }
                gone.add(one.id);
                workspace.takeAway(one, Map.of(), work.source(), "erased");
                work.turn().touch(one.id);
                if (entity == Entity.ORDER) {
                    work.turn().touch(new Workspace.OrderNumber(one.text("number")));
                }
            }
            removed.addAll(gone);
            if (!entity.issued()) {
                hub.put(plural(entity) + " removed", gone.size());
                work.last().write("delete from " + entity.table() + " where id = any(?::uuid[])",
                        (Object) Writing.ids(gone));
            }
        }
        person.belongings().get(Entity.PAYMENT)
                .forEach(id -> kept.add(Map.of("entity", "payment", "id", id.toString(), "why", KEPT)));
        withoutNotes(work, belongings.get(Entity.ORDER).stream().filter(order -> paidFor.contains(order.id)).toList(),
                Stream.of(Entity.INVOICE, Entity.CREDIT_NOTE).flatMap(issued -> belongings.get(issued).stream())
                        .toList());
        boolean buys = !kept.isEmpty();
        customer(work, golden, buys);
        if (buys) {
            kept.addFirst(Map.of("entity", "customer", "id", golden.id.toString(), "fields",
                    List.copyOf(buyer(golden.document).keySet()), "why", KEPT));
        }

        inSpokes(work, person, removed, erasure, marks);
        Object emptied = person.changes().toArray(Long[]::new);
        new Statements().read("select erase_changes(?)", row -> hub.put("changes emptied", row.getLong(1)), emptied)
                .execute(session);
        hub.put("messages emptied", messages.size());
        empty(work, person, messages);
        Map<String, Object> done = new LinkedHashMap<>();
        done.put("hub", hub);
        done.put("kept", kept);
        done.put("tombstones", marks.size());
        done.put("notReached", NOT_REACHED);
        work.last().and(session.marks().raise(erasure, marks)).write(
                "insert into erasure (id, erased_by, at, done) values (?, ?, ?, ?::json)", erasure,
                work.source().spoke(), now, Json.text(done));
        work.turn().touch(Tombstones.ALL);
        if (anew) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("erasure", erasure.toString());
            line.put("at", workspace.now().toString());
            line.put("by", work.source().spoke());
            line.put("customers", person.customers().stream().map(UUID::toString).toList());
            line.put("marks", List.copyOf(marks));
            // Before the commit: once it is promised it will be done, whatever happens to the database.
            ledger.append(line);
            written[0] = true;
        }
        return new Taken(Outcome.State.APPLIED, golden.id, golden.version + 1, null, Set.of());
    }

    static String plural(Entity entity) {
        return entity == Entity.OPPORTUNITY ? "opportunities" : entity.word() + "s";
    }

    private static Map<String, Object> kept(GoldenRow golden) {
        Map<String, Object> kept = new LinkedHashMap<>();
        kept.put("entity", golden.entity.word());
        kept.put("id", golden.id.toString());
        kept.put("number", golden.text("number"));
        kept.put("fields", List.copyOf(golden.document.keySet()));
        kept.put("why", KEPT);
        return kept;
    }

    /** What somebody who stays has too is no mark of the one who goes. */
    private static Set<MatchKey> unshared(Session session, Held person) throws SQLException {
        Map<String, MatchKey> hashed = new LinkedHashMap<>();
        person.keys().forEach(key -> hashed.put(key.hashed(), key));
        new Statements().read("""
                select k.key from customer_key k where k.key = any(?) and k.customer <> all(?::uuid[])
                """, row -> hashed.remove(row.getString(1)), hashed.keySet().toArray(String[]::new),
                Writing.ids(person.customers())).execute(session);
        return new LinkedHashSet<>(hashed.values());
    }

    /** Notes are nobody's business but those of the two who spoke; nor is what lost, nor how a spoke calls the buyer. */
    private static void withoutNotes(Case work, List<GoldenRow> orders, List<GoldenRow> invoices)
            throws SQLException {
        for (GoldenRow order : orders) {
            Map<String, Object> provenance = new LinkedHashMap<>(order.provenance().document());
            provenance.remove("lost");
            order.provenance(Provenance.of(provenance));
            work.workspace().change(order, without(order.document), List.of(), work.source(), "erased", null);
        }
        Set<UUID> kept = new LinkedHashSet<>();
        orders.forEach(order -> kept.add(order.id));
        invoices.forEach(invoice -> kept.add(invoice.id));
        for (LinkRow link : work.loading().links(kept)) {
            if (link.base != null) {
                work.workspace().hold(link, work.workspace().golden(link.entityId), without(link.base),
                        without(link.ours), null);
            }
        }
    }

    private static Map<String, Object> without(Map<String, Object> document) {
        Map<String, Object> rest = Goldens.plain(document);
        rest.remove("note");
        return rest;
    }

    private static void customer(Case work, GoldenRow golden, boolean buys) throws SQLException {
        for (GoldenRow member : work.loading().belongings(Entity.CUSTOMER, golden.id)) {
            Map<String, Object> free = new LinkedHashMap<>(member.document);
            free.remove("memberOf");
            work.workspace().change(member, free, List.of("memberOf"), work.source(), "erased", null);
        }
        Corrections.touch(work.turn(), golden);
        work.workspace().takeAway(golden, Map.of(), work.source(), "erased");
        work.first().write("delete from customer_key where customer = ? and key = any(?)", golden.id,
                golden.entries().toArray(String[]::new));
        if (buys) {
            work.last().write("""
                    update customer set version = ?, status = null, language = null, currency = null, member_of = null,
                      document = ?::json, provenance = ?::json, updated_at = ? where id = ?
                    """, golden.version + 1, Json.text(buyer(golden.document)),
                    Json.text(Provenance.first(work.source()).document()), work.workspace().now(),
                    golden.id);
        } else {
            work.last().write("delete from customer where id = ?", golden.id);
        }
    }

    private static Map<String, Object> buyer(Map<String, Object> document) {
        Map<String, Object> buyer = new LinkedHashMap<>();
        for (String field : BUYER) {
            if (document.get(field) != null) {
                buyer.put(field, document.get(field));
            }
        }
        if (buyer.get("addresses") instanceof List<?> addresses && addresses.size() > 1) {
            Optional<?> billing = addresses.stream()
                    .filter(one -> one instanceof Map<?, ?> address && "billing".equals(address.get("use")))
                    .findFirst();
            buyer.put("addresses", List.of(billing.isPresent() ? billing.get() : addresses.getFirst()));
        }
        return buyer;
    }

    /** Every record of the person in a spoke has to go there as well. */
    private static void inSpokes(Case work, Held person, Set<UUID> removed, UUID erasure, Set<String> marks)
            throws SQLException {
        Session session = work.turn().session();
        Columns records = new Columns();
        Instant now = work.workspace().now();
        Set<UUID> unlinked = new LinkedHashSet<>(person.customers());
        unlinked.addAll(removed);
        new Statements().read("""
                select spoke, entity, external_id, attempts, lease_until, entity_id from link
                where entity_id = any(?::uuid[]) order by id
                """, row -> {
            String externalId = row.getString(3);
            if (externalId != null) {
                work.turn().touch(new Workspace.LinkKey(row.getString(1), row.getString(2), externalId));
            }
            if (!row.getString(2).equals("customer")) {
                return;
            }
            if (externalId != null) {
                marks.add(session.marks().record(row.getString(1), externalId));
                Instant lease = Goldens.instant(row, 5);
                // What is being written to it at this moment comes first.
                records.add(row.getString(1), externalId, "PENDING", lease == null || lease.isBefore(now) ? now : lease,
                        null);
            } else if (row.getInt(4) > 0) {
                records.add(row.getString(1), null, "BY_HAND", now,
                        "An attempt to make a record there was not answered."
                                + " Look for the hub's reference " + row.getObject(6, UUID.class) + ".");
            }
        }, (Object) Writing.ids(unlinked)).execute(session);
        if (!records.isEmpty()) {
            work.last().write("""
                    insert into spoke_erasure (erasure, spoke, external_id, state, next_try_at, problem)
                    select here.erasure, spoke, external_id, state, at::timestamptz, problem
                    from (select unnest(?) spoke, unnest(?) external_id, unnest(?) state, unnest(?) at,
                      unnest(?) problem) r, (select ?::uuid) here(erasure)
                    """, records.arrays(erasure));
        }
        work.first().write("delete from link where entity_id = any(?::uuid[])", (Object) Writing.ids(unlinked));
    }

    /** Leaves of messages, parked items, deliveries and merges that they were, and nothing of what they said. */
    private static void empty(Case work, Held person, Set<UUID> messages) {
        Instant now = work.workspace().now();
        Object all = Writing.ids(person.all());
        Object customers = Writing.ids(person.customers());
        Object said = Writing.ids(messages);
        work.first().write("""
                update message set received = '', received_hash = '', traceparent = null,
                  finding = '{"recognised": "erased", "changed": []}',
                  refusal = case when refusal is not null then json_build_object('step', refusal ->> 'step',
                    'problem', 'Erased.', 'code', refusal ->> 'code') end
                where id = any(?::uuid[])
                """, said).write("""
                update parked set subject = 'erased:' || id, cause = 'erased', field = null, problem = 'Erased.',
                  detail = '{}', resolved_at = coalesce(resolved_at, ?)
                where entity_id = any(?::uuid[]) or message = any(?::uuid[]) or detail ->> 'other' = any(?)
                """, now, all, said, customers)
                // Those that waited their turn have nothing left to say.
                .write("update message set state = 'DISCARDED' where id = any(?::uuid[]) and state in ('PARKED', 'WAITING')",
                        said)
                .write("delete from held where message = any(?::uuid[])", said)
                .write("update parked_action set edited = null where edited is not null and subject in (select 'message:' || m"
                        + " from unnest(?::uuid[]) m)", said)
                .write("update delivery set problem = null where entity_id = any(?::uuid[]) and problem is not null",
                        all)
                .write("delete from customer_merge where kept = any(?::uuid[]) or absorbed = any(?::uuid[])", customers,
                        customers);
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
