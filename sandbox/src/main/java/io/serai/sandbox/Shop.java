package io.serai.sandbox;

import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The web shop, shaped like Shopify's REST Admin API: it stores e-mails in lower case and phones re-formatted, and tells the
 * hub of every change by a signed webhook, after the answer, until the hub says 2xx.
 */
public final class Shop extends CompanySystem {
    static final String VERSION = "2026-07";
    private static final String BASE = "/admin/api/" + VERSION;
    private static final String DOMAIN = "shop.sandbox.example";
    private static final int PAGE = 250;
    private static final int REFUSED_ATTEMPTS = 9;
    private static final List<String> CUSTOMER = List.of("first_name", "last_name", "company", "email", "phone",
            "addresses", "locale", "currency", "tags", "note");
    private static final List<String> ADDRESS = List.of("first_name", "last_name", "company", "address1", "address2",
            "city", "province", "zip", "country_code", "phone");

    private final String token;
    private final String secret;
    private volatile Hub hub;
    private Records customers;
    private Records orders;
    private Outbox outbox;
    private HubLine line;
    private long addresses;

    Shop(Place place, int port, String token, String secret) {
        super("shop", place, port);
        this.token = token;
        this.secret = secret;
    }

    /** Starts the shop alone; {@code --help} says how. */
    public static void main(String[] arguments) throws IOException {
        Company.main(Company.only("shop", arguments));
    }

    /** For the header X-Shopify-Access-Token. */
    public String token() {
        return token;
    }

    /** What webhooks are signed with. */
    public String hookSecret() {
        return secret;
    }

    /** The root of the API, {@code /admin/api/2026-07} included; {@link #url} is without it, and is what SHOP_URL holds. */
    public String apiUrl() {
        return url() + BASE;
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
        customers = new Records("email");
        orders = new Records("name");
        outbox = new Outbox(this::tell);
        line = new HubLine();
        addresses = 0;
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
        site.api("GET", BASE + "/customers.json", request -> list("customers", customers, request));
        site.api("GET", BASE + "/customers/search.json", this::search);
        site.api("POST", BASE + "/customers.json", request -> Answer.json(201,
                Map.of("customer", keep("customer.create", key(request), null, inside(request, "customer")))));
        site.api("GET", BASE + "/customers/{id}.json",
                request -> Answer.json(200, Map.of("customer", read(() -> known(customers, request.variable("id"))))));
        site.api("PUT", BASE + "/customers/{id}.json", request -> Answer.json(200, Map.of("customer",
                keep("customer.update", key(request), request.variable("id"), inside(request, "customer")))));
        site.api("DELETE", BASE + "/customers/{id}.json", this::delete);
        site.api("GET", BASE + "/orders.json", request -> list("orders", orders, request));
        site.api("POST", BASE + "/orders.json",
                request -> Answer.json(201,
                        Map.of("order", place("order.create", key(request), inside(request, "order")))));
        site.api("GET", BASE + "/orders/{id}.json",
                request -> Answer.json(200, Map.of("order", read(() -> known(orders, request.variable("id"))))));
        site.api("PUT", BASE + "/orders/{id}.json", this::note);
        site.door("POST", "/edit", request -> Answer.json(200, edit(request.json())));
        site.door("POST", "/checkout", request -> Answer.json(200, checkout(request.json())));
        site.door("POST", "/pay", request -> Answer.json(200, pay(String.valueOf(request.json().get("order")))));
    }

    @Override
    void check(Request request) {
        if (!Secrets.same(token, request.header("X-Shopify-Access-Token"))) {
            throw new RefusedException(401, "unauthorized", "[API] Invalid API key or access token");
        }
    }

    @Override
    Answer refuse(Request request, RefusedException refused) {
        Map<String, Object> errors = new LinkedHashMap<>();
        refused.fields().forEach((field, problem) -> errors.put(field, List.of(problem)));
        return Answer.json(refused.status(), Map.of("errors", errors.isEmpty() ? refused.getMessage() : errors));
    }

    @Override
    Answer index() {
        return new Page("Shop",
                "The web shop: REST at " + BASE + ", people at POST /edit, POST /checkout and POST /pay.")
                .table("Customers", customers(), "id", "first_name", "last_name", "company", "email", "phone",
                        "default_address", "tags", "updated_at")
                .table("Orders", orders(), "name", "financial_status", "email", "total_price", "currency",
                        "note_attributes", "updated_at")
                .table("Webhooks not yet answered", outbox.pending().stream().map(Shop::shown).toList(), "topic",
                        "event", "at")
                .answer();
    }

