package io.serai.crm;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

import io.serai.crm.plan.MatchKey;
import io.serai.crm.plan.Projection;
import io.serai.crm.plan.Provenance;
import io.serai.crm.plan.Source;

/**
 * The part of the store that one transaction works on: {@link Loading} brings it here with few statements, it is changed in
 * memory, and {@link Writing} takes it back with one round trip. It is written in a {@link Turn}, and only while nobody else
 * has changed what it was loaded with.
 */
final class Workspace {
    private final Settings settings;
    private final Instant now;

    // What was loaded, and what has become of it.

    final Map<EventKey, Known> messages = new HashMap<>();
    final Map<LinkKey, LinkRow> links = new HashMap<>();
    final Map<UUID, GoldenRow> goldens = new LinkedHashMap<>();
    final Map<MatchKey, Set<UUID>> byKey = new HashMap<>();
    private final Map<String, GoldenRow> ordersByNumber = new HashMap<>();
    private final Map<String, GoldenRow> invoicesByNumber = new HashMap<>();
    private final Map<UUID, GoldenRow> invoicesByOrder = new HashMap<>();
    private final Map<UUID, GoldenRow> creditNotesByOrder = new HashMap<>();

    final Map<UUID, Known> journaled = new HashMap<>();
    /** Which message is the first in the line of a record, where there is a line. */
    final Map<LinkKey, UUID> firstInLine = new HashMap<>();
    /** The record in whose line a message stands. */
    final Map<UUID, LinkKey> lines = new HashMap<>();
    /** What a message that is tried once more has waited for. */
    final Map<UUID, Awaited> awaitedBefore = new HashMap<>();

    /** What new payments bring, by their order. */
    final Map<UUID, BigDecimal> paid = new HashMap<>();

    /** From customers that were merged into another one to that one. */
    final Map<UUID, UUID> redirects = new HashMap<>();

    // What is to be written beside that.

    final List<JournalRow> journal = new ArrayList<>();
    final List<JournalRow> journaledAgain = new ArrayList<>();
    /** Messages whose idempotency key another one has now, and theirs from now on. */
    final Map<UUID, EventKey> passedOn = new LinkedHashMap<>();
    final Map<UUID, LinkKey> joined = new LinkedHashMap<>();
    final Map<UUID, LinkKey> left = new LinkedHashMap<>();
    final List<ActionRow> actions = new ArrayList<>();
    final List<UUID> emptied = new ArrayList<>();
    final List<ChangeRow> changes = new ArrayList<>();
    final List<ParkedRow> parked = new ArrayList<>();
    final List<String> resolved = new ArrayList<>();
    final Map<String, Behind> behind = new LinkedHashMap<>();
    final List<LinkRow> touchedLinks = new ArrayList<>();
    /** Links whose record the spoke has deleted. */
    final Set<LinkRow> gone = new LinkedHashSet<>();

    private final Set<Object> read = new HashSet<>();

    record EventKey(String spoke, String event) {}

    record LinkKey(String spoke, String entity, String externalId) {}

    record OrderNumber(String number) {}

    record InvoiceNumber(String number) {}

    /** A message that was here before. */
    record Known(UUID id, byte[] hash, String state, UUID entityId, Long version, Refusal refusal) {}

    /** @param event its idempotency key; null when it has none */
    record JournalRow(Ingest.Prepared arrived, String event, Outcome outcome, Map<String, Object> finding) {}

    /** @param exceptExternalId the record that said it itself; null when nobody's. @param creates whether a record that is missing is made */
    record Behind(String spoke, String entity, UUID id, long version, String exceptExternalId, boolean creates) {}

    /** @param awaits what it waits for; null for a person */
    record ParkedRow(UUID id, String kind, String subject, String cause, String spoke, String entity, UUID entityId,
            UUID message, Refusal why, Map<String, Object> detail, Awaited awaits) {}

    /** What was done about a parked matter. @param note why, or what came of it; may be null */
    record ActionRow(String subject, String action, String by, String outcome, String note) {}

    Workspace(Settings settings, Instant now) {
        this.settings = settings;
        this.now = now.truncatedTo(ChronoUnit.MICROS); // what the database keeps: the chain of changes is computed over it
    }

    Instant now() {
        return now;
    }

    /** What all this rests on; see {@link Turn#touch}. */
    Set<Object> read() {
        return read;
    }

    /** A golden record that was read. @param order what an invoice or credit note belongs to; else null */
    void take(GoldenRow golden, UUID order) {
        read.add(golden.id);
        if (golden.entity == Entity.ORDER) {
            read.add(new OrderNumber(golden.text("number"))); // which an invoice that is new to it goes by
        }
        if (goldens.putIfAbsent(golden.id, golden) == null) {
            if (golden.entity == Entity.CUSTOMER) {
                golden.before = golden.document; // the keys that led here are known
                return;
            }
            if (golden.entity.issued()) {
                issued(golden.entity).put(order, golden);
            }
            index(golden);
        }
    }

