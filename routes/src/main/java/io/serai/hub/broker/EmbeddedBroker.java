package io.serai.hub.broker;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.core.config.Configuration;
import org.apache.activemq.artemis.core.config.CoreAddressConfiguration;
import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.security.Role;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.settings.impl.AddressFullMessagePolicy;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;
import org.apache.activemq.artemis.spi.core.security.jaas.InVMLoginModule;

/**
 * An Artemis in the data folder, on loopback, with a user for every spoke. It never gives up on a message: counting
 * attempts and parking what is poisonous is the hub's job, because a crash raises the broker's count of every message
 * that was merely on its way.
 */
public final class EmbeddedBroker implements AutoCloseable {
    private static final String HUB = "serai";
    private static final String DEAD = "dead";
    private static final String EXPIRED = "expired";
    private static final int MEGABYTE = 1 << 20;

    private final EmbeddedActiveMQ server;
    private final int port;

    private EmbeddedBroker(EmbeddedActiveMQ server, int port) {
        this.server = server;
        this.port = port;
    }

    /**
     * Starts the broker.
     *
     * @param folder e.g. {@code data/artemis}
     * @param port where spokes connect (Core, AMQP, STOMP, MQTT), on loopback; 0 for any free one
     * @param queues durable queues that must exist
     * @param topics addresses that everybody who may receive from them subscribes to
     * @param hubPassword of the user {@code serai}, who may do everything a client may
     */
    public static EmbeddedBroker start(Path folder, int port, Set<String> queues, Set<String> topics,
            String hubPassword, List<BrokerUser> users) throws Exception {
        int chosen = port == 0 ? freePort() : port;
        EmbeddedActiveMQ server = new EmbeddedActiveMQ();
        server.setConfiguration(configuration(folder, chosen, queues, topics, users));
        server.setSecurityManager(security(hubPassword, users));
        server.start();
        if (!server.getActiveMQServer().isActive()) {
            server.stop();
            throw new IOException("the broker did not become active; see the log");
        }
        return new EmbeddedBroker(server, chosen);
    }

    public int port() {
        return port;
    }

    /** What the hub itself connects to, without a socket in between. Each folder has an address of its own. */
    public static String inVm(Path folder) {
        return "vm://" + (folder.toString().hashCode() & Integer.MAX_VALUE);
    }

    /** The name that the hub's own password goes with. */
    public static String hubUser() {
        return HUB;
    }

    @Override
    public void close() throws Exception {
        server.stop();
    }

    private static Configuration configuration(Path folder, int port, Set<String> queues, Set<String> topics,
            List<BrokerUser> users)
            throws Exception {
        ConfigurationImpl configuration = new ConfigurationImpl();
        configuration.setName(HUB).setPersistenceEnabled(true).setJournalType(JournalType.NIO)
                .setJournalDirectory(folder.resolve("journal").toString())
                .setBindingsDirectory(folder.resolve("bindings").toString())
                .setPagingDirectory(folder.resolve("paging").toString())
                .setLargeMessagesDirectory(folder.resolve("large").toString()).setJournalFileSize(4 * MEGABYTE)
                .setJournalMinFiles(2).setJournalDatasync(true).setJournalSyncTransactional(true)
                .setJournalSyncNonTransactional(true).setSecurityEnabled(true).setPopulateValidatedUser(true)
                .setJMXManagementEnabled(false).setMessageCounterEnabled(false)
                // Nobody can guess it and nobody has the right: no client manages this broker.
                .setManagementAddress(SimpleString.of("management.closed")).setScheduledThreadPoolMaxSize(2)
                .setThreadPoolMaxSize(8).setGracefulShutdownEnabled(false).setCriticalAnalyzer(false);
        configuration.addAcceptorConfiguration("in-vm", inVm(folder));
        configuration.addAcceptorConfiguration("spokes", "tcp://127.0.0.1:" + port
                + "?protocols=CORE,AMQP,STOMP,MQTT;remotingThreads=2;useEpoll=true;amqpDuplicateDetection=false"
                + ";stompMaxFramePayloadLength=" + 2 * MEGABYTE + ";connectionsAllowed=200;handshake-timeout=10");
        configuration.addAddressSetting("#", addressSettings());
        for (String queue : queues) {
            configuration.addAddressConfiguration(queue(queue));
        }
        for (String topic : topics) {
            configuration.addAddressConfiguration(
                    new CoreAddressConfiguration().setName(topic).addRoutingType(RoutingType.MULTICAST));
        }
        configuration.addAddressConfiguration(queue(DEAD)).addAddressConfiguration(queue(EXPIRED));
        configuration.setSecurityRoles(roles(queues, topics, users));
        return configuration;
    }

    private static AddressSettings addressSettings() {
        return new AddressSettings().setMaxDeliveryAttempts(-1)
                // The inlet pauses by itself; a delay at the broker would let later messages of a group overtake.
                .setRedeliveryDelay(0).setDeadLetterAddress(SimpleString.of(DEAD))
                .setExpiryAddress(SimpleString.of(EXPIRED)).setMaxSizeBytes(20L * MEGABYTE)
                .setAddressFullMessagePolicy(AddressFullMessagePolicy.PAGE).setAutoCreateQueues(false)
                .setAutoCreateAddresses(false).setAutoDeleteQueues(false).setAutoDeleteAddresses(false)
                .setDefaultConsumerWindowSize(0);
    }

    private static CoreAddressConfiguration queue(String name) {
        return new CoreAddressConfiguration().setName(name).addRoutingType(RoutingType.ANYCAST).addQueueConfiguration(
                QueueConfiguration.of(name).setAddress(name).setRoutingType(RoutingType.ANYCAST).setDurable(true));
    }

    private static Map<String, Set<Role>> roles(Set<String> queues, Set<String> topics,
            List<BrokerUser> users) {
        Map<String, Set<Role>> roles = new HashMap<>();
        Set<String> addresses = new HashSet<>(queues);
        addresses.addAll(topics);
        addresses.addAll(Set.of(DEAD, EXPIRED));
        for (String address : addresses) {
            roles.computeIfAbsent(address, a -> new HashSet<>()).add(role(HUB, true, true, false));
        }
        for (BrokerUser user : users) {
            Set<String> named = new HashSet<>(user.sends());
            named.addAll(user.receives());
            for (String address : named) {
                roles.computeIfAbsent(address, a -> new HashSet<>())
                        .add(role(user.name(), user.sends().contains(address), user.receives().contains(address),
                                topics.contains(address)));
            }
        }
        roles.put("#", Set.of(role(HUB, true, true, false)));
        return roles;
    }

    /**
     * May send or receive, and look into a queue it may receive from; never create, delete or manage. Whoever receives from a
     * topic makes and ends a subscription of its own, which is a queue.
     */
    private static Role role(String name, boolean send, boolean receive, boolean topic) {
        boolean subscribe = receive && topic;
        return new Role(name, send, receive, subscribe, subscribe, subscribe, subscribe, false, receive, false, false,
                false, false);
    }

    private static ActiveMQJAASSecurityManager security(String hubPassword, List<BrokerUser> users) {
        SecurityConfiguration known = new SecurityConfiguration();
        known.addUser(HUB, hubPassword);
        known.addRole(HUB, HUB);
        for (BrokerUser user : users) {
            known.addUser(user.name(), user.password());
            known.addRole(user.name(), user.name());
        }
        return new ActiveMQJAASSecurityManager(InVMLoginModule.class.getName(), known);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
