package io.serai.crm;

import java.math.BigDecimal;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

import io.serai.crm.Outcome.State;
import io.serai.crm.plan.MatchKey;
import io.serai.crm.plan.Matching;
import io.serai.crm.plan.Merge;
import io.serai.crm.plan.Rung;
import io.serai.crm.plan.Source;
import io.serai.crm.plan.Unheard;

/** Plans what a batch of arrivals does to the golden records, one arrival after the other, and writes it. */
final class IngestBatch {
    private static final Set<String> ANSWERED_AT_ONCE = Set.of("soap", "rest", "file");

    private final Settings settings;
    private final Workspace workspace;
    private final Loading loading;
    private final Map<String, Merge> merges = new HashMap<>();
    /** By what each customer document that arrived is found. */
    private final Map<Map<String, Object>, Set<MatchKey>> keysSaid = new IdentityHashMap<>();
    private final Session session;
    private final Suppressions suppressions;
    /** What was no news, by spoke and by what told. */
    private final Map<String, List<Set<Rung>>> suppressed = new HashMap<>();

    IngestBatch(Session session, Settings settings, Instant now, Suppressions suppressions) {
        this.session = session;
        this.suppressions = suppressions;
        this.settings = settings;
        this.workspace = new Workspace(settings, now);
        this.loading = new Loading(session, workspace);
    }

