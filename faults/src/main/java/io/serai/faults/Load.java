package io.serai.faults;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import jakarta.jms.JMSException;
import jakarta.jms.Session;

/**
 * The company at work: people edit customers and sell in the ERP, in the shop, by queue and by file, as a seed decides. It
 * keeps book of what it was promised; for one person everything happens in order.
 */
final class Load implements AutoCloseable {
    private static final String HEAD = "id;first_name;last_name;company;email;phone;street;zip;city;country;vat_id;language";
    static final List<String> ALL_HOMES = List.of("erp", "shop", "queue", "file");

    private final Stage stage;
    private final Random random;
    private final Duration pause;
    final List<Person> people = new ArrayList<>();
    /** What was sold: the amount of each order number. */
    final Map<String, BigDecimal> sales = new ConcurrentSkipListMap<>();
    /** Who keeps the order, by its number. */
    final Map<String, String> keepers = new ConcurrentHashMap<>();
    final Map<String, Boolean> payments = new ConcurrentHashMap<>();
    /** Events that the queue has taken, by their id. */
    final java.util.Set<String> queued = ConcurrentHashMap.newKeySet();
    /** The systems that must know everybody in the end. */
    List<String> observers;
    /** A request that was frozen on its way may reach a system late: then only what the system ends on counts. */
    boolean lateAtSpokes;
    /**
     * A hub that was set back learns from one system what another holds already, and writes there what changes nothing: that
     * is no echo.
     */
    boolean relearns;
    private final AtomicInteger acknowledged = new AtomicInteger();
    private final AtomicInteger numbers = new AtomicInteger();
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean running;
    private Path file;

    /** @param pause between two things that happen, for each of the four homes */
    Load(Stage stage, long seed, int peopleEach, Duration pause, List<String> homes) {
        this.stage = stage;
        this.random = new Random(seed);
        this.pause = pause;
        this.observers = stage.spokes();
        for (String home : homes) {
            for (int i = 0; i < peopleEach; i++) {
                people.add(new Person(home, people.size()));
            }
        }
    }

    /** The scenario itself has something acknowledged. */
    void acknowledge() {
        acknowledged.incrementAndGet();
    }

    /** The scenario itself sells something. */
    void sold(String number, BigDecimal amount, String keeper) {
        keepers.put(number, keeper);
        sales.put(number, amount);
        acknowledged.incrementAndGet();
    }

    /** Everything that some system or the queue took over, and so what must not be lost. */
    int acknowledged() {
        return acknowledged.get();
    }

    void start() {
        running = true;
        people.stream().map(person -> person.home).distinct()
                .forEach(home -> threads.add(Thread.ofPlatform().name("load-" + home).start(() -> work(home))));
    }

    /** Returns when everything that was begun is acknowledged. */
    void stop() throws Exception {
        running = false;
        for (Thread thread : threads) {
            thread.join(Wait.LONG);
            if (thread.isAlive()) {
                throw new IllegalStateException(thread.getName() + " is still not answered");
            }
        }
        threads.clear();
        if (failure.get() != null) {
            throw failure.get();
        }
    }

    void runFor(Duration time) throws Exception {
        start();
        Wait.pass(time);
        stop();
    }

    private void work(String home) {
        Random own = new Random(random.nextLong());
        List<Person> mine = people.stream().filter(person -> person.home.equals(home)).toList();
        int round = 0;
        try {
            while (running) {
                if (home.equals("file")) {
                    drop(mine, ++round);
                } else {
                    Person person = mine.get(own.nextInt(mine.size()));
                    if (person.id == null || own.nextDouble() < 0.75) {
                        edit(person);
                    } else if (own.nextDouble() < 0.75) {
                        sell(person, own);
                    } else {
                        pay(own);
                    }
                }
                Wait.pass(Duration.ofMillis((long) (pause.toMillis() * (0.5 + own.nextDouble()))));
            }
        } catch (Exception failed) {
            failure.compareAndSet(null, failed);
        }
    }

    /** The home's people move the customer one house up. */
    void edit(Person person) throws Exception {
        int next = ++person.edits;
        switch (person.home) {
            case "erp" -> {
                Map<String, Object> said = person.id == null
                        ? person.inErp(next)
                        : Map.of("customerNumber", person.id, "street", person.street(next));
                person.id = Http.act(stage.system("erp") + "/edit", said).get("customerNumber").toString();
            }
            case "shop" -> {
                Map<String, Object> said = person.id == null
                        ? person.inShop(next)
                        : Map.of("id", Long.valueOf(person.id), "addresses", person.addresses(next));
                person.id = Http.act(stage.system("shop") + "/edit", said).get("id").toString();
            }
            default -> {
                enqueue("customers.in", "c-" + person.index + "-" + next, "Q-" + person.index, person.inQueue(next));
                person.id = "Q-" + person.index;
            }
        }
        person.house = next;
        acknowledged.incrementAndGet();
    }

