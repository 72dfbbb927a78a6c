package io.serai.hub.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import io.serai.crm.Subscriber;
import io.serai.hub.HubSettings;
import io.serai.hub.broker.BrokerUser;
import io.serai.hub.broker.EmbeddedBroker;
import io.serai.hub.story.Await;

class BrokerTopicsTest {
    private static final HubSettings.Stream TOPICS = new HubSettings.Stream(true, "", "", false);
    private static final Duration SOON = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    private final Company company = new Company();

    @AfterEach
    void close() throws Exception {
        company.close();
    }

    @Test
    void aSubscriberToATopicGetsEveryChangeThroughItsOwnAbsenceAndTheBrokers() throws Exception {
        EmbeddedBroker broker = start(0);
        company.process(TOPICS, hub(broker.port()));
        assertThat(receive(broker.port(), 0)).isEmpty();
        company.says("ann", "Ann");
        company.says("ann", "Anna");
        List<JsonNode> events = receive(broker.port(), 2);
        assertThat(events.getFirst().path("specversion").asString()).isEqualTo("1.0");
        assertThat(events.getFirst().path("type").asString()).isEqualTo("io.serai.customer.changed");
        assertThat(events.get(1).at("/data/fields/name/given").asString()).isEqualTo("Anna");

        broker.close();
        company.says("ann", "Annabel");
        Subscriber topics = company.store.subscribers().list().getFirst();
        Await.until(SOON, () -> assertThat(company.subscriber(topics.id()).problem()).contains("broker"));
        try (EmbeddedBroker again = start(broker.port())) {
            company.passes(Duration.ofDays(4));
            List<JsonNode> missed = receive(again.port(), 1);
            assertThat(missed.getFirst().at("/data/version").asLong()).isEqualTo(3);
            assertThat(company.subscriber(topics.id()).state()).as("the hub's own broker is never given up")
                    .isEqualTo(Subscriber.State.ACTIVE);
        }
    }

    @Test
    void whoFollowsTheChangesMayDoNothingElseAtTheBroker() throws Exception {
        try (EmbeddedBroker broker = start(0);
                Connection connection = factory(broker.port()).createConnection("changes", "secret")) {
            Session session = connection.createSession(Session.AUTO_ACKNOWLEDGE);
            assertThatThrownBy(() -> session.createProducer(session.createTopic("changes.customer"))
                    .send(session.createTextMessage("x"))).isInstanceOf(JMSException.class);
            assertThatThrownBy(() -> session.createConsumer(session.createQueue("orders.in")))
                    .isInstanceOf(JMSException.class);
        }
    }

    @Test
    void keepsTheOrderOfEachRecordThroughManyTurns() throws Exception {
        try (EmbeddedBroker broker = start(0)) {
            company.process(TOPICS, hub(broker.port()));
            receive(broker.port(), 0);
            for (int i = 1; i <= 200; i++) {
                company.says("c" + i % 7, "Name" + i);
            }
            assertThat(receive(broker.port(), 200)).extracting(event -> event.at("/data/sequence").asLong())
                    .containsExactlyElementsOf(LongStream.rangeClosed(1, 200).boxed().toList());
        }
    }

    /** Comes, takes so many, and goes again; its durable subscription stays. */
    private static List<JsonNode> receive(int port, int count) throws JMSException {
        try (Connection connection = factory(port).createConnection("changes", "secret")) {
            connection.setClientID("office");
            connection.start();
            Session session = connection.createSession(Session.AUTO_ACKNOWLEDGE);
            MessageConsumer consumer = session.createDurableConsumer(session.createTopic("changes.customer"), "crm");
            List<JsonNode> events = new ArrayList<>();
            while (events.size() < count) {
                TextMessage message = (TextMessage) consumer.receive(SOON.toMillis());
                assertThat(message).as("message %d", events.size() + 1).isNotNull();
                events.add(JsonMapper.shared().readTree(message.getText()));
                assertThat(message.getStringProperty("JMSXGroupID"))
                        .isEqualTo(events.getLast().path("subject").asString());
            }
            return events;
        }
    }

    private EmbeddedBroker start(int port) throws Exception {
        Set<String> topics = ChangeStream.topics(TOPICS);
        return EmbeddedBroker.start(folder, port, Set.of("orders.in"), topics, "hub-secret",
                List.of(new BrokerUser("changes", "secret", Set.of(), topics)));
    }

    private static ConnectionFactory hub(int port) {
        ActiveMQConnectionFactory factory = factory(port);
        factory.setUser(EmbeddedBroker.hubUser());
        factory.setPassword("hub-secret");
        factory.setReconnectAttempts(0);
        return factory;
    }

    private static ActiveMQConnectionFactory factory(int port) {
        return new ActiveMQConnectionFactory("tcp://127.0.0.1:" + port);
    }
}
