package io.serai.crm;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import io.serai.crm.plan.Source;

/**
 * The lane of invoices and of the credit notes that take them back: one of each for a sale, through any crash. PENDING
 * becomes SENDING in a commit of its own before the accounting system is called; whoever finds a SENDING whose lease ran
 * out, or an UNKNOWN, asks by reference before anything is sent again. An answer of "none" counts once nothing can be on its way any more, and leads to another attempt
 * only while the accounting system still remembers the key.
 */
public final class InvoiceLedger {
    private static final String DUE = """
            from %s i where i.state in ('PENDING', 'SENDING', 'UNKNOWN') and i.next_try_at <= ?
              and (i.lease_until is null or i.lease_until < ?)
              and coalesce(i.spoke, ?) = ? and exists (%s)
            """;
    private static final String KNOWN_CUSTOMER = """
            select 1 from link l where l.entity_id = i.customer and l.spoke = ? and l.entity = 'customer'
              and l.external_id is not null
            """;
    /** The invoice says whose it is: whoever was erased meanwhile is known there no more. */
    private static final String MADE_INVOICE = """
            select 1 from invoice v where v.sales_order = i.sales_order and v.spoke = ? and v.state = 'DONE'
            """;

    private final Transactions transactions;
    private final Settings settings;
    private final InstantSource clock;
    private final Runnable changed;

    InvoiceLedger(Transactions transactions, Settings settings, InstantSource clock, Runnable changed) {
        this.transactions = transactions;
        this.settings = settings;
        this.clock = clock;
        this.changed = changed;
    }

    private record Row(UUID id, long fence, boolean asks, String reference, UUID key, int attempt, boolean firstUse,
            Instant sentAt) {}

    /** Claims due invoices whose customer the accounting system knows already. */
    public List<InvoiceClaim> claim(String spoke, int most, Duration lease) {
        return claim(spoke, "invoice", most, lease, 0);
    }

    /**
     * Claims due invoices whose customer the accounting system knows already, or due credit notes whose invoice is known to
     * be there. It is done in a turn, so that whoever withdraws one can be sure that nobody is about to send it.
     *
     * @param entity invoice or credit-note
     * @param owed requests that were sent beside those of claims; they count where requests are counted
     */
    public List<InvoiceClaim> claim(String spoke, String entity, int most, Duration lease, int owed) {
        Instant now = clock.instant();
        SpokeProfile profile = settings.profile(spoke, entity).orElseThrow();
        boolean pays = owed > 0 && profile.terms().limited();
        return pays || anyDue(profile, now)
                ? transactions.write(turn -> claim(turn, profile, most, lease, owed, now))
                : List.of();
    }

    private static String due(Entity entity) {
        return DUE.formatted(entity.table(), entity == Entity.CREDIT_NOTE ? MADE_INVOICE : KNOWN_CUSTOMER);
    }

    private boolean anyDue(SpokeProfile profile, Instant now) {
        boolean[] any = new boolean[1];
        String spoke = profile.spoke();
        return transactions.run(session -> {
            new Statements().read("select 1 " + due(Entity.of(profile.entity())) + " limit 1", _ -> any[0] = true,
                    now, now, spoke, spoke, spoke).execute(session);
            return any[0];
        });
    }

