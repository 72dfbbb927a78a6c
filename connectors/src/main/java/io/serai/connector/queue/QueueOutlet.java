package io.serai.connector.queue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import io.serai.connector.ConnectorException;
import io.serai.connector.Delivery;
import io.serai.connector.ErrorClass;
import io.serai.connector.Json;
import io.serai.connector.Operation;
import io.serai.connector.Outlet;
import io.serai.connector.Reply;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityException;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;

/**
 * Writes deliveries to a queue or topic as persistent JSON messages. The broker has them on disk when {@link #send} returns.
 * The idempotency key is Artemis' duplicate id, so a send whose answer was lost can simply be made again.
 */
public final class QueueOutlet implements Outlet {
    /** Sessions kept for senders that come at the same time. */
    private static final int MOST = 8;
    private static final long WAIT_SECONDS = 15;

    private final String destination;
    private final boolean topic;
    private final Broker broker;
    private final Semaphore permits = new Semaphore(MOST);
    private final Deque<Channel> idle = new ArrayDeque<>();
    private boolean closed;

    /** @param topic whether the destination is a topic; otherwise it is a queue */
    public QueueOutlet(String destination, boolean topic, Optional<QueueSettings.Login> login,
            ConnectionFactory factory) {
        this.destination = destination;
        this.topic = topic;
        this.broker = new Broker(factory, login);
    }

    @Override
    public Reply send(Delivery delivery) throws ConnectorException {
        if (delivery.operation() == Operation.LOOKUP) {
            throw new ConnectorException(ErrorClass.INVALID, "A queue cannot be asked for a record", null);
        }
        try {
            if (!permits.tryAcquire(WAIT_SECONDS, TimeUnit.SECONDS)) {
                throw new ConnectorException(ErrorClass.TRANSIENT, "The broker is too slow; all sessions are busy",
                        null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ConnectorException(ErrorClass.TRANSIENT, "Interrupted while waiting for a session", e);
        }
        try {
            write(delivery);
        } finally {
            permits.release();
        }
        String externalId = delivery.externalId() != null ? delivery.externalId() : delivery.reference();
        return new Reply(null, externalId, delivery.revision());
    }

    private void write(Delivery delivery) throws ConnectorException {
        Channel channel = null;
        try {
            channel = take();
            TextMessage message = channel.session.createTextMessage(text(delivery.body()));
            set(message, "_AMQ_DUPL_ID", delivery.idempotencyKey());
            set(message, "operation", delivery.operation().name().toLowerCase(Locale.ROOT));
            set(message, "externalId", delivery.externalId());
            set(message, "reference", delivery.reference());
            set(message, "traceparent", delivery.traceparent());
            channel.producer.send(message);
            giveBack(channel);
        } catch (JMSSecurityException e) {
            discard(channel);
            throw new ConnectorException(ErrorClass.AUTH, "The broker refuses the hub at " + destination, e);
        } catch (JMSException e) {
            discard(channel);
            throw new ConnectorException(ErrorClass.TRANSIENT,
                    "The broker did not take a message for " + destination + ": " + e.getMessage(), e);
        }
    }

    private static String text(Object body) {
        return body instanceof String text ? text : new String(Json.write(body), StandardCharsets.UTF_8);
    }

    private static void set(TextMessage message, String name, String value) throws JMSException {
        if (value != null) {
            message.setStringProperty(name, value);
        }
    }

    private Channel take() throws JMSException {
        synchronized (idle) {
            if (!idle.isEmpty()) {
                return idle.removeLast();
            }
        }
        return new Channel();
    }

    private void giveBack(Channel channel) {
        synchronized (idle) {
            if (!closed) {
                idle.addLast(channel);
                return;
            }
        }
        channel.close();
    }

    /** What broke one session has most likely broken all: the next send begins anew. */
    private void discard(Channel broken) {
        if (broken != null) {
            broken.close();
        }
        drain();
    }

    private void drain() {
        Channel channel;
        do {
            synchronized (idle) {
                channel = idle.pollLast();
            }
            if (channel != null) {
                channel.close();
            }
        } while (channel != null);
    }

    @Override
    public void close() {
        synchronized (idle) {
            closed = true;
        }
        drain();
    }

    private final class Channel {
        private final Connection connection;
        private final Session session;
        private final MessageProducer producer;

        Channel() throws JMSException {
            connection = broker.connect();
            try {
                session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                producer = session
                        .createProducer(topic ? session.createTopic(destination) : session.createQueue(destination));
                producer.setDeliveryMode(DeliveryMode.PERSISTENT);
            } catch (JMSException | RuntimeException e) {
                close();
                throw e;
            }
        }

        void close() {
            try {
                connection.close();
            } catch (JMSException e) {
                // It was broken already; there is nothing left to save.
            }
        }
    }
}
