package io.serai.sandbox;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The accounting service: REST with a bearer token. A POST with an {@code Idempotency-Key} it has seen gets the first answer
 * again; one without a key, or with a key it has forgotten, makes another invoice. That is the trap a hub must not fall into.
 */
public final class Books extends CompanySystem {
    private static final int PAGE = 100;
    private static final List<String> CONTACT = List.of("reference", "name", "email", "phone", "vat_number", "address",
            "currency", "language");
    private static final List<String> ADDRESS = List.of("street", "zip", "city", "country");
    private static final List<String> INVOICE = List.of("reference", "contact_id", "order_number", "currency", "due_on",
            "lines", "total");

    private static final List<String> CREDIT_NOTE = List.of("reference", "invoice_id", "total");

    private final String token;
    private Records contacts;
    private Records invoices;
    private Records payments;
    private Records creditNotes;
    private Map<String, Kept> keys;
    private volatile Duration keyRetention = Duration.ofHours(24);

    /** The first answer to a key. */
    private record Kept(String hash, Instant at, Map<String, Object> answer) {}

    Books(Place place, int port, String token) {
        super("books", place, port);
        this.token = token;
    }

    /** Starts the accounting service alone; {@code --help} says how. */
    public static void main(String[] arguments) throws IOException {
        Company.main(Company.only("books", arguments));
    }

    public String token() {
        return token;
    }

    @Override
    void forget() {
        contacts = new Records("reference");
        invoices = new Records("reference", "number", "order_number");
        payments = new Records();
        creditNotes = new Records("reference", "number", "order_number");
        keys = new HashMap<>();
    }

    @Override
    void furnish(Site site) {
        site.api("POST", "/v1/contacts", request -> create(request, "contact.create", this::newContact));
        site.api("GET", "/v1/contacts", request -> list(contacts, request));
        site.api("GET", "/v1/contacts/{id}", request -> one(contacts, request));
        site.api("PATCH", "/v1/contacts/{id}", this::patchContact);
        site.api("POST", "/v1/invoices", request -> create(request, "invoice.create", this::newInvoice));
        site.api("GET", "/v1/invoices", request -> list(invoices, request));
        site.api("GET", "/v1/invoices/{id}", request -> one(invoices, request));
        site.api("POST", "/v1/credit-notes", request -> create(request, "credit-note.create", this::newCreditNote));
        site.api("GET", "/v1/credit-notes", request -> list(creditNotes, request));
        site.api("GET", "/v1/credit-notes/{id}", request -> one(creditNotes, request));
        site.api("POST", "/v1/invoices/{id}/payments",
                request -> Answer.json(201, pay(request.variable("id"), request.json())));
        site.api("GET", "/v1/payments", request -> list(payments, request));
        site.door("POST", "/pay", request -> {
            Map<String, Object> body = request.json();
            Object invoice = body.remove("invoice");
            return Answer.json(201, pay(String.valueOf(invoice), body));
        });
    }

    @Override
    void check(Request request) {
        if (!Secrets.same("Bearer " + token, request.header("Authorization"))) {
            throw new RefusedException(401, "unauthorized", "A bearer token is wanted.");
        }
    }

    @Override
    Answer refuse(Request request, RefusedException refused) {
        Map<String, Object> error = new LinkedHashMap<>();
        error.put("code", refused.code());
        error.put("message", refused.getMessage());
        error.put("fields", refused.fields().entrySet().stream()
                .map(field -> Map.of("field", field.getKey(), "problem", field.getValue())).toList());
        Answer answer = Answer.json(refused.status(), Map.of("error", error));
        return refused.status() == 401 ? answer.with("WWW-Authenticate", "Bearer") : answer;
    }

    @Override
    Answer index() {
        return new Page("Books", "The accounting service: REST at /v1 with a bearer token; POST /pay pays an invoice.")
                .table("Invoices", invoices(), "number", "status", "reference", "order_number", "contact_id", "total",
                        "paid_amount", "currency", "issued_on", "due_on")
                .table("Credit notes", creditNotes(), "number", "reference", "invoice_number", "order_number", "total",
                        "currency", "issued_on")
                .table("Contacts", contacts(), "id", "version", "name", "email", "phone", "address", "vat_number",
                        "reference")
                .table("Payments", payments(), "id", "invoice_number", "order_number", "amount", "currency", "paid_at",
                        "method")
                .answer();
    }