    private List<InvoiceClaim> claim(Turn turn, SpokeProfile profile, int most, Duration lease, int owed, Instant now)
            throws SQLException {
        Session session = turn.session();
        Entity entity = Entity.of(profile.entity());
        String spoke = profile.spoke();
        List<Row> rows = new ArrayList<>();
        Slots slots = Slots.open(session, profile, most, owed, now);
        new Statements().read("""
                with due as (
                  select i.id, i.key_since is null first_use,
                    i.state = 'PENDING' and coalesce(i.key_since > ?, true) sends %s
                  order by i.next_try_at limit ? for update skip locked)
                update %s i set spoke = ?, lease_until = ?, fence = fence + 1, attempts = attempts + 1,
                  state = case when due.sends then 'SENDING' else 'UNKNOWN' end,
                  sent_at = case when due.sends then ? else sent_at end,
                  key_since = case when due.sends then coalesce(key_since, ?) else key_since end
                from due where i.id = due.id
                returning i.id, i.fence, not due.sends, i.reference, i.idempotency_key, i.attempts, due.first_use,
                  i.sent_at
                """.formatted(due(entity), entity.table()),
                row -> rows.add(new Row(row.getObject(1, UUID.class), row.getLong(2), row.getBoolean(3),
                        row.getString(4), row.getObject(5, UUID.class), row.getInt(6), row.getBoolean(7),
                        Goldens.instant(row, 8))),
                now.minus(profile.terms().keysKept()), now, now, spoke, spoke,
                spoke, slots.free(), spoke, now.plus(lease), now, now)
                .execute(session);
        if (rows.isEmpty()) {
            slots.close(session, false);
            return List.of();
        }
        List<UUID> ids = rows.stream().map(Row::id).toList();
        Map<UUID, Golden> goldens = Goldens.load(session, entity, ids);
        Referred referred = Referred.of(session, profile, goldens.values());
        Map<UUID, Map<String, Object>> takenBack = entity == Entity.CREDIT_NOTE ? takenBack(session, ids) : Map.of();
        List<InvoiceClaim> claims = new ArrayList<>();
        for (Row row : rows) {
            Map<String, Object> document = new LinkedHashMap<>(goldens.get(row.id()).document());
            referred.into(document);
            document.put("id", row.id().toString());
            document.putAll(takenBack.getOrDefault(row.id(), Map.of()));
            turn.touch(row.id());
            claims.add(new InvoiceClaim(entity.word(), row.id(), row.fence(), row.asks(), row.reference(), row.key(),
                    document, row.attempt(), row.firstUse(), row.sentAt().plus(lease), slots.take(), null));
        }
        slots.close(session, true);
        return claims;
    }

    /** Which invoice each credit note takes back, in the accounting system's words. */
    private static Map<UUID, Map<String, Object>> takenBack(Session session, List<UUID> notes) throws SQLException {
        Map<UUID, Map<String, Object>> invoices = new HashMap<>();
        new Statements().read("""
                select c.id, i.number, i.external_id from credit_note c join invoice i on i.sales_order = c.sales_order
                where c.id = any(?::uuid[])
                """, row -> invoices.put(row.getObject(1, UUID.class),
                Map.of("invoiceNumber", row.getString(2), "invoiceExternalId", row.getString(3))),
                (Object) Writing.ids(notes)).execute(session);
        return invoices;
    }

    /** Records what came of a claim. False when the claim no longer stood: somebody else has taken the invoice over. */
    public boolean record(InvoiceResult result) {
        try {
            return store(result);
        } catch (Transactions.Unstorable bad) {
            // Asking again would bring the same answer: a person has to look at it.
            return store(new InvoiceResult(result.claim(), InvoiceResult.Kind.UNDECIDABLE, null, null, null,
                    "The answer of the accounting system cannot be stored: " + bad.reason(), null, result.at(),
                    result.took()));
        }
    }

    /** What the ledger says of a claim that still stands. */
    private record Standing(UUID order, Instant keySince) {}

