package io.serai.faults;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** What happens between the hub and the systems it writes to. */
final class SpokeFaults {
    private static final Duration AFTER_HEALING = Duration.ofSeconds(30);

    /** When a request arrives that the hub has long given up. */
    private static final Duration LATE = Duration.ofSeconds(25);

    /** Requests a second that the books allow in {@link #backlog}. */
    private static final int PACE = 40;

    /** Longer than the ERP keeps. */
    private static final String LONG_NAME = " of the very long and winding house of names";

    private SpokeFaults() {}

    /** The systems do what they are asked, and the hub does not hear of it. An invoice may even arrive after it was given up. */
    static void lostReplies(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(6, Duration.ofMillis(60));
        Proxy.Fate bad = new Proxy.Fate.Instead(Proxy.http(502, "Content-Type: text/html\r\n", "<h1>Bad gateway</h1>"));
        Proxy.Fate[] any = {new Proxy.Fate.LoseReply(), new Proxy.Fate.Reset(), bad, new Proxy.Fate.OneWay()};
        stage.wires.get("erp").some(play.random, 0.1, any);
        stage.wires.get("shop").some(play.random, 0.1, any);
        // Far longer than the hub's patience: it has looked, found nothing and sent again by then.
        stage.wires.get("books").some(play.random, 0.35, "POST /v1/invoices", new Proxy.Fate[]{
                new Proxy.Fate.LoseReply(), bad, new Proxy.Fate.OneWay(), new Proxy.Fate.Late(LATE)},
                any);
        load.runFor(Duration.ofSeconds(play.points));
        play.pass(LATE);
        stage.wires.values().forEach(wire -> play.countFaults(wire.struck()));
        stage.wires.values().forEach(Proxy::heal);
        play.note("answers lost: " + wires(stage));
    }

    private static String wires(Stage stage) {
        StringBuilder text = new StringBuilder();
        stage.wires.forEach((name, wire) -> text.append(name).append(' ').append(wire.struck()).append(' '));
        return text.toString().strip();
    }

    /** For some seconds each, every system answers with one of the things that systems answer when they are not well. */
    static void badAnswers(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(6, Duration.ofMillis(80));
        String json = "Content-Type: application/json\r\n";
        Map<String, Proxy.Fate> answers = new LinkedHashMap<>();
        answers.put("429", canned(Proxy.http(429, json + "Retry-After: 1\r\n", "{\"error\":\"slow down\"}")));
        answers.put("200 with a page in HTML", canned(Proxy.http(200, "Content-Type: text/html\r\n", "<p>Hello</p>")));
        answers.put("200 with ok:false",
                canned(Proxy.http(200, json, "{\"ok\":false,\"error\":\"nothing was done\"}")));
        answers.put("200 with nothing", canned(Proxy.http(200, json, "")));
        answers.put("10 MiB", canned(Proxy.http(200, json, "[\"" + "x".repeat(10 << 20) + "\"]")));
        answers.put("1 byte a second", new Proxy.Fate.Canned(Proxy.http(200, json, "{\"id\": 1}"),
                Duration.ofSeconds(1)));
        answers.put("500", canned(Proxy.http(500, json, "{\"error\":\"internal\"}")));
        answers.put("302 to elsewhere", canned(Proxy.http(302, "Location: http://127.0.0.1:1/\r\n", "")));
        answers.put("401", canned(Proxy.http(401, json, "{\"error\":\"who are you\"}")));
        load.start();
        play.pass(Duration.ofSeconds(2));
        List<String> kinds = new ArrayList<>(answers.keySet());
        for (int i = 0; i < Math.min(play.points, kinds.size()); i++) {
            Proxy.Fate answer = answers.get(kinds.get(i));
            play.fault("everybody answers: " + kinds.get(i), () -> stage.wires.values().forEach(
                    wire -> wire.all(answer)));
            play.pass(Duration.ofSeconds(4));
            stage.wires.values().forEach(Proxy::heal);
            play.pass(Duration.ofSeconds(2));
        }
        load.stop();
    }

    private static Proxy.Fate canned(byte[] answer) {
        return new Proxy.Fate.Canned(answer, null);
    }

