package io.serai.faults;

import java.time.Duration;
import java.util.List;

/** What happens to the broker. */
final class BrokerFaults {
    private BrokerFaults() {}

    /** The broker is killed again and again, and the hub too now and then, while a queue is worked off. */
    static void kill(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB.withBrokerApart());
        Load load = play.company(16, Duration.ofMillis(10), List.of("queue"));
        load.start();
        for (int i = 1; i <= play.points; i++) {
            play.pass(play.between(500, 2_500));
            play.fault("kill -9 of the broker, " + i + " of " + play.points, () -> {
                stage.killBroker();
                stage.startBroker();
            });
            if (play.random.nextInt(3) == 0) {
                play.pass(play.between(0, 1_500));
                play.fault("kill -9 of the hub", () -> {
                    stage.hub().kill();
                    play.expectDelivery(Duration.ofSeconds(15));
                    stage.hub().start();
                });
            }
        }
        play.pass(Duration.ofSeconds(2));
        load.stop();
        Wait.upTo(Duration.ofSeconds(90), () -> stage.waiting("customers.in") + stage.waiting("orders.in") == 0);
        play.require(stage.waiting("dead") == 0, "I1 " + stage.waiting("dead") + " healthy messages were given up");
        play.require(stage.waiting("customers.in") + stage.waiting("orders.in") == 0, "I1 messages are left in queues");
    }
}
