package io.serai.crm;

import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

import io.serai.crm.Outcome.State;
import io.serai.crm.plan.Merge;
import io.serai.crm.plan.Projection;
import io.serai.crm.plan.Source;

/** What an order or a payment does. */
final class Sales {
    /** What an invoice is made of. */
    private static final List<String> FIGURES = List.of("total", "tax", "currency", "lines");

    private final Workspace workspace;
    private final Loading loading;
    private final Invoicing invoicing;
    private final Customers customers;
    private final Recognition recognition;
    private final Words words;
    private final Conflicts conflicts;

    Sales(Workspace workspace, Loading loading, Invoicing invoicing, Customers customers, Recognition recognition,
            Words words, Conflicts conflicts) {
        this.workspace = workspace;
        this.loading = loading;
        this.invoicing = invoicing;
        this.customers = customers;
        this.recognition = recognition;
        this.words = words;
        this.conflicts = conflicts;
    }

    // ---- orders

    Effect order(Arrival arrival, Source source) throws SQLException {
        Map<String, Object> said = arrival.document();
        if (!(said.get("number") instanceof String number) || number.isBlank()) {
            throw new Refused("order", "/number",
                    "The order has no number. Give the sale's own number: it is what makes one invoice of it.",
                    "invalid");
        }
        requireLines(said);
        GoldenRow order = workspace.order(number);
        Map<String, Object> theirs = Said.withoutSource(said);
        String externalId = Said.id(said);
        String revision = Said.revision(said);
        LinkRow link = workspace.link(arrival.spoke(), "order", externalId);
        if (link != null && (order == null || !link.entityId.equals(order.id))) {
            throw new Refused("order", "/number", "Record " + externalId + " of spoke " + arrival.spoke()
                    + " is another order; it cannot become order " + number
                    + ". Send a new order under an id of its own.",
                    "conflict");
        }
        if (link != null && Revisions.older(revision, link.revision)) {
            return new Effect(State.STALE, order, Effect.found("linked", List.of()), null);
        }
        if (Said.deleted(said)) {
            return words.gone(link, order);
        }
        GoldenRow invoice = order == null ? null : workspace.invoiceOf(order);
        boolean invoiced = invoice != null && Invoicing.mayBeMade(invoice);
        requireForInvoice(theirs, order, invoiced);
        UUID customer = customers.buyer(arrival.spoke(), Said.document(said.get("customer")), order, source);
        if (invoiced) {
            keepInvoiced(theirs, order, source);
        }
        if (order == null) {
            theirs.put("customer", Map.of("id", customer.toString()));
        } else {
            theirs.remove("customer");
            if (customer != null && !customer.equals(order.customer())) {
                recognition.parkPossible(workspace.golden(customer), Set.of(order.customer()), source);
            }
        }
        boolean known = order != null;
        if (!known) {
            order = workspace.create(Entity.ORDER, Identifiers.next(workspace.now()), Map.of(), source);
        }
        Merge.Result result = words.merge("order").apply(link == null ? null : link.base,
                link == null ? null : link.ours, theirs, order.document, order.provenance(), source);
        boolean changed = !known || !result.changed().isEmpty();
        if (changed) {
            workspace.change(order, result.golden(), result.changed(), source, known ? "updated" : "created",
                    externalId);
        }
        if (externalId != null) {
            workspace.hold(link == null ? workspace.newLink(arrival.spoke(), order, externalId) : link, order,
                    result.base(), result.ours(), revision);
        }
        conflicts.park(result, order, source);
        invoicing.follow(order, source);
        return new Effect(changed ? State.APPLIED : State.UNCHANGED, order,
                Effect.found(known ? "numbered" : "new", result.changed()), null);
    }

    /** @param invoiced whether the order's figures stay, whatever is said of them */
    private static void requireForInvoice(Map<String, Object> theirs, GoldenRow order, boolean invoiced)
            throws Refused {
        Map<String, Object> whole = new LinkedHashMap<>(order == null ? Map.of() : order.document);
        theirs.forEach((field, value) -> {
            if (!invoiced || !FIGURES.contains(field)) {
                whole.put(field, value);
            }
        });
        for (String field : List.of("total", "currency")) {
            if ("paid".equals(whole.get("paymentStatus")) && whole.get(field) == null) {
                throw new Refused("order", "/" + field, "The order is paid but has no " + field
                        + ", so it cannot be invoiced. Give its " + field + ".", "invalid");
            }
        }
    }

    /** @throws Refused when a person's edit would set a sale at odds with its invoice, or leave nothing to invoice */
    void requireEditable(GoldenRow order, Map<String, Object> patch) throws Refused {
        GoldenRow invoice = workspace.invoiceOf(order);
        boolean invoiced = invoice != null && Invoicing.mayBeMade(invoice);
        for (String field : FIGURES) {
            if (invoiced && patch.containsKey(field)
                    && !Objects.equals(patch.get(field), order.document.get(field))) {
                throw new Refused("order", "/" + field, "Order " + order.text("number") + " is invoiced, so its "
                        + field + " cannot be changed any more. Cancel the sale, which takes its invoice back, and send"
                        + " it again under a number of its own.", "conflict");
            }
        }
        requireLines(patch);
        requireForInvoice(patch, order, invoiced);
    }