    Transactions.Plan<List<Outcome>> plan(List<Ingest.Prepared> batch) throws SQLException {
        load(batch);
        workspace.read().add(Tombstones.ALL);
        List<Outcome> outcomes = new ArrayList<>(batch.size());
        for (Ingest.Prepared prepared : batch) {
            outcomes.add(take(prepared));
        }
        return new Planned(workspace, outcomes,
                () -> suppressed.forEach((spoke, words) -> words.forEach(rungs -> suppressions.add(spoke, rungs))));
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
            String externalId = sourceText(document, "id");
            if (externalId != null) {
                records.add(new Workspace.LinkKey(arrival.spoke(), arrival.entity(), externalId));
            }
            Map<String, Object> customer = customerOf(arrival);
            if (customer != null) {
                keysSaid.put(customer, prepared.keys());
                keys.addAll(prepared.keys());
                String customerId = sourceText(customer, "id");
                if (customerId != null) {
                    records.add(new Workspace.LinkKey(arrival.spoke(), "customer", customerId));
                }
                UUID golden = uuid(customer.get("id"));
                if (golden != null) {
                    ids.add(golden);
                }
                if (document(customer.get("memberOf")) instanceof Map<?, ?> organization) {
                    if (organization.get("externalId") instanceof String id) {
                        records.add(new Workspace.LinkKey(arrival.spoke(), "customer", id));
                    }
                    if (uuid(organization.get("id")) != null) {
                        ids.add(uuid(organization.get("id")));
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

    /** What an arrival says of a customer; null when it says nothing of any. */
    static Map<String, Object> customerOf(Arrival arrival) {
        return arrival.document() == null || arrival.entity().equals("customer")
                ? arrival.document()
                : document(arrival.document().get("customer"));
    }

    // ---- one arrival

    /**
     * @param finding how the record was recognised and what it changed, for the journal
     * @param awaits what would have to be known for it not to be refused; null when that is not it
     */
    private record Taken(State state, GoldenRow golden, Map<String, Object> finding, Refusal refusal,
            Awaited awaits) {

        Taken(State state, GoldenRow golden, Map<String, Object> finding, Refusal refusal) {
            this(state, golden, finding, refusal, null);
        }
    }

    private Outcome take(Ingest.Prepared prepared) throws SQLException {
        Arrival arrival = prepared.arrival();
        if (arrival.retry() != null) {
            return takeAgain(prepared);
        }
        Workspace.Known known = workspace.message(arrival.spoke(), arrival.eventId());
        if (erased(prepared)) {
            return refuseErased(prepared, known);
        }
        String event = arrival.eventId();
        Refusal refusal = arrival.refusal();
        if (known != null) {
            if (java.util.Arrays.equals(known.hash(), prepared.hash())) {
                return again(known);
            }
            event = Storable.key(event + "#" + HexFormat.of().formatHex(prepared.hash(), 0, 8));
            Workspace.Known reuse = loading.message(arrival.spoke(), event);
            if (reuse != null) {
                return again(reuse);
            }
            refusal = new Refusal("crm:" + arrival.entity(), null, "The event id \"" + arrival.eventId()
                    + "\" was used before for another content. Give every event an id of its own.", "key-reuse");
        }
        boolean told = ANSWERED_AT_ONCE.contains(arrival.protocol());
        Workspace.LinkKey record = record(arrival);
        boolean waits = record != null && workspace.held(record) && !(told && refusal != null);
        Taken taken = waits ? waiting(arrival) : taken(prepared, refusal);
        Outcome outcome = outcome(prepared, taken, told);
        workspace.journal(prepared, event, outcome, withCustomer(taken.finding(), arrival));
        if (outcome.state() == State.PARKED) {
            park(prepared, taken, taken.awaits());
        }
        if (record != null && (waits || outcome.state() == State.PARKED && holdsUp(taken.refusal()))) {
            workspace.joinLine(record, prepared.messageId());
        }
        return outcome;
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
            return refuseErasedAgain(prepared);
        }
        Taken taken = taken(prepared, prepared.arrival().refusal());
        Outcome outcome = outcome(prepared, taken, false);
        workspace.journalAgain(prepared, outcome, withCustomer(taken.finding(), prepared.arrival()));
        String subject = subject(retry.message());
        workspace.act(subject, "retry", retry.by(), outcome.state().name(),
                taken.refusal() == null ? null : taken.refusal().problem());
        if (outcome.state() == State.PARKED) {
            // What is there, and was of no use, is not waited for again.
            boolean inVain = retry.by().equals(Retry.HUB) && taken.awaits() != null
                    && taken.awaits().equals(workspace.awaitedBefore(retry.message()));
            park(prepared, taken, inVain ? null : taken.awaits());
        } else {
            workspace.resolve(subject);
        }
        if (outcome.state() != State.PARKED || !holdsUp(taken.refusal())) {
            workspace.leaveLine(retry.message());
        }
        return outcome;
    }

    private Taken taken(Ingest.Prepared prepared, Refusal refusal) throws SQLException {
        try {
            return refusal != null ? refused(refusal) : plan(prepared);
        } catch (Refused no) {
            return new Taken(State.REJECTED, null, Map.of(), no.refusal(), no.awaits());
        }
    }

    /** @param told whether the sender hears of a refusal, so that nobody else has to */
    private static Outcome outcome(Ingest.Prepared prepared, Taken taken, boolean told) {
        State state = taken.state() == State.REJECTED && !told ? State.PARKED : taken.state();
        return new Outcome(state, prepared.messageId(), taken.golden() == null ? null : taken.golden().id,
                taken.golden() == null ? null : taken.golden().version, taken.refusal());
    }

    private static Taken waiting(Arrival arrival) {
        return new Taken(State.WAITING, null, Map.of(),
                new Refusal("crm:" + arrival.entity(), null,
                        "An earlier message about this record is parked. This one is kept and taken in after it.",
                        "waiting"));
    }

    private void park(Ingest.Prepared prepared, Taken taken, Awaited awaits) {
        Arrival arrival = prepared.arrival();
        Refusal why = taken.refusal();
        String kind = switch (why.code()) {
            case "malformed", "unstorable" -> "POISON";
            case "deleted" -> "CONFLICT";
            default -> "INVALID";
        };
        Workspace.LinkKey record = record(arrival);
        workspace.park(kind, subject(prepared.messageId()),
                arrival.spoke() + " " + why.step() + place(why.field()) + " " + why.code(), arrival.spoke(),
                arrival.entity(), taken.golden() == null ? null : taken.golden().id, prepared.messageId(), why,
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
        return !"deleted".equals(refusal.code());
    }

    /** The spoke's record that the message is about; null when it does not say, and for an edit of the golden record. */
    private static Workspace.LinkKey record(Arrival arrival) {
        String id = recordId(arrival);
        return id == null || id.isBlank() || arrival.edit() != null
                ? null
                : new Workspace.LinkKey(arrival.spoke(), arrival.entity(), Storable.key(id));
    }

    static String recordId(Arrival arrival) {
        return arrival.record() != null || arrival.document() == null
                ? arrival.record()
                : sourceText(arrival.document(), "id");
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
        Map<String, Object> customer = customerOf(arrival);
        if (customer == null) {
            return false;
        }
        UUID id = arrival.entity().equals("customer") ? null : uuid(customer.get("id"));
        String externalId = sourceText(customer, "id");
        if (id != null || workspace.link(arrival.spoke(), "customer", externalId) != null) {
            return id != null && erased.containsKey(marks.customer(id));
        }
        return externalId != null && erased.containsKey(marks.record(arrival.spoke(), externalId))
                || prepared.keys().stream().filter(key -> key.kind().decides()).map(marks::of)
                        .anyMatch(erased::containsKey);
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

    /** Which customer was named, so that two that were one for a while can be parted by it. */
    private static Map<String, Object> withCustomer(Map<String, Object> finding, Arrival arrival) {
        Map<String, Object> customer = arrival.edit() == null ? customerOf(arrival) : null;
        if (customer == null) {
            return finding;
        }
        UUID id = arrival.entity().equals("customer") ? null : uuid(customer.get("id"));
        String named = id == null ? sourceText(customer, "id") : id.toString();
        if (named == null) {
            return finding;
        }
        Map<String, Object> whole = new LinkedHashMap<>(finding);
        whole.put("customer", named);
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

    private static Taken refused(Refusal refusal) {
        return new Taken(State.REJECTED, null, Map.of(), refusal);
    }

    private Taken plan(Ingest.Prepared prepared) throws SQLException {
        Arrival arrival = prepared.arrival();
        Source source = new Source(arrival.spoke(), prepared.messageId(), arrival.mapping(), arrival.receivedAt());
        if (arrival.edit() != null) {
            return edit(arrival, source);
        }
        return switch (Entity.of(arrival.entity())) {
            case CUSTOMER -> customer(arrival.spoke(), arrival.document(), source, "/");
            case ORDER -> order(arrival, source);
            case PAYMENT -> payment(arrival, source);
            case INTERACTION -> interaction(arrival, source);
            case OPPORTUNITY -> opportunity(arrival, source);
            case INVOICE, CREDIT_NOTE -> throw new Refused(arrival.entity(), null,
                    "Invoices and credit notes are made by the hub from paid orders. Send the order or the payment instead.",
                    "invalid");
        };
    }

    // ---- edits by people

    private Taken edit(Arrival arrival, Source source) throws SQLException {
        loading.goldens(Entity.of(arrival.entity()), List.of(arrival.edit().id()));
        GoldenRow golden = workspace.golden(arrival.edit().id());
        if (golden == null || !golden.entity.word().equals(arrival.entity())) {
            return new Taken(State.NOT_FOUND, null, Map.of(), new Refusal("crm:" + arrival.entity(), "/id",
                    "There is no " + arrival.entity() + " " + arrival.edit().id() + ".", "unknown-reference"));
        }
        Long expected = arrival.edit().expectedVersion();
        if (expected != null && expected != golden.version) {
            return new Taken(State.CONFLICT, golden, Map.of(), new Refusal("crm:" + arrival.entity(), null,
                    "The record is at version " + golden.version + ", not " + expected
                            + ". Read it again and repeat the edit.",
                    "conflict"));
        }
        Map<String, Object> patch = withoutSource(arrival.document());
        if (golden.entity == Entity.CUSTOMER) {
            resolveMembership(arrival.spoke(), patch);
        } else {
            patch.remove("customer");
        }
        Set<String> decided = new LinkedHashSet<>();
        for (String field : patch.keySet()) {
            golden.provenance().thaw(field).forEach(path -> {
                workspace.resolve(frozen(golden, path));
                decided.add(field);
            });
        }
        Merge.Result result = merge(arrival.entity()).apply(golden.document, golden.document, patch, golden.document,
                golden.provenance(), source);
        decided.addAll(result.changed());
        if (decided.isEmpty()) {
            return new Taken(State.UNCHANGED, golden, found("edit", List.of()), null);
        }
        workspace.change(golden, result.golden(), decided, source, "edited", null);
        return new Taken(State.APPLIED, golden, found("edit", decided), null);
    }

    // ---- customers

    private Taken customer(String spoke, Map<String, Object> said, Source source, String at) throws SQLException {
        String externalId = sourceText(said, "id");
        String revision = sourceText(said, "revision");
        Map<String, Object> theirs = withoutSource(said);
        theirs.remove("id");
        resolveMembership(spoke, theirs);
        LinkRow link = workspace.link(spoke, "customer", externalId);
        if (link == null && deleted(said)) {
            return new Taken(State.IGNORED, null, found("nobody known", List.of()), null);
        }
        if (link != null) {
            return linked(link, theirs, revision, deleted(said), source);
        }
        Matching.Verdict verdict = match(theirs, keysSaid.computeIfAbsent(said, MatchKey::of), null);
        GoldenRow golden = verdict.match() == null ? null : workspace.golden(verdict.match());
        boolean known = golden != null;
        String how = known ? "matched" : "new";
        if (!known) {
            requireSomeName(theirs, at);
            theirs.putIfAbsent("kind", theirs.get("organizationName") != null && theirs.get("name") == null
                    ? "organization"
                    : "person");
            golden = workspace.create(Entity.CUSTOMER, Identifiers.next(workspace.now()), Map.of(), source);
        }
        GoldenRow matched = golden;
        LinkRow awaited = known && externalId != null ? loading.awaited(spoke, golden) : null;
        boolean inPassing = externalId == null && known && !at.equals("/");
        Merge.Result result = inPassing
                ? merge("customer").fill(theirs, golden.document, golden.provenance(), source)
                : awaited != null && awaited.ours != null
                        ? merge("customer").applyToUnanswered(awaited.ours, theirs, golden.document,
                                golden.provenance(), source, () -> loading.since(awaited))
                        : awaited != null || loading.perhapsMade(spoke, golden)
                                ? merge("customer").applyToWritten(null, null, theirs, Unheard.NOTHING,
                                        false, null, golden.document, golden.provenance(), source,
                                        () -> awaited == null ? loading.ever(matched) : loading.since(awaited))
                                : merge("customer").apply(null, null, theirs, golden.document, golden.provenance(),
                                        source);
        boolean changed = !known || !result.changed().isEmpty();
        if (changed) {
            workspace.change(golden, result.golden(), result.changed(), source, known ? "updated" : "created",
                    externalId);
        }
        workspace.note(golden);
        if (externalId != null) {
            LinkRow own = awaited == null ? workspace.newLink(spoke, golden, externalId) : awaited;
            own.externalId = externalId;
            workspace.hold(own, golden, result.base(), result.ours(), revision);
        }
        parkConflicts(result, golden, source);
        parkPossible(golden, verdict.possible(), source);
        return new Taken(changed ? State.APPLIED : State.UNCHANGED, golden, found(how, result.changed()), null);
    }

    private Taken linked(LinkRow link, Map<String, Object> theirs, String revision, boolean deleted, Source source)
            throws SQLException {
        GoldenRow golden = workspace.golden(link.entityId);
        boolean overtaken = older(revision, link.revision) && !link.unheard.isNothing()
                && !repeats(revision, link.unheard.heard());
        if (older(revision, link.revision) && !overtaken) {
            return new Taken(State.STALE, golden, echo(link, List.of(), Set.of(Rung.REVISION)), null);
        }
        if (deleted) {
            return gone(link.spoke, link.entity, link.externalId, golden);
        }
        boolean known = revision != null && revision.equals(link.revision);
        if (overtaken) {
            theirs.keySet().removeAll(link.unheard.before().keySet());
        }
        Merge.Result result = merge(link.entity).applyToWritten(link.base, link.ours, theirs, link.unheard,
                mayBeEarlier(link, revision, source), link.writtenAt, golden.document, golden.provenance(), source,
                () -> loading.since(link));
        link.unheard = revision == null ? result.unheard() : result.unheard().heard(revision);
        if (!result.changed().isEmpty()) {
            workspace.change(golden, result.golden(), result.changed(), source, "updated", link.externalId);
        }
        workspace.note(golden);
        workspace.hold(link, golden, result.base(), result.ours(), overtaken ? null : revision);
        parkConflicts(result, golden, source);
        if (golden.entity == Entity.CUSTOMER && touchesKeys(result.changed())) {
            Matching.Verdict verdict = match(golden.document, golden.keys(), golden.id);
            Set<UUID> possible = new LinkedHashSet<>(verdict.possible());
            if (verdict.match() != null) {
                possible.add(verdict.match());
            }
            parkPossible(golden, possible, source);
        }
        Set<Rung> rungs = EnumSet.noneOf(Rung.class);
        rungs.addAll(result.echoes());
        if (overtaken || known && result.changed().isEmpty()) {
            rungs.add(Rung.REVISION);
        }
        if (rungs.isEmpty() && result.changed().isEmpty()) {
            rungs.add(Rung.VALUES);
        }
        return new Taken(result.changed().isEmpty() ? State.UNCHANGED : State.APPLIED, golden,
                echo(link, result.changed(), rungs), null);
    }

    /** Whether a revision says nothing newer than one that was heard. */
    private static boolean repeats(String revision, String heard) {
        return heard != null && (revision.equals(heard) || older(revision, heard));
    }

    /**
     * Whether {@code source} may have said it before the hub's last write. Where the answer to that told a revision, it is
     * known; else a spoke is given some time to have its say.
     */
    private static boolean mayBeEarlier(LinkRow link, String revision, Source source) {
        boolean known = revision != null && link.revision != null && !link.revision.equals(link.unheard.heard());
        return !known && link.writtenAt != null && source.at().isBefore(link.writtenAt.plus(Lanes.SETTLING));
    }

    /** @param golden null when the hub never knew the record: then its end is nobody's business */
    private static Taken gone(String spoke, String entity, String externalId, GoldenRow golden) {
        if (golden == null) {
            return new Taken(State.IGNORED, null, found("nobody known", List.of()), null);
        }
        Refusal why = new Refusal("crm:" + entity, null, "Spoke " + spoke + " deleted its record " + externalId
                + ". Decide whether the " + entity + " is inactive or the record should be made again.", "deleted");
        return new Taken(State.PARKED, golden, found("linked", List.of()), why);
    }

    private static boolean touchesKeys(Set<String> changed) {
        return changed.stream().anyMatch(Set.of("emails", "phones", "identifiers")::contains);
    }

    private Matching.Verdict match(Map<String, Object> customer, Set<MatchKey> keysOfCustomer, UUID except)
            throws SQLException {
        Map<UUID, Set<MatchKey>> shared = new LinkedHashMap<>();
        for (MatchKey key : keysOfCustomer) {
            for (UUID id : workspace.withKey(key)) {
                if (!id.equals(except)) {
                    shared.computeIfAbsent(id, _ -> new LinkedHashSet<>()).add(key);
                }
            }
        }
        if (shared.isEmpty()) {
            return new Matching.Verdict(null, Set.of());
        }
        loading.goldens(Entity.CUSTOMER, shared.keySet());
        Map<UUID, Matching.Candidate> candidates = new LinkedHashMap<>();
        shared.forEach((id, keys) -> {
            GoldenRow golden = workspace.golden(id);
            // A key may have been given up earlier in this batch.
            keys.retainAll(golden.keys());
            if (!keys.isEmpty()) {
                candidates.put(id, new Matching.Candidate(id, golden.document, keys));
            }
        });
        return Matching.decide(customer, candidates);
    }

    private void resolveMembership(String spoke, Map<String, Object> customer) {
        Map<String, Object> organization = document(customer.get("memberOf"));
        if (organization == null) {
            return;
        }
        UUID id = uuid(organization.get("id"));
        if (id == null && organization.get("externalId") instanceof String externalId) {
            LinkRow link = workspace.link(spoke, "customer", externalId);
            if (link == null) {
                throw new Refused("customer", "/memberOf/externalId", "The organization \"" + externalId
                        + "\" is not known. Send the organization before its members.", "unknown-reference",
                        new Awaited("customer", externalId));
            }
            id = link.entityId;
        } else if (id != null && workspace.golden(id) == null) {
            throw new Refused("customer", "/memberOf/id", "There is no organization " + id + ".", "unknown-reference");
        } else if (id != null) {
            id = workspace.golden(id).id;
        }
        customer.put("memberOf", id == null ? null : Map.of("id", id.toString()));
    }

    private static void requireSomeName(Map<String, Object> customer, String at) {
        Map<String, Object> name = document(customer.get("name"));
        boolean named = customer.get("organizationName") != null
                || name != null && (name.get("family") != null || name.get("given") != null)
                || customer.get("emails") instanceof List<?> emails && !emails.isEmpty()
                || customer.get("phones") instanceof List<?> phones && !phones.isEmpty();
        if (!named) {
            throw new Refused("customer", at.equals("/") ? "/name" : at + "/name",
                    "The customer is new and has neither a name nor an e-mail address nor a phone number. Give at least one of them.",
                    "invalid");
        }
    }

    private void parkConflicts(Merge.Result result, GoldenRow golden, Source source) {
        for (Merge.Conflict conflict : result.conflicts()) {
            Map<String, Object> detail = new LinkedHashMap<>();
            detail.put("golden", conflict.golden());
            detail.put("theirs", conflict.theirs());
            if (!conflict.fought().isEmpty()) {
                parkFrozen(conflict, golden, source, detail);
                continue;
            }
            Refusal why = new Refusal("crm:" + golden.entity.word(), conflict.path(), "Spoke " + source.spoke()
                    + " and another changed the same field. The hub kept its value; choose the right one.", "conflict");
            workspace.park("CONFLICT", "conflict:" + golden.id + ":" + conflict.path() + ":" + source.spoke(),
                    "conflicting " + golden.entity.word() + " " + field(conflict.path()), source.spoke(),
                    golden.entity.word(), golden.id, source.message(), why, detail);
        }
    }

    private void parkFrozen(Merge.Conflict conflict, GoldenRow golden, Source source, Map<String, Object> detail) {
        detail.put("values", conflict.fought().stream().map(lost -> {
            Map<String, Object> value = new LinkedHashMap<>();
            value.put("value", lost.value());
            value.put("spoke", lost.source().spoke());
            value.put("at", lost.source().at().toString());
            return value;
        }).toList());
        Refusal why = new Refusal("crm:" + golden.entity.word(), conflict.path(), "The field goes to and fro between "
                + "spokes, last between " + source.spoke() + " and "
                + golden.provenance().source(conflict.path()).spoke()
                + ". The hub keeps its value and takes no other. Choose the right value to let it go on.", "frozen");
        workspace.park("FROZEN_FIELD", frozen(golden, conflict.path()),
                "frozen " + golden.entity.word() + " " + field(conflict.path()), source.spoke(),
                golden.entity.word(), golden.id, source.message(), why, detail);
    }

    private static String frozen(GoldenRow golden, String path) {
        return "frozen:" + golden.id + ":" + path;
    }

    /** The top-level field: the rest of a path may name whose it is. */
    private static String field(String path) {
        int end = path.indexOf('/', 1);
        return end < 0 ? path : path.substring(0, end);
    }

    private void parkPossible(GoldenRow golden, Set<UUID> possible, Source source) {
        for (UUID other : possible) {
            List<String> pair = List.of(golden.id.toString(), other.toString()).stream().sorted().toList();
            Refusal why = new Refusal("crm:customer", null,
                    "Customers " + pair.getFirst() + " and " + pair.getLast()
                            + " may be the same. The hub keeps them apart until a person decides.",
                    "possible-duplicate");
            workspace.park("POSSIBLE_DUPLICATE", "possible-duplicate:" + String.join(":", pair), "possible duplicate",
                    source.spoke(), "customer", golden.id, source.message(), why, Map.of("other", other.toString()));
        }
    }

    // ---- orders and what follows from them

    private Taken order(Arrival arrival, Source source) throws SQLException {
        Map<String, Object> said = arrival.document();
        if (!(said.get("number") instanceof String number) || number.isBlank()) {
            throw new Refused("order", "/number",
                    "The order has no number. Give the sale's own number: it is what makes one invoice of it.",
                    "invalid");
        }
        GoldenRow order = workspace.order(number);
        Map<String, Object> theirs = withoutSource(said);
        String externalId = sourceText(said, "id");
        String revision = sourceText(said, "revision");
        LinkRow link = workspace.link(arrival.spoke(), "order", externalId);
        if (link != null && (order == null || !link.entityId.equals(order.id))) {
            throw new Refused("order", "/number", "Record " + externalId + " of spoke " + arrival.spoke()
                    + " is another order; it cannot become order " + number
                    + ". Send a new order under an id of its own.",
                    "conflict");
        }
        if (link != null && older(revision, link.revision)) {
            return new Taken(State.STALE, order, found("linked", List.of()), null);
        }
        if (deleted(said)) {
            return gone(arrival.spoke(), "order", externalId, link == null ? null : order);
        }
        boolean paid = "paid"
                .equals(theirs.getOrDefault("paymentStatus", order == null ? null : order.text("paymentStatus")));
        if (paid) {
            requireForInvoice(theirs, order, "total");
            requireForInvoice(theirs, order, "currency");
        }
        UUID customer = buyer(arrival.spoke(), document(said.get("customer")), order, source);
        GoldenRow invoice = order == null ? null : workspace.invoiceOf(order);
        if (invoice != null) {
            keepInvoiced(theirs, order, source);
        }
        if (order == null) {
            theirs.put("customer", Map.of("id", customer.toString()));
        } else {
            theirs.remove("customer");
            if (customer != null && !customer.equals(order.customer())) {
                parkPossible(workspace.golden(customer), Set.of(order.customer()), source);
            }
        }
        boolean known = order != null;
        if (!known) {
            order = workspace.create(Entity.ORDER, Identifiers.next(workspace.now()), Map.of(), source);
        }
        Merge.Result result = merge("order").apply(link == null ? null : link.base, link == null ? null : link.ours,
                theirs, order.document, order.provenance(), source);
        boolean changed = !known || !result.changed().isEmpty();
        if (changed) {
            workspace.change(order, result.golden(), result.changed(), source, known ? "updated" : "created",
                    externalId);
        }
        if (externalId != null) {
            workspace.hold(link == null ? workspace.newLink(arrival.spoke(), order, externalId) : link, order,
                    result.base(), result.ours(), revision);
        }
        parkConflicts(result, order, source);
        invoice(order, source);
        return new Taken(changed ? State.APPLIED : State.UNCHANGED, order,
                found(known ? "numbered" : "new", result.changed()), null);
    }

    private static void requireForInvoice(Map<String, Object> theirs, GoldenRow order, String field) {
        if (theirs.get(field) == null && (order == null || order.document.get(field) == null)) {
            throw new Refused("order", "/" + field,
                    "The order is paid but has no " + field + ", so it cannot be invoiced. Give its " + field + ".",
                    "invalid");
        }
    }

    /** Who bought. Null when an order that is known already does not say. */
    private UUID buyer(String spoke, Map<String, Object> customer, GoldenRow order, Source source)
            throws SQLException {
        if (customer == null) {
            if (order == null) {
                throw new Refused("order", "/customer",
                        "The order names no customer. Give the customer's id or at least an e-mail address.",
                        "invalid");
            }
            return null;
        }
        UUID id = uuid(customer.get("id"));
        if (id != null) {
            GoldenRow golden = workspace.golden(id);
            if (golden == null) {
                throw new Refused("order", "/customer/id", "There is no customer " + id + ".", "unknown-reference");
            }
            return golden.id;
        }
        String externalId = sourceText(customer, "id");
        LinkRow link = workspace.link(spoke, "customer", externalId);
        if (customer.keySet().equals(Set.of("source"))) {
            if (link == null) {
                throw new Refused("order", "/customer/source/id", "The customer \"" + externalId
                        + "\" is not known. Send the customer first, or send it within the order.",
                        "unknown-reference", new Awaited("customer", externalId));
            }
            return link.entityId;
        }
        return customer(spoke, customer, source, "/customer").golden().id;
    }

    /** What was invoiced stays as it was invoiced: a later message with other amounts is a matter for a person. */
    private void keepInvoiced(Map<String, Object> theirs, GoldenRow order, Source source) {
        Object total = theirs.get("total");
        if (total != null && new BigDecimal(total.toString()).compareTo(new BigDecimal(order.text("total"))) != 0) {
            parkInvoiced("total", order, theirs, source);
        }
        if (theirs.get("currency") != null && !theirs.get("currency").equals(order.text("currency"))) {
            parkInvoiced("currency", order, theirs, source);
        }
        List.of("total", "tax", "currency", "lines").forEach(theirs::remove);
    }

    /** Sees that a sale has its invoice, and that a sale which is off has none that stands. */
    private void invoice(GoldenRow order, Source source) {
        GoldenRow invoice = workspace.invoiceOf(order);
        boolean off = "cancelled".equals(order.text("status")) || "refunded".equals(order.text("paymentStatus"));
        boolean paid = "paid".equals(order.text("paymentStatus"));
        if (invoice == null) {
            if (paid && !off) {
                request(Entity.INVOICE, order, order.text("number"), source);
            }
        } else if (off) {
            takeBack(order, invoice, source);
        } else if (paid && "WITHDRAWN".equals(invoice.lane())) {
            workspace.requestAgain(invoice, source);
        } else if (paid && workspace.creditNoteOf(order) != null) {
            keep(order, invoice, workspace.creditNoteOf(order), source);
        }
    }

    /** The sale is on again. */
    private void keep(GoldenRow order, GoldenRow invoice, GoldenRow note, Source source) {
        if (note.lane().equals("PENDING")) {
            workspace.withdraw(note, source);
        } else if (!note.lane().equals("WITHDRAWN")) {
            parkTakenBack(order, "Order " + order.text("number") + " is on again, but its invoice " + invoice.text(
                    "number") + " was taken back by a credit note. Send the sale again under a number of its own.",
                    source);
        }
    }

    /** An invoice that was never sent is not sent. Any other is taken back once it is known to be there. */
    private void takeBack(GoldenRow order, GoldenRow invoice, Source source) {
        GoldenRow note = workspace.creditNoteOf(order);
        if (invoice.lane().equals("WITHDRAWN") || note != null && !note.lane().equals("WITHDRAWN")) {
            return;
        }
        if (note != null) {
            workspace.requestAgain(note, source);
        } else if (invoice.lane().equals("PENDING") || invoice.lane().equals("REJECTED")) {
            withdraw(workspace, order, invoice, source);
        } else if (settings.issuer("credit-note").isPresent()) {
            request(Entity.CREDIT_NOTE, order, "CN-" + order.text("number"), source);
        } else {
            parkTakenBack(order, "Order " + order.text("number") + " is off, and no spoke of this hub makes credit"
                    + " notes. Take its invoice back by hand.", source);
        }
    }

    private void parkTakenBack(GoldenRow order, String problem, Source source) {
        workspace.park("CONFLICT", "invoiced:" + order.id + ":status:" + source.spoke(),
                "order changed after its invoice", source.spoke(), "order", order.id, source.message(),
                new Refusal("crm:order", "/status", problem, "conflict"), Map.of());
    }

    static void withdraw(Workspace workspace, GoldenRow order, GoldenRow invoice, Source source) {
        workspace.withdraw(invoice, source);
        Map<String, Object> told = new LinkedHashMap<>(order.document);
        told.put("invoiceStatus", "void");
        workspace.change(order, told, List.of("invoiceStatus"), source, "invoice withdrawn", null);
    }

    private void parkInvoiced(String field, GoldenRow order, Map<String, Object> theirs, Source source) {
        Map<String, Object> detail = new LinkedHashMap<>();
        detail.put("golden", order.text(field));
        detail.put("theirs", theirs.get(field));
        Refusal why = new Refusal("crm:order", "/" + field, "Order " + order.text("number") + " is invoiced with "
                + field + " " + order.text(field) + ", and spoke " + source.spoke() + " now says " + theirs.get(field)
                + ". The invoice stays; correct it with a credit note or correct the spoke.", "conflict");
        workspace.park("CONFLICT", "invoiced:" + order.id + ":" + field + ":" + source.spoke(),
                "order changed after its invoice", source.spoke(), "order", order.id, source.message(), why, detail);
    }

    /** Asks for what the accounting system makes once for the sale. @param reference by which it is asked after there */
    private void request(Entity issued, GoldenRow order, String reference, Source source) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("reference", reference);
        document.put("orderNumber", order.text("number"));
        document.put("customer", order.document.get("customer"));
        for (String field : List.of("currency", "lines", "total", "tax")) {
            if (order.document.get(field) != null) {
                document.put(field, order.document.get(field));
            }
        }
        document.put("status", "requested");
        workspace.request(issued, order, document, source);
    }

    private Taken payment(Arrival arrival, Source source) throws SQLException {
        Map<String, Object> said = arrival.document();
        String externalId = sourceText(said, "id");
        if (externalId == null) {
            throw new Refused("payment", "/source/id",
                    "The payment has no id of its own, so a repeat could not be told from a second payment. Give one.",
                    "invalid");
        }
        LinkRow link = workspace.link(arrival.spoke(), "payment", externalId);
        if (link != null) {
            return new Taken(State.UNCHANGED, workspace.golden(link.entityId), found("linked", List.of()), null);
        }
        GoldenRow order = said.get("orderNumber") instanceof String number ? workspace.order(number) : null;
        GoldenRow invoice = said.get("invoiceNumber") instanceof String number ? workspace.invoice(number) : null;
        if (invoice == null && order != null) {
            invoice = workspace.invoiceOf(order);
        }
        if (order == null && invoice != null) {
            order = workspace.order(invoice.text("orderNumber"));
        }
        if (order == null && invoice == null) {
            boolean byInvoice = said.get("invoiceNumber") != null;
            Awaited awaits = said.get("orderNumber") instanceof String number
                    ? new Awaited("order", number)
                    : byInvoice ? new Awaited("invoice", said.get("invoiceNumber").toString()) : null;
            throw new Refused("payment", byInvoice ? "/invoiceNumber" : "/orderNumber",
                    "No invoice or order with this number is known. Check the number, or send the order first.",
                    "unknown-reference", awaits);
        }
        BigDecimal amount = amount(said);
        String currency = invoice != null ? invoice.text("currency") : order.text("currency");
        if (currency == null) {
            throw new Refused("payment", "/orderNumber",
                    "Order " + order.text("number")
                            + " has no currency, so its payment cannot be judged. Send it again with one.",
                    "invalid");
        }
        if (said.get("currency") != null && !said.get("currency").equals(currency)) {
            throw new Refused("payment", "/currency", "The payment is in " + said.get("currency") + ", what it pays in "
                    + currency + ". Send it in " + currency + ".", "invalid");
        }
        BigDecimal before = invoice == null ? loading.paidFor(order) : BigDecimal.ZERO;
        Map<String, Object> document = withoutSource(said);
        GoldenRow payment = workspace.create(Entity.PAYMENT, Identifiers.next(workspace.now()), Map.of(), source);
        if (invoice != null) {
            document.put("invoice", invoice.id.toString());
        }
        if (order != null) {
            document.put("order", order.id.toString());
        }
        workspace.change(payment, document, document.keySet(), source, "created", externalId);
        LinkRow own = workspace.newLink(arrival.spoke(), payment, externalId);
        workspace.hold(own, payment, withoutSource(said), withoutSource(said), sourceText(said, "revision"));
        if (invoice != null) {
            payInvoice(invoice, order, amount, said.get("paidAt"), source);
        } else if (!"paid".equals(order.text("paymentStatus")) && order.text("total") != null
                && before.add(amount).compareTo(new BigDecimal(order.text("total"))) >= 0) {
            Map<String, Object> paid = new LinkedHashMap<>(order.document);
            paid.put("paymentStatus", "paid");
            workspace.change(order, paid, List.of("paymentStatus"), source, "paid", null);
            request(Entity.INVOICE, order, order.text("number"), source);
        }
        return new Taken(State.APPLIED, payment, found("new", document.keySet()), null);
    }

    private static BigDecimal amount(Map<String, Object> payment) throws Refused {
        try {
            return new BigDecimal(String.valueOf(payment.get("amount")));
        } catch (NumberFormatException notANumber) {
            throw new Refused("payment", "/amount", "The payment has no amount that is a number. Give one.", "invalid");
        }
    }

    private void payInvoice(GoldenRow invoice, GoldenRow order, BigDecimal amount, Object paidAt, Source source) {
        Map<String, Object> paid = new LinkedHashMap<>(invoice.document);
        BigDecimal before = paid.get("paidAmount") == null
                ? BigDecimal.ZERO
                : new BigDecimal(paid.get("paidAmount").toString());
        BigDecimal now = before.add(amount);
        paid.put("paidAmount", now.toPlainString());
        boolean closed = now.compareTo(new BigDecimal(invoice.text("total"))) >= 0;
        List<String> fields = new ArrayList<>(List.of("paidAmount"));
        boolean stands = !Set.of("credited", "void").contains(invoice.text("status"));
        if (closed && stands) {
            paid.put("status", "paid");
            fields.add("status");
            if (paidAt != null) {
                paid.put("paidAt", paidAt);
                fields.add("paidAt");
            }
        }
        workspace.change(invoice, paid, fields, source, closed ? "paid" : "part paid", null);
        if (closed && stands && order != null) {
            Map<String, Object> settled = new LinkedHashMap<>(order.document);
            settled.put("paymentStatus", "paid");
            settled.put("invoiceStatus", "paid");
            workspace.change(order, settled, List.of("paymentStatus", "invoiceStatus"), source, "paid", null);
        }
    }

    // ---- interactions and opportunities

    private Taken interaction(Arrival arrival, Source source) throws SQLException {
        Map<String, Object> said = arrival.document();
        String externalId = sourceText(said, "id");
        LinkRow link = workspace.link(arrival.spoke(), "interaction", externalId);
        if (link != null) {
            return new Taken(State.UNCHANGED, workspace.golden(link.entityId), found("linked", List.of()), null);
        }
        Map<String, Object> customer = document(said.get("customer"));
        if (customer == null) {
            throw new Refused("interaction", "/customer", "The interaction names no customer.", "invalid");
        }
        boolean creates = "lead".equals(said.get("kind"));
        UUID known = uuid(customer.get("id"));
        if (known == null && !creates) {
            known = match(withoutSource(customer), keysSaid.computeIfAbsent(customer, MatchKey::of), null).match();
            if (known == null) {
                return new Taken(State.IGNORED, null, found("nobody known", List.of()), null);
            }
        }
        if (known == null) {
            known = customer(arrival.spoke(), customer, source, "/customer").golden().id;
        } else if (workspace.golden(known) == null) {
            throw new Refused("interaction", "/customer/id", "There is no customer " + known + ".",
                    "unknown-reference");
        } else {
            known = workspace.golden(known).id;
        }
        return append(Entity.INTERACTION, arrival.spoke(), said, externalId, known, source);
    }

    private Taken opportunity(Arrival arrival, Source source) throws SQLException {
        Map<String, Object> said = arrival.document();
        String externalId = sourceText(said, "id");
        LinkRow link = workspace.link(arrival.spoke(), "opportunity", externalId);
        if (link != null) {
            Map<String, Object> theirs = withoutSource(said);
            theirs.remove("customer");
            return linked(link, theirs, sourceText(said, "revision"), deleted(said), source);
        }
        UUID customer = buyer(arrival.spoke(), document(said.get("customer")), null, source);
        return append(Entity.OPPORTUNITY, arrival.spoke(), said, externalId, customer, source);
    }

    private Taken append(Entity entity, String spoke, Map<String, Object> said, String externalId, UUID customer,
            Source source) {
        Map<String, Object> document = withoutSource(said);
        document.put("customer", Map.of("id", customer.toString()));
        document.values().removeIf(java.util.Objects::isNull);
        GoldenRow golden = workspace.create(entity, Identifiers.next(workspace.now()), Map.of(), source);
        workspace.change(golden, document, document.keySet(), source, "created", externalId);
        if (externalId != null) {
            workspace.hold(workspace.newLink(spoke, golden, externalId), golden, document, document,
                    sourceText(said, "revision"));
        }
        return new Taken(State.APPLIED, golden, found("new", document.keySet()), null);
    }

    // ---- small things

    private Merge merge(String entity) {
        return merges.computeIfAbsent(entity,
                _ -> new Merge(entity, settings.survivorship(), spoke -> settings.rank(spoke, entity)));
    }

    /**
     * What became of a record's word that was no news, or not all of it: by which rungs that was known, and after which
     * version was written.
     */
    private Map<String, Object> echo(LinkRow link, Collection<String> changed, Set<Rung> rungs) {
        Map<String, Object> finding = new LinkedHashMap<>(found("linked", changed));
        if (!rungs.isEmpty()) {
            suppressed.computeIfAbsent(link.spoke, _ -> new ArrayList<>()).add(rungs);
            finding.put("echo", rungs.stream().map(Rung::words).collect(Collectors.joining(" and ")));
            if (link.writtenAt != null) {
                finding.put("write", link.synced);
            }
        }
        return finding;
    }

    private static Map<String, Object> found(String how, java.util.Collection<String> changed) {
        return Map.of("recognised", how, "changed", List.copyOf(changed));
    }

    /** Numbers compare as numbers, anything else (RFC 3339 times among them) as text. Unknown is never older. */
    static boolean older(String revision, String known) {
        if (revision == null || known == null || revision.equals(known)) {
            return false;
        }
        try {
            return new BigDecimal(revision).compareTo(new BigDecimal(known)) < 0;
        } catch (NumberFormatException notNumbers) {
            try {
                return java.time.OffsetDateTime.parse(revision).toInstant()
                        .isBefore(java.time.OffsetDateTime.parse(known).toInstant());
            } catch (java.time.format.DateTimeParseException notTimes) {
                return false;
            }
        }
    }

    private static boolean deleted(Map<String, Object> document) {
        return document(document.get("source")) instanceof Map<?, ?> source
                && Boolean.TRUE.equals(source.get("deleted"));
    }

    private static Map<String, Object> withoutSource(Map<String, Object> document) {
        Map<String, Object> rest = new LinkedHashMap<>(document);
        rest.remove("source");
        return rest;
    }

    private static String sourceText(Map<String, Object> document, String field) {
        Map<String, Object> source = document(document.get("source"));
        Object value = source == null ? null : source.get(field);
        return value == null ? null : value.toString();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> document(Object value) {
        return value instanceof Map<?, ?> ? (Map<String, Object>) value : null;
    }

    private static UUID uuid(Object value) {
        try {
            return value == null ? null : UUID.fromString(value.toString());
        } catch (IllegalArgumentException notAnId) {
            return null;
        }
    }

    private static void addText(Set<String> values, Object value) {
        if (value instanceof String text) {
            values.add(text);
        }
    }
}
