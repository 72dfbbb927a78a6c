package io.serai.crm;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import io.serai.crm.Outcome.State;
import io.serai.crm.plan.MatchKey;
import io.serai.crm.plan.Source;
import io.serai.crm.plan.Tree;

/** Plans what a batch of arrivals does to the golden records, one arrival after the other, and writes it. */
final class IngestBatch {
    private static final Set<String> ANSWERED_AT_ONCE = Set.of("soap", "rest", "file");
    /** Whoever was told so mends the message, and may keep its id. */
    private static final Set<State> WITHOUT_EFFECT = Set.of(State.REJECTED, State.CONFLICT, State.NOT_FOUND);

    private final Workspace workspace;
    private final Loading loading;
    private final Recognition recognition;
    private final Words words;
    private final Customers customers;
    private final Sales sales;
    private final Interactions interactions;
    private final Edits edits;
    private final Session session;
    private final Suppressions suppressions;

    IngestBatch(Session session, Settings settings, Instant now, Suppressions suppressions) {
        this.session = session;
        this.suppressions = suppressions;
        this.workspace = new Workspace(settings, now);
        this.loading = new Loading(session, workspace);
        this.recognition = new Recognition(workspace, loading);
        Conflicts conflicts = new Conflicts(workspace);
        this.words = new Words(workspace, loading, settings, recognition, conflicts);
        this.customers = new Customers(workspace, loading, recognition, words, conflicts);
        Invoicing invoicing = new Invoicing(workspace, loading, settings);
        this.sales = new Sales(workspace, loading, invoicing, customers, recognition, words, conflicts);
        this.interactions = new Interactions(workspace, recognition, customers, words);
        this.edits = new Edits(workspace, loading, customers, sales, words, recognition);
    }

    Transactions.Plan<List<Outcome>> plan(List<Ingest.Prepared> batch) throws SQLException {
        load(batch);
        workspace.read().add(Tombstones.ALL);
        List<Outcome> outcomes = new ArrayList<>(batch.size());
        for (Ingest.Prepared prepared : batch) {
            outcomes.add(take(prepared));
        }
        return new Planned(workspace, outcomes, () -> words.count(suppressions));
    }

    private record Planned(Workspace workspace, List<Outcome> outcomes, Runnable count)
            implements
                Transactions.Plan<List<Outcome>> {

        @Override
        public Set<Object> read() {
            return workspace.read();
        }

        @Override
        public List<Outcome> write(Turn turn) throws SQLException {
            turn.commit(workspace.write(turn));
            count.run();
            return outcomes;
        }
    }

    // ---- loading

    private void load(List<Ingest.Prepared> batch) throws SQLException {
        Set<Workspace.EventKey> events = new LinkedHashSet<>();
        Set<Workspace.LinkKey> said = new LinkedHashSet<>();
        Set<Workspace.LinkKey> records = new LinkedHashSet<>();
        Set<MatchKey> keys = new LinkedHashSet<>();
        Set<String> orders = new LinkedHashSet<>();
        Set<String> invoices = new LinkedHashSet<>();
        Set<UUID> ids = new LinkedHashSet<>();
        Set<UUID> again = new LinkedHashSet<>();
        for (Ingest.Prepared prepared : batch) {
            Arrival arrival = prepared.arrival();
            if (arrival.eventId() != null) {
                events.add(new Workspace.EventKey(arrival.spoke(), arrival.eventId()));
            }
            if (arrival.retry() != null) {
                again.add(arrival.retry().message());
            } else if (record(arrival) != null) {
                said.add(record(arrival));
            }
            if (arrival.document() == null) {
                continue;
            }
            if (arrival.edit() != null) {
                ids.add(arrival.edit().id());
            }
            Map<String, Object> document = arrival.document();
            String externalId = Said.id(document);
            if (externalId != null) {
                records.add(new Workspace.LinkKey(arrival.spoke(), arrival.entity(), externalId));
            }
            Map<String, Object> customer = Said.customer(arrival);
            if (customer != null) {
                recognition.keys(customer, prepared.keys());
                keys.addAll(prepared.keys());
                String customerId = Said.id(customer);
                if (customerId != null) {
                    records.add(new Workspace.LinkKey(arrival.spoke(), "customer", customerId));
                }
                UUID golden = Said.uuid(customer.get("id"));
                if (golden != null) {
                    ids.add(golden);
                }
                if (Said.document(customer.get("memberOf")) instanceof Map<?, ?> organization) {
                    if (organization.get("externalId") instanceof String id) {
                        records.add(new Workspace.LinkKey(arrival.spoke(), "customer", id));
                    }
                    if (Said.uuid(organization.get("id")) != null) {
                        ids.add(Said.uuid(organization.get("id")));
                    }
                }
            }
            if (arrival.entity().equals("order")) {
                addText(orders, document.get("number"));
            }
            if (arrival.entity().equals("payment")) {
                addText(orders, document.get("orderNumber"));
                addText(invoices, document.get("invoiceNumber"));
            }
        }
        loading.batch(events, said, records, keys, orders, invoices, ids, again);
    }

