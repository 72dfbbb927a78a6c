package io.serai.hub.stream;

import java.util.List;
import java.util.function.BooleanSupplier;

import io.serai.crm.SubscriberTurn;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityException;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;

/** Tells the topics of the broker, {@code changes.customer} and its like: all of a turn in one transaction, or nothing. */
final class BrokerTopics implements Channel {
    private final ConnectionFactory broker;
    private Connection connection;
    private Session session;
    private MessageProducer producer;

    BrokerTopics(ConnectionFactory broker) {
        this.broker = broker;
    }

    @Override
    public synchronized Told tell(SubscriberTurn turn, List<CloudEvent> events, BooleanSupplier time) {
        try {
            connect();
            for (CloudEvent event : events) {
                TextMessage message = session.createTextMessage(event.text());
                // Receivers that share a subscription keep the order of each record.
                message.setStringProperty("JMSXGroupID", event.key());
                message.setStringProperty("JMS_AMQP_ContentType", CloudEvent.CONTENT_TYPE);
                // For selectors.
                message.setStringProperty("spoke", event.change().spoke());
                message.setStringProperty("reason", event.change().reason());
                producer.send(session.createTopic(event.topic()), message);
            }
            session.commit();
            return Told.all(events);
        } catch (JMSSecurityException e) {
            close();
            return new Told(0, Trouble.unwell("The broker does not let the hub send to its topics changes.<entity>."));
        } catch (JMSException e) {
            close();
            return new Told(0, Trouble.unwell("The broker did not take the changes: " + e.getMessage()));
        }
    }

    private void connect() throws JMSException {
        if (connection == null) {
            connection = broker.createConnection();
            session = connection.createSession(true, Session.SESSION_TRANSACTED);
            producer = session.createProducer(null);
        }
    }

    /** What was not committed is gone with its session. */
    @Override
    public synchronized void close() {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (JMSException e) {
            // It was broken already; there is nothing left to save.
        }
        connection = null;
    }
}
