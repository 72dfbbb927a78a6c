package io.serai.connector.queue;

import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.security.Role;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.Queue;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;
import org.apache.activemq.artemis.spi.core.security.jaas.InVMLoginModule;

import jakarta.jms.ConnectionFactory;

/** An Artemis broker on disk with the settings that the hub's own has. */
final class RealBroker {
    static final String DEAD = "dead";

    private final Path folder;
    private final int port;
    private EmbeddedActiveMQ server;

    RealBroker(Path folder) throws Exception {
        this.folder = folder;
        try (var free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        start();
    }

    void start() throws Exception {
        var configuration = new ConfigurationImpl();
        configuration.setBrokerInstance(folder.toFile());
        configuration.setJournalDirectory(folder.resolve("journal").toString());
        configuration.setBindingsDirectory(folder.resolve("bindings").toString());
        configuration.setPagingDirectory(folder.resolve("paging").toString());
        configuration.setLargeMessagesDirectory(folder.resolve("large").toString());
        configuration.setJournalType(JournalType.NIO);
        configuration.setJournalFileSize(1 << 20);
        configuration.setJournalMinFiles(2);
        configuration.setPersistenceEnabled(true);
        configuration.setSecurityEnabled(true);
        configuration.setPopulateValidatedUser(true);
        configuration.setJMXManagementEnabled(false);
        configuration.addAcceptorConfiguration("tcp", "tcp://127.0.0.1:" + port + "?protocols=CORE");
        configuration.putSecurityRoles("#", java.util.Set.of(new Role("all", true, true, true, true, true, true, true,
                true, true, true, true, true)));
        configuration.addAddressSetting("#",
                new AddressSettings().setMaxDeliveryAttempts(-1).setDeadLetterAddress(SimpleString.of(DEAD))
                        .setDefaultConsumerWindowSize(0).setRedeliveryDelay(0));
        for (String queue : new String[]{"orders.in", "answers", "secrets", DEAD}) {
            configuration.addQueueConfiguration(
                    QueueConfiguration.of(queue).setRoutingType(RoutingType.ANYCAST).setDurable(true));
        }
        var users = new SecurityConfiguration();
        for (String user : new String[]{"hub", "finance", "shop"}) {
            users.addUser(user, user);
            users.addRole(user, "all");
        }
        server = new EmbeddedActiveMQ().setConfiguration(configuration)
                .setSecurityManager(new ActiveMQJAASSecurityManager(InVMLoginModule.class.getName(), users));
        server.start();
        server.getActiveMQServer().waitForActivation(20, TimeUnit.SECONDS);
    }

    void stop() throws Exception {
        server.stop();
    }

    String address() {
        return "tcp://127.0.0.1:" + port;
    }

    ConnectionFactory factory() {
        return Broker.at(address());
    }

    /** As an old client would connect: with everything at its default. */
    ActiveMQConnectionFactory foreign() {
        return new ActiveMQConnectionFactory(address());
    }

    long waiting(String queue) {
        Queue found = server.getActiveMQServer().locateQueue(queue);
        return found == null ? 0 : found.getMessageCount();
    }
}