    private Map<UUID, GoldenRow> issued(Entity entity) {
        return entity == Entity.INVOICE ? invoicesByOrder : creditNotesByOrder;
    }

    private void index(GoldenRow golden) {
        switch (golden.entity) {
            case CUSTOMER -> golden.keys()
                    .forEach(key -> byKey.computeIfAbsent(key, _ -> new LinkedHashSet<>()).add(golden.id));
            case ORDER -> ordersByNumber.put(golden.text("number"), golden);
            case INVOICE -> {
                if (golden.text("number") != null) {
                    invoicesByNumber.put(golden.text("number"), golden);
                }
            }
            case CREDIT_NOTE, PAYMENT, OPPORTUNITY, INTERACTION -> {
                // found through their orders and links only
            }
        }
    }

    // ---- looking

    Known message(String spoke, String event) {
        return messages.get(new EventKey(spoke, event));
    }

    /** A message of the journal that is tried once more; null when there is none. */
    Known journaled(UUID id) {
        return journaled.get(id);
    }

    /** What the message waited for when it was tried last; null when for a person. */
    Awaited awaitedBefore(UUID message) {
        return awaitedBefore.get(message);
    }

    /** Whether a message about this record has to wait for an earlier one. */
    boolean held(LinkKey record) {
        return firstInLine.containsKey(record);
    }

    /** Whether the message has to wait for nobody. */
    boolean mayGo(UUID message) {
        LinkKey record = lines.get(message);
        return record == null || message.equals(firstInLine.get(record));
    }

    /** Null when the spoke's record is not linked. */
    LinkRow link(String spoke, String entity, String externalId) {
        return externalId == null ? null : links.get(new LinkKey(spoke, entity, externalId));
    }

    /** The record, or for a customer that was merged the one it was merged into. Null when not loaded or not there. */
    GoldenRow golden(UUID id) {
        return goldens.get(redirects.getOrDefault(id, id));
    }

    GoldenRow order(String number) {
        return ordersByNumber.get(number);
    }

    GoldenRow invoice(String number) {
        return invoicesByNumber.get(number);
    }

    GoldenRow invoiceOf(GoldenRow order) {
        return invoicesByOrder.get(order.id);
    }

    GoldenRow creditNoteOf(GoldenRow order) {
        return creditNotesByOrder.get(order.id);
    }

    Set<UUID> withKey(MatchKey key) {
        return byKey.getOrDefault(key, Set.of());
    }

    // ---- changing

    GoldenRow create(Entity entity, UUID id, Map<String, Object> document, Source source) {
        GoldenRow golden = new GoldenRow(entity, id, 0, new LinkedHashMap<>(), null, now);
        golden.provenance(Provenance.first(source));
        golden.isNew = true;
        goldens.put(id, golden);
        if (!document.isEmpty()) {
            change(golden, document, document.keySet(), source, "created", null);
        }
        return golden;
    }

    /** A new invoice or credit note of an order; its lane starts with the commit. */
    void request(Entity entity, GoldenRow order, Map<String, Object> document, Source source) {
        GoldenRow requested = create(entity, Identifiers.next(now), Map.of(), source);
        requested.lane("PENDING");
        issued(entity).put(order.id, requested);
        change(requested, document, document.keySet(), source, "requested", null);
    }

    /** Nothing was made for it, and nothing will be. */
    void withdraw(GoldenRow requested, Source source) {
        requested.moveLane("WITHDRAWN");
        Map<String, Object> document = new LinkedHashMap<>(requested.document);
        document.put("status", "void");
        change(requested, document, List.of("status"), source, "withdrawn", null);
        resolve(requested.entity.word() + ":" + requested.id);
    }

    /** What was certainly not made is wanted after all: under the same reference and key. @param document what it says now */
    void requestAgain(GoldenRow issued, Map<String, Object> document, Source source) {
        issued.moveLane("PENDING");
        Set<String> fields = new LinkedHashSet<>(issued.document.keySet());
        fields.addAll(document.keySet());
        fields.removeIf(field -> Objects.equals(issued.document.get(field), document.get(field)));
        change(issued, document, fields, source, "requested", null);
    }

