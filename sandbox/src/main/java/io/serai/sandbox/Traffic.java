package io.serai.sandbox;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A little life in the company: new customers, edits, purchases, requests from the web form, payments. The same seed makes the
 * same life. What goes wrong, a system told to be down for instance, is said and passed over.
 */
public final class Traffic implements AutoCloseable {
    /** The first events come quickly, so that there is something to see. */
    private static final int BURST = 12;
    private static final Duration BURST_PAUSE = Duration.ofMillis(120);
    private static final String[] GOODS = "Caravan lantern|Saddle bag|Water skin|Star chart|Date palm honey|Felt rug"
            .split("\\|");

    private final Company company;
    private final Duration pause;
    private final Consumer<String> log;
    private final Random random;
    private final Customers customers;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final List<Event> opening = List.of(this::newInErp, this::newInErp, this::newBuyer, this::lead,
            this::newInErp, this::newBuyer, this::orderInErp, this::nameInErp, this::phoneInShop, this::newInErp,
            this::purchase, this::payment);
    private int steps;
    private int people;

    private interface Event {
        String happen();
    }

    /**
     * @param pause between events, after the first dozen
     * @param log gets one line an event
     */
    public Traffic(Company company, long seed, Duration pause, Consumer<String> log) {
        this.company = company;
        this.pause = pause;
        this.log = log;
        this.people = seen();
        this.random = new Random(seed + people);
        this.customers = new Customers(seed);
        this.steps = people > 0 ? BURST : 0;
    }

    /** People met before a restart are not met as new ones again. */
    private int seen() {
        long edits = List.of(company.erp(), company.shop()).stream().flatMap(system -> system.ledger().stream())
                .filter(entry -> "customer.edit".equals(entry.get("action"))).count();
        return (int) edits + company.mailbox().ledger().size();
    }