    private boolean store(InvoiceResult result) {
        boolean stood = transactions.write(turn -> {
            Session session = turn.session();
            InvoiceClaim claim = result.claim();
            Entity entity = Entity.of(claim.entity());
            List<Standing> found = new ArrayList<>();
            new Statements().read(
                    "select sales_order, key_since from " + entity.table() + " where id = ? and fence = ?",
                    row -> found.add(new Standing(row.getObject(1, UUID.class), Goldens.instant(row, 2))), claim.id(),
                    claim.fence()).execute(session);
            Workspace workspace = new Workspace(settings, clock.instant());
            Statements lane = new Statements();
            turn.touch(claim.id());
            for (Standing standing : found) {
                new Loading(session, workspace).sale(standing.order());
                apply(result, standing, workspace, lane);
            }
            lane.write("""
                    insert into delivery (spoke, entity, entity_id, version, operation, fields, outcome, problem,
                      attempt, millis, at)
                    select coalesce(i.spoke, ''), ?, i.id, i.version, ?, '[]', ?, nullif(?, ''), ?, ?, ?
                    from %s i where i.id = ?
                    """.formatted(entity.table()), entity.word(), claim.asks() ? "lookup" : "create",
                    outcome(result.kind()), result.problem() == null ? "" : result.problem(), claim.attempt(),
                    (int) result.took().toMillis(), result.at(), claim.id());
            if (result.kind() == InvoiceResult.Kind.MADE) {
                Columns confirmed = new Columns();
                confirmed.add(issuer(entity), entity.word(), result.at());
                Spokes.writeTold(lane, confirmed);
            }
            turn.commit(workspace.write(turn).and(lane));
            return !found.isEmpty();
        });
        changed.run();
        return stood;
    }

    private String issuer(Entity entity) {
        return settings.issuer(entity.word()).map(SpokeProfile::spoke).orElse("hub");
    }

    private static String outcome(InvoiceResult.Kind kind) {
        return switch (kind) {
            case MADE -> "DONE";
            case ABSENT, RETRY -> "RETRY";
            case UNKNOWN -> "UNKNOWN";
            case REJECTED, UNDECIDABLE -> "PARKED";
        };
    }

    private void apply(InvoiceResult result, Standing standing, Workspace workspace, Statements lane) {
        InvoiceClaim claim = result.claim();
        Entity entity = Entity.of(claim.entity());
        Source source = new Source(issuer(entity), claim.id(), null, result.at());
        switch (result.kind()) {
            case MADE -> {
                GoldenRow golden = workspace.golden(claim.id());
                made(result.made(), workspace, golden, workspace.golden(standing.order()), source);
                lane.write("update " + entity.table()
                        + " set state = 'DONE', external_id = ?, lease_until = null, problem = null where id = ?",
                        result.externalId() == null ? golden.text("number") : result.externalId(), claim.id());
                workspace.resolve(entity.word() + ":" + claim.id());
            }
            case ABSENT -> absent(result, standing, workspace, source, lane);
            case RETRY -> {
                // Certainly not made: it costs no attempt, and the key is as good as new if this was its first use.
                if (claim.asks() || !notWanted(claim, standing, workspace, source)) {
                    lane.write("update " + entity.table() + """
                             set state = ?, next_try_at = ?, lease_until = null, problem = ?, attempts = attempts - 1,
                              key_since = case when ? then null else key_since end where id = ?
                            """, claim.asks() ? "UNKNOWN" : "PENDING",
                            result.at().plus(result.retryAfter()), result.problem(),
                            claim.firstUse() && !claim.asks(), claim.id());
                }
            }
            case UNKNOWN -> unknown(claim, entity, result.at().plus(result.retryAfter()), result.problem(), lane);
            case REJECTED, UNDECIDABLE -> {
                boolean rejected = result.kind() == InvoiceResult.Kind.REJECTED;
                if (!rejected || !notWanted(claim, standing, workspace, source)) {
                    park(claim, rejected, result.field(), result.problem(), workspace, lane);
                }
            }
        }
    }

    /** The accounting system has none with our reference. */
    private void absent(InvoiceResult result, Standing standing, Workspace workspace, Source source,
            Statements lane) {
        InvoiceClaim claim = result.claim();
        Entity entity = Entity.of(claim.entity());
        Duration kept = settings.issuer(entity.word()).map(profile -> profile.terms().keysKept())
                .orElse(Duration.ZERO);
        if (result.at().isBefore(claim.settledAt())) {
            unknown(claim, entity, claim.settledAt(), "not there yet; it may still be on its way", lane);
        } else if (notWanted(claim, standing, workspace, source)) {
            return;
        } else if (standing.keySince() != null && !standing.keySince().plus(kept).isAfter(result.at())) {
            park(claim, false, null, issuer(entity) + " has no " + entity.word() + " with the reference "
                    + claim.reference() + ", although one was sent at " + standing.keySince()
                    + ". A second one cannot be ruled out: its key, which would prevent that, "
                    + (kept.isZero() ? "is not kept there." : "is kept there for " + kept + " only.")
                    + " Look there, and decide.", workspace, lane);
        } else {
            lane.write("update " + entity.table()
                    + " set state = 'PENDING', next_try_at = ?, lease_until = null where id = ?",
                    result.at(), claim.id());
        }
    }