    private static Map<String, Object> shown(Outbox.Message message) {
        return Map.of("topic", message.topic(), "event", message.id(), "at", Entry.format(message.at()));
    }

    private static String key(Request request) {
        return request.header("Idempotency-Key");
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> inside(Request request, String entity) {
        if (request.json().get(entity) instanceof Map<?, ?> map) {
            return (Map<String, Object>) map;
        }
        throw RefusedException.field(400, "malformed", entity, "Required parameter missing or invalid");
    }

    private Answer list(String name, Records records, Request request) {
        int limit = Math.max(1, Math.min(PAGE, request.limit(PAGE)));
        String since = Rules.time("updated_at_min", request.query("updated_at_min"));
        Records.Page page = read(() -> records.page(since, request.query("page_info"), limit));
        Answer answer = Answer.json(200, Map.of(name, page.items()));
        return page.cursor() == null
                ? answer
                : answer.with("Link", "<http://" + request.header("Host") + request.path() + "?limit=" + limit
                        + "&page_info=" + page.cursor() + ">; rel=\"next\"");
    }

    private Answer search(Request request) {
        String query = request.query("query") == null ? "" : request.query("query").strip();
        String value = query.substring(query.indexOf(':') + 1).replace("\"", "").strip();
        List<Map<String, Object>> found = read(() -> query.startsWith("phone:")
                ? customers.find("phone", Phones.spaced(value))
                : customers.find("email", value.toLowerCase(Locale.ROOT)));
        return Answer.json(200, Map.of("customers", found));
    }

    private static Map<String, Object> known(Records records, String id) {
        Map<String, Object> record = records.get(id);
        if (record == null) {
            throw new RefusedException(404, "not_found", "Not Found");
        }
        return record;
    }

    private Map<String, Object> keep(String action, String key, String id, Map<String, Object> said) {
        return write(() -> {
            if (id != null) {
                known(customers, id);
            }
            validate(id, said);
            Entry entry = record(action, key, id == null ? nextCustomer() : id, said);
            return customers.get(entry.id());
        });
    }

    private String nextCustomer() {
        return Long.toString(7_000_000_001L + customers.ever());
    }

    private void validate(String id, Map<String, Object> said) {
        Map<String, String> problems = new LinkedHashMap<>();
        for (String field : CUSTOMER) {
            if (!field.equals("addresses") && said.get(field) != null && !(said.get(field) instanceof String)) {
                problems.put(field, "must be a string");
            }
        }
        if (said.get("email") instanceof String email && !email.isEmpty()) {
            String stored = email.strip().toLowerCase(Locale.ROOT);
            if (!Rules.email(stored)) {
                problems.put("email", "is invalid");
            } else if (customers.find("email", stored).stream().anyMatch(one -> !one.get("id").toString().equals(id))) {
                problems.put("email", "has already been taken");
            }
        }
        if (said.get("phone") instanceof String phone && !phone.isEmpty() && !Rules.phone(phone)) {
            problems.put("phone", "is invalid");
        }
        if (said.get("addresses") != null) {
            addressProblems(said.get("addresses"), problems);
        }
        boolean nameless = List.of("first_name", "last_name", "company", "email", "phone").stream()
                .allMatch(field -> said.get(field) == null || said.get(field).toString().isBlank());
        if (id == null && nameless) {
            problems.put("base", "Customer must have a name, phone number or email address");
        }
        if (!problems.isEmpty()) {
            throw new RefusedException(422, "invalid", "Unprocessable", problems);
        }
    }

    /** As in the product: who has bought cannot be deleted. */
    private Answer delete(Request request) {
        String id = request.variable("id");
        write(() -> {
            known(customers, id);
            if (orders.all().stream().anyMatch(order -> order.get("customer") instanceof Map<?, ?> buyer
                    && id.equals(String.valueOf(buyer.get("id"))))) {
                throw RefusedException.field(422, "invalid", "base", "Customer has orders and cannot be deleted");
            }
            record("customer.delete", key(request), id, Map.of());
            return id;
        });
        return Answer.json(200, Map.of());
    }

    private static void addressProblems(Object addresses, Map<String, String> problems) {
        if (!(addresses instanceof List<?> list) || list.size() > 50) {
            problems.put("addresses", "is invalid");
            return;
        }
        for (Object address : list) {
            Object country = address instanceof Map<?, ?> map ? map.get("country_code") : "?";
            if (country != null && !(country instanceof String code && Rules.country(code))) {
                problems.put("addresses.country_code", "is invalid");
            }
        }
    }

    /**
     * A person in the shop creates a customer (without id) or edits one.
     *
     * @param fields id, first_name, last_name, company, email, phone, addresses, locale, currency, tags, note; null clears
     * @return the customer as the shop now holds it
     */
    public Map<String, Object> edit(Map<String, Object> fields) {
        Map<String, Object> said = new LinkedHashMap<>(fields);
        Object id = said.remove("id");
        Map<String, Object> customer = keep("customer.edit", null, id == null ? null : id.toString(), said);
        outbox.release();
        return customer;
    }

    /**
     * Somebody buys.
     *
     * @param fields email, or customer {id or email, first_name, last_name, phone, addresses…} who is created when the shop
     *        does not know the e-mail; optional line_items [{sku, title, quantity, price, tax_lines}], currency (CHF), paid
     *        (true), note
     * @return the order
     */
    public Map<String, Object> checkout(Map<String, Object> fields) {
        Map<String, Object> order = place("order.checkout", null, fields);
        outbox.release();
        return order;
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> place(String action, String key, Map<String, Object> fields) {
        return write(() -> {
            Map<String, Object> said = new LinkedHashMap<>(fields);
            Map<String, Object> buyer = said.get("customer") instanceof Map<?, ?> map
                    ? new LinkedHashMap<>((Map<String, Object>) map)
                    : new LinkedHashMap<>();
            if (said.get("email") != null) {
                buyer.putIfAbsent("email", said.get("email"));
            }
            said.putIfAbsent("currency", "CHF");
            said.putIfAbsent("line_items",
                    List.of(Map.of("sku", "LAN-7", "title", "Caravan lantern", "quantity", 1, "price", "89.00")));
            Object status = said.get("financial_status") != null
                    ? said.get("financial_status")
                    : Boolean.FALSE.equals(said.remove("paid")) ? "pending" : "paid";
            if (!List.of("paid", "pending", "refunded").contains(status)) {
                throw RefusedException.field(422, "invalid", "financial_status", "is invalid");
            }
            said.put("financial_status", status);
            said.put("total_price", total(said.get("line_items")));
            said.put("customer", Map.of("id", buyer(buyer)));
            Entry entry = record(action, key, Long.toString(5_000_000_001L + orders.ever()), said);
            return orders.get(entry.id());
        });
    }

    /** The buyer's id; a new customer when the e-mail is new. */
    private Long buyer(Map<String, Object> said) {
        if (said.get("id") != null) {
            return (Long) known(customers, said.get("id").toString()).get("id");
        }
        Object email = said.get("email");
        List<Map<String, Object>> found = email == null
                ? List.of()
                : customers.find("email", email.toString().strip().toLowerCase(Locale.ROOT));
        if (!found.isEmpty()) {
            return (Long) found.getFirst().get("id");
        }
        validate(null, said);
        return Long.valueOf(record("customer.edit", null, nextCustomer(), said).id());
    }

    private static String total(Object lines) {
        if (!(lines instanceof List<?> list) || list.isEmpty()) {
            throw RefusedException.field(422, "invalid", "line_items", "is invalid");
        }
        BigDecimal total = BigDecimal.ZERO;
        for (Object line : list) {
            Map<String, Object> map = new LinkedHashMap<>();
            if (line instanceof Map<?, ?> given) {
                given.forEach((name, value) -> map.put(name.toString(), value));
            }
            total = total.add(Rules.decimal(map, "quantity", "1").multiply(Rules.decimal(map, "price", null)));
        }
        return total.setScale(2, RoundingMode.HALF_UP).toPlainString();
    }

    /**
     * A pending order gets paid.
     *
     * @param order its id or name, such as {@code #1001}
     * @return the order
     */
    public Map<String, Object> pay(String order) {
        Map<String, Object> paid = write(() -> {
            List<Map<String, Object>> named = orders.find("name", order);
            String id = named.isEmpty() ? order : named.getFirst().get("id").toString();
            if (!"pending".equals(known(orders, id).get("financial_status"))) {
                throw RefusedException.field(422, "invalid", "financial_status", "is not pending");
            }
            record("order.pay", null, id, Map.of("financial_status", "paid"));
            return orders.get(id);
        });
        outbox.release();
        return paid;
    }

    private Answer note(Request request) {
        Map<String, Object> said = inside(request, "order");
        String id = request.variable("id");
        return Answer.json(200, Map.of("order", write(() -> {
            known(orders, id);
            record("order.update", key(request), id, said);
            return orders.get(id);
        })));
    }

    @Override
    void apply(Entry entry) {
        switch (entry.action()) {
            case "customer.create", "customer.update", "customer.edit" -> applyCustomer(entry);
            case "customer.delete" -> customers.remove(entry.id());
            case "order.checkout", "order.create" -> applyOrder(entry);
            case "order.pay" -> announce(entry, "orders/paid", changedOrder(entry, List.of("financial_status")));
            case "order.update" -> changedOrder(entry, List.of("note", "tags", "note_attributes"));
            case "webhook.answered" -> outbox.answered(entry.key());
            default -> throw new IllegalStateException("The ledger holds an unknown action " + entry.action());
        }
    }

    private void applyCustomer(Entry entry) {
        Map<String, Object> before = customers.get(entry.id());
        Map<String, Object> said = entry.body();
        Map<String, Object> customer = new LinkedHashMap<>();
        customer.put("id", Long.valueOf(entry.id()));
        for (String field : CUSTOMER) {
            Object value = said.containsKey(field) ? said.get(field) : before == null ? null : before.get(field);
            customer.put(field, field.equals("addresses") && said.containsKey(field)
                    ? addresses(value)
                    : stored(field, value));
        }
        List<?> list = customer.get("addresses") instanceof List<?> given ? given : List.of();
        customer.put("addresses", list);
        customer.put("default_address", list.isEmpty() ? null : list.getFirst());
        customer.put("tags", customer.get("tags") == null ? "" : customer.get("tags"));
        customer.put("created_at", before == null ? entry.time() : before.get("created_at"));
        customer.put("updated_at", entry.time());
        customers.put(entry.id(), entry.time(), customer);
        announce(entry, before == null ? "customers/create" : "customers/update", customer);
    }

    private static Object stored(String field, Object value) {
        if (!(value instanceof String text)) {
            return value;
        }
        String stripped = text.strip();
        if (stripped.isEmpty()) {
            return field.equals("tags") ? "" : null;
        }
        return switch (field) {
            case "email" -> stripped.toLowerCase(Locale.ROOT);
            case "phone" -> Phones.spaced(stripped);
            default -> stripped;
        };
    }

    private List<Map<String, Object>> addresses(Object said) {
        List<Map<String, Object>> stored = new ArrayList<>();
        for (Object one : said instanceof List<?> list ? list : List.of()) {
            Map<String, Object> address = new LinkedHashMap<>();
            address.put("id", 9_000_000_001L + addresses++);
            for (String field : ADDRESS) {
                address.put(field, one instanceof Map<?, ?> map ? stored(field, map.get(field)) : null);
            }
            address.put("default", stored.isEmpty());
            stored.add(address);
        }
        return stored;
    }

    private void applyOrder(Entry entry) {
        int number = 1001 + orders.ever();
        Object customer = entry.body().get("customer") instanceof Map<?, ?> map
                ? customers.get(map.get("id").toString())
                : null;
        Map<String, Object> order = new LinkedHashMap<>();
        order.put("id", Long.valueOf(entry.id()));
        order.put("name", "#" + number);
        order.put("order_number", number);
        order.put("email", customer instanceof Map<?, ?> map ? map.get("email") : null);
        order.put("customer", customer);
        order.put("currency", entry.body().get("currency"));
        order.put("financial_status", entry.body().get("financial_status"));
        order.put("line_items", lines(entry));
        order.put("total_price", entry.body().get("total_price"));
        order.put("total_tax", tax(entry));
        order.put("note", entry.body().get("note"));
        order.put("tags", "");
        order.put("note_attributes", List.of());
        order.put("created_at", entry.time());
        order.put("processed_at", entry.time());
        order.put("updated_at", entry.time());
        orders.put(entry.id(), entry.time(), order);
        announce(entry, "orders/create", order);
        if ("paid".equals(order.get("financial_status"))) {
            announce(entry, "orders/paid", order);
        }
    }

    private static List<Map<String, Object>> lines(Entry entry) {
        List<Map<String, Object>> lines = new ArrayList<>();
        for (Object one : (List<?>) entry.body().get("line_items")) {
            Map<?, ?> said = (Map<?, ?>) one;
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("id", entry.seq() * 1000 + lines.size() + 1);
            line.put("sku", said.get("sku"));
            line.put("title", said.get("title"));
            line.put("quantity", said.get("quantity") == null ? 1 : said.get("quantity"));
            line.put("price", String.valueOf(said.get("price")));
            line.put("tax_lines", said.get("tax_lines") instanceof List<?> taxes ? taxes : List.of());
            lines.add(line);
        }
        return lines;
    }

    private static String tax(Entry entry) {
        BigDecimal tax = BigDecimal.ZERO;
        for (Map<String, Object> line : lines(entry)) {
            for (Object one : (List<?>) line.get("tax_lines")) {
                if (one instanceof Map<?, ?> map && map.get("price") != null
                        && Rules.amount(map.get("price").toString())) {
                    tax = tax.add(new BigDecimal(map.get("price").toString()));
                }
            }
        }
        return tax.setScale(2, RoundingMode.HALF_UP).toPlainString();
    }

    private Map<String, Object> changedOrder(Entry entry, List<String> fields) {
        Map<String, Object> order = new LinkedHashMap<>(orders.get(entry.id()));
        fields.stream().filter(entry.body()::containsKey).forEach(field -> order.put(field, entry.body().get(field)));
        order.put("updated_at", entry.time());
        orders.put(entry.id(), entry.time(), order);
        return order;
    }

    private void announce(Entry entry, String topic, Map<String, Object> body) {
        String id = UUID.nameUUIDFromBytes((topic + entry.seq() + entry.time()).getBytes(StandardCharsets.UTF_8))
                .toString();
        String lane = topic.substring(0, topic.indexOf('/')) + entry.id();
        Outbox.Message message = new Outbox.Message(id, lane, topic, entry.at(), body);
        if (replaying()) {
            outbox.remember(message);
        } else {
            outbox.hold(message);
        }
    }

    private Outbox.Result tell(Outbox.Message message, int attempt) throws InterruptedException {
        byte[] body = Json.bytes(message.body());
        Map<String, String> headers = new HashMap<>();
        headers.put("X-Shopify-Topic", message.topic());
        headers.put("X-Shopify-Hmac-Sha256", signature(body));
        headers.put("X-Shopify-Shop-Domain", DOMAIN);
        headers.put("X-Shopify-API-Version", VERSION);
        headers.put("X-Shopify-Webhook-Id", message.id());
        headers.put("X-Shopify-Event-Id", message.id());
        headers.put("X-Shopify-Triggered-At", Entry.format(message.at()));
        HubLine.Reply reply = line.post(hub.url() + "/hooks/shop", "application/json", headers, body);
        if (reply == null) {
            return Outbox.Result.AWAY;
        }
        boolean accepted = reply.status() / 100 == 2;
        boolean givenUp = reply.status() / 100 == 4 && reply.status() != 429 && attempt >= REFUSED_ATTEMPTS;
        if (!accepted && !givenUp) {
            return Outbox.Result.LATER;
        }
        Map<String, Object> outcome = new LinkedHashMap<>();
        outcome.put("topic", message.topic());
        outcome.put("status", reply.status());
        outcome.put("attempts", attempt);
        write(() -> record("webhook.answered", message.id(), null, outcome));
        return Outbox.Result.ANSWERED;
    }

    /** Base64 of the HMAC-SHA256 of the raw body, as Shopify signs. */
    private String signature(byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return Base64.getEncoder().encodeToString(mac.doFinal(body));
        } catch (GeneralSecurityException everyJavaHasIt) {
            throw new IllegalStateException(everyJavaHasIt);
        }
    }

    /** The customers as the shop holds them, in the shape of its API. */
    public List<Map<String, Object>> customers() {
        return read(() -> new ArrayList<>(customers.all()));
    }

    /** The orders as the shop holds them, in the shape of its API. */
    public List<Map<String, Object>> orders() {
        return read(() -> new ArrayList<>(orders.all()));
    }

    /** How many webhooks the hub has not answered with 2xx yet. */
    public int pendingWebhooks() {
        return outbox.pending().size();
    }
}
