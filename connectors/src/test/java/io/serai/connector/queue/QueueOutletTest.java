package io.serai.connector.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.serai.connector.ConnectorException;
import io.serai.connector.Delivery;
import io.serai.connector.ErrorClass;
import io.serai.connector.Json;
import io.serai.connector.Operation;
import jakarta.jms.TextMessage;

class QueueOutletTest {
    @TempDir
    Path folder;

    private RealBroker broker;
    private QueueOutlet outlet;

    @BeforeEach
    void start() throws Exception {
        broker = new RealBroker(folder);
        outlet = outlet("hub");
    }

    @AfterEach
    void stop() throws Exception {
        outlet.close();
        broker.stop();
    }

    private QueueOutlet outlet(String password) {
        return new QueueOutlet("orders.in", false, Optional.of(new QueueSettings.Login("hub", password)),
                broker.factory());
    }

    private static Delivery delivery(String key) {
        return new Delivery(Operation.CREATE, null, null, Map.of("total", "10.00"), key, "golden-1",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    }

    @Test
    void writesAMessageThatSurvivesARestartOfTheBroker() throws Exception {
        var reply = outlet.send(delivery("k1"));
        assertThat(reply.externalId()).isEqualTo("golden-1");
        broker.stop();
        broker.start();
        try (var session = broker.foreign().createContext("finance", "finance")) {
            TextMessage message = (TextMessage) session.createConsumer(session.createQueue("orders.in"))
                    .receive(10_000);
            assertThat(Json.read(message.getText().getBytes(StandardCharsets.UTF_8)))
                    .isEqualTo(Map.of("total", "10.00"));
            assertThat(message.getStringProperty("operation")).isEqualTo("create");
            assertThat(message.getStringProperty("reference")).isEqualTo("golden-1");
            assertThat(message.getStringProperty("traceparent")).startsWith("00-");
        }
    }

    @Test
    void theSameWriteTwiceIsOneMessage() throws Exception {
        outlet.send(delivery("k1"));
        outlet.send(delivery("k1"));
        outlet.send(delivery("k2"));
        assertThat(broker.waiting("orders.in")).isEqualTo(2);
    }

    @Test
    void isTransientWhileTheBrokerIsAwayAndGoesOnAfterwards() throws Exception {
        outlet.send(delivery("k1"));
        broker.stop();
        assertThatThrownBy(() -> outlet.send(delivery("k2"))).isInstanceOfSatisfying(ConnectorException.class,
                e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.TRANSIENT));
        broker.start();
        outlet.send(delivery("k2"));
        assertThat(broker.waiting("orders.in")).isEqualTo(2);
    }

    @Test
    void saysWhenTheBrokerRefusesTheHub() {
        try (var wrong = outlet("wrong")) {
            assertThatThrownBy(() -> wrong.send(delivery("k1"))).isInstanceOfSatisfying(ConnectorException.class,
                    e -> assertThat(e.errorClass()).isEqualTo(ErrorClass.AUTH));
        }
    }
}