    /** Lets events happen until closed, on a thread of its own. */
    public void start() {
        Thread.ofVirtual().name("traffic").start(() -> {
            try {
                while (!closed.await((steps < BURST ? BURST_PAUSE : pause).toMillis(), TimeUnit.MILLISECONDS)) {
                    step();
                }
            } catch (InterruptedException end) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /** Lets the next event happen. */
    public void step() {
        try {
            Event event = steps < BURST ? opening.get(steps) : any();
            steps++;
            log.accept(event.happen());
        } catch (RuntimeException wrong) {
            log.accept("did not work out: " + wrong.getMessage());
        }
    }

    private Event any() {
        int draw = random.nextInt(100);
        return draw < 18
                ? this::newInErp
                : draw < 34
                        ? this::nameInErp
                        : draw < 52
                                ? this::phoneInShop
                                : draw < 60
                                        ? this::newBuyer
                                        : draw < 74
                                                ? this::purchase
                                                : draw < 82 ? this::orderInErp : draw < 90 ? this::lead : this::payment;
    }

    private Customer somebodyNew() {
        Customer next = customers.customer(people % Customers.FIRST_BULK_INDEX);
        people++;
        return next;
    }

    private Map<String, Object> somebody(List<Map<String, Object>> from) {
        if (from.isEmpty()) {
            throw new IllegalStateException("nobody is there yet");
        }
        return from.get(random.nextInt(from.size()));
    }

    private String newInErp() {
        up(company.erp());
        Customer one = somebodyNew();
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("partnerType", one.company() == null ? "PERS" : "ORG");
        fields.put("name1", one.company() == null ? one.lastName() : one.company());
        if (one.company() == null) {
            fields.put("name2", one.firstName());
        } else {
            fields.put("vatId", one.vatId());
        }
        fields.put("street", one.street());
        fields.put("postalCode", one.zip());
        fields.put("city", one.city());
        fields.put("country", one.country());
        fields.put("phone", one.phone());
        fields.put("email", one.email());
        fields.put("language", one.language());
        return "ERP: new customer " + company.erp().edit(fields).get("customerNumber") + " " + name(one);
    }

    private String nameInErp() {
        up(company.erp());
        Map<String, Object> one = somebody(company.erp().customers().stream()
                .filter(customer -> "PERS".equals(customer.get("partnerType"))).toList());
        Customer spouse = customers.customer(random.nextInt(Customers.FIRST_BULK_INDEX));
        String before = one.get("name1").toString();
        String name = before.contains("-") ? spouse.lastName() : before + "-" + spouse.lastName();
        company.erp().edit(Map.of("customerNumber", one.get("customerNumber"), "name1", name));
        return "ERP: " + before + " is called " + name + " now";
    }

    private String orderInErp() {
        up(company.erp());
        Map<String, Object> one = somebody(company.erp().customers());
        Map<String, Object> line = Map.of("sku", "G-" + random.nextInt(100), "description", goods(), "quantity",
                Integer.toString(1 + random.nextInt(3)), "unitPrice", price(), "taxRate", "8.1");
        Map<String, Object> order = company.erp()
                .order(Map.of("customerNumber", one.get("customerNumber"), "lines", List.of(line)));
        return "ERP: order " + order.get("orderNumber") + " for " + one.get("name1") + ", paid";
    }

    private String newBuyer() {
        up(company.shop());
        Customer one = somebodyNew();
        Map<String, Object> address = new LinkedHashMap<>();
        address.put("address1", one.street());
        address.put("zip", one.zip());
        address.put("city", one.city());
        address.put("country_code", one.country());
        Map<String, Object> buyer = new LinkedHashMap<>();
        buyer.put("first_name", one.firstName());
        buyer.put("last_name", one.lastName());
        buyer.put("email", one.email());
        buyer.put("phone", one.phone());
        buyer.put("locale", one.language());
        buyer.put("addresses", List.of(address));
        return bought(company.shop().checkout(Map.of("customer", buyer, "line_items", basket())));
    }

    private String purchase() {
        up(company.shop());
        Map<String, Object> one = somebody(company.shop().customers());
        return bought(company.shop().checkout(Map.of("customer", Map.of("id", one.get("id")), "line_items", basket())));
    }

    private static String bought(Map<String, Object> order) {
        Map<?, ?> customer = (Map<?, ?>) order.get("customer");
        return "Shop: " + customer.get("first_name") + " " + customer.get("last_name") + " bought " + order.get("name")
                + ", " + order.get("currency") + " " + order.get("total_price") + " paid";
    }

    private String phoneInShop() {
        up(company.shop());
        Map<String, Object> one = somebody(company.shop().customers());
        String phone = somebodyNew().phone();
        Map<String, Object> edited = company.shop().edit(Map.of("id", one.get("id"), "phone", phone));
        return "Shop: " + edited.get("first_name") + " " + edited.get("last_name") + " has phone "
                + edited.get("phone");
    }

    private String lead() {
        up(company.mailbox());
        Customer one = somebodyNew();
        Map<String, Object> form = new LinkedHashMap<>();
        form.put("name", one.firstName() + " " + one.lastName());
        form.put("company", one.company());
        form.put("email", one.email());
        form.put("phone", one.phone());
        form.put("message", "Please send me your catalogue. I am looking for: " + goods());
        company.mailbox().lead(form);
        return "Mail: " + name(one) + " asks by the web form";
    }

    private String payment() {
        up(company.books());
        Map<String, Object> one = somebody(company.books().invoices().stream()
                .filter(invoice -> "issued".equals(invoice.get("status"))).toList());
        Map<String, Object> payment = company.books().pay((String) one.get("id"), Map.of());
        return "Books: " + one.get("currency") + " " + payment.get("amount") + " received for " + one.get("number");
    }

    private static void up(CompanySystem system) {
        if (Boolean.TRUE.equals(system.control().get("down"))) {
            throw new IllegalStateException(system.name + " is down");
        }
    }

    private List<Map<String, Object>> basket() {
        return List.of(Map.of("sku", "G-" + random.nextInt(100), "title", goods(), "quantity", 1 + random.nextInt(3),
                "price", price()));
    }

    private String goods() {
        return GOODS[random.nextInt(GOODS.length)];
    }

    private String price() {
        return (9 + random.nextInt(190)) + (random.nextBoolean() ? ".90" : ".00");
    }

    private static String name(Customer one) {
        return one.company() == null ? one.firstName() + " " + one.lastName() : one.company();
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