    /** Also takes {@code keyRetentionSeconds}: how long an Idempotency-Key is remembered (86,400 unless told). */
    @Override
    public void control(Map<String, Object> wanted) {
        keyRetention = Duration
                .ofSeconds(Faults.number(wanted, "keyRetentionSeconds", keyRetention.toSeconds(), 315_360_000));
        super.control(wanted);
    }

    @Override
    public Map<String, Object> control() {
        Map<String, Object> state = super.control();
        state.put("keyRetentionSeconds", keyRetention.toSeconds());
        return state;
    }

    private Answer list(Records records, Request request) {
        int limit = Math.max(1, request.limit(PAGE));
        String since = Rules.time("updated_since", request.query("updated_since"));
        return read(() -> {
            Records.Page page;
            String filter = List.of("reference", "order_number", "number").stream()
                    .filter(name -> request.query(name) != null).findFirst().orElse(null);
            if (filter == null) {
                page = records.page(since, request.query("cursor"), limit);
            } else {
                page = new Records.Page(records.find(filter, request.query(filter)), null);
            }
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("items", page.items());
            answer.put("next_cursor", page.cursor());
            return Answer.json(200, answer);
        });
    }

    private Answer one(Records records, Request request) {
        return Answer.json(200, read(() -> known(records, request.variable("id"))));
    }

    private static Map<String, Object> known(Records records, String id) {
        Map<String, Object> record = records.get(id);
        if (record == null) {
            throw RefusedException.unknown(id);
        }
        return record;
    }

    private Answer create(Request request, String action, Function<Map<String, Object>, String> newRecord) {
        Map<String, Object> said = request.json();
        String key = request.header("Idempotency-Key");
        if (key != null && (key.isBlank() || key.length() > 255)) {
            throw RefusedException.field(400, "invalid", "Idempotency-Key", "must have 1 to 255 characters");
        }
        String hash = hash(action, said);
        Map<String, Object> answer = write(() -> {
            Kept first = key == null ? null : keys.get(key);
            if (first != null && first.at().plus(keyRetention).isAfter(place.clock().instant())) {
                if (!first.hash().equals(hash)) {
                    throw new RefusedException(422, "key_reused",
                            "This Idempotency-Key came with another body before.");
                }
                return first.answer();
            }
            Entry entry = record(action, key, newRecord.apply(said), said);
            return held(entry);
        });
        return Answer.json(201, answer);
    }

    private Map<String, Object> held(Entry entry) {
        return switch (entry.action()) {
            case "contact.create" -> contacts.get(entry.id());
            case "credit-note.create" -> creditNotes.get(entry.id());
            default -> invoices.get(entry.id());
        };
    }

