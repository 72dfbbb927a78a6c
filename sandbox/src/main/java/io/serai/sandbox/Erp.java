package io.serai.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/**
 * The old ERP: SOAP in ({@code /erp}, WSDL at {@code /erp?wsdl}) and SOAP out to the hub whenever one of its people edits a
 * customer or enters an order. It tells the hub again, with the same message id, until it is answered, and believes the
 * answer.
 */
public final class Erp extends CompanySystem {
    static final String NAMESPACE = "urn:sandbox:erp:customers:v1";
    private static final String HUB_NAMESPACE = "urn:serai:customers:v1";
    private static final int NAME_LENGTH = 35;
    private static final List<String> FIELDS = List.of("partnerType", "name1", "name2", "street", "postalCode", "city",
            "country", "phone", "email", "vatId", "language");

    private final String user;
    private final String password;
    private volatile Hub hub;
    private Records customers;
    private Records orders;
    private Map<String, Map<String, Object>> sent;
    private Map<String, Entry> keys;
    private Outbox outbox;
    private HubLine line;

    Erp(Place place, int port, String user, String password) {
        super("erp", place, port);
        this.user = user;
        this.password = password;
    }

    /** Starts the ERP alone; {@code --help} says how. */
    public static void main(String[] arguments) throws IOException {
        Company.main(Company.only("erp", arguments));
    }

    /** Who may call it; the hub knows the ERP by the same name and password unless told otherwise. */
    public String user() {
        return user;
    }

    public String password() {
        return password;
    }

    /** The SOAP endpoint; append {@code ?wsdl} for the WSDL. */
    public String soapUrl() {
        return url() + "/erp";
    }

    /** Says where the hub is; from now on what was kept for it is sent. */
    public void hub(Hub where) {
        hub = where;
        Outbox open = outbox;
        if (open != null) {
            open.open();
        }
    }

    @Override
    void forget() {
        customers = new Records();
        orders = new Records();
        sent = new LinkedHashMap<>();
        keys = new LinkedHashMap<>();
        outbox = new Outbox(this::tell);
        line = new HubLine();
    }

    @Override
    void opened() {
        if (hub != null) {
            outbox.open();
        }
    }

    @Override
    void closing() {
        outbox.close();
        line.close();
    }

    @Override
    void answered() {
        outbox.release();
    }

    @Override
    void furnish(Site site) {
        site.watch("GET", "/erp", request -> request.query().containsKey("wsdl")
                ? wsdl()
                : Answer.text(200, "text/plain", "SOAP is posted here; the WSDL is at ?wsdl\n"));
        site.api("POST", "/erp", this::soap);
        site.watch("GET", "/customers", request -> Answer.json(200, Map.of("customers", customers())));
        site.watch("GET", "/orders", request -> Answer.json(200, Map.of("orders", orders())));
        site.watch("GET", "/sent", request -> Answer.json(200, Map.of("sent", sent())));
        site.door("POST", "/edit", request -> Answer.json(200, edit(request.json())));
        site.door("POST", "/order", request -> Answer.json(200, order(request.json())));
    }

    @Override
    void check(Request request) {
        String basic = "Basic " + Base64.getEncoder()
                .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
        if (!Secrets.same(basic, request.header("Authorization"))) {
            throw new RefusedException(401, "UNAUTHORIZED", "User and password are wanted (HTTP Basic).");
        }
    }

    @Override
    Answer refuse(Request request, RefusedException refused) {
        String field = refused.fields().keySet().stream().findFirst().orElse(null);
        Answer answer;
        if (request.path().equals("/erp")) {
            String envelope = new String(request.body(), StandardCharsets.UTF_8).contains(Soap.SOAP_12)
                    ? Soap.SOAP_12
                    : Soap.SOAP_11;
            boolean fault = refused.status() == 400 || refused.status() == 422 || refused.status() == 404;
            answer = soap(fault ? 500 : refused.status(), envelope, Soap.fault(envelope, refused.status() < 500,
                    refused.getMessage(), NAMESPACE, refused.code(), field));
        } else {
            answer = Answer.json(refused.status(),
                    Map.of("error", refused.getMessage(), "code", refused.code(), "fields", refused.fields()));
        }
        return refused.status() == 401 ? answer.with("WWW-Authenticate", "Basic realm=\"erp\"") : answer;
    }