    private static void unknown(InvoiceClaim claim, Entity entity, Instant next, String problem, Statements lane) {
        lane.write("update " + entity.table()
                + " set state = 'UNKNOWN', next_try_at = ?, lease_until = null, problem = ? where id = ?",
                next, problem, claim.id());
    }

    private void park(InvoiceClaim claim, boolean rejected, String field, String problem, Workspace workspace,
            Statements lane) {
        Entity entity = Entity.of(claim.entity());
        String spoke = issuer(entity);
        lane.write("update " + entity.table() + " set state = ?, lease_until = null, problem = ? where id = ?",
                rejected ? "REJECTED" : "PARKED", problem, claim.id());
        workspace.park(rejected ? "DELIVERY" : "UNKNOWN_OUTCOME", entity.word() + ":" + claim.id(),
                spoke + " " + entity.word() + " " + field, spoke, entity.word(), claim.id(), null,
                new Refusal("connector:" + spoke + "/" + entity.word(), field, problem,
                        rejected ? "invalid" : "unknown-outcome"),
                Map.of("reference", claim.reference()));
    }

    /** What is certainly not there and not wanted any more is withdrawn: the invoice of a sale that is off, the credit note of one that is on. */
    private boolean notWanted(InvoiceClaim claim, Standing standing, Workspace workspace, Source source) {
        GoldenRow order = workspace.golden(standing.order());
        GoldenRow golden = workspace.golden(claim.id());
        if ((golden.entity == Entity.INVOICE) != Invoicing.off(order)) {
            return false;
        }
        if (golden.entity == Entity.INVOICE) {
            Invoicing.withdraw(workspace, order, golden, source);
        } else {
            workspace.withdraw(golden, source);
        }
        return true;
    }

    /** Notes what the accounting system holds, in the record and its order. @param made its number at least */
    static void made(Map<String, Object> made, Workspace workspace, GoldenRow golden, GoldenRow order,
            Source source) {
        boolean takesBack = golden.entity == Entity.CREDIT_NOTE;
        Map<String, Object> document = new HashMap<>(golden.document);
        List<String> fields = new ArrayList<>();
        for (String field : List.of("number", "issuedOn", takesBack ? "invoiceNumber" : "dueOn")) {
            Object value = made.get(field);
            if (value != null && !value.equals(document.get(field))) {
                document.put(field, value);
                fields.add(field);
            }
        }
        if ("requested".equals(document.get("status"))) {
            boolean paid = !takesBack && Invoicing.covered(document);
            document.put("status", paid ? "paid" : "issued");
            fields.add("status");
            if (paid && order.document.get("paidAt") != null) {
                document.put("paidAt", order.document.get("paidAt"));
                fields.add("paidAt");
            }
        }
        workspace.change(golden, document, fields, source, "issued", null);
        Map<String, Object> told = new LinkedHashMap<>(order.document);
        if (takesBack) {
            GoldenRow invoice = workspace.invoiceOf(order);
            Map<String, Object> credited = new LinkedHashMap<>(invoice.document);
            credited.put("status", "credited");
            workspace.change(invoice, credited, List.of("status"), source, "credited", null);
            told.put("creditNoteNumber", document.get("number"));
            told.put("invoiceStatus", "credited");
            workspace.change(order, told, List.of("creditNoteNumber", "invoiceStatus"), source, "credited", null);
        } else {
            told.put("invoiceNumber", document.get("number"));
            told.put("invoiceStatus", document.get("status"));
            workspace.change(order, told, List.of("invoiceNumber", "invoiceStatus"), source, "invoiced", null);
        }
    }
}
