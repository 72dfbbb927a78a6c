package io.serai.connector.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.serai.connector.Item;
import io.serai.connector.Json;
import io.serai.connector.Watch;
import jakarta.jms.JMSContext;
import jakarta.jms.JMSProducer;
import jakarta.jms.TextMessage;

class QueueInletTest {
    @TempDir
    Path folder;

    private final Hub hub = new Hub();
    private final List<QueueInlet> open = new ArrayList<>();
    private RealBroker broker;

    @BeforeEach
    void start() throws Exception {
        broker = new RealBroker(folder);
    }

    @AfterEach
    void stop() throws Exception {
        open.forEach(QueueInlet::close);
        broker.stop();
    }

    private QueueInlet receive(int consumers, int batch) {
        return receive(consumers, batch, 10_000);
    }

    private QueueInlet receive(int consumers, int batch, int largest) {
        var settings = new QueueSettings("finance", "order", "orders.in",
                Optional.of(new QueueSettings.Login("hub", "hub")), Optional.of("finance"), Set.of("answers"),
                QueueSettings.Content.JSON, consumers, batch, largest);
        var inlet = new QueueInlet(settings, broker.factory(), Clock.systemUTC(), Watch.NOBODY, Duration.ofMillis(10));
        inlet.open(hub);
        open.add(inlet);
        return inlet;
    }

    private interface Sending {
        void with(JMSContext session, JMSProducer producer);
    }

    private void as(String user, Sending sending) {
        try (var session = broker.foreign().createContext(user, user)) {
            sending.with(session, session.createProducer());
        }
    }

    private void send(String... texts) {
        as("finance", (session, producer) -> List.of(texts)
                .forEach(text -> producer.send(session.createQueue("orders.in"), text)));
    }

    private void awaitEmpty() {
        Hub.await(() -> broker.waiting("orders.in") == 0);
    }

    /** On its way back into the queue a message is not counted for a moment, so an empty queue alone does not say that it was taken. */
    private void awaitStored(int count) {
        Hub.await(() -> hub.count() == count);
        awaitEmpty();
    }

    @Test
    void takesWhatWaitsInOneTransaction() {
        send(IntStream.range(0, 40).mapToObj(i -> "{\"orderNumber\":\"" + i + "\"}").toArray(String[]::new));
        receive(1, 100);
        awaitEmpty();
        assertThat(hub.bodies()).hasSize(40).first().isEqualTo(Map.of("orderNumber", "0"));
        assertThat(hub.batches).hasSizeLessThan(5);
        assertThat(hub.items.getFirst().protocol()).isEqualTo("queue");
        assertThat(new String(hub.items.getFirst().received(), StandardCharsets.UTF_8))
                .isEqualTo("{\"orderNumber\":\"0\"}");
    }

    /** A hundred large messages at once would be more than the hub has memory. */
    @Test
    void takesFewLargeMessagesAtATime() {
        String text = "\"" + "x".repeat(1 << 20) + "\"";
        send(IntStream.range(0, 10).mapToObj(i -> text).toArray(String[]::new));
        receive(1, 100, 2 << 20);
        awaitEmpty();
        assertThat(hub.bodies()).hasSize(10);
        assertThat(hub.batches).containsExactly(4, 4, 2);
    }

