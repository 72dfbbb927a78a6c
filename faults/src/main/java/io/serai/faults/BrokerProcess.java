package io.serai.faults;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

import io.serai.hub.broker.BrokerUser;
import io.serai.hub.broker.EmbeddedBroker;

/** The hub's broker as a process of its own: folder, port. */
public final class BrokerProcess {
    static final String HUB_PASSWORD = "hub-at-the-broker";
    static final String FINANCE_PASSWORD = "finance-at-the-broker";

    private BrokerProcess() {}

    /** Runs until it is killed. */
    public static void main(String... arguments) throws Exception {
        Set<String> queues = Set.of("customers.in", "orders.in", "answers");
        EmbeddedBroker.start(Path.of(arguments[0]), Integer.parseInt(arguments[1]), queues, Set.of(), HUB_PASSWORD,
                List.of(new BrokerUser("finance", FINANCE_PASSWORD, Set.of("customers.in", "orders.in"),
                        Set.of("answers"))));
        System.out.println("ready");
        new CountDownLatch(1).await();
    }
}
