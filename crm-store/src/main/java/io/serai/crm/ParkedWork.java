package io.serai.crm;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

import io.serai.crm.plan.Merge;
import io.serai.crm.plan.Source;

/**
 * What can be done about parked work. Each deed is recorded with who did it, in the transaction that does it. A message is
 * tried again by handing it to {@link Ingest} once more as an {@link Arrival} with a {@link Retry}.
 */
public final class ParkedWork {
    /** What is parked is one of these. */
    public static final List<String> KINDS = List.of("POISON", "INVALID", "CONFLICT", "POSSIBLE_DUPLICATE",
            "UNKNOWN_OUTCOME", "FROZEN_FIELD", "DELIVERY", "SUBSCRIBER");

    private static final int LONGEST_NOTE = 1_000;
    /** So often a choice is made again because somebody else was quicker. */
    private static final int MOST_CHOICES = 5;
    /** What a stranger wrote in a spoke's name: trying it again would let it in. */
    private static final String NOT_ALLOWED = "not-allowed";

    private final Transactions transactions;
    private final Settings settings;
    private final InstantSource clock;
    private final Ingest ingest;
    private final Corrections corrections;
    private final ParkedItems items;
    private final Runnable changed;

    ParkedWork(Transactions transactions, Settings settings, InstantSource clock, Ingest ingest,
            Corrections corrections, ParkedItems items,
            Runnable changed) {
        this.transactions = transactions;
        this.settings = settings;
        this.clock = clock;
        this.ingest = ingest;
        this.corrections = corrections;
        this.items = items;
        this.changed = changed;
    }

    /** What was asked for cannot be done, and nothing was. The message is a full sentence for the one who asked. */
    public static final class NotPossible extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final String code;

        /**
         * @param code short and stable: not-found, resolved, not-allowed, refused and not-available are about the item;
         *        invalid about what was said
         */
        public NotPossible(String code, String problem) {
            super(problem, null, false, false);
            this.code = code;
        }