    /**
     * Gives a golden record its next version and notes who has to hear of it.
     *
     * @param exceptExternalId the record of {@code source}'s spoke that said it; null when none did
     */
    void change(GoldenRow golden, Map<String, Object> document, Collection<String> fields, Source source,
            String reason, String exceptExternalId) {
        golden.document = document;
        golden.version++;
        golden.changed = true;
        index(golden);
        Map<String, Object> values = document;
        if (fields.size() != document.size() || !document.keySet().containsAll(fields)) {
            values = new LinkedHashMap<>();
            for (String field : fields) {
                values.put(field, document.get(field));
            }
        }
        changes.add(new ChangeRow(golden.entity.word(), golden.id, golden.version, values, source, reason, 0, null));
        if (golden.entity.issued() && document.get("number") == null) {
            return; // nobody's business until the accounting system has made it
        }
        for (SpokeProfile listener : settings.listeners(golden.entity.word())) {
            boolean first = golden.version == 1 || golden.entity.issued() && fields.contains("number");
            if (first || fields.stream().anyMatch(listener::carries)) {
                behind.put(listener.spoke() + " " + golden.id,
                        new Behind(listener.spoke(), golden.entity.word(), golden.id, golden.version,
                                listener.spoke().equals(source.spoke()) ? exceptExternalId : null,
                                listener.out() == SpokeProfile.Flow.OUT));
            }
        }
    }

    /** Keeps what was learned of where values came from, although none changed. */
    void note(GoldenRow golden) {
        if (golden.provenance().changed()) {
            golden.changed = true;
        }
    }

    /**
     * A customer comes back that was merged into another one.
     *
     * @param version the last that anybody may know of it
     * @param fields all that it says or said before
     */
    GoldenRow bringBack(UUID id, long version, Map<String, Object> document, Set<String> fields, Provenance provenance,
            Source source) {
        GoldenRow golden = new GoldenRow(Entity.CUSTOMER, id, version, new LinkedHashMap<>(), null, now);
        golden.provenance(provenance);
        golden.isNew = true;
        goldens.put(id, golden);
        change(golden, document, fields, source, "unmerged", null);
        return golden;
    }

    /** Takes a customer out: it has become part of another one. */
    void takeAway(GoldenRow golden, Map<String, Object> fields, Source source, String reason) {
        goldens.remove(golden.id);
        changes.add(
                new ChangeRow(golden.entity.word(), golden.id, golden.version + 1, fields, source, reason, 0, null));
    }

    LinkRow newLink(String spoke, GoldenRow golden, String externalId) {
        LinkRow link = new LinkRow(null, spoke, golden.entity.word(), externalId, golden.id);
        links.put(new LinkKey(spoke, golden.entity.word(), externalId), link);
        return link;
    }

    /** Notes what a spoke's record holds, and whether it lacks anything of the golden record. */
    void hold(LinkRow link, GoldenRow golden, Map<String, Object> base, Map<String, Object> ours, String revision) {
        SpokeProfile profile = settings.profile(link.spoke, link.entity).orElse(null);
        boolean listens = profile != null
                && (profile.out() == SpokeProfile.Flow.OUT || profile.out() == SpokeProfile.Flow.UPDATE);
        link.base = base;
        link.ours = ours;
        link.revision = revision == null ? link.revision : revision;
        link.version = golden.version;
        // As long as nobody knows what became of a write, the lane stays behind: the next claim makes sure.
        link.inStep = !listens
                || !link.unanswered && Projection.inStep(link.entity, Projection.of(ours, profile::carries),
                        Projection.of(golden.document, profile::carries));
        links.put(new LinkKey(link.spoke, link.entity, link.externalId), link);
        gone.remove(link);
        if (!link.touched) {
            link.touched = true;
            touchedLinks.add(link);
        }
    }

    /** The spoke has deleted its record. Until it speaks of it again, or a person decides, nothing is written there. */
    void gone(LinkRow link) {
        link.gone = true;
        gone.add(link);
    }

    /** The idempotency key of a message that had no effect passes on to another one; its own row is kept under {@code other}. */
    void passOn(String spoke, String event, String other) {
        Known known = messages.remove(new EventKey(spoke, event));
        messages.put(new EventKey(spoke, other), known);
        for (int i = 0; i < journal.size(); i++) {
            JournalRow row = journal.get(i);
            if (row.arrived().messageId().equals(known.id())) {
                journal.set(i, new JournalRow(row.arrived(), other, row.outcome(), row.finding()));
                return;
            }
        }
        passedOn.put(known.id(), new EventKey(spoke, other));
    }

    void journal(Ingest.Prepared prepared, String event, Outcome outcome, Map<String, Object> finding) {
        journal.add(new JournalRow(prepared, event, outcome, finding));
        if (event != null) {
            messages.put(new EventKey(prepared.arrival().spoke(), event), new Known(prepared.messageId(),
                    prepared.hash(), outcome.state().name(), outcome.id(), outcome.version(), outcome.refusal()));
        }
    }

