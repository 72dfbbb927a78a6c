package io.serai.hub.health;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Says whether queues work. Not part of readiness: everything else goes on without them. */
@Component("brokerHealthIndicator")
final class BrokerHealth implements HealthIndicator {
    private final ConnectionFactory broker;

    BrokerHealth(ConnectionFactory broker) {
        this.broker = broker;
    }

    @Override
    public Health health() {
        try (Connection connection = broker.createConnection()) {
            return Health.up().build();
        } catch (JMSException e) {
            return Health.unknown().withDetail("reason", "the broker does not answer; queues wait").build();
        }
    }
}