    private void sell(Person person, Random own) throws Exception {
        BigDecimal amount = BigDecimal.valueOf(500 + own.nextInt(90_000), 2);
        String number;
        switch (person.home) {
            case "erp" -> {
                number = "E-" + numbers.incrementAndGet();
                Http.act(stage.system("erp") + "/order",
                        Map.of("customerNumber", person.id, "orderNumber", number, "lines",
                                List.of(Map.of("sku", "TEA", "description", "Tea", "quantity", "1", "unitPrice",
                                        amount.toPlainString(), "taxRate", "0"))));
            }
            case "shop" -> {
                boolean paid = own.nextBoolean();
                Map<String, Object> order = Http.act(stage.system("shop") + "/checkout",
                        Map.of("email", person.email(), "paid", paid, "line_items", List.of(Map.of("sku", "TEA",
                                "title", "Tea", "quantity", 1, "price", amount.toPlainString()))));
                number = order.get("name").toString().replace("#", "");
                if (!paid) {
                    Http.act(stage.system("shop") + "/pay", Map.of("order", order.get("name")));
                    acknowledged.incrementAndGet();
                }
            }
            default -> {
                number = "F-" + numbers.incrementAndGet();
                enqueue("orders.in", "o-" + number, "Q-" + person.index,
                        Map.of("orderNumber", number, "customer", person.asBuyer(), "paid", true,
                                "currency", "CHF", "items",
                                List.of(Map.of("sku", "TEA", "text", "Tea", "qty", 1, "price",
                                        amount.toPlainString(), "vat", "0")),
                                "total", amount.toPlainString()));
            }
        }
        keepers.put(number, person.home);
        sales.put(number, amount);
        acknowledged.incrementAndGet();
    }

    /** Somebody pays what is invoiced, if it is. */
    private void pay(Random own) throws Exception {
        List<String> open = sales.keySet().stream().filter(number -> !payments.containsKey(number)).toList();
        if (open.isEmpty()) {
            return;
        }
        String number = open.get(own.nextInt(open.size()));
        Http.Answer answer = Http.post(stage.system("books") + "/pay",
                Http.JSON.writeValueAsBytes(Map.of("invoice", number)), "Content-Type", "application/json");
        if (answer.status() == 201) {
            payments.put(number, true);
            acknowledged.incrementAndGet();
        }
    }

    /** Sends until the broker has taken it, always under the same event id. */
    void enqueue(String queue, String event, String group, Map<String, Object> said) {
        long deadline = System.nanoTime() + Wait.LONG.toNanos();
        while (true) {
            try (var factory = stage.queues();
                    var connection = factory.createConnection("finance", stage.queuePassword());
                    var session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
                var message = session.createTextMessage(Http.JSON.writeValueAsString(said));
                message.setStringProperty("eventId", event);
                message.setStringProperty("JMSXGroupID", group);
                session.createProducer(session.createQueue(queue)).send(message);
                queued.add(event);
                return;
            } catch (JMSException | IOException | RuntimeException away) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("The broker does not take " + event, away);
                }
                Wait.pass(Duration.ofMillis(200));
            }
        }
    }

    /** One file with everybody's next house. */
    void drop() throws IOException {
        drop(people, 0);
    }

    /** A file with everybody's next house, when the one before has been taken. */
    private void drop(List<Person> mine, int round) throws IOException {
        if (file != null && Files.exists(file)) {
            Wait.pass(Duration.ofMillis(100));
            return;
        }
        StringBuilder text = new StringBuilder(HEAD).append('\n');
        for (Person person : mine) {
            person.edits++;
            text.append(person.inFile(person.edits)).append('\n');
        }
        Path part = stage.inbox().resolve("people-" + round + ".csv.part");
        file = stage.inbox().resolve("people-" + round + ".csv");
        Files.writeString(part, text.toString());
        Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
        for (Person person : mine) {
            person.id = "N-" + person.index;
            person.house = person.edits;
            acknowledged.incrementAndGet();
        }
    }

    /** True when the hub has taken the last file. */
    boolean fileTaken() {
        return file == null || !Files.exists(file);
    }

    @Override
    public void close() {
        running = false;
        threads.forEach(Thread::interrupt);
    }
}
