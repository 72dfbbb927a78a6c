package io.serai.hub.stream;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

import jakarta.jms.ConnectionFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

import io.serai.crm.ChangeEvent;
import io.serai.crm.CrmStore;
import io.serai.crm.Subscriber;
import io.serai.crm.SubscriberTurn;
import io.serai.hub.HubSettings;
import io.serai.mapping.CanonicalSchemas;

/**
 * Tells everybody who follows the change log. Each subscriber has a turn of its own, on a thread of its own: claim, tell a few
 * changes, write down how far it came. Whoever is slow or away holds up nobody else.
 */
@Component
public final class ChangeStream implements SmartLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(ChangeStream.class);

    /** So many subscribers are told at the same time by one process. */
    private static final int AT_ONCE = 32;
    /** So many changes are told again, at most, when a process dies. */
    private static final int EVENTS = 50;
    private static final Duration LEASE = Duration.ofSeconds(60);
    /** The rest of the lease is for the call that is under way. */
    private static final Duration BEGINNING = Duration.ofSeconds(30);
    private static final Duration CALL = Duration.ofSeconds(15);
    /** How long a change made by another process may go unnoticed. */
    private static final Duration LONGEST_NAP = Duration.ofMillis(500);
    /** While changes come all the time, the database is not asked with each, unless somebody is known to be behind. */
    private static final Duration SHORTEST_NAP = Duration.ofMillis(50);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);
    private static final Duration STOPPING = Duration.ofSeconds(20);

    private final CrmStore store;
    private final InstantSource clock;
    private final Guard guard;
    private final Webhooks webhooks;
    private final Map<Subscriber.Kind, Channel> channels = new EnumMap<>(Subscriber.Kind.class);
    private final Semaphore free = new Semaphore(AT_ONCE);
    private final Object bell = new Object();
    private boolean rung;
    private boolean changed;
    private volatile boolean running;
    private Thread claimer;
    private ExecutorService workers;

    @Autowired
    ChangeStream(CrmStore store, InstantSource clock, HubSettings settings, ConnectionFactory broker) {
        this(store, clock, settings.stream(), InetAddress::getAllByName, broker);
    }

    ChangeStream(CrmStore store, InstantSource clock, HubSettings.Stream settings, Guard.Names names,
            ConnectionFactory broker) {
        this.store = store;
        this.clock = clock;
        this.guard = new Guard(settings.loopback(), names);
        this.webhooks = new Webhooks(guard, clock, CALL);
        channels.put(Subscriber.Kind.WEBHOOK, webhooks);
        if (settings.topics()) {
            channels.put(Subscriber.Kind.TOPIC, new BrokerTopics(broker));
        }
        if (!settings.kafka().isEmpty()) {
            channels.put(Subscriber.Kind.KAFKA, new KafkaTopics(settings.kafka(), settings.kafkaSettings()));
        }
        store.onChange(this::changed);
    }

    /** The topics of the broker that changes go to. */
    public static Set<String> topics(HubSettings.Stream settings) {
        return settings.topics()
                ? CanonicalSchemas.ENTITIES.stream().map(CloudEvent::topic).collect(Collectors.toSet())
                : Set.of();
    }

    /** A new secret to sign webhooks with. */
    public static byte[] newSecret() {
        return Signature.newSecret();
    }

    /** A secret as a receiver's library wants to be given it; for its owner's eyes only. */
    public static String text(byte[] secret) {
        return Signature.text(secret);
    }

    /** What is wrong with an address for webhooks, to follow the word "url"; empty when nothing is. */
    public Optional<String> flaw(String url) {
        try {
            guard.address(url);
            return Optional.empty();
        } catch (Guard.Forbidden forbidden) {
            return Optional.of(forbidden.getMessage());
        }
    }

    /** Looks for work at once; subscribers have changed. */
    public void ring() {
        synchronized (bell) {
            rung = true;
            bell.notifyAll();
        }
    }

    private void changed() {
        synchronized (bell) {
            changed = true;
            bell.notifyAll();
        }
    }

    /**
     * Sends one change to a webhook's subscriber now, out of turn.
     *
     * @return what was wrong; empty when it was taken
     */
    public Optional<String> send(Subscriber subscriber, ChangeEvent event) {
        Channel.Trouble trouble = webhooks.send(subscriber.url(), store.subscribers().secrets(subscriber.id()),
                cloudEvent(subscriber, event));
        if (trouble == null) {
            store.subscribers().taken(subscriber.id(), event);
        }
        return Optional.ofNullable(trouble).map(Channel.Trouble::problem);
    }

    @Override
    public void start() {
        channels.keySet().stream().filter(kind -> kind != Subscriber.Kind.WEBHOOK)
                .forEach(kind -> store.subscribers().require(kind, kind == Subscriber.Kind.TOPIC ? "topics" : "kafka"));
        running = true;
        workers = Executors.newVirtualThreadPerTaskExecutor();
        claimer = Thread.ofVirtual().name("change stream").start(this::run);
    }

    /** Takes nothing new and lets what is under way come to its end. */
    @Override
    public void stop() {
        running = false;
        ring();
        try {
            claimer.join();
            workers.shutdown();
            if (!workers.awaitTermination(STOPPING.toSeconds(), TimeUnit.SECONDS)) {
                workers.shutdownNow();
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
        channels.values().forEach(Channel::close);
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    private void run() {
        while (running) {
            try {
                free.acquireUninterruptibly();
                int places = 1 + free.drainPermits();
                List<SubscriberTurn> turns = List.of();
                try {
                    turns = store.subscribers().claim(channels.keySet(), places, EVENTS, LEASE);
                } finally {
                    free.release(places - turns.size());
                }
                turns.forEach(turn -> workers.execute(() -> carryOut(turn)));
                nap();
            } catch (InterruptedException stopping) {
                running = false;
            } catch (RuntimeException failed) {
                LOG.warn("The change stream cannot claim work and tries again: {}", failed.getMessage());
                LockSupport.parkNanos(AFTER_FAILURE.toNanos());
            }
        }
    }

    private void nap() throws InterruptedException {
        long begun = System.nanoTime();
        synchronized (bell) {
            while (running && !rung) {
                Duration longest = changed ? SHORTEST_NAP : LONGEST_NAP;
                long left = longest.toMillis() - Duration.ofNanos(System.nanoTime() - begun).toMillis();
                if (left <= 0) {
                    break;
                }
                bell.wait(left);
            }
            rung = false;
            changed = false;
        }
    }

    private void carryOut(SubscriberTurn turn) {
        try {
            Subscriber subscriber = turn.subscriber();
            List<CloudEvent> events = turn.events().stream().map(event -> cloudEvent(subscriber, event)).toList();
            Instant until = turn.leaseUntil().minus(LEASE).plus(BEGINNING);
            Channel.Told told = channels.get(subscriber.kind()).tell(turn, events,
                    () -> running && clock.instant().isBefore(until));
            SubscriberTurn.End end = Standing.after(turn, told, clock.instant());
            tell(subscriber, end);
            store.subscribers().end(turn, end);
        } catch (RuntimeException failed) {
            LOG.warn("What subscriber {} was told could not be written down; its lease will run out: {}",
                    turn.subscriber().name(), failed.getMessage());
        } finally {
            free.release();
            if (turn.end() < turn.subscriber().position() + turn.subscriber().behind()) {
                ring();
            } else {
                changed();
            }
        }
    }

    private CloudEvent cloudEvent(Subscriber subscriber, ChangeEvent event) {
        return CloudEvent.of(store.settings().tenant(), event,
                subscriber.follows().whole() ? store.subscribers().record(event.change()) : null);
    }

    private static void tell(Subscriber before, SubscriberTurn.End end) {
        if (end.state() == Subscriber.State.DISABLED) {
            LOG.error("subscriber {} is disabled, because it took nothing since {}: {}", before.name(),
                    end.failingSince(), end.problem());
        } else if (end.setAside() != null) {
            LOG.warn("subscriber {} does not take change {}, which is set aside: {}", before.name(),
                    end.setAside().change().sequence(), end.problem());
        } else if (end.problem() != null && before.failingSince() == null) {
            LOG.warn("subscriber {} is not well and is tried again: {}", before.name(), end.problem());
        } else if (end.problem() == null && before.failingSince() != null) {
            LOG.info("subscriber {} is well again", before.name());
        }
    }
}