    @Test
    void readsBytesAndKeepsEventAndTrace() {
        as("finance", (session, producer) -> {
            var message = session.createBytesMessage();
            try {
                message.writeBytes("{\"name\":\"Zoë\"}".getBytes(StandardCharsets.UTF_8));
                message.setStringProperty("eventId", "sale-7");
                message.setStringProperty("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
            } catch (jakarta.jms.JMSException e) {
                throw new IllegalStateException(e);
            }
            producer.send(session.createQueue("orders.in"), message);
            producer.send(session.createQueue("orders.in"), message);
        });
        receive(2, 10);
        awaitEmpty();
        assertThat(hub.items).singleElement().satisfies(item -> {
            assertThat(item.body()).isEqualTo(Map.of("name", "Zoë"));
            assertThat(item.eventId()).isEqualTo("sale-7");
            assertThat(item.traceparent()).startsWith("00-0af7");
        });
    }

    @Test
    void theMessageStaysOnTheBrokerUntilTheHubHasStoredIt() {
        hub.isAway(8);
        send("{\"n\":1}", "{\"n\":2}");
        receive(1, 10);
        awaitStored(2);
        assertThat(hub.bodies()).containsExactly(Map.of("n", 1), Map.of("n", 2));
        assertThat(broker.waiting(RealBroker.DEAD)).isZero();
    }

    @Test
    void anOutageLongerThanAnyCountOfAttemptsParksNothingHealthy() {
        hub.isAway(16);
        send("{\"n\":1}");
        receive(1, 10);
        awaitStored(1);
        assertThat(hub.bodies()).containsExactly(Map.of("n", 1));
        assertThat(hub.problems()).isEmpty();
    }

    @Test
    void aMessageThatTheHubBreaksOnIsSetAsideAndTheOthersGoOn() {
        hub.failsOn(item -> item.body().equals(Map.of("n", 2)));
        send("{\"n\":1}", "{\"n\":2}", "{\"n\":3}");
        receive(1, 10);
        awaitStored(3);
        assertThat(hub.bodies()).containsExactly(Map.of("n", 1), Map.of("n", 3));
        assertThat(hub.problems()).singleElement().asString().contains("set aside");
    }

    @Test
    void refusesWhatItCannotReadWithoutReadingObjects() {
        send("not json", "{\"text\":\"" + "x".repeat(10_000) + "\"}");
        as("finance", (session, producer) -> {
            producer.send(session.createQueue("orders.in"), new Bomb());
            producer.send(session.createQueue("orders.in"), Map.of("a", "map message"));
        });
        send("{\"n\":1}");
        receive(1, 10);
        awaitEmpty();
        assertThat(hub.bodies()).containsExactly(Map.of("n", 1));
        assertThat(hub.problems()).hasSize(4);
        assertThat(hub.problems().get(1)).contains("at most 10000");
        assertThat(hub.problems().get(2)).contains("left unread");
        assertThat(Bomb.opened).isFalse();
    }

    /** Tells when somebody deserialises it. */
    private static final class Bomb implements java.io.Serializable {
        private static boolean opened;

        private void readObject(java.io.ObjectInputStream stream) {
            opened = true;
        }
    }

    @Test
    void aSpokeMayOnlyWriteAsItself() {
        as("shop", (session, producer) -> producer.setProperty("_AMQ_VALIDATED_USER", "finance")
                .send(session.createQueue("orders.in"), "{\"n\":1}"));
        receive(1, 10);
        awaitEmpty();
        assertThat(hub.bodies()).isEmpty();
        assertThat(hub.problems()).singleElement().asString().contains("user shop").contains("only finance");
    }

    @Test
    void answersWhereTheSenderWaits() {
        receive(1, 10);
        as("finance", (session, producer) -> {
            var answers = session.createTemporaryQueue();
            producer.setJMSReplyTo(answers).setJMSCorrelationID("c-1").send(session.createQueue("orders.in"),
                    "{\"n\":1}");
            TextMessage answer = (TextMessage) session.createConsumer(answers).receive(10_000);
            try {
                assertThat(answer.getJMSCorrelationID()).isEqualTo("c-1");
                assertThat(Json.read(answer.getText().getBytes(StandardCharsets.UTF_8)))
                        .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.MAP)
                        .containsEntry("state", "applied").containsEntry("id", "golden")
                        .containsEntry("version", 1);
            } catch (jakarta.jms.JMSException | io.serai.connector.MalformedException e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void answersInNoQueueThatIsNotTheSpokes() {
        as("finance", (session, producer) -> {
            var orders = session.createQueue("orders.in");
            producer.setJMSReplyTo(session.createQueue("secrets")).send(orders, "{\"n\":1}");
            producer.setJMSReplyTo(session.createQueue("answers")).send(orders, "{\"n\":2}");
        });
        receive(1, 10);
        awaitEmpty();
        assertThat(hub.bodies()).hasSize(2);
        assertThat(broker.waiting("secrets")).isZero();
        assertThat(broker.waiting("answers")).isEqualTo(1);
    }

    @Test
    void anAnswerNobodyWaitsForAnyMoreStopsNothing() {
        as("finance", (session, producer) -> {
            var gone = session.createTemporaryQueue();
            producer.setJMSReplyTo(gone).send(session.createQueue("orders.in"), "{\"n\":1}");
        });
        send("{\"n\":2}");
        receive(1, 10);
        awaitEmpty();
        assertThat(hub.bodies()).containsExactly(Map.of("n", 1), Map.of("n", 2));
    }

    @Test
    void keepsTheOrderOfAGroupAlthoughManyReceive() {
        hub.failsOn(new java.util.function.Predicate<>() {
            private int calls;

            @Override
            public boolean test(Item item) {
                return ++calls % 17 == 0;
            }
        });
        as("finance", (session, producer) -> {
            for (int i = 0; i < 120; i++) {
                producer.setProperty("JMSXGroupID", "customer-" + i % 4).send(session.createQueue("orders.in"),
                        "{\"group\":" + i % 4 + ",\"n\":" + i + "}");
            }
        });
        receive(3, 5);
        awaitEmpty();
        for (int group = 0; group < 4; group++) {
            int wanted = group;
            List<Integer> order = hub.bodies().stream().map(body -> (Map<?, ?>) body)
                    .filter(body -> body.get("group").equals(wanted)).map(body -> (Integer) body.get("n")).toList();
            assertThat(order).hasSize(30).isSorted();
        }
    }

    @Test
    void goesOnAfterTheBrokerWasRestarted() throws Exception {
        send("{\"n\":1}");
        receive(2, 10);
        Hub.await(() -> hub.count() == 1);
        broker.stop();
        broker.start();
        send("{\"n\":2}");
        Hub.await(() -> hub.count() == 2);
        awaitEmpty();
        assertThat(hub.bodies()).containsExactly(Map.of("n", 1), Map.of("n", 2));
    }

    @Test
    void startsBeforeTheBroker() throws Exception {
        broker.stop();
        receive(1, 10);
        broker.start();
        send("{\"n\":1}");
        Hub.await(() -> hub.count() == 1);
    }

    @Test
    void refusesAConnectionThatFetchesAhead() {
        var inlet = new QueueInlet(new QueueSettings("finance", "order", "orders.in"), broker.foreign(),
                Clock.systemUTC(), Watch.NOBODY);
        assertThatThrownBy(() -> inlet.open(hub)).hasMessageContaining("consumerWindowSize=0");
    }
}