    // ---- one arrival

    private Outcome take(Ingest.Prepared prepared) throws SQLException {
        Arrival arrival = prepared.arrival();
        if (arrival.retry() != null) {
            return takeAgain(prepared);
        }
        Workspace.Known known = workspace.message(arrival.spoke(), arrival.eventId());
        if (erased(prepared)) {
            Ingest.Prepared sale = keptSale(prepared);
            boolean emptied = known != null && known.hash().length == 0;
            return sale == null ? refuseErased(prepared, known) : emptied ? again(known) : take(sale);
        }
        String event = arrival.eventId();
        Refusal refusal = arrival.refusal();
        if (known != null) {
            if (java.util.Arrays.equals(known.hash(), prepared.hash())) {
                return again(known);
            }
            String other = under(event, prepared.hash());
            Workspace.Known reuse = loading.message(arrival.spoke(), other);
            if (reuse != null) {
                return again(reuse);
            }
            if (WITHOUT_EFFECT.contains(State.valueOf(known.state()))) {
                workspace.passOn(arrival.spoke(), event, under(event, known.hash()));
            } else {
                event = other;
                refusal = new Refusal("crm:" + arrival.entity(), null, "The event id \"" + arrival.eventId()
                        + "\" was used before for another content. Give every event an id of its own.", "key-reuse");
            }
        }
        boolean told = ANSWERED_AT_ONCE.contains(arrival.protocol());
        Workspace.LinkKey record = record(arrival);
        boolean waits = record != null && workspace.held(record) && !(told && refusal != null);
        Effect effect = waits ? waiting(arrival) : taken(prepared, refusal);
        Outcome outcome = outcome(prepared, effect, told);
        workspace.journal(prepared, event, outcome, withCustomer(effect.finding(), arrival));
        if (outcome.state() == State.PARKED) {
            park(prepared, effect, effect.awaits());
        }
        if (record != null && (waits || outcome.state() == State.PARKED && holdsUp(effect.refusal()))) {
            workspace.joinLine(record, prepared.messageId());
        }
        return outcome;
    }

    /** The event id of another content that came with the same one. @param hash empty when its person was erased */
    private static String under(String event, byte[] hash) {
        return Storable.key(event + "#" + HexFormat.of().formatHex(hash, 0, Math.min(8, hash.length)));
    }

    /** A message of the journal, parked or waiting, that is tried once more. It keeps its row, and has one effect. */
    private Outcome takeAgain(Ingest.Prepared prepared) throws SQLException {
        Retry retry = prepared.arrival().retry();
        Workspace.Known known = workspace.journaled(retry.message());
        if (known == null) {
            return new Outcome(State.NOT_FOUND, retry.message(), null, null,
                    new Refusal("journal", null, "There is no message " + retry.message() + ".", "not-found"));
        }
        boolean open = known.state().equals(State.PARKED.name()) || known.state().equals(State.WAITING.name());
        if (!open || !workspace.mayGo(retry.message())) {
            return again(known);
        }
        if (erased(prepared)) {
            Ingest.Prepared sale = keptSale(prepared);
            if (sale == null) {
                return refuseErasedAgain(prepared);
            }
            workspace.empty(retry.message());
            return takenAgain(sale);
        }
        return takenAgain(prepared);
    }

    private Outcome takenAgain(Ingest.Prepared prepared) throws SQLException {
        Retry retry = prepared.arrival().retry();
        Effect effect = taken(prepared, prepared.arrival().refusal());
        Outcome outcome = outcome(prepared, effect, false);
        workspace.journalAgain(prepared, outcome, withCustomer(effect.finding(), prepared.arrival()));
        String subject = subject(retry.message());
        workspace.act(subject, "retry", retry.by(), outcome.state().name(),
                effect.refusal() == null ? null : effect.refusal().problem());
        if (outcome.state() == State.PARKED) {
            // What is there, and was of no use, is not waited for again.
            boolean inVain = retry.by().equals(Retry.HUB) && effect.awaits() != null
                    && effect.awaits().equals(workspace.awaitedBefore(retry.message()));
            park(prepared, effect, inVain ? null : effect.awaits());
        } else {
            workspace.resolve(subject);
        }
        if (outcome.state() != State.PARKED || !holdsUp(effect.refusal())) {
            workspace.leaveLine(retry.message());
        }
        return outcome;
    }