    @Override
    Answer index() {
        return new Page("ERP", "The old ERP: SOAP at /erp (WSDL at /erp?wsdl), people at POST /edit and POST /order.")
                .table("Customers", customers(), "customerNumber", "name1", "name2", "street", "postalCode", "city",
                        "country", "phone", "email", "vatId", "changeNumber")
                .table("Orders", orders(), "orderNumber", "customerNumber", "total", "currency", "paid",
                        "invoiceNumber", "invoiceStatus")
                .table("Sent to the hub", sent(), "at", "operation", "about", "state", "answer").answer();
    }

    private Answer wsdl() {
        try (InputStream in = Erp.class.getResourceAsStream("erp.wsdl")) {
            String wsdl = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return Answer.text(200, "text/xml", wsdl.replace("{address}", soapUrl()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Answer soap(int status, String envelope, String xml) {
        return Answer.text(status, Soap.SOAP_12.equals(envelope) ? "application/soap+xml" : "text/xml", xml);
    }

    private Answer soap(Request request) {
        Soap call = Soap.read(request.body());
        if (!call.namespace().equals(NAMESPACE)) {
            throw new RefusedException(400, "UNKNOWN_OPERATION",
                    "The body's element is not of namespace " + NAMESPACE + ".");
        }
        String key = request.header("Idempotency-Key") == null ? call.id() : request.header("Idempotency-Key");
        Map<String, Object> answer = switch (call.operation()) {
            case "UpsertCustomer" -> upsert(call, key);
            case "ReadCustomer" -> Map.of("customer", read(() -> known(call.text("customerNumber"))));
            case "SetOrderInvoice" -> setInvoice(call, key);
            default -> throw new RefusedException(400, "UNKNOWN_OPERATION",
                    "There is no operation " + call.operation() + ".");
        };
        return soap(200, call.envelope(),
                Soap.write(call.envelope(), null, NAMESPACE, call.operation() + "Response", answer));
    }

    private Map<String, Object> upsert(Soap call, String key) {
        Map<String, Object> said = new LinkedHashMap<>(call.content());
        said.remove("customerNumber");
        Entry entry = write(() -> {
            if (key != null && keys.containsKey(key)) {
                return keys.get(key);
            }
            return keep("customer.create", "customer.update", key, call.text("customerNumber"), said);
        });
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("customerNumber", entry.id());
        answer.put("changeNumber", entry.seq());
        return answer;
    }

    private Entry keep(String create, String update, String key, String number, Map<String, Object> said) {
        boolean fresh = number == null || number.isEmpty();
        String id = fresh
                ? "%010d".formatted(10001 + customers.ever())
                : (String) known(number).get("customerNumber");
        validate(said, fresh);
        return record(fresh ? create : update, key, id, said);
    }

    /** The customer; its number may come without the leading zeros. */
    private Map<String, Object> known(String number) {
        String padded = number != null && number.matches("\\d{1,10}") ? "%010d".formatted(Long.parseLong(number)) : "";
        Map<String, Object> customer = customers.get(padded);
        if (customer == null) {
            throw new RefusedException(404, "UNKNOWN_CUSTOMER", "Customer " + number + " does not exist.",
                    Map.of("customerNumber", "does not exist"));
        }
        return customer;
    }

    private static void validate(Map<String, Object> said, boolean fresh) {
        for (Map.Entry<String, Object> field : said.entrySet()) {
            if (!FIELDS.contains(field.getKey())) {
                throw RefusedException.field(422, "UNKNOWN_FIELD", field.getKey(), "is not a field of a customer");
            }
            if (field.getValue() != null) {
                if (!(field.getValue() instanceof String text)) {
                    throw RefusedException.field(422, "INVALID", field.getKey(), "must be a single text");
                }
                String problem = problem(field.getKey(), text);
                if (problem != null) {
                    throw RefusedException.field(422, "INVALID_" + field.getKey().toUpperCase(Locale.ROOT),
                            field.getKey(), problem);
                }
            }
        }
        boolean nameless = said.get("name1") == null || said.get("name1").toString().isBlank();
        if (nameless && (fresh || said.containsKey("name1"))) {
            throw RefusedException.field(422, "MISSING", "name1", "must not be empty");
        }
    }

    private static String problem(String field, String value) {
        if (value.isEmpty()) {
            return null;
        }
        return switch (field) {
            case "email" -> Rules.email(value) ? null : "must be an e-mail address";
            case "phone" -> Rules.phone(value) ? null : "must be a phone number";
            case "country" -> Rules.country(value) ? null : "must be a country by ISO 3166-1 alpha-2, such as CH";
            case "partnerType" -> List.of("ORG", "PERS").contains(value) ? null : "must be ORG or PERS";
            case "postalCode" -> value.length() <= 10 ? null : "must have at most 10 characters";
            case "name1" -> value.length() <= 500 ? null : "must have at most 500 characters";
            default -> value.length() <= 80 ? null : "must have at most 80 characters";
        };
    }

    private Map<String, Object> setInvoice(Soap call, String key) {
        String number = call.text("orderNumber");
        Entry entry = write(() -> {
            if (number == null || orders.get(number) == null) {
                throw new RefusedException(404, "UNKNOWN_ORDER", "Order " + number + " does not exist.",
                        Map.of("orderNumber", "does not exist"));
            }
            return record("order.invoice", key, number, call.content());
        });
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("orderNumber", number);
        answer.put("changeNumber", entry.seq());
        return answer;
    }

    /**
     * A person in the ERP creates a customer (without customerNumber) or edits one, and the ERP tells the hub the whole
     * record as it now is.
     *
     * @param fields customerNumber, partnerType, name1, name2, street, postalCode, city, country, phone, email, vatId,
     *        language; null clears
     * @return the customer as the ERP now holds it
     */
    public Map<String, Object> edit(Map<String, Object> fields) {
        Map<String, Object> said = new LinkedHashMap<>(fields);
        Object number = said.remove("customerNumber");
        Map<String, Object> customer = write(() -> customers
                .get(keep("customer.edit", "customer.edit", null, number == null ? null : number.toString(), said)
                        .id()));
        outbox.release();
        return customer;
    }

    /**
     * A person in the ERP enters an order, and the ERP submits it to the hub.
     *
     * @param fields customerNumber; optional orderNumber, currency (CHF), paid (true), lines [{sku, description, quantity,
     *        unitPrice, taxRate}], total (the sum of the lines)
     * @return the order as the ERP now holds it
     */
    public Map<String, Object> order(Map<String, Object> fields) {
        Map<String, Object> said = new LinkedHashMap<>(fields);
        Map<String, Object> order = write(() -> {
            Object number = said.get("customerNumber");
            said.put("customerNumber", known(number == null ? null : number.toString()).get("customerNumber"));
            said.putIfAbsent("orderNumber", "E-" + (20001 + orders.ever()));
            said.putIfAbsent("currency", "CHF");
            said.putIfAbsent("paid", true);
            said.putIfAbsent("lines", List.of(Map.of("sku", "SAD-1", "description", "Saddle bag", "quantity", "1",
                    "unitPrice", "120.00", "taxRate", "8.1")));
            said.put("total", Rules.decimal(said, "total", total(said.get("lines"))).toPlainString());
            String orderNumber = said.get("orderNumber").toString();
            if (orders.get(orderNumber) != null) {
                throw RefusedException.field(409, "DUPLICATE", "orderNumber", "has already been used");
            }
            record("order.enter", null, orderNumber, said);
            return orders.get(orderNumber);
        });
        outbox.release();
        return order;
    }

    private static String total(Object lines) {
        BigDecimal total = BigDecimal.ZERO;
        if (!(lines instanceof List<?> list) || list.isEmpty()) {
            throw RefusedException.field(422, "INVALID", "lines", "must be a list of at least one line");
        }
        for (Object line : list) {
            Map<String, Object> map = new LinkedHashMap<>();
            if (line instanceof Map<?, ?> given) {
                given.forEach((name, value) -> map.put(name.toString(), value));
            }
            total = total.add(Rules.decimal(map, "quantity", "1").multiply(Rules.decimal(map, "unitPrice", null)));
        }
        return total.setScale(2, RoundingMode.HALF_UP).toPlainString();
    }

    @Override
    void apply(Entry entry) {
        switch (entry.action()) {
            case "customer.create", "customer.update", "customer.edit" -> applyCustomer(entry);
            case "order.enter" -> {
                Map<String, Object> order = new LinkedHashMap<>(entry.body());
                order.put("placedAt", entry.time());
                if (Boolean.TRUE.equals(order.get("paid"))) {
                    order.put("paidAt", entry.time());
                }
                orders.put(entry.id(), entry.time(), order);
                announce(entry, "submitOrder", "customer-" + order.get("customerNumber"), ErpMessages.order(order));
            }
            case "order.invoice" -> {
                Map<String, Object> order = new LinkedHashMap<>(orders.get(entry.id()));
                order.put("invoiceNumber", entry.body().get("invoiceNumber"));
                order.put("invoiceStatus", entry.body().get("status"));
                orders.put(entry.id(), entry.time(), order);
            }
            case "hub.answered" -> {
                outbox.answered(entry.key());
                Map<String, Object> note = new LinkedHashMap<>(sent.get(entry.key()));
                note.putAll(entry.body());
                sent.put(entry.key(), note);
            }
            default -> throw new IllegalStateException("The ledger holds an unknown action " + entry.action());
        }
        if (entry.key() != null && entry.action().startsWith("customer.")) {
            keys.put(entry.key(), entry);
        }
    }

    private void applyCustomer(Entry entry) {
        Map<String, Object> before = customers.get(entry.id());
        Map<String, Object> customer = new LinkedHashMap<>();
        customer.put("customerNumber", entry.id());
        customer.put("changeNumber", entry.seq());
        for (String field : FIELDS) {
            Object value = entry.body().containsKey(field)
                    ? entry.body().get(field)
                    : before == null ? null : before.get(field);
            if (field.equals("partnerType") && value == null) {
                value = "PERS";
            }
            if (value instanceof String text && !text.isEmpty()) {
                customer.put(field, field.equals("name1") && text.length() > NAME_LENGTH
                        ? text.substring(0, NAME_LENGTH)
                        : text);
            }
        }
        customers.put(entry.id(), entry.time(), customer);
        if (entry.action().equals("customer.edit")) {
            announce(entry, "upsertCustomer", "customer-" + entry.id(), ErpMessages.customer(customer, entry.body()));
        }
    }

    private void announce(Entry entry, String operation, String lane, Map<String, Object> body) {
        String id = "urn:uuid:" + UUID.nameUUIDFromBytes(
                (name + entry.seq() + entry.time()).getBytes(StandardCharsets.UTF_8));
        Map<String, Object> note = new LinkedHashMap<>();
        note.put("messageId", id);
        note.put("at", entry.time());
        note.put("operation", operation);
        note.put("about", entry.id());
        note.put("state", "pending");
        sent.put(id, note);
        Outbox.Message message = new Outbox.Message(id, lane, operation, entry.at(), body);
        if (replaying()) {
            outbox.remember(message);
        } else {
            outbox.hold(message);
        }
    }

    private Outbox.Result tell(Outbox.Message message, int attempt) throws InterruptedException {
        Hub to = hub;
        String basic = Base64.getEncoder()
                .encodeToString((to.user() + ":" + to.password()).getBytes(StandardCharsets.UTF_8));
        HubLine.Reply reply = line.post(to.url() + "/soap/customers", "text/xml; charset=utf-8",
                Map.of("Authorization", "Basic " + basic, "SOAPAction", "\"\"", "Idempotency-Key", message.id()),
                Soap.write(Soap.SOAP_11, message.id(), HUB_NAMESPACE, message.topic(), message.body())
                        .getBytes(StandardCharsets.UTF_8));
        if (reply == null) {
            return Outbox.Result.AWAY;
        }
        Soap answer;
        try {
            answer = Soap.read(reply.body());
        } catch (RefusedException noSoap) {
            return Outbox.Result.LATER;
        }
        boolean accepted = reply.status() == 200 && !answer.isFault();
        if (!accepted && !answer.blamesTheCaller()) {
            return Outbox.Result.LATER;
        }
        Map<String, Object> outcome = new LinkedHashMap<>();
        outcome.put("state", accepted ? "accepted" : "refused");
        outcome.put("attempts", attempt);
        outcome.put("answer", answer.content());
        write(() -> record("hub.answered", message.id(), null, outcome));
        return Outbox.Result.ANSWERED;
    }

    /** The customers as the ERP holds them: customerNumber, changeNumber, partnerType, name1… */
    public List<Map<String, Object>> customers() {
        return read(() -> new ArrayList<>(customers.all()));
    }

    /** The orders entered in the ERP: orderNumber, customerNumber, lines, total, invoiceNumber, invoiceStatus… */
    public List<Map<String, Object>> orders() {
        return read(() -> new ArrayList<>(orders.all()));
    }

    /** What it told the hub: messageId, at, operation, about, state (pending|accepted|refused), attempts, answer. */
    public List<Map<String, Object>> sent() {
        return read(() -> new ArrayList<>(sent.values()));
    }
}
