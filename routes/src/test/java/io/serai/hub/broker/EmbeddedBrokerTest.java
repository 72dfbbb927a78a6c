package io.serai.hub.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityException;
import jakarta.jms.Message;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("resource") // A connection outlives the factory it came from.
class EmbeddedBrokerTest {
    private static final BrokerUser FINANCE = new BrokerUser("finance", "secret", Set.of("orders.in"),
            Set.of("answers"));

    @TempDir
    Path folder;

    @Test
    void keepsMessagesAcrossARestartAndSaysWhoSentThem() throws Exception {
        try (EmbeddedBroker broker = start()) {
            send(broker, FINANCE.name(), "orders.in", "one order");
        }
        try (EmbeddedBroker broker = start(); Connection connection = connect(broker, "serai", "hub-secret")) {
            connection.start();
            Session session = connection.createSession(Session.AUTO_ACKNOWLEDGE);
            Message message = session.createConsumer(session.createQueue("orders.in")).receive(5_000);
            assertThat(((TextMessage) message).getText()).isEqualTo("one order");
            assertThat(message.getStringProperty("_AMQ_VALIDATED_USER")).isEqualTo("finance");
        }
    }

    @Test
    void letsASpokeUseItsOwnQueuesOnly() throws Exception {
        try (EmbeddedBroker broker = start()) {
            assertThatThrownBy(() -> send(broker, FINANCE.name(), "answers", "x"))
                    .isInstanceOf(JMSSecurityException.class);
            assertThatThrownBy(() -> send(broker, FINANCE.name(), "customers.in", "x"))
                    .isInstanceOf(JMSException.class);
            assertThatThrownBy(() -> connect(broker, "finance", "guess")).isInstanceOf(JMSSecurityException.class);
            try (Connection connection = connect(broker, FINANCE.name(), FINANCE.password())) {
                Session session = connection.createSession(Session.AUTO_ACKNOWLEDGE);
                assertThatThrownBy(() -> session.createConsumer(session.createQueue("orders.in")))
                        .isInstanceOf(JMSSecurityException.class);
                assertThatThrownBy(() -> session.createProducer(session.createQueue("management.closed"))
                        .send(session.createTextMessage("x"))).isInstanceOf(JMSException.class);
            }
        }
    }

    /** Many a legacy system has no JMS but can write these lines to a socket. */
    @Test
    void speaksStompAndAmqpOnTheSamePort() throws Exception {
        try (EmbeddedBroker broker = start()) {
            assertThat(talk(broker, "CONNECT\nlogin:finance\npasscode:secret\naccept-version:1.2\nhost:x\n\n\0"))
                    .isEqualTo("CONNECTE");
            assertThat(talk(broker, "AMQP\u0003\u0001\u0000\u0000")).startsWith("AMQP");
        }
    }

    private EmbeddedBroker start() throws Exception {
        return EmbeddedBroker.start(folder, 0, Set.of("orders.in", "customers.in", "answers"), Set.of(), "hub-secret",
                List.of(FINANCE));
    }

    private static void send(EmbeddedBroker broker, String user, String queue, String text) throws JMSException {
        try (Connection connection = connect(broker, user, FINANCE.password())) {
            Session session = connection.createSession(Session.AUTO_ACKNOWLEDGE);
            session.createProducer(session.createQueue(queue)).send(session.createTextMessage(text));
        }
    }

    private static Connection connect(EmbeddedBroker broker, String user, String password) throws JMSException {
        return new ActiveMQConnectionFactory("tcp://127.0.0.1:" + broker.port()).createConnection(user, password);
    }

    private static String talk(EmbeddedBroker broker, String text) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), broker.port())) {
            socket.setSoTimeout(5_000);
            OutputStream out = socket.getOutputStream();
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
            InputStream in = socket.getInputStream();
            return new String(in.readNBytes(8), StandardCharsets.ISO_8859_1);
        }
    }
}
