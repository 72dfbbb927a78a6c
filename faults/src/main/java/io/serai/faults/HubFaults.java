package io.serai.faults;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** What happens to the hub's own process. */
final class HubFaults {
    /** Ten events for each kill or so; what comes while a hub starts waits for it. */
    private static final Duration PACE = Duration.ofMillis(500);
    private static final Duration AFTER_KILL = Duration.ofSeconds(15);

    private HubFaults() {}

    /** Killed at any moment, also while it starts. */
    static void kill(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(6, PACE);
        load.start();
        for (int i = 1; i <= play.points; i++) {
            boolean starting = i > 1 && play.random.nextInt(8) == 0;
            if (starting) {
                play.pass(play.between(300, 4_000));
            } else {
                stage.hub().awaitReady();
                play.pass(play.between(100, 2_000));
            }
            play.fault("kill -9 of the hub" + (starting ? " while it starts, " : ", ") + i + " of " + play.points,
                    () -> {
                        stage.hub().kill();
                        play.expectDelivery(AFTER_KILL);
                        stage.hub().launch();
                    });
        }
        stage.hub().awaitReady();
        play.pass(Duration.ofSeconds(2));
        load.stop();
    }

    /** Two hubs on one database, few customers, many edits, and answers that come in any order. */
    static void hotCustomers(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.TWO_HUBS);
        Load load = play.company(4, Duration.ofMillis(25), List.of("erp", "shop", "queue"));
        stage.wires.values().forEach(wire -> wire.some(play.random, 0.5, new Proxy.Fate.Late(Duration.ofMillis(40)),
                new Proxy.Fate.Late(Duration.ofMillis(150)), new Proxy.Fate.Late(Duration.ofMillis(400))));
        load.start();
        for (int i = 0; i < play.points; i++) {
            play.pass(Duration.ofSeconds(1));
            stage.speakTo(stage.hubs.get(i % 2));
        }
        load.stop();
        stage.wires.values().forEach(wire -> play.countFaults(wire.struck()));
        stage.wires.values().forEach(Proxy::heal);
    }

    /**
     * A hub stands still from before its requests arrive until long after its lease: the other one takes over, and then the
     * requests arrive after all.
     */
    static void frozen(Play play) throws Exception {
        // Of the three systems only the ERP never tells of what a program wrote: what is late there is seen by nobody.
        Stage stage = play.open(Stage.Needs.TWO_HUBS.withOnly("erp", "shop"));
        Load load = play.company(12, PACE, List.of("shop"));
        load.observers = List.of("erp");
        load.lateAtSpokes = true;
        everybodyMoves(load);
        Wait.until("the ERP knows everybody", Wait.LONG, () -> arrived(stage, load));
        for (int i = 0; i < play.points; i++) {
            Wait.until("all is in step", Wait.LONG,
                    () -> stage.postgres.number("select count(*) from link where state = 'BEHIND'") == 0);
            CountDownLatch gate = new CountDownLatch(1);
            stage.hubs.get(1).freeze();
            stage.wires.get("erp").all(new Proxy.Fate.Held(gate));
            int before = stage.wires.get("erp").struck();
            everybodyMoves(load);
            Wait.until("the hub has begun to tell the ERP", Wait.LONG,
                    () -> stage.wires.get("erp").struck() >= before + load.people.size() / 2);
            play.fault("SIGSTOP of a hub with " + (stage.wires.get("erp").struck() - before) + " requests on their way",
                    stage.hub()::freeze);
            stage.wires.get("erp").heal();
            stage.speakTo(stage.hubs.get(1));
            stage.hubs.get(1).thaw();
            everybodyMoves(load);
            Wait.until("the other hub has taken over", Wait.LONG, () -> arrived(stage, load));
            play.say("the other hub has taken over; what was on its way arrives, SIGCONT");
            gate.countDown();
            play.pass(play.between(0, 300));
            stage.hub().thaw();
            stage.speakTo(stage.hub());
            play.pass(Duration.ofSeconds(3));
        }
    }

    private static void everybodyMoves(Load load) throws Exception {
        for (Person person : load.people) {
            load.edit(person);
        }
    }

    private static boolean arrived(Stage stage, Load load) throws Exception {
        var streets = Ledgers.read(stage).field("erp", "street");
        return load.people.stream().allMatch(person -> Person.house(streets.get(person.email())) == person.house);
    }

    /** Told to stop while there is work: it must be gone soon, and leave nothing claimed. */
    static void terminate(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(6, Duration.ofMillis(100));
        stage.wires.values().forEach(wire -> wire.all(new Proxy.Fate.Late(Duration.ofMillis(700))));
        load.start();
        for (int i = 0; i < play.points; i++) {
            play.pass(play.between(1_500, 4_000));
            play.fault("SIGTERM of the hub", () -> {
                Duration took = stage.hub().stop();
                play.require(took != null && took.toSeconds() < 30, "the hub was not out within 30 s but " + took);
                if (took != null) {
                    play.note("out after " + took.toMillis() + " ms");
                }
                long left = stage.postgres.number("select (select count(*) from link where lease_until > now()) "
                        + "+ (select count(*) from invoice where lease_until > now())");
                play.require(left == 0, left + " leases were left by a hub that was told to stop");
            });
            stage.hub().start();
        }
        load.stop();
        stage.wires.values().forEach(Proxy::heal);
    }
}