    /** What says the same line twice says neither: both would stand in the invoice, or one would be missing from it. */
    private static void requireLines(Map<String, Object> order) throws Refused {
        if (!(order.get("lines") instanceof List<?> lines)) {
            return;
        }
        Set<String> numbers = new HashSet<>();
        for (int i = 0; i < lines.size(); i++) {
            Map<String, Object> line = Said.document(lines.get(i));
            if (line != null && !numbers.add(String.valueOf(line.get("line")))) {
                throw new Refused("order", "/lines/" + i + "/line", "There are two lines " + line.get("line")
                        + ". Give every line of the order a number of its own.", "invalid");
            }
        }
    }

    /** A person has changed an order. */
    void edited(GoldenRow order, Source source) throws SQLException {
        invoicing.follow(order, source);
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
        FIGURES.forEach(theirs::remove);
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

    // ---- payments

    Effect payment(Arrival arrival, Source source) throws SQLException {
        Map<String, Object> said = arrival.document();
        String externalId = Said.id(said);
        if (externalId == null) {
            throw new Refused("payment", "/source/id",
                    "The payment has no id of its own, so a repeat could not be told from a second payment. Give one.",
                    "invalid");
        }
        LinkRow link = workspace.link(arrival.spoke(), "payment", externalId);
        if (link != null) {
            return booked(link, said, source);
        }
        if (Said.deleted(said)) {
            return words.gone(null, null);
        }
        GoldenRow order = said.get("orderNumber") instanceof String number ? workspace.order(number) : null;
        GoldenRow invoice = said.get("invoiceNumber") instanceof String number ? workspace.invoice(number) : null;
        if (invoice != null) {
            order = workspace.order(invoice.text("orderNumber"));
        }
        if (order == null) {
            boolean byInvoice = said.get("invoiceNumber") != null;
            Awaited awaits = said.get("orderNumber") instanceof String number
                    ? new Awaited("order", number)
                    : byInvoice ? new Awaited("invoice", said.get("invoiceNumber").toString()) : null;
            throw new Refused("payment", byInvoice ? "/invoiceNumber" : "/orderNumber",
                    "No invoice or order with this number is known. Check the number, or send the order first.",
                    "unknown-reference", awaits);
        }
        if (invoice == null) {
            invoice = workspace.invoiceOf(order);
        }
        if (invoice != null && "WITHDRAWN".equals(invoice.lane())) {
            invoice = null;
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
        Map<String, Object> document = Said.withoutSource(said);
        GoldenRow payment = workspace.create(Entity.PAYMENT, Identifiers.next(workspace.now()), Map.of(), source);
        if (invoice != null) {
            document.put("invoice", invoice.id.toString());
        }
        document.put("order", order.id.toString());
        document.put("currency", currency);
        workspace.change(payment, document, document.keySet(), source, "created", externalId);
        workspace.paid.merge(order.id, amount, BigDecimal::add);
        LinkRow own = workspace.newLink(arrival.spoke(), payment, externalId);
        workspace.hold(own, payment, Said.withoutSource(said), Said.withoutSource(said), Said.revision(said));
        boolean closed = invoice != null && payInvoice(invoice, order, amount, said.get("paidAt"), source);
        if (Invoicing.off(order)) {
            parkPaid(order, payment, source);
        } else {
            payOrder(order, invoice, closed, said.get("paidAt"), source);
        }
        return new Effect(State.APPLIED, payment, Effect.found("new", document.keySet()), null);
    }

    /**
     * A payment that is booked is spoken of again. What was paid stays booked: that it was another amount or none is a matter
     * for a person, and is asked when the spoke says something else than it did last.
     */
    private Effect booked(LinkRow link, Map<String, Object> said, Source source) {
        GoldenRow payment = workspace.golden(link.entityId);
        String revision = Said.revision(said);
        if (Revisions.older(revision, link.revision)) {
            return new Effect(State.STALE, payment, Effect.found("linked", List.of()), null);
        }
        Map<String, Object> now = Said.deleted(said)
                ? Map.of()
                : Projection.over("payment", link.base, Said.withoutSource(said));
        if (!sameMoney(now, link.base)) {
            if (!sameMoney(now, payment.document)) {
                parkBooked(payment, now, link, source);
            }
            workspace.hold(link, payment, now, link.ours, revision);
        }
        return new Effect(State.UNCHANGED, payment, Effect.found("linked", List.of()), null);
    }

    private static boolean sameMoney(Map<String, Object> one, Map<String, Object> other) {
        return Projection.sameField("payment", "amount", one, other)
                && Projection.sameField("payment", "currency", one, other);
    }

    private void parkBooked(GoldenRow payment, Map<String, Object> now, LinkRow link, Source source) {
        String what = payment.text("orderNumber") == null
                ? "invoice " + payment.text("invoiceNumber")
                : "order " + payment.text("orderNumber");
        Map<String, Object> detail = new LinkedHashMap<>();
        detail.put("golden", payment.text("amount") + " " + payment.text("currency"));
        detail.put("theirs", now.isEmpty() ? null : now.get("amount") + " " + now.get("currency"));
        Refusal why = new Refusal("crm:payment", now.isEmpty() ? null : "/amount", "Payment " + link.externalId + " of "
                + detail.get("golden") + " is booked for " + what + ", and spoke " + source.spoke() + " now "
                + (now.isEmpty() ? "has no such payment any more" : "says it was " + detail.get("theirs"))
                + ". What is booked stays, and so do the sale and its invoice. If the money is not there, set the sale right"
                + " where it was made.", "conflict");
        workspace.park("CONFLICT", "payment:" + payment.id + ":" + source.spoke(),
                "payment changed after it was booked",
                source.spoke(), "payment", payment.id, source.message(), why, detail);
    }

    private static BigDecimal amount(Map<String, Object> payment) throws Refused {
        try {
            BigDecimal amount = new BigDecimal(String.valueOf(payment.get("amount")));
            if (amount.signum() < 0) {
                throw new Refused("payment", "/amount", "The payment has the amount " + amount.toPlainString()
                        + ", and a payment is money received. Tell of money that is paid back by the order: set its payment"
                        + " status to refunded.", "invalid");
            }
            return amount;
        } catch (NumberFormatException notANumber) {
            throw new Refused("payment", "/amount", "The payment has no amount that is a number. Give one.", "invalid");
        }
    }

    /** Adds what was paid. An invoice that is not issued yet is paid when it is. @return whether it is paid by this */
    private boolean payInvoice(GoldenRow invoice, GoldenRow order, BigDecimal amount, Object paidAt, Source source) {
        Map<String, Object> paid = new LinkedHashMap<>(invoice.document);
        BigDecimal before = paid.get("paidAmount") == null
                ? BigDecimal.ZERO
                : new BigDecimal(paid.get("paidAmount").toString());
        paid.put("paidAmount", before.add(amount).toPlainString());
        List<String> fields = new ArrayList<>(List.of("paidAmount"));
        boolean covered = Invoicing.covered(paid);
        boolean closed = covered && "issued".equals(invoice.text("status")) && !Invoicing.off(order);
        if (closed) {
            paid.put("status", "paid");
            fields.add("status");
            if (paidAt != null) {
                paid.put("paidAt", paidAt);
                fields.add("paidAt");
            }
        }
        workspace.change(invoice, paid, fields, source, covered ? "paid" : "part paid", null);
        return closed;
    }

    /** A sale is paid once all of its money has come, and is invoiced then. @param invoice null when none stands */
    private void payOrder(GoldenRow order, GoldenRow invoice, boolean closed, Object paidAt, Source source)
            throws SQLException {
        Map<String, Object> settled = new LinkedHashMap<>(order.document);
        List<String> fields = new ArrayList<>();
        boolean paid = !"paid".equals(order.text("paymentStatus")) && order.text("total") != null
                && (invoice == null ? loading.paidFor(order) : new BigDecimal(invoice.text("paidAmount")))
                        .compareTo(new BigDecimal(order.text("total"))) >= 0;
        if (paid) {
            settled.put("paymentStatus", "paid");
            fields.add("paymentStatus");
            if (paidAt != null && settled.get("paidAt") == null) {
                settled.put("paidAt", paidAt);
                fields.add("paidAt");
            }
        }
        if (closed) {
            settled.put("invoiceStatus", "paid");
            fields.add("invoiceStatus");
        }
        if (!fields.isEmpty()) {
            workspace.change(order, settled, fields, source, "paid", null);
        }
        if (paid) {
            invoicing.follow(order, source);
        }
    }

    /** The money is there, and it is a person who decides what becomes of it. */
    private void parkPaid(GoldenRow order, GoldenRow payment, Source source) {
        workspace.park("CONFLICT", "invoiced:" + order.id + ":payment:" + payment.id, "payment for a sale that is off",
                source.spoke(), "order", order.id, source.message(),
                new Refusal("crm:payment", null, "Spoke " + source.spoke() + " tells of a payment of "
                        + payment.text("amount") + " " + payment.text("currency") + " for order "
                        + order.text("number") + ", which is "
                        + ("cancelled".equals(order.text("status")) ? "cancelled" : "refunded")
                        + ". The payment is kept and nothing is invoiced for it. Pay it back, or set the sale right"
                        + " where it was made.", "conflict"),
                Map.of("payment", payment.id.toString()));
    }
}