    private Effect taken(Ingest.Prepared prepared, Refusal refusal) throws SQLException {
        try {
            return refusal != null ? Effect.refused(refusal) : plan(prepared);
        } catch (Refused no) {
            return new Effect(State.REJECTED, null, Map.of(), no.refusal(), no.awaits());
        }
    }

    /** @param told whether the sender hears of a refusal, so that nobody else has to */
    private static Outcome outcome(Ingest.Prepared prepared, Effect effect, boolean told) {
        State state = effect.state() == State.REJECTED && !told ? State.PARKED : effect.state();
        return new Outcome(state, prepared.messageId(), effect.golden() == null ? null : effect.golden().id,
                effect.golden() == null ? null : effect.golden().version, effect.refusal());
    }

    private static Effect waiting(Arrival arrival) {
        return new Effect(State.WAITING, null, Map.of(),
                new Refusal("crm:" + arrival.entity(), null,
                        "An earlier message about this record is parked. This one is kept and taken in after it.",
                        "waiting"));
    }

    private void park(Ingest.Prepared prepared, Effect effect, Awaited awaits) {
        Arrival arrival = prepared.arrival();
        Refusal why = effect.refusal();
        String kind = switch (why.code()) {
            case "malformed", "unstorable" -> "POISON";
            case Missing.CODE -> "CONFLICT";
            default -> "INVALID";
        };
        Workspace.LinkKey record = record(arrival);
        workspace.park(kind, subject(prepared.messageId()),
                arrival.spoke() + " " + why.step() + place(why.field()) + " " + why.code(), arrival.spoke(),
                arrival.entity(), effect.golden() == null ? null : effect.golden().id, prepared.messageId(), why,
                record == null
                        ? Map.of("code", why.code())
                        : Map.of("code", why.code(), "record", record.externalId()),
                awaits);
    }

    static String subject(UUID message) {
        return "message:" + message;
    }

    /**
     * Whether later messages about the record have to wait for this one. That a record is gone is a question about the
     * golden record, to which a later message may well be the answer.
     */
    private static boolean holdsUp(Refusal refusal) {
        return !Missing.CODE.equals(refusal.code());
    }

    /** The spoke's record that the message is about; null when it does not say, and for an edit of the golden record. */
    private static Workspace.LinkKey record(Arrival arrival) {
        String id = Said.record(arrival);
        return id == null || id.isBlank() || arrival.edit() != null
                ? null
                : new Workspace.LinkKey(arrival.spoke(), arrival.entity(), Storable.key(id));
    }

    /** Where something is wrong, without whose it is: the same in the first line of an order and in the ninth. */
    private static String place(String field) {
        return field == null || field.isEmpty() ? "" : " " + field.replaceAll("/\\d+(?=/|$)", "/*");
    }

    /**
     * Whether an arrival speaks of somebody who was erased: by the hub's id or the spoke's, or as a newcomer with an address
     * or number of theirs. A record that is linked is known to be somebody else's.
     */
    private boolean erased(Ingest.Prepared prepared) throws SQLException {
        Map<String, UUID> erased = session.tombstones();
        if (erased.isEmpty()) {
            return false;
        }
        Tombstones marks = session.marks();
        Arrival arrival = prepared.arrival();
        if (arrival.edit() != null) {
            return erased.containsKey(marks.customer(arrival.edit().id()));
        }
        Map<String, Object> customer = Said.customer(arrival);
        if (customer == null) {
            return false;
        }
        UUID id = arrival.entity().equals("customer") ? null : Said.uuid(customer.get("id"));
        String externalId = Said.id(customer);
        if (id != null || workspace.link(arrival.spoke(), "customer", externalId) != null) {
            return id != null && erased.containsKey(marks.customer(id));
        }
        return externalId != null && erased.containsKey(marks.record(arrival.spoke(), externalId))
                || prepared.keys().stream().filter(key -> key.kind().decides()).map(marks::of)
                        .anyMatch(erased::containsKey);
    }