    /** What became of a message of the journal when it was tried once more. */
    void journalAgain(Ingest.Prepared prepared, Outcome outcome, Map<String, Object> finding) {
        journaledAgain.add(new JournalRow(prepared, null, outcome, finding));
        journaled.put(prepared.messageId(), new Known(prepared.messageId(), prepared.hash(), outcome.state().name(),
                outcome.id(), outcome.version(), outcome.refusal()));
    }

    /** Nothing of what the message said is kept, nor of what a person made of it. */
    void empty(UUID message) {
        emptied.add(message);
    }

    /** From now on messages about the record wait until this one, and those before it, have gone. */
    void joinLine(LinkKey record, UUID message) {
        lines.put(message, record);
        firstInLine.putIfAbsent(record, message);
        joined.put(message, record);
    }

    /** Lets the next in the line go. */
    void leaveLine(UUID message) {
        LinkKey record = lines.remove(message);
        if (record != null) {
            // Nobody has looked who is next: until the line is worked off, all others wait.
            firstInLine.put(record, message);
            left.put(message, record);
        }
    }

    /** @param subject what makes it one and the same open question */
    void park(String kind, String subject, String cause, String spoke, String entity, UUID entityId, UUID message,
            Refusal why, Map<String, Object> detail) {
        park(kind, subject, cause, spoke, entity, entityId, message, why, detail, null);
    }

    /** @param awaits whose appearing lets it go on without a person; null for nothing */
    void park(String kind, String subject, String cause, String spoke, String entity, UUID entityId, UUID message,
            Refusal why, Map<String, Object> detail, Awaited awaits) {
        parked.add(new ParkedRow(Identifiers.next(now), kind, subject, cause, spoke, entity, entityId, message, why,
                detail, awaits));
    }

    void act(String subject, String action, String by, String outcome, String note) {
        actions.add(new ActionRow(subject, action, by, outcome, note));
    }

    void resolve(String subject) {
        resolved.add(subject);
    }

    // ---- writing

    /** What it takes to write all this in {@code turn}; others may add to it before it is committed. */
    Statements write(Turn turn) {
        chain(turn);
        touch(turn);
        return new Writing(this, settings.tenant()).statements();
    }

    /** Numbers the changes and chains each to the one before. */
    private void chain(Turn turn) {
        long sequence = turn.sequence();
        byte[] hash = turn.hash();
        for (int i = 0; i < changes.size(); i++) {
            sequence++;
            hash = changes.get(i).hash(hash, sequence, now);
            changes.set(i, changes.get(i).chained(sequence, hash));
        }
        turn.chained(sequence, hash);
    }

    /** Whoever has read any of this has to read it again. */
    private void touch(Turn turn) {
        for (JournalRow row : journal) {
            if (row.event() != null) {
                turn.touch(new EventKey(row.arrived().arrival().spoke(), row.event()));
            }
        }
        passedOn.values().forEach(turn::touch);
        journaledAgain.forEach(row -> turn.touch(row.arrived().messageId()));
        joined.values().forEach(turn::touch);
        left.values().forEach(turn::touch);
        for (LinkRow link : touchedLinks) {
            turn.touch(new LinkKey(link.spoke, link.entity, link.externalId));
            turn.touch(link.entityId);
        }
        for (LinkRow link : gone) {
            turn.touch(new LinkKey(link.spoke, link.entity, link.externalId));
            turn.touch(link.entityId);
        }
        behind.values().forEach(one -> turn.touch(one.id()));
        for (GoldenRow golden : changed()) {
            turn.touch(golden.id);
            switch (golden.entity) {
                case CUSTOMER -> {
                    golden.keysBefore().forEach(turn::touch);
                    golden.keys().forEach(turn::touch);
                }
                case ORDER -> turn.touch(new OrderNumber(golden.text("number")));
                case INVOICE -> {
                    turn.touch(new OrderNumber(golden.text("orderNumber")));
                    turn.touch(new InvoiceNumber(golden.text("number")));
                }
                case CREDIT_NOTE -> turn.touch(new OrderNumber(golden.text("orderNumber")));
                case PAYMENT -> turn.touch(golden.document.get("order"));
                case OPPORTUNITY, INTERACTION -> {
                    // nobody reads them but through their links
                }
            }
        }
    }

    /** The golden records that were made or got a new version. */
    List<GoldenRow> changed() {
        return goldens.values().stream().filter(golden -> golden.changed).toList();
    }

    /** The order of an invoice or credit note. */
    UUID orderOf(GoldenRow requested) {
        return issued(requested.entity).entrySet().stream().filter(entry -> entry.getValue() == requested)
                .map(Map.Entry::getKey).findFirst().orElseThrow();
    }
}
