package io.serai.connector.queue;

import java.util.Optional;

import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;

/** The broker that carries a spoke's messages: the hub's own or another one. */
final class Broker {
    /** Longer than any call to a healthy broker takes, shorter than the patience of whoever waits for us. */
    private static final long CALL_MILLIS = 15_000;

    private final ConnectionFactory factory;
    private final Optional<QueueSettings.Login> login;

    Broker(ConnectionFactory factory, Optional<QueueSettings.Login> login) {
        this.factory = factory;
        this.login = login;
    }

    /** An Artemis broker at an address such as {@code tcp://host:61616}. Nothing it sends is ever deserialised. */
    static ConnectionFactory at(String address) {
        var factory = new ActiveMQConnectionFactory(address);
        factory.setConsumerWindowSize(0);
        factory.setReconnectAttempts(0);
        factory.setInitialConnectAttempts(1);
        factory.setCallTimeout(CALL_MILLIS);
        factory.setBlockOnDurableSend(true);
        factory.setDeserializationDenyList("*");
        return factory;
    }

    /**
     * With a window, a crash of the hub raises the delivery count of messages it never saw, until the broker takes healthy
     * ones for poison.
     */
    void requireNoPrefetch() {
        if (factory instanceof ActiveMQConnectionFactory artemis && artemis.getConsumerWindowSize() != 0) {
            throw new IllegalStateException("The broker's connection factory must have consumerWindowSize=0, not "
                    + artemis.getConsumerWindowSize());
        }
    }

    Connection connect() throws JMSException {
        return login.isPresent()
                ? factory.createConnection(login.get().user(), login.get().password())
                : factory.createConnection();
    }
}