    /**
     * What a message says of a sale that had to be kept when its buyer was erased, without the buyer: the sale can still be
     * cancelled, and its invoice taken back. Null when it is about anything else.
     */
    private Ingest.Prepared keptSale(Ingest.Prepared prepared) {
        Arrival arrival = prepared.arrival();
        if (!arrival.entity().equals("order") || arrival.document() == null
                || !(arrival.document().get("number") instanceof String number) || workspace.order(number) == null) {
            return null;
        }
        Map<String, Object> sale = new LinkedHashMap<>(arrival.document());
        sale.remove("customer");
        sale.remove("note");
        byte[] kept = Json.text(sale).getBytes(StandardCharsets.UTF_8);
        return new Ingest.Prepared(new Arrival(arrival.spoke(), arrival.entity(), arrival.eventId(), arrival.protocol(),
                Arrival.CANONICAL, kept, arrival.receivedAt(), sale, arrival.refusal(), arrival.mapping(), null, null,
                arrival.record(), arrival.retry()), prepared.messageId(), Identifiers.sha256(kept), Set.of());
    }

    private static Refusal whyErased(Arrival arrival) {
        return new Refusal("crm:" + arrival.entity(), null,
                "The person it speaks of was erased from the hub. Nothing of it was kept. If the person has come back of"
                        + " their own will, an operator has to lift the erasure first.",
                "erased");
    }

    /** A message that nobody could read before speaks of somebody who is gone: it goes, too. */
    private Outcome refuseErasedAgain(Ingest.Prepared prepared) {
        Retry retry = prepared.arrival().retry();
        Outcome outcome = new Outcome(State.REJECTED, retry.message(), null, null, whyErased(prepared.arrival()));
        workspace.journalAgain(prepared, outcome, Map.of());
        workspace.empty(retry.message());
        workspace.act(subject(retry.message()), "retry", retry.by(), outcome.state().name(),
                outcome.refusal().problem());
        workspace.resolve(subject(retry.message()));
        workspace.leaveLine(retry.message());
        return outcome;
    }

    /** That it came is written down, and nothing of what it said. */
    private Outcome refuseErased(Ingest.Prepared prepared, Workspace.Known known) {
        Refusal why = whyErased(prepared.arrival());
        if (known != null) {
            return new Outcome(State.REJECTED, known.id(), null, null, why);
        }
        Arrival arrival = prepared.arrival();
        Arrival stripped = new Arrival(arrival.spoke(), arrival.entity(), arrival.eventId(), arrival.protocol(),
                arrival.contentType(), new byte[0], arrival.receivedAt(), null, why, arrival.mapping(), null, null);
        Outcome outcome = new Outcome(State.REJECTED, prepared.messageId(), null, null, why);
        workspace.journal(new Ingest.Prepared(stripped, prepared.messageId(), new byte[0], Set.of()),
                arrival.eventId(), outcome, Map.of());
        return outcome;
    }

    /**
     * Which customer was named, so that two that were one for a while can be parted by it, and what of them was left out because
     * it was said twice.
     */
    private static Map<String, Object> withCustomer(Map<String, Object> finding, Arrival arrival) {
        Map<String, Object> customer = arrival.edit() == null ? Said.customer(arrival) : null;
        if (customer == null) {
            return finding;
        }
        UUID id = arrival.entity().equals("customer") ? null : Said.uuid(customer.get("id"));
        String named = id == null ? Said.id(customer) : id.toString();
        List<String> doubles = arrival.refusal() == null ? Tree.doubles(customer) : List.of();
        Map<String, Object> whole = new LinkedHashMap<>(finding);
        if (named != null) {
            whole.put("customer", named);
        }
        if (!doubles.isEmpty()) {
            whole.put("doubles", doubles);
        }
        return whole;
    }

    private static Outcome again(Workspace.Known known) {
        State first = State.valueOf(known.state());
        State state = switch (first) {
            case PARKED, WAITING, REJECTED, CONFLICT, NOT_FOUND -> first;
            default -> State.DUPLICATE;
        };
        return new Outcome(state, known.id(), known.entityId(), known.version(), known.refusal());
    }

    private Effect plan(Ingest.Prepared prepared) throws SQLException {
        Arrival arrival = prepared.arrival();
        Source source = new Source(arrival.spoke(), prepared.messageId(), arrival.mapping(), arrival.receivedAt());
        if (arrival.edit() != null) {
            return edits.take(arrival, source);
        }
        return switch (Entity.of(arrival.entity())) {
            case CUSTOMER -> customers.take(arrival.spoke(), arrival.document(), source, "/");
            case ORDER -> sales.order(arrival, source);
            case PAYMENT -> sales.payment(arrival, source);
            case INTERACTION -> interactions.interaction(arrival, source);
            case OPPORTUNITY -> interactions.opportunity(arrival, source);
            case INVOICE, CREDIT_NOTE -> throw new Refused(arrival.entity(), null,
                    "Invoices and credit notes are made by the hub from paid orders. Send the order or the payment instead.",
                    "invalid");
        };
    }

    private static void addText(Set<String> values, Object value) {
        if (value instanceof String text) {
            values.add(text);
        }
    }
}
