package io.serai.crm;

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
 * The lane of invoices: one for a sale, through any crash. PENDING becomes SENDING in a commit of its own before the
 * accounting system is called; whoever finds a SENDING whose lease ran out, or an UNKNOWN, asks by reference before
 * anything is sent again.
 */
public final class InvoiceLedger {
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

    private record Row(UUID id, long fence, boolean asks, String reference, UUID key, int attempt) {}

    /** Claims due invoices whose customer the accounting system knows already. */
    public List<InvoiceClaim> claim(String spoke, int most, Duration lease) {
        Instant now = clock.instant();
        SpokeProfile profile = settings.profile(spoke, "invoice").orElseThrow();
        return transactions.run(session -> {
            List<Row> rows = new ArrayList<>();
            new Statements().read("""
                    with due as (
                      select i.id, i.state from invoice i
                      where i.state in ('PENDING', 'SENDING', 'UNKNOWN') and i.next_try_at <= ?
                        and (i.lease_until is null or i.lease_until < ?)
                        and coalesce(i.spoke, ?) = ?
                        and exists (select 1 from link l where l.entity_id = i.customer and l.spoke = ?
                          and l.entity = 'customer' and l.external_id is not null)
                      order by i.next_try_at limit ? for update skip locked)
                    update invoice i set spoke = ?, lease_until = ?, fence = fence + 1, attempts = attempts + 1,
                      state = case when due.state = 'PENDING' then 'SENDING' else 'UNKNOWN' end,
                      sent_at = case when due.state = 'PENDING' then ? else sent_at end
                    from due where i.id = due.id
                    returning i.id, i.fence, due.state <> 'PENDING', i.reference, i.idempotency_key, i.attempts
                    """,
                    row -> rows.add(new Row(row.getObject(1, UUID.class), row.getLong(2), row.getBoolean(3),
                            row.getString(4), row.getObject(5, UUID.class), row.getInt(6))),
                    Lanes.time(now), Lanes.time(now), spoke, spoke, spoke, most, spoke, Lanes.time(now.plus(lease)),
                    Lanes.time(now)).execute(session);
            if (rows.isEmpty()) {
                return List.of();
            }
            Map<UUID, Golden> goldens = Goldens.load(session, Entity.INVOICE, rows.stream().map(Row::id).toList());
            Map<UUID, Map<String, Object>> customers = Lanes.customers(session, profile, goldens.values());
            List<InvoiceClaim> claims = new ArrayList<>();
            for (Row row : rows) {
                Map<String, Object> document = new LinkedHashMap<>(goldens.get(row.id()).document());
                Lanes.refer(document, customers);
                document.put("id", row.id().toString());
                claims.add(new InvoiceClaim(row.id(), row.fence(), row.asks(), row.reference(), row.key(), document,
                        row.attempt(), null));
            }
            return claims;
        });
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

    private boolean store(InvoiceResult result) {
        boolean stood = transactions.write(turn -> {
            Session session = turn.session();
            InvoiceClaim claim = result.claim();
            boolean[] stands = new boolean[1];
            UUID[] order = new UUID[1];
            new Statements().read("select sales_order from invoice where id = ? and fence = ?", row -> {
                stands[0] = true;
                order[0] = row.getObject(1, UUID.class);
            }, claim.id(), claim.fence()).execute(session);
            Workspace workspace = new Workspace(session, settings, clock.instant());
            Statements lane = new Statements();
            if (stands[0]) {
                workspace.load(Entity.ORDER, List.of(order[0]));
                workspace.loadInvoices(List.of(order[0]));
                apply(result, workspace, workspace.golden(claim.id()), workspace.golden(order[0]), lane);
            }
            lane.write("""
                    insert into delivery (spoke, entity, entity_id, version, operation, fields, outcome, problem,
                      attempt, millis, at)
                    select coalesce(i.spoke, ''), 'invoice', i.id, i.version, ?, '[]', ?, nullif(?, ''), ?, ?, ?
                    from invoice i where i.id = ?
                    """, claim.asks() ? "lookup" : "create", outcome(result.kind()),
                    result.problem() == null ? "" : result.problem(), claim.attempt(),
                    (int) result.took().toMillis(), Lanes.time(result.at()), claim.id());
            if (result.kind() == InvoiceResult.Kind.MADE) {
                Columns confirmed = new Columns();
                confirmed.add(issuer(), "invoice", result.at());
                Spokes.writeTold(lane, confirmed);
            }
            turn.commit(workspace.write(turn).and(lane));
            return stands[0];
        });
        changed.run();
        return stood;
    }

    private String issuer() {
        return settings.spokes().stream().filter(profile -> profile.out() == SpokeProfile.Flow.ISSUE)
                .map(SpokeProfile::spoke).findFirst().orElse("hub");
    }

    private static String outcome(InvoiceResult.Kind kind) {
        return switch (kind) {
            case MADE -> "DONE";
            case ABSENT, RETRY -> "RETRY";
            case UNKNOWN -> "UNKNOWN";
            case REJECTED, UNDECIDABLE -> "PARKED";
        };
    }

    private void apply(InvoiceResult result, Workspace workspace, Workspace.GoldenRow invoice,
            Workspace.GoldenRow order, Statements lane) {
        InvoiceClaim claim = result.claim();
        String spoke = issuer();
        Source source = new Source(spoke, claim.id(), null, result.at());
        switch (result.kind()) {
            case MADE -> {
                made(result.made(), workspace, invoice, order, source);
                lane.write("""
                        update invoice set state = 'DONE', external_id = ?, lease_until = null, problem = null
                        where id = ?
                        """, result.externalId() == null ? invoice.text("number") : result.externalId(), claim.id());
                workspace.resolve("invoice:" + claim.id());
            }
            case ABSENT -> lane.write("""
                    update invoice set state = 'PENDING', next_try_at = ?, lease_until = null where id = ?
                    """, Lanes.time(result.at()), claim.id());
            case RETRY -> lane.write("""
                    update invoice set state = ?, next_try_at = ?, lease_until = null, problem = ? where id = ?
                    """, claim.asks() ? "UNKNOWN" : "PENDING", Lanes.time(result.at().plus(result.retryAfter())),
                    result.problem(), claim.id());
            case UNKNOWN -> lane.write("""
                    update invoice set state = 'UNKNOWN', next_try_at = ?, lease_until = null, problem = ? where id = ?
                    """, Lanes.time(result.at().plus(result.retryAfter())), result.problem(), claim.id());
            case REJECTED, UNDECIDABLE -> {
                boolean rejected = result.kind() == InvoiceResult.Kind.REJECTED;
                lane.write("update invoice set state = ?, lease_until = null, problem = ? where id = ?",
                        rejected ? "REJECTED" : "PARKED", result.problem(), claim.id());
                workspace.park(rejected ? "DELIVERY" : "UNKNOWN_OUTCOME", "invoice:" + claim.id(),
                        spoke + " invoice " + result.field(), spoke, "invoice", claim.id(), null,
                        new Refusal("connector:" + spoke + "/invoice", result.field(), result.problem(),
                                rejected ? "invalid" : "unknown-outcome"),
                        Map.of("reference", claim.reference()));
            }
        }
    }

    /** Notes what the accounting system holds, in the invoice and its order. @param made its number at least */
    static void made(Map<String, Object> made, Workspace workspace, Workspace.GoldenRow invoice,
            Workspace.GoldenRow order, Source source) {
        Map<String, Object> document = new HashMap<>(invoice.document);
        List<String> fields = new ArrayList<>();
        for (String field : List.of("number", "issuedOn", "dueOn")) {
            Object value = made.get(field);
            if (value != null && !value.equals(document.get(field))) {
                document.put(field, value);
                fields.add(field);
            }
        }
        if ("requested".equals(document.get("status"))) {
            document.put("status", "issued");
            fields.add("status");
        }
        workspace.change(invoice, document, fields, source, "issued", null);
        Map<String, Object> invoiced = new LinkedHashMap<>(order.document);
        invoiced.put("invoiceNumber", document.get("number"));
        invoiced.put("invoiceStatus", document.get("status"));
        workspace.change(order, invoiced, List.of("invoiceNumber", "invoiceStatus"), source, "invoiced", null);
    }
}