    private static String hash(String action, Map<String, Object> said) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(action.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest(Json.sorted(said)));
        } catch (NoSuchAlgorithmException everyJavaHasIt) {
            throw new IllegalStateException(everyJavaHasIt);
        }
    }

    /** Checks a new contact and returns its id. */
    private String newContact(Map<String, Object> said) {
        Map<String, String> problems = contactProblems(said);
        if (said.get("name") == null || said.get("name").toString().isBlank()) {
            problems.putIfAbsent("name", "must not be empty");
        }
        refuse(problems);
        Object reference = said.get("reference");
        if (reference != null && !contacts.find("reference", reference).isEmpty()) {
            throw RefusedException.field(409, "duplicate_reference", "reference", "is another contact's");
        }
        return "C-" + (1001 + contacts.ever());
    }

    private Answer patchContact(Request request) {
        Map<String, Object> said = request.json();
        String id = request.variable("id");
        return Answer.json(200, write(() -> {
            Map<String, Object> held = known(contacts, id);
            String wanted = request.header("If-Match");
            if (wanted != null && !wanted.replace("\"", "").equals(held.get("version").toString())) {
                throw new RefusedException(412, "version_mismatch",
                        "The contact is at version " + held.get("version") + "; read it and try again.");
            }
            Map<String, String> problems = contactProblems(said);
            if (said.containsKey("name") && (said.get("name") == null || said.get("name").toString().isBlank())) {
                problems.putIfAbsent("name", "must not be empty");
            }
            refuse(problems);
            record("contact.update", request.header("Idempotency-Key"), id, said);
            return contacts.get(id);
        }));
    }

    private static void refuse(Map<String, String> problems) {
        if (!problems.isEmpty()) {
            String field = problems.keySet().iterator().next();
            throw new RefusedException(422, "invalid", field + " " + problems.get(field), problems);
        }
    }

    private static Map<String, String> contactProblems(Map<String, Object> said) {
        Map<String, String> problems = new LinkedHashMap<>();
        said.forEach((field, value) -> {
            if (!CONTACT.contains(field)) {
                problems.put(field, "is not a field of a contact");
            } else if (field.equals("address")) {
                addressProblems(value, problems);
            } else if (value != null) {
                String problem = value instanceof String text ? problem(field, text) : "must be a text";
                if (problem != null) {
                    problems.put(field, problem);
                }
            }
        });
        return problems;
    }

    private static void addressProblems(Object address, Map<String, String> problems) {
        if (address instanceof Map<?, ?> map) {
            map.forEach((field, value) -> {
                if (!ADDRESS.contains(field)) {
                    problems.put("address." + field, "is not a field of an address");
                } else if (value != null && !(value instanceof String)) {
                    problems.put("address." + field, "must be a text");
                } else if (field.equals("country") && value != null && !Rules.country((String) value)) {
                    problems.put("address.country", "must be a country by ISO 3166-1 alpha-2, such as CH");
                }
            });
        } else if (address != null) {
            problems.put("address", "must be an object");
        }
    }

    private static String problem(String field, String value) {
        return switch (field) {
            case "email" -> Rules.email(value) ? null : "must be an e-mail address";
            case "phone" -> Rules.phone(value) ? null : "must be a phone number";
            case "currency" -> Rules.currency(value) ? null : "must be a currency by ISO 4217, such as CHF";
            case "language" ->
                value.matches("[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*") ? null : "must be a language, such as de";
            default -> value.length() <= 255 ? null : "must have at most 255 characters";
        };
    }

    /** Checks a new invoice and returns its id. */
    private String newInvoice(Map<String, Object> said) {
        Map<String, String> problems = new LinkedHashMap<>();
        said.keySet().stream().filter(field -> !INVOICE.contains(field))
                .forEach(field -> problems.put(field, "is not a field of an invoice"));
        if (!(said.get("reference") instanceof String reference) || reference.isBlank()) {
            problems.put("reference", "must not be empty");
        }
        if (!(said.get("contact_id") instanceof String contact) || contacts.get(contact) == null) {
            problems.put("contact_id", "must be the id of a contact");
        }
        if (!(said.get("currency") instanceof String currency) || !Rules.currency(currency)) {
            problems.put("currency", "must be a currency by ISO 4217, such as CHF");
        }
        if (said.get("due_on") != null && !said.get("due_on").toString().matches("\\d{4}-\\d{2}-\\d{2}")) {
            problems.put("due_on", "must be a date such as 2026-07-31");
        }
        if (!Rules.amount(said.get("total"))) {
            problems.put("total", "must be a decimal string such as \"120.00\"");
        }
        lineProblems(said.get("lines"), problems);
        refuse(problems);
        return "I-" + (1001 + invoices.ever());
    }

    /** Checks a new credit note and returns its id. A second one of an invoice is not refused: that is for the hub to prevent. */
    private String newCreditNote(Map<String, Object> said) {
        Map<String, String> problems = new LinkedHashMap<>();
        said.keySet().stream().filter(field -> !CREDIT_NOTE.contains(field))
                .forEach(field -> problems.put(field, "is not a field of a credit note"));
        if (!(said.get("reference") instanceof String reference) || reference.isBlank()) {
            problems.put("reference", "must not be empty");
        }
        if (!(said.get("invoice_id") instanceof String invoice) || invoices.get(invoice) == null) {
            problems.put("invoice_id", "must be the id of an invoice");
        }
        if (!Rules.amount(said.get("total"))) {
            problems.put("total", "must be a decimal string such as \"120.00\"");
        }
        refuse(problems);
        return "N-" + (1001 + creditNotes.ever());
    }

    private static void lineProblems(Object lines, Map<String, String> problems) {
        if (!(lines instanceof List<?> list) || list.isEmpty() || list.size() > 1000) {
            problems.put("lines", "must be a list of 1 to 1000 lines");
            return;
        }
        for (int i = 0; i < list.size(); i++) {
            Map<?, ?> line = list.get(i) instanceof Map<?, ?> map ? map : Map.of();
            if (!(line.get("description") instanceof String)) {
                problems.put("lines[" + i + "].description", "must be a text");
            }
            for (String field : List.of("quantity", "unit_price", "tax_rate")) {
                boolean absent = field.equals("tax_rate") && line.get(field) == null;
                if (!absent && !Rules.amount(line.get(field))) {
                    problems.put("lines[" + i + "]." + field, "must be a decimal string");
                }
            }
        }
    }

    /**
     * Books a payment, as finance does.
     *
     * @param invoice its id, number, reference or order number
     * @param said amount (what is open, when absent), paid_on, method (bank transfer)
     * @return the payment
     */
    public Map<String, Object> pay(String invoice, Map<String, Object> said) {
        return write(() -> {
            Map<String, Object> held = invoices.get(invoice) != null
                    ? invoices.get(invoice)
                    : Stream.of("number", "reference", "order_number")
                            .flatMap(name -> invoices.find(name, invoice).stream()).findFirst()
                            .orElseThrow(() -> RefusedException.unknown("Invoice " + invoice));
            if ("paid".equals(held.get("status"))) {
                throw new RefusedException(409, "already_paid", "The invoice is paid.");
            }
            if ("credited".equals(held.get("status"))) {
                throw new RefusedException(409, "credited", "The invoice was taken back.");
            }
            BigDecimal open = decimal(held, "total").subtract(decimal(held, "paid_amount"));
            Map<String, Object> payment = new LinkedHashMap<>();
            payment.put("invoice_id", held.get("id"));
            payment.put("amount", Rules.decimal(said, "amount", open.toPlainString()).toPlainString());
            payment.put("paid_on", said.get("paid_on"));
            payment.put("method", said.get("method") == null ? "bank transfer" : said.get("method"));
            Entry entry = record("payment.receive", null, "P-" + (1001 + payments.ever()), payment);
            return payments.get(entry.id());
        });
    }

    private static BigDecimal decimal(Map<String, Object> record, String field) {
        return new BigDecimal((String) record.get(field));
    }

    @Override
    void apply(Entry entry) {
        switch (entry.action()) {
            case "contact.create", "contact.update" -> applyContact(entry);
            case "invoice.create" -> applyInvoice(entry);
            case "credit-note.create" -> applyCreditNote(entry);
            case "payment.receive" -> applyPayment(entry);
            default -> throw new IllegalStateException("The ledger holds an unknown action " + entry.action());
        }
        if (entry.key() != null && entry.action().endsWith(".create")) {
            keys.put(entry.key(), new Kept(hash(entry.action(), entry.body()), entry.at(), held(entry)));
        }
    }

    private void applyContact(Entry entry) {
        Map<String, Object> before = contacts.get(entry.id());
        Map<String, Object> contact = new LinkedHashMap<>();
        contact.put("id", entry.id());
        contact.put("version", before == null ? 1 : (Integer) before.get("version") + 1);
        for (String field : CONTACT) {
            Object held = before == null ? null : before.get(field);
            Object said = entry.body().get(field);
            if (field.equals("address") && said instanceof Map<?, ?> address) {
                contact.put(field, patched(held, address));
            } else {
                contact.put(field, entry.body().containsKey(field) ? said : held);
            }
        }
        contact.put("created_at", before == null ? entry.time() : before.get("created_at"));
        contact.put("updated_at", entry.time());
        contacts.put(entry.id(), entry.time(), contact);
    }

    private static Map<String, Object> patched(Object held, Map<?, ?> said) {
        Map<String, Object> address = new LinkedHashMap<>();
        for (String field : ADDRESS) {
            address.put(field, said.containsKey(field)
                    ? said.get(field)
                    : held instanceof Map<?, ?> before ? before.get(field) : null);
        }
        return address;
    }

    private void applyInvoice(Entry entry) {
        LocalDate issuedOn = LocalDate.ofInstant(entry.at(), ZoneOffset.UTC);
        Map<String, Object> invoice = new LinkedHashMap<>();
        invoice.put("id", entry.id());
        invoice.put("number", "INV-%d-%04d".formatted(issuedOn.getYear(), invoices.ever() + 1));
        invoice.put("status", "issued");
        INVOICE.forEach(field -> invoice.put(field, entry.body().get(field)));
        invoice.put("issued_on", issuedOn.toString());
        invoice.put("due_on", entry.body().get("due_on") == null
                ? issuedOn.plusDays(30).toString()
                : entry.body().get("due_on"));
        invoice.put("paid_amount", "0.00");
        invoice.put("created_at", entry.time());
        invoice.put("updated_at", entry.time());
        invoices.put(entry.id(), entry.time(), invoice);
    }

    private void applyCreditNote(Entry entry) {
        Map<String, Object> invoice = new LinkedHashMap<>(invoices.get((String) entry.body().get("invoice_id")));
        LocalDate issuedOn = LocalDate.ofInstant(entry.at(), ZoneOffset.UTC);
        Map<String, Object> note = new LinkedHashMap<>();
        note.put("id", entry.id());
        note.put("number", "CN-%d-%04d".formatted(issuedOn.getYear(), creditNotes.ever() + 1));
        note.put("status", "issued");
        note.put("reference", entry.body().get("reference"));
        note.put("invoice_id", invoice.get("id"));
        note.put("invoice_number", invoice.get("number"));
        for (String field : List.of("order_number", "contact_id", "currency")) {
            note.put(field, invoice.get(field));
        }
        note.put("total", entry.body().get("total"));
        note.put("issued_on", issuedOn.toString());
        note.put("created_at", entry.time());
        note.put("updated_at", entry.time());
        creditNotes.put(entry.id(), entry.time(), note);

        invoice.put("status", "credited");
        invoice.put("updated_at", entry.time());
        invoices.put((String) invoice.get("id"), entry.time(), invoice);
    }

    private void applyPayment(Entry entry) {
        String invoiceId = (String) entry.body().get("invoice_id");
        Map<String, Object> invoice = new LinkedHashMap<>(invoices.get(invoiceId));
        Map<String, Object> payment = new LinkedHashMap<>();
        payment.put("id", entry.id());
        payment.put("invoice_id", invoiceId);
        payment.put("invoice_number", invoice.get("number"));
        payment.put("order_number", invoice.get("order_number"));
        payment.put("amount", entry.body().get("amount"));
        payment.put("currency", invoice.get("currency"));
        Object paidOn = entry.body().get("paid_on");
        payment.put("paid_at", paidOn == null ? entry.time() : paidOn + "T00:00:00Z");
        payment.put("method", entry.body().get("method"));
        payment.put("updated_at", entry.time());
        payments.put(entry.id(), entry.time(), payment);

        BigDecimal paid = decimal(invoice, "paid_amount").add(decimal(payment, "amount"));
        boolean whole = paid.compareTo(decimal(invoice, "total")) >= 0;
        invoice.put("paid_amount", paid.setScale(Math.max(2, paid.scale()), RoundingMode.UNNECESSARY).toPlainString());
        invoice.put("status", whole ? "paid" : "issued");
        invoice.put("updated_at", entry.time());
        invoices.put(invoiceId, entry.time(), invoice);
    }

    /** The contacts it holds: id, version, reference, name, email, phone, vat_number, address, currency, language… */
    public List<Map<String, Object>> contacts() {
        return all(() -> contacts.all());
    }

    /** The invoices it issued: id, number, status, reference, contact_id, order_number, lines, total, paid_amount… */
    public List<Map<String, Object>> invoices() {
        return all(() -> invoices.all());
    }

    /** The credit notes it issued: id, number, status, reference, invoice_id, invoice_number, order_number, total… */
    public List<Map<String, Object>> creditNotes() {
        return all(() -> creditNotes.all());
    }

    /** The payments it received: id, invoice_id, invoice_number, order_number, amount, currency, paid_at, method. */
    public List<Map<String, Object>> payments() {
        return all(() -> payments.all());
    }

    private List<Map<String, Object>> all(Supplier<Collection<Map<String, Object>>> records) {
        return read(() -> new ArrayList<>(records.get()));
    }
}