        public String code() {
            return code;
        }
    }

    /**
     * An edit of a golden record that settles a conflict.
     *
     * @param version the record's version that the patch was made for: of a list it holds all that the record had then
     * @param patch a merge patch (RFC 7396)
     * @param value what was chosen for the disputed field
     */
    public record Choice(String entity, UUID id, long version, Map<String, Object> patch, Object value) {}

    /** What a person may do about it: retry, edit, discard, choose, same, not-same, exists, absent, recreate. */
    public List<String> actions(Parked parked) {
        if (parked.resolvedAt() != null) {
            return List.of();
        }
        return switch (about(parked)) {
            case "message" -> switch (String.valueOf(parked.detail().get("code"))) {
                case Missing.CODE -> aboutMissing(parked);
                case NOT_ALLOWED -> List.of("discard");
                default -> List.of("retry", "edit", "discard");
            };
            case "missing" -> aboutMissing(parked);
            case "delivery" -> List.of("retry", "discard");
            case "invoice", "credit-note" -> parked.kind().equals("UNKNOWN_OUTCOME")
                    ? List.of("retry", "exists", "absent")
                    : List.of("retry", "discard");
            case "conflict" -> List.of("choose", "discard");
            case "frozen" -> List.of("choose");
            case "possible-duplicate" -> List.of("same", "not-same");
            default -> List.of("discard");
        };
    }

    private List<String> aboutMissing(Parked parked) {
        return settings.creates(parked.spoke(), parked.entity()) ? List.of("recreate", "discard") : List.of("discard");
    }

    private static String about(Parked parked) {
        return parked.subject().substring(0, parked.subject().indexOf(':'));
    }

    /** Whether it is a message, which is tried again by handing it to {@link Ingest}. */
    public static boolean isMessage(Parked parked) {
        return about(parked).equals("message");
    }

    /**
     * The item, if the action is allowed for it.
     *
     * @throws NotPossible when it is not there, is done with, or is not a matter for this
     */
    public Parked require(UUID id, String action) {
        return allowed(items.find(id), id, action);
    }

    private Parked allowed(Optional<Parked> found, UUID id, String action) {
        Parked parked = found.orElseThrow(() -> new NotPossible("not-found", "Nothing is parked under " + id + "."));
        if (parked.resolvedAt() != null) {
            throw new NotPossible("resolved", "This was done with at " + parked.resolvedAt() + ".");
        }
        if (!actions(parked).contains(action)) {
            throw new NotPossible("not-allowed", "\"" + action + "\" is nothing to do about this; possible: "
                    + String.join(", ", actions(parked)) + ".");
        }
        return parked;
    }

    /** What is written beside the deed, in the transaction that records it. */
    private interface Deed {
        /** @return false when nothing was left to do: that closes the item, too */
        boolean in(Turn turn, Parked parked, Workspace workspace, Statements statements) throws SQLException;
    }

    private boolean decide(UUID id, String action, String by, String note, boolean closes, Deed deed) {
        boolean done = transactions.write(turn -> {
            Session session = turn.session();
            List<Parked> found = new ArrayList<>();
            new Statements().read(ParkedItems.SELECT + " where id = ?", row -> found.add(ParkedItems.parked(row)), id)
                    .execute(session);
            Parked parked = allowed(found.stream().findFirst(), id, action);
            Workspace workspace = new Workspace(settings, clock.instant());
            Statements statements = new Statements();
            boolean something = deed.in(turn, parked, workspace, statements);
            workspace.act(parked.subject(), action, by, something ? "DONE" : "SETTLED", note);
            if (closes || !something) {
                workspace.resolve(parked.subject());
            }
            turn.commit(workspace.write(turn).and(statements));
            return something;
        });
        changed.run();
        return done;
    }

    /**
     * Lets it be, for a reason. A message is not taken in, and those that wait behind it go on; a refused delivery is left
     * undone until the record changes again; a record that its spoke deleted stays away until the spoke speaks of it again; a
     * refused invoice is withdrawn until the sale is spoken of again; of a conflict the hub's value stays.
     */
    public void discard(UUID id, String reason, String by) {
        decide(id, "discard", by, note("reason", reason), true, (turn, parked, workspace, statements) -> {
            switch (about(parked)) {
                case "message" -> discardMessage(turn, parked, workspace, statements);
                case "delivery" -> {
                    turn.touch(parked.entityId());
                    statements.write("""
                            update link set state = 'SYNCED', synced = wanted, behind_since = null, attempts = 0,
                              problem = null
                            where entity_id = ? and spoke = ? and entity = ? and state = 'PARKED'
                              and 'delivery:' || spoke || ':' || id = ?
                            """, parked.entityId(), parked.spoke(), parked.entity(), parked.subject());
                }
                case "invoice", "credit-note" -> {
                    GoldenRow order = sale(turn, workspace, parked);
                    GoldenRow issued = workspace.golden(parked.entityId());
                    // What was tried again and is on its way goes on.
                    if (Set.of("REJECTED", "PENDING").contains(issued.lane())) {
                        Source source = new Source(by, issued.id, null, clock.instant());
                        if (issued.entity == Entity.INVOICE) {
                            Invoicing.withdraw(workspace, order, issued, source);
                        } else {
                            workspace.withdraw(issued, source);
                        }
                    }
                }
                default -> {
                    // An open question that is closed; there is nothing to set right.
                }
            }
            return true;
        });
    }

    private static void discardMessage(Turn turn, Parked parked, Workspace workspace, Statements statements)
            throws SQLException {
        new Loading(turn.session(), workspace).journaled(parked.message());
        workspace.leaveLine(parked.message());
        turn.touch(parked.message());
        statements.write("update message set state = 'DISCARDED' where id = ?", parked.message());
    }

    /**
     * Has a record made again that its spoke has deleted. The hub forgets what the spoke held of it. Should the spoke have it
     * again by now without having said so, it is found before another one is made, where the spoke can be asked.
     *
     * @return false when nothing was left to do, since the spoke has spoken of the record again; the item is closed
     */
    public boolean recreate(UUID id, String by) {
        Instant now = clock.instant();
        return decide(id, "recreate", by, null, true, (turn, parked, workspace, statements) -> {
            if (isMessage(parked)) {
                discardMessage(turn, parked, workspace, statements);
            }
            String record = parked.detail().get(isMessage(parked) ? "record" : "externalId").toString();
            boolean[] gone = new boolean[1];
            String[] other = new String[1];
            new Statements()
                    .read("""
                            select l.state = 'GONE', (select o.external_id from link o where o.entity_id = l.entity_id
                              and o.spoke = l.spoke and o.id <> l.id and o.external_id is not null and o.state <> 'GONE' limit 1)
                            from link l where l.spoke = ? and l.entity = ? and l.external_id = ?
                            """,
                            row -> {
                                gone[0] = row.getBoolean(1);
                                other[0] = row.getString(2);
                            }, parked.spoke(), parked.entity(), record)
                    .execute(turn.session());
            if (gone[0] && other[0] != null) {
                throw new NotPossible("refused", "Spoke " + parked.spoke() + " has the " + parked.entity()
                        + " as its record " + other[0] + ", too. Another one would be one too many: discard this.");
            }
            turn.touch(new Workspace.LinkKey(parked.spoke(), parked.entity(), record));
            turn.touch(parked.entityId());
            // One attempt counts already: it is looked for before it is made.
            statements.write(
                    """
                            update link set external_id = null, base = null, ours = null, unheard = null, revision = null,
                              unanswered = false, unread = false, said_as = null, synced = 0, synced_at = null,
                              state = 'BEHIND', behind_since = ?, attempts = 1, next_try_at = ?, lease_until = null,
                              fence = fence + 1, problem = null, remade = remade + 1
                            where spoke = ? and entity = ? and external_id = ? and state = 'GONE'
                            """,
                    now, now, parked.spoke(), parked.entity(), record);
            return gone[0];
        });
    }

    /**
     * Tries a delivery again now, asks again after an invoice whose outcome is unknown, or sends one again that was refused,
     * with what its sale says by now. What comes of it closes the item or tells a new reason. Messages are not tried here.
     *
     * @return false when nothing was left to do, since the record is in step by now; the item is closed
     */
    public boolean retry(UUID id, String by) {
        Instant now = clock.instant();
        return decide(id, "retry", by, null, false, (turn, parked, workspace, statements) -> {
            if (isIssued(parked) && parked.kind().equals("UNKNOWN_OUTCOME")) {
                claimable(turn, parked, "UNKNOWN", "", now);
            } else if (isIssued(parked)) {
                GoldenRow order = sale(turn, workspace, parked);
                GoldenRow refused = workspace.golden(parked.entityId());
                requireUndecided(refused.lane().equals("REJECTED"));
                if (order.text("total") == null || order.text("currency") == null) {
                    throw new NotPossible("refused", "Order " + order.text("number") + " has no total or no currency by"
                            + " now. Give both at its source, or discard this.");
                }
                new Invoicing(workspace, new Loading(turn.session(), workspace), settings).requestAgain(order, refused,
                        new Source(by, refused.id, null, now));
            } else if (about(parked).equals("delivery")) {
                turn.touch(parked.entityId());
                // One attempt counts already: success then closes the item.
                statements.write("""
                        update link set state = 'BEHIND', attempts = 1, next_try_at = ?, lease_until = null,
                          behind_since = coalesce(behind_since, ?)
                        where entity_id = ? and spoke = ? and entity = ? and state = 'PARKED'
                          and 'delivery:' || spoke || ':' || id = ?
                        """, now, now, parked.entityId(), parked.spoke(), parked.entity(), parked.subject());
                return owed(turn, parked);
            } else {
                throw new IllegalArgumentException("A message is tried again by handing it to ingest.");
            }
            return true;
        });
    }

    /** Whether the spoke still lacks something of the record that it refused. */
    private static boolean owed(Turn turn, Parked parked) throws SQLException {
        boolean[] owed = new boolean[1];
        new Statements().read("""
                select exists (select from link where entity_id = ? and spoke = ? and entity = ?
                  and state in ('PARKED', 'BEHIND') and 'delivery:' || spoke || ':' || id = ?)
                """, row -> owed[0] = row.getBoolean(1), parked.entityId(), parked.spoke(), parked.entity(),
                parked.subject()).execute(turn.session());
        return owed[0];
    }

    /** Whether it is an invoice or a credit note, which are asked after before they are sent again. */
    private static boolean isIssued(Parked parked) {
        return Set.of("invoice", "credit-note").contains(about(parked));
    }

    private static String table(Parked parked) {
        return Entity.of(parked.entity()).table();
    }

    /** The order of an invoice or credit note, brought into {@code workspace} with all that was asked for it. */
    private static GoldenRow sale(Turn turn, Workspace workspace, Parked parked) throws SQLException {
        UUID[] order = new UUID[1];
        new Statements().read("select sales_order from " + table(parked) + " where id = ?",
                row -> order[0] = row.getObject(1, UUID.class), parked.entityId()).execute(turn.session());
        new Loading(turn.session(), workspace).sale(order[0]);
        return workspace.golden(order[0]);
    }

    private static void claimable(Turn turn, Parked parked, String to, String further, Instant now)
            throws SQLException {
        boolean[] stood = new boolean[1];
        turn.touch(parked.entityId());
        new Statements().read(
                "update " + table(parked) + " set state = ?, next_try_at = ?, attempts = 0, lease_until = null"
                        + further + " where id = ? and state = 'PARKED' returning id",
                _ -> stood[0] = true, to, now, parked.entityId()).execute(turn.session());
        requireUndecided(stood[0]);
    }

    private static void requireUndecided(boolean stood) {
        if (!stood) {
            throw new NotPossible("resolved", "The invoice is being worked on already, or was made meanwhile.");
        }
    }

    /**
     * A person has seen the invoice in the accounting system: it is not made again.
     *
     * @param number the invoice's number there
     * @param externalId its id there; null when that is the number
     */
    public void exists(UUID id, String number, String externalId, String by) {
        if (number == null || number.isBlank() || number.length() > 100) {
            throw new NotPossible("invalid", "Give the invoice's number, of at most 100 characters.");
        }
        try {
            decide(id, "exists", by, number, true, (turn, parked, workspace, statements) -> {
                UUID invoice = parked.entityId();
                GoldenRow order = sale(turn, workspace, parked);
                requireUndecided(workspace.golden(invoice).lane().equals("PARKED"));
                InvoiceLedger.made(Map.of("number", number), workspace, workspace.golden(invoice), order,
                        new Source(by, invoice, null, clock.instant()));
                statements.write("update " + table(parked)
                        + " set state = 'DONE', external_id = ?, lease_until = null, problem = null where id = ?",
                        externalId == null ? number : externalId, invoice);
                return true;
            });
        } catch (Transactions.Unstorable taken) {
            throw new NotPossible("invalid", "Another invoice has the number " + number + " already.");
        }
    }

    /**
     * A person has looked and the accounting system has no such invoice: it is sent, with the same idempotency key, unless the
     * sale does not want it any more.
     */
    public void absent(UUID id, String by) {
        Instant now = clock.instant();
        decide(id, "absent", by, null, true, (turn, parked, workspace, statements) -> {
            // Whoever has looked knows better than a key that the accounting system may have forgotten.
            claimable(turn, parked, "PENDING", ", key_since = null", now);
            GoldenRow order = sale(turn, workspace, parked);
            new Invoicing(workspace, new Loading(turn.session(), workspace), settings).follow(order,
                    new Source(by, parked.entityId(), null, now));
            return true;
        });
    }

    /** The two customers are not one, and the hub will not ask again. */
    public void notSame(UUID id, String by) {
        Parked parked = require(id, "not-same");
        Outcome apart = corrections.tellApart(parked.entityId(), other(parked), by);
        if (apart.refusal() != null) {
            throw new NotPossible("refused", apart.refusal().problem());
        }
        done(parked, "not-same", by, null);
    }

    /**
     * The two customers are one.
     *
     * @param keep which of the two stays; null for the one that the item is about
     */
    public void same(UUID id, UUID keep, String by) {
        Parked parked = require(id, "same");
        UUID kept = keep == null ? parked.entityId() : keep;
        if (!kept.equals(parked.entityId()) && !kept.equals(other(parked))) {
            throw new NotPossible("invalid", "The one to keep is " + parked.entityId() + " or " + other(parked) + ".");
        }
        Outcome merged = corrections.merge(kept, kept.equals(parked.entityId()) ? other(parked) : parked.entityId(),
                by);
        if (merged.refusal() != null) {
            throw new NotPossible("refused", merged.refusal().problem());
        }
        done(parked, "same", by, kept.toString());
    }

    private static UUID other(Parked parked) {
        return UUID.fromString(parked.detail().get("other").toString());
    }

    /** Records what was done by a correction, and closes the question. Should the hub fail before, the same again changes nothing. */
    private void done(Parked parked, String action, String by, String note) {
        transactions.write(turn -> {
            Workspace workspace = new Workspace(settings, clock.instant());
            workspace.act(parked.subject(), action, by, "DONE", note);
            workspace.resolve(parked.subject());
            turn.commit(workspace.write(turn));
            return null;
        });
        changed.run();
    }

    /**
     * What it would take to give the disputed field a value. What was asked of a customer that was merged since is answered for
     * the one that stayed.
     *
     * @param value null clears the field
     */
    public Choice choice(UUID id, Object value) {
        Parked parked = require(id, "choose");
        UUID entity = corrections.mergedInto(parked.entityId()).orElse(parked.entityId());
        Golden golden = transactions.run(session -> Goldens
                .load(session, Entity.of(parked.entity()), List.of(entity)).get(entity));
        if (golden == null) {
            throw new NotPossible("not-found", "The " + parked.entity() + " " + entity + " is not there any more.");
        }
        return new Choice(parked.entity(), entity, golden.version(),
                Merge.patch(parked.entity(), golden.document(), parked.field(), value)
                        .orElseThrow(() -> new NotPossible(
                                "not-allowed",
                                "What is disputed is an element of a list as a whole. Edit " + parked.field()
                                        + " of the " + parked.entity() + " itself, and discard this.")),
                value);
    }

    /**
     * Edits the golden record as chosen, in the name of whoever chose, and closes the question. A frozen field goes on. Where
     * the record has changed since, the choice is made again for what it is now.
     */
    public void choose(UUID id, Choice choice, String by) {
        Parked parked = require(id, "choose");
        Outcome outcome = edit(choice, by);
        for (int i = 1; i < MOST_CHOICES && outcome.state() == Outcome.State.CONFLICT; i++) {
            outcome = edit(choice(id, choice.value()), by);
        }
        if (outcome.refusal() != null) {
            throw new NotPossible("refused", outcome.refusal().problem());
        }
        done(parked, "choose", by, "message " + outcome.messageId());
    }

    private Outcome edit(Choice choice, String by) {
        byte[] patch = Json.text(choice.patch()).getBytes(StandardCharsets.UTF_8);
        return ingest.ingest(List.of(new Arrival(by, choice.entity(), null, "rest",
                "application/merge-patch+json", patch, clock.instant(), choice.patch(), null, null, null,
                new Edit(choice.id(), choice.version())))).getFirst();
    }

    /**
     * Keeps what a person has made of a parked message; it is what is tried from now on. What was received stays.
     *
     * @param as {@code body} for a message in the spoke's own form, {@code document} for a canonical document
     */
    public void edit(UUID id, byte[] content, String as, String by) {
        decide(id, "edit", by, null, false, (turn, parked, workspace, statements) -> {
            turn.touch(parked.message());
            statements.write("""
                    update parked_action set edited = ?, edited_as = ?
                    where id = (select max(id) from parked_action where subject = ?)
                    """, content, as, parked.subject());
            return true;
        });
    }

    /** A message as it is to be read now: as a person has edited it last, else as it came. */
    public Optional<Journaled> journaled(UUID message) {
        List<Journaled> found = new ArrayList<>();
        transactions.run(session -> {
            new Statements().read("""
                    select m.spoke, m.entity, m.event, m.protocol, m.content_type, m.received_at, m.traceparent,
                      coalesce(e.edited, m.received), e.edited_as
                    from message m left join lateral (select edited, edited_as from parked_action
                      where subject = 'message:' || m.id and edited is not null order by id desc limit 1) e on true
                    where m.id = ?
                    """,
                    row -> found.add(new Journaled(message, row.getString(1), row.getString(2), row.getString(3),
                            row.getString(4), row.getString(5), Goldens.instant(row, 6), row.getString(7),
                            row.getBytes(8), row.getString(9))),
                    message).execute(session);
            return null;
        });
        return found.stream().findFirst();
    }

    /**
     * Messages that can go on without a person: those that waited and are the first of their line now, and those for which
     * what they refer to has appeared.
     *
     * @param after the last of those before; null to begin
     */
    public List<UUID> due(UUID after, int most) {
        List<UUID> due = new ArrayList<>();
        transactions.run(session -> {
            new Statements().read(
                    """
                            select message from (
                              select h.message from (select distinct on (spoke, entity, record) message from held
                                order by spoke, entity, record, position) h
                              join message m on m.id = h.message where m.state = 'WAITING'
                              union all
                              select p.message from parked p where p.resolved_at is null and p.awaits is not null and (
                                p.awaits = 'order' and exists (select 1 from sales_order o where o.number = p.awaits_key)
                                or p.awaits = 'invoice' and exists (select 1 from invoice i where i.number = p.awaits_key)
                                or p.awaits = 'customer' and exists (select 1 from link l where l.spoke = p.spoke
                                  and l.entity = 'customer' and l.external_id = p.awaits_key))) due
                            where message > ?::uuid order by message limit ?
                            """,
                    row -> due.add(row.getObject(1, UUID.class)),
                    after == null ? "00000000-0000-0000-0000-000000000000" : after.toString(), most).execute(session);
            return null;
        });
        return due;
    }

    private static String note(String what, String note) {
        if (note == null || note.isBlank() || note.length() > LONGEST_NOTE) {
            throw new NotPossible("invalid", "Give a " + what + " of at most " + LONGEST_NOTE + " characters.");
        }
        return note;
    }
}
