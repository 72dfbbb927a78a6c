package io.serai.crm;

import java.math.BigDecimal;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.serai.crm.plan.Source;

/**
 * The one rule by which a sale has its invoice, and its credit note. Whatever changes a sale (an order, a payment, what a person
 * decides) asks it afterwards.
 */
final class Invoicing {
    private final Workspace workspace;
    private final Loading loading;
    private final Settings settings;

    Invoicing(Workspace workspace, Loading loading, Settings settings) {
        this.workspace = workspace;
        this.loading = loading;
        this.settings = settings;
    }

    /** Whether nothing is sold any more, so that no invoice of it may stand. */
    static boolean off(GoldenRow order) {
        return "cancelled".equals(order.text("status")) || "refunded".equals(order.text("paymentStatus"));
    }

    /** Whether it was made, or may have been: what it says cannot be changed any more. */
    static boolean mayBeMade(GoldenRow invoice) {
        return !Set.of("REJECTED", "WITHDRAWN").contains(invoice.lane());
    }

    /** Whether all of an invoice is paid. */
    static boolean covered(Map<String, Object> invoice) {
        return invoice.get("paidAmount") != null && new BigDecimal(invoice.get("paidAmount").toString())
                .compareTo(new BigDecimal(invoice.get("total").toString())) >= 0;
    }

    /** Sees that a sale has its invoice, and that a sale which is off has none that stands. */
    void follow(GoldenRow order, Source source) throws SQLException {
        GoldenRow invoice = workspace.invoiceOf(order);
        boolean paid = "paid".equals(order.text("paymentStatus"));
        if (invoice == null) {
            if (paid && !off(order)) {
                request(Entity.INVOICE, order, order.text("number"), source);
            }
        } else if (off(order)) {
            takeBack(order, invoice, source);
        } else if (paid && "WITHDRAWN".equals(invoice.lane())) {
            requestAgain(order, invoice, source);
        } else if (workspace.creditNoteOf(order) != null) {
            keep(order, invoice, workspace.creditNoteOf(order), paid, source);
        }
    }

    /** The sale is on again: what was not made yet to take its invoice back is not made. */
    private void keep(GoldenRow order, GoldenRow invoice, GoldenRow note, boolean paid, Source source) {
        switch (note.lane()) {
            case "PENDING", "REJECTED" -> workspace.withdraw(note, source);
            case "WITHDRAWN" -> {
                // the invoice stands
            }
            default -> {
                if (paid) {
                    parkTakenBack(order, "Order " + order.text("number") + " is on again, but its invoice " + invoice
                            .text("number")
                            + (note.lane().equals("DONE")
                                    ? " was taken back by credit note " + note.text("number") + ". Send"
                                    : " is being taken back: its credit note was sent, and what became of it is not"
                                            + " known yet. If it was made, send")
                            + " the sale again under a number of its own.", source);
                }
            }
        }
    }

    /** An invoice that was never made is withdrawn. Any other is taken back once it is known to be there. */
    private void takeBack(GoldenRow order, GoldenRow invoice, Source source) throws SQLException {
        GoldenRow note = workspace.creditNoteOf(order);
        if (invoice.lane().equals("PENDING") || invoice.lane().equals("REJECTED")) {
            withdraw(workspace, order, invoice, source);
        } else if (invoice.lane().equals("WITHDRAWN")) {
            return;
        } else if (note != null) {
            if (note.lane().equals("WITHDRAWN")) {
                requestAgain(order, note, source);
            }
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

    /** No invoice was made, and none will be, nor what was to take it back. */
    static void withdraw(Workspace workspace, GoldenRow order, GoldenRow invoice, Source source) {
        GoldenRow note = workspace.creditNoteOf(order);
        if (note != null && !note.lane().equals("WITHDRAWN")) {
            workspace.withdraw(note, source);
        }
        workspace.withdraw(invoice, source);
        Map<String, Object> told = new LinkedHashMap<>(order.document);
        told.put("invoiceStatus", "void");
        workspace.change(order, told, List.of("invoiceStatus"), source, "invoice withdrawn", null);
    }

    /** Asks for what the accounting system makes once for the sale. @param reference by which it is asked after there */
    private void request(Entity issued, GoldenRow order, String reference, Source source) throws SQLException {
        workspace.request(issued, order, asked(issued, order, reference), source);
    }

    /** Asks once more for what was certainly not made, with what the sale says by now. */
    void requestAgain(GoldenRow order, GoldenRow issued, Source source) throws SQLException {
        workspace.requestAgain(issued, asked(issued.entity, order, issued.text("reference")), source);
    }

    private Map<String, Object> asked(Entity issued, GoldenRow order, String reference) throws SQLException {
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
        if (issued == Entity.INVOICE) {
            BigDecimal paid = loading.paidFor(order).stripTrailingZeros();
            if (paid.signum() > 0) {
                int places = Math.max(paid.scale(), new BigDecimal(order.text("total")).scale());
                document.put("paidAmount", paid.setScale(places).toPlainString());
            }
        }
        return document;
    }
}
