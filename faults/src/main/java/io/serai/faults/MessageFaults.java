package io.serai.faults;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

import jakarta.jms.Session;

/** What happens to messages on their way in: they come twice, late, in any order, broken, or in another shape. */
final class MessageFaults {
    private MessageFaults() {}

    /** The same events fifty times by every door, through two hubs at once, and again after a restart. */
    static void repeats(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.TWO_HUBS);
        Load load = play.company(0, Duration.ZERO);
        Sales sales = new Sales(stage, load);
        for (int i = 0; i < play.points; i++) {
            fifty(play, stage, sales, "S-" + play.seed + "-" + i, load);
        }
        play.fault("the hubs are killed and started again, and everything comes once more", () -> {
            stage.hubs.forEach(Hub::kill);
            for (Hub hub : stage.hubs) {
                hub.start();
            }
        });
        for (int i = 0; i < play.points; i++) {
            fifty(play, stage, sales, "S-" + play.seed + "-" + i, load);
        }
    }

    private static void fifty(Play play, Stage stage, Sales sales, String number, Load load) throws Exception {
        byte[] hook = Http.JSON
                .writeValueAsBytes(Map.of("id", 6_000_000_000L + number.hashCode(), "name", "#H" + number,
                        "email", "hook@example.net", "customer",
                        Map.of("id", 7_900_000_001L, "first_name", "Hook", "last_name", "Webb", "email",
                                "hook@example.net"),
                        "currency", "CHF", "financial_status", "paid", "total_price", "12.50", "line_items",
                        List.of(Map.of("id", 1, "title", "Tea", "quantity", 1, "price", "12.50")), "updated_at",
                        "2026-01-01T00:00:00Z", "created_at", "2026-01-01T00:00:00Z"));
        Map<String, Object> letter = Map.of("orderNumber", "Q" + number, "customer",
                Map.of("number", "F-1", "email", "letter@example.net", "firstName", "Lea", "lastName", "Letter"),
                "paid", true, "currency", "CHF", "items",
                List.of(Map.of("sku", "T", "text", "Tea", "qty", 1, "price", "12.50", "vat", "0")), "total", "12.50");
        List<Callable<String>> calls = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            Hub hub = stage.hubs.get(i % stage.hubs.size());
            calls.add(() -> {
                Http.Answer answer = sales.repeat(number, "event-" + number, hub);
                return answer.status() + answer.text().replaceAll("(?s).*<(\\w+:)?id>(.*?)</.*", " $2");
            });
            calls.add(() -> "webhook " + sales.webhook("orders/paid", "hook-" + number, hook, hub));
        }
        Collections.shuffle(calls, play.random);
        play.fault("fifty times the same sale by SOAP, by webhook and by queue: " + number, () -> {
            try (var callers = Executors.newVirtualThreadPerTaskExecutor()) {
                callers.submit(() -> {
                    for (int i = 0; i < 50; i++) {
                        load.enqueue("orders.in", "letter-" + number, "F-1", letter);
                    }
                });
                List<String> answers = new ArrayList<>();
                for (var call : callers.invokeAll(calls)) {
                    answers.add(call.get());
                }
                play.require(answers.stream().distinct().count() == 2,
                        "I2 the same event was answered differently: " + answers.stream().distinct().toList());
            }
        });
        load.sold(number, Sales.AMOUNT, "harness");
        load.sold("H" + number, Sales.AMOUNT, "harness");
        load.sold("Q" + number, Sales.AMOUNT, "harness");
    }

    /** The shop's story of a customer in any order, and parts of it twice. */
    static void shuffled(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(10, Duration.ZERO, List.of("shop"));
        load.observers = List.of("erp", "books");
        Sales sales = new Sales(stage, load);
        Instant day = Instant.parse("2026-05-01T08:00:00Z");
        List<Callable<Integer>> story = new ArrayList<>();
        for (Person person : load.people) {
            person.id = Long.toString(7_800_000_000L + person.index);
            for (int house = 1; house <= play.points; house++) {
                Map<String, Object> body = new HashMap<>(person.inShop(house));
                body.put("id", Long.valueOf(person.id));
                body.put("updated_at", day.plusSeconds(house).toString());
                byte[] bytes = Http.JSON.writeValueAsBytes(body);
                String event = person.email() + house;
                int copies = 1 + play.random.nextInt(2);
                for (int i = 0; i < copies; i++) {
                    String id = i == 0 || play.random.nextBoolean() ? event : event + "-again";
                    story.add(() -> sales.webhook("customers/update", id, bytes, stage.hub()));
                }
                load.acknowledge();
            }
            person.house = play.points;
        }
        Collections.shuffle(story, play.random);
        play.fault("the story of " + load.people.size() + " customers, " + play.points + " edits each, in any order",
                () -> {
                    for (Callable<Integer> event : story) {
                        int status = event.call();
                        play.require(status == 200, "I1 a webhook was answered " + status);
                    }
                });
    }

    /** Messages that nobody can read come between the good ones. */
    static void poison(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(6, Duration.ofMillis(60));
        Sales sales = new Sales(stage, load);
        List<String> texts = List.of("", "{", "[".repeat(20_000), "{\"number\":" + "9".repeat(2_000) + "}",
                "{\"number\":\"P-1\",\"email\":\"" + "x".repeat(100_000) + "\"}", "{\"number\":{\"a\":[1,2,{}]}}",
                "{\"number\":\"P-2\",\"lastName\":\"\\u0000\",\"email\":\"p2@example.org\"}", "null", "\"text\"",
                "{\"number\":\"P-3\",\"number\":\"P-4\"}", "{\"x\":".repeat(300) + "1" + "}".repeat(300));
        load.start();
        for (int i = 0; i < play.points; i++) {
            String text = texts.get(i % texts.size());
            int n = i;
            play.pass(play.between(20, 150));
            play.fault("poison by queue, webhook, SOAP and file, " + n, () -> {
                try (var factory = stage.queues();
                        var connection = factory.createConnection("finance", stage.queuePassword());
                        var session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
                    var producer = session.createProducer(session.createQueue("customers.in"));
                    var message = n % 4 == 3
                            ? session.createObjectMessage(text)
                            : n % 4 == 2 ? session.createMapMessage() : session.createTextMessage(text);
                    message.setStringProperty("eventId", "poison-" + n);
                    producer.send(message);
                }
                load.queued.add("poison-" + n);
                sales.webhook("customers/update", "poison-" + n, text.getBytes(StandardCharsets.UTF_8), stage.hub());
                sales.soap("<x>".repeat(500) + "</x>".repeat(500), "poison-" + n, stage.hub());
                Files.writeString(stage.inbox().resolve("poison-" + n + ".csv"), text + "\n" + text + ";;;\n");
            });
        }
        play.pass(Duration.ofSeconds(2));
        load.stop();
        Wait.upTo(Duration.ofSeconds(90), () -> named(stage) >= play.points);
        play.require(named(stage) == play.points, "I1 of " + play.points + " bad messages of the queue only "
                + named(stage) + " are in the journal");
        long unexplained = stage.postgres.number("select count(*) from message where event like 'poison-%' "
                + "and protocol = 'queue' and state not in ('PARKED', 'REJECTED') and entity_id is null");
        play.require(unexplained == 0, "I1 " + unexplained + " bad messages of the queue have no reason");
    }

    private static long named(Stage stage) throws Exception {
        return stage.postgres.number(
                "select count(*) from message where event like 'poison-%' and protocol = 'queue'");
    }

    /** The shop speaks of customers in another shape than it used to. */
    static void drift(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(5, Duration.ofMillis(60), List.of("erp", "shop"));
        Sales sales = new Sales(stage, load);
        for (Person person : load.people) {
            load.edit(person);
        }
        Wait.until("the ERP knows everybody", Wait.LONG,
                () -> Ledgers.read(stage).records("erp").size() >= load.people.size());
        load.start();
        for (int i = 0; i < play.points; i++) {
            Person person = load.people.stream().filter(one -> one.home.equals("shop")).toList().get(i % 5);
            Map<String, Object> body = new HashMap<>(person.inShop(0));
            body.remove("addresses");
            body.put("id", Long.valueOf(person.id));
            body.put("updated_at", Instant.now().plusSeconds(3600L + i).toString());
            // Renamed, nested, of another type, or gone.
            body.remove("email");
            switch (i % 4) {
                case 0 -> body.put("email_address", person.email());
                case 1 -> body.put("default_email", Map.of("email_address", person.email()));
                case 2 -> body.put("email", Map.of("address", person.email()));
                default -> body.put("phone", List.of(1, 2));
            }
            int n = i;
            play.pass(play.between(50, 300));
            play.fault("the shop says a customer in another shape, " + n, () -> {
                int status = sales.webhook("customers/update", "drift-" + n, Http.JSON.writeValueAsBytes(body),
                        stage.hub());
                play.require(status == 200, "a webhook in another shape was answered " + status);
            });
        }
        play.pass(Duration.ofSeconds(2));
        load.stop();
        Wait.pass(Duration.ofSeconds(3));
        Ledgers ledgers = Ledgers.read(stage);
        for (String system : List.of("erp", "books")) {
            play.require(ledgers.emptied(system, "email") == 0,
                    "I1 " + system + " was told " + ledgers.emptied(system, "email") + " times to forget an e-mail");
        }
        // The stamps of the drifted messages lie an hour ahead; what the shop says after them is older and not news.
        load.observers = List.of();
    }

    /** A file that grows while it is read, comes again under another name, and is interrupted by the hub's death. */
    static void files(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(300, Duration.ofMillis(50), List.of("file"));
        for (int round = 1; round <= play.points; round++) {
            StringBuilder text = new StringBuilder(
                    "id;first_name;last_name;company;email;phone;street;zip;city;country;vat_id;language\n");
            for (Person person : load.people) {
                text.append(person.inFile(round)).append('\n');
            }
            Path file = stage.inbox().resolve("round-" + round + ".csv");
            byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
            play.fault("a file grows piece by piece, and the hub is killed over it", () -> {
                for (int at = 0; at < bytes.length; at += 4_096) {
                    Files.write(file, java.util.Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + 4_096)),
                            StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                    play.pass(Duration.ofMillis(60));
                }
                play.pass(play.between(800, 2_500));
                stage.hub().kill();
                stage.hub().start();
            });
            int now = round;
            for (Person person : load.people) {
                person.id = "N-" + person.index;
                person.house = now;
                load.acknowledge();
            }
            Wait.until("the file is taken", Wait.LONG, () -> !Files.exists(file));
            if (round > 1) {
                play.fault("the file before comes again, under another name", () -> {
                    Path again = stage.inbox().resolve("again-" + now + ".part");
                    Files.write(again, text.toString().replaceAll("(Lane \\d+) " + now + ";", "$1 " + (now - 1) + ";")
                            .getBytes(StandardCharsets.UTF_8));
                    Path csv = stage.inbox().resolve("again-" + now + ".csv");
                    Files.move(again, csv, StandardCopyOption.ATOMIC_MOVE);
                    Wait.until("it is taken", Wait.LONG, () -> !Files.exists(csv));
                });
            }
        }
    }
}