    /** Nothing gets through any more and nobody is told: first to the systems, then one way only, then to the database. */
    static void partition(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB.withDatabaseBehindWire());
        Load load = play.company(6, Duration.ofMillis(80));
        Duration cut = Duration.ofSeconds(play.points);
        load.start();
        play.pass(Duration.ofSeconds(3));
        play.fault("nothing reaches the systems for " + cut.toSeconds() + " s, and nobody is told",
                () -> stage.wires.values().forEach(wire -> wire.all(new Proxy.Fate.Swallow())));
        play.pass(cut);
        stage.wires.values().forEach(Proxy::heal);
        play.expectDelivery(AFTER_HEALING);
        play.pass(Duration.ofSeconds(15));
        play.fault("answers of the systems vanish", () -> stage.wires.values()
                .forEach(wire -> wire.all(new Proxy.Fate.OneWay())));
        play.pass(cut);
        stage.wires.values().forEach(Proxy::heal);
        play.expectDelivery(AFTER_HEALING);
        play.pass(Duration.ofSeconds(15));
        play.fault("nothing reaches the database, and nobody is told",
                () -> stage.database.all(new Proxy.Fate.Swallow()));
        play.pass(cut);
        stage.database.heal();
        play.expectDelivery(AFTER_HEALING);
        play.pass(Duration.ofSeconds(32));
        load.stop();
    }

    /**
     * The books are away while much changes, and come back. They allow so many requests a second: two hubs together have
     * to come near that, for the backlog's sake, and must not go beyond, for theirs. It is counted at the wire.
     */
    static void backlog(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.TWO_HUBS.withOnly("books").withPace("books", PACE));
        Load load = play.company(play.points, Duration.ZERO, List.of("file"));
        Proxy wire = stage.wires.get("books");
        play.fault("the books are away", () -> wire.all(new Proxy.Fate.Reset()));
        load.drop();
        String waiting = "select count(*) from link where spoke = 'books' and state = 'BEHIND'";
        Wait.until("everybody waits for the books", Duration.ofSeconds(600),
                () -> stage.postgres.number(waiting) == play.points);
        play.say("%,d customers wait for the books, which come back".formatted(play.points));
        wire.passed();
        wire.heal();
        play.expectDelivery(AFTER_HEALING);
        Duration longest = Duration.ofSeconds(120 + 3L * play.points / PACE);
        Wait.until("the books know everybody", longest, () -> {
            play.pass(Duration.ofSeconds(1));
            return stage.postgres.number(waiting) == 0;
        });
        List<Instant> requests = wire.passed();
        // What the books were asked before the backlog began to move, to find out whether they are well, is not the drain.
        List<Instant> written = Ledgers.read(stage).times("books");
        Pace drain = Pace.of(requests.stream().filter(at -> !at.isBefore(written.getFirst())
                && !at.isAfter(written.getLast())).toList());
        play.note(
                "%,d customers waited, %d requests a second were allowed: %s; of those, with polls taken off, %.1f wrote"
                        .formatted(play.points, PACE, drain, Pace.of(written).mean()));
        play.require(drain.mean() >= 0.9 * PACE,
                "I9 the backlog was drained at less than 90 % of what is allowed: " + drain);
        play.require(drain.minute() <= 1.1 * PACE, "I9 more was asked than 110 % of what is allowed: " + drain);
    }

    /**
     * The shop is unwell, in one way after the other, and well in between. Those who edit and the other two systems must not
     * notice: how long an edit takes from the one to the other is measured beside itself, within one run.
     */
    static void sick(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(30, Duration.ofMillis(70), List.of("erp", "shop"));
        Map<String, Proxy.Fate> illnesses = new LinkedHashMap<>();
        illnesses.put("does not answer", new Proxy.Fate.Swallow());
        illnesses.put("answers after 3 s", new Proxy.Fate.Late(Duration.ofSeconds(3)));
        illnesses.put("answers 500", canned(Proxy.http(500, "", "ill")));
        illnesses.put("resets connections", new Proxy.Fate.Reset());
        List<String> kinds = new ArrayList<>(illnesses.keySet());
        Latencies well = new Latencies();
        Latencies sick = new Latencies();
        Duration phase = Duration.ofSeconds(8);
        load.start();
        // A program that has just begun is slow; that must not pass for health.
        play.pass(Duration.ofSeconds(20));
        for (int i = 0; i < play.points; i++) {
            well.during(phase);
            String kind = kinds.get(i % kinds.size());
            play.fault("the shop " + kind, () -> stage.wires.get("shop").all(illnesses.get(kind)));
            sick.during(phase);
            stage.wires.get("shop").heal();
            Wait.until("the shop has caught up", Wait.LONG, () -> stage.postgres.number("select count(*) "
                    + "from link where spoke = 'shop' and state = 'BEHIND' and behind_since < now() - interval '1 s'") == 0);
        }
        load.stop();
        Wait.pass(Duration.ofSeconds(3));
        List<Ledgers.Move> moves = Ledgers.read(stage).inTime();
        List<Duration> healthy = well.of(moves, "erp", "books");
        List<Duration> ill = sick.of(moves, "erp", "books");
        play.note("from edit to the other two systems, p95: %s while the shop was well (%,d), %s while it was not (%,d)"
                .formatted(Latencies.text(Latencies.p95(healthy)), healthy.size(), Latencies.text(Latencies.p95(ill)),
                        ill.size()));
        play.require(Latencies.p95(ill).toNanos() <= 1.2 * Latencies.p95(healthy).toNanos(),
                "I9 a shop that is unwell slowed the others down: p95 " + Latencies.text(Latencies.p95(ill))
                        + " instead of " + Latencies.text(Latencies.p95(healthy)));
    }

    /** People edit the same customers in two systems at once; one of them writes everything its own way. */
    static void echoes(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(8, Duration.ofMillis(60), List.of("erp"));
        for (Person person : load.people) {
            load.edit(person);
        }
        Wait.until("the shop knows everybody", Wait.LONG,
                () -> Ledgers.read(stage).records("shop").size() >= load.people.size());
        // The shop writes e-mail addresses small: that must not come back as news.
        for (Person person : load.people) {
            Http.act(stage.system("erp") + "/edit",
                    Map.of("customerNumber", person.id, "email", person.email().toUpperCase(Locale.ROOT)));
        }
        Map<String, String> wanted = new LinkedHashMap<>();
        int edits = 0;
        try (var people = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int round = 0; round < play.points; round++) {
                List<Future<?>> both = new ArrayList<>();
                for (Person person : load.people) {
                    String phone = "+41 44 %03d %02d 00".formatted(200 + person.index, round % 100);
                    String id = inShop(stage, person);
                    both.add(people.submit(() -> {
                        load.edit(person);
                        return null;
                    }));
                    both.add(people.submit(() -> Http.act(stage.system("shop") + "/edit",
                            Map.of("id", Long.valueOf(id), "phone", phone))));
                    wanted.put(person.email(), phone.replace(" ", ""));
                    edits++;
                }
                for (Future<?> one : both) {
                    one.get();
                }
                play.fault("everybody is edited in the ERP and in the shop at once", () -> {});
                // The ERP tells whole records without a revision: one that crosses a write of ours sets that back.
                play.pass(play.between(1_500, 2_500));
            }
        }
        Wait.upTo(Duration.ofSeconds(90), () -> Ledgers.read(stage).field("erp", "phone").equals(wanted));
        play.pass(Duration.ofSeconds(3));
        Ledgers ledgers = Ledgers.read(stage);
        play.require(ledgers.field("erp", "phone").equals(wanted), "I5 phones in the ERP: "
                + ledgers.field("erp", "phone") + ", not " + wanted);
        play.require(ledgers.writesOf("shop", "phone") == 0,
                "I6 the hub wrote " + ledgers.writesOf("shop", "phone") + " phone numbers back to the shop");
        play.require(ledgers.writesOf("erp", "phone") <= edits, "I6 " + edits + " edits of phones became "
                + ledgers.writesOf("erp", "phone") + " writes to the ERP");
        play.require(ledgers.writesOf("erp", "email") == 0,
                "I6 the hub wrote " + ledgers.writesOf("erp", "email") + " e-mail addresses back to the ERP");
    }

    /** The ERP keeps 35 characters of a name and the books have one name for all of it; neither may come back as news. */
    static void names(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(8, Duration.ofMillis(60), List.of("erp"));
        for (Person person : load.people) {
            load.edit(person);
        }
        Wait.until("the shop knows everybody", Wait.LONG,
                () -> Ledgers.read(stage).records("shop").size() >= load.people.size());
        play.fault("everybody gets a very long name in the shop", () -> {
            for (Person person : load.people) {
                Http.act(stage.system("shop") + "/edit", Map.of("id", Long.valueOf(inShop(stage, person)), "last_name",
                        person.family() + LONG_NAME));
            }
        });
        for (int round = 0; round < play.points; round++) {
            play.pass(play.between(0, 700));
            play.fault("and moves in the ERP, which then tells all it knows", () -> {
                for (Person person : load.people) {
                    load.edit(person);
                }
            });
        }
        play.pass(Duration.ofSeconds(5));
        var last = Ledgers.read(stage).field("shop", "last_name");
        play.require(load.people.stream()
                .allMatch(person -> (person.family() + LONG_NAME).equals(last.get(person.email()))),
                "I5 a name that another system keeps in its own way came back to the shop: " + last);
    }

    private static String inShop(Stage stage, Person person) throws Exception {
        return Ledgers.read(stage).records("shop").get(person.email()).iterator().next();
    }
}
