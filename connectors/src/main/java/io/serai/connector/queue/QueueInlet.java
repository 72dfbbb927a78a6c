package io.serai.connector.queue;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.connector.Inlet;
import io.serai.connector.Item;
import io.serai.connector.Json;
import io.serai.connector.Outcome;
import io.serai.connector.Sink;
import io.serai.connector.Watch;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.DeliveryMode;
import jakarta.jms.Destination;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import jakarta.jms.TemporaryQueue;

/**
 * Receives from a queue. A message leaves the queue only after the hub has committed what it said: the JMS session commits last.
 * Between the two commits a crash makes the broker deliver it again, and its event id tells that it is known.
 */
public final class QueueInlet implements Inlet {
    private static final Logger log = LoggerFactory.getLogger(QueueInlet.class);
    private static final long WAIT_MILLIS = 500;
    /** Pauses double this many times: 1 s to 32 s. */
    private static final int DOUBLINGS = 5;
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    /** After so many deliveries of a message alone we ask whether it is the message's fault or the hub's. */
    private static final int SUSPICIOUS = 5;
    /** A batch is full with so many bytes: what is in the hub's hands, at several consumers, must fit into its memory. */
    private static final int BATCH_BYTES = 4 << 20;

    private final QueueSettings settings;
    private final Broker broker;
    private final InstantSource clock;
    private final Watch watch;
    private final Letter letter;
    private final Duration firstPause;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final List<Thread> threads = new ArrayList<>();
    private Sink sink;

    public QueueInlet(QueueSettings settings, ConnectionFactory factory, InstantSource clock, Watch watch) {
        this(settings, factory, clock, watch, Duration.ofSeconds(1));
    }

    QueueInlet(QueueSettings settings, ConnectionFactory factory, InstantSource clock, Watch watch,
            Duration firstPause) {
        this.settings = settings;
        this.broker = new Broker(factory, settings.login());
        this.clock = clock;
        this.watch = watch;
        this.letter = new Letter(settings);
        this.firstPause = firstPause;
    }

    /** Does not wait for the broker: the hub starts without it, and receives when it comes. */
    @Override
    public void open(Sink sink) {
        broker.requireNoPrefetch();
        this.sink = sink;
        for (int i = 1; i <= settings.consumers(); i++) {
            threads.add(Thread.ofVirtual().name("queue-" + settings.spoke() + "-" + settings.entity() + "-" + i)
                    .start(() -> new Consumer().run()));
        }
    }

    /** Lets what is under way end with its commit. */
    @Override
    public void close() {
        closing.countDown();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        try {
            for (Thread thread : threads) {
                if (!thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())))) {
                    thread.interrupt();
                }
            }
        } catch (InterruptedException e) {
            threads.forEach(Thread::interrupt);
            Thread.currentThread().interrupt();
        }
    }

    private boolean closing() {
        return closing.getCount() == 0;
    }

    /** One session with one thread; a JMS session is not for more. */
    private final class Consumer {
        private int failures;
        /** So many messages are taken one by one, to find out which of a failed batch is the bad one. */
        private int careful;
        private boolean mute;

        void run() {
            while (!closing()) {
                try (Connection connection = broker.connect()) {
                    Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
                    MessageConsumer consumer = session.createConsumer(session.createQueue(settings.queue()));
                    connection.start();
                    watch.succeeded();
                    while (!closing()) {
                        receive(session, consumer);
                    }
                } catch (JMSException | RuntimeException e) {
                    if (!closing()) {
                        failed("Cannot receive from queue " + settings.queue() + ": " + e.getMessage(), e);
                    }
                }
            }
        }

        private void receive(Session session, MessageConsumer consumer) throws JMSException {
            Message first = consumer.receive(WAIT_MILLIS);
            if (first == null) {
                return;
            }
            List<Message> messages = new ArrayList<>();
            List<Item> items = new ArrayList<>();
            take(first, consumer, messages, items);
            if (handOver(session, messages, items)) {
                failures = 0;
                careful = Math.max(0, careful - messages.size());
                mute &= careful > 0;
            }
        }

        /** Reads a message and what waits behind it, until the batch is full. */
        private void take(Message first, MessageConsumer consumer, List<Message> messages, List<Item> items)
                throws JMSException {
            int most = careful > 0 ? 1 : settings.batch();
            long bytes = 0;
            try {
                for (Message next = first; next != null;) {
                    messages.add(next);
                    items.add(letter.read(next, clock.instant()));
                    bytes += items.getLast().received().length;
                    next = messages.size() < most && bytes < BATCH_BYTES ? consumer.receiveNoWait() : null;
                }
            } catch (JMSException | RuntimeException e) {
                careful = Math.max(careful, messages.size());
                throw e;
            }
        }

        private boolean handOver(Session session, List<Message> messages, List<Item> items) throws JMSException {
            try {
                List<Outcome> outcomes = accept(messages, items);
                if (!mute) {
                    answer(session, messages, items, outcomes);
                }
                session.commit();
                return true;
            } catch (JMSException e) {
                // Perhaps an answer was the trouble: what comes again is known already, and goes without one.
                mute = true;
                careful = Math.max(careful, messages.size());
                throw e;
            } catch (Exception e) {
                careful = Math.max(careful, messages.size());
                session.rollback();
                failed("Messages of queue " + settings.queue() + " could not be handed over: " + e.getMessage(), e);
                return false;
            }
        }

        private List<Outcome> accept(List<Message> messages, List<Item> items) throws Exception {
            try {
                return stored(items);
            } catch (Exception e) {
                if (items.size() == 1 && deliveries(messages.getFirst()) >= SUSPICIOUS
                        && items.getFirst().refusal() == null) {
                    return park(items.getFirst(), e);
                }
                throw e;
            }
        }

        /** If the hub can store the message unread, the message is at fault; if it cannot do even that, the hub is. */
        private List<Outcome> park(Item item, Exception fault) throws Exception {
            try {
                List<Outcome> outcomes = stored(List.of(letter.refused(item,
                        "The hub failed on this message %d times; it was set aside so that others can go on."
                                .formatted(SUSPICIOUS))));
                log.warn("Spoke {}: message {} set aside: {}", settings.spoke(), item.eventId(), fault.toString());
                return outcomes;
            } catch (Exception again) {
                fault.addSuppressed(again);
                throw fault;
            }
        }

        private List<Outcome> stored(List<Item> items) throws Exception {
            List<Outcome> outcomes = sink.accept(items);
            if (outcomes.size() != items.size()) {
                throw new IllegalStateException(
                        "The route answered " + outcomes.size() + " outcomes for " + items.size() + " messages");
            }
            return outcomes;
        }

        private static int deliveries(Message message) throws JMSException {
            return message.propertyExists("JMSXDeliveryCount") ? message.getIntProperty("JMSXDeliveryCount") : 1;
        }

        private void answer(Session session, List<Message> messages, List<Item> items, List<Outcome> outcomes)
                throws JMSException {
            MessageProducer producer = null;
            for (int i = 0; i < messages.size(); i++) {
                Message message = messages.get(i);
                Destination target = message.getJMSReplyTo();
                if (target == null) {
                    continue;
                }
                if (!mayAnswer(target)) {
                    log.warn("Spoke {}: message {} asks for its answer in a queue that is not among the spoke's",
                            settings.spoke(), items.get(i).eventId());
                    continue;
                }
                if (producer == null) {
                    producer = session.createProducer(null);
                    producer.setDeliveryMode(DeliveryMode.PERSISTENT);
                }
                Message answer = session.createTextMessage(
                        new String(Json.write(words(items.get(i), outcomes.get(i))), StandardCharsets.UTF_8));
                answer.setJMSCorrelationID(message.getJMSCorrelationID() != null
                        ? message.getJMSCorrelationID()
                        : message.getJMSMessageID());
                if (items.get(i).traceparent() != null) {
                    answer.setStringProperty("traceparent", items.get(i).traceparent());
                }
                producer.send(target, answer);
            }
        }

        private void failed(String reason, Exception e) {
            failures++;
            Duration pause = firstPause.multipliedBy(1L << Math.min(failures - 1, DOUBLINGS));
            log.warn("Spoke {}: {}; again in {} ms", settings.spoke(), reason, pause.toMillis());
            log.debug("Spoke {}", settings.spoke(), e);
            watch.failed(reason);
            try {
                closing.await(pause.toNanos(), TimeUnit.NANOSECONDS);
            } catch (InterruptedException interrupted) {
                closing.countDown();
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * The hub may write where a spoke may not, so the spoke does not choose freely where an answer goes. The broker names
     * temporary queues by UUID; a message can claim any name for one.
     */
    private boolean mayAnswer(Destination target) throws JMSException {
        if (!(target instanceof Queue queue)) {
            return false;
        }
        if (!(target instanceof TemporaryQueue)) {
            return settings.replies().contains(queue.getQueueName());
        }
        try {
            return UUID.fromString(queue.getQueueName()).toString().equals(queue.getQueueName());
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static Map<String, Object> words(Item item, Outcome outcome) {
        Map<String, Object> words = new LinkedHashMap<>();
        words.put("eventId", item.eventId());
        words.put("state", outcome.state().name().toLowerCase(Locale.ROOT));
        words.put("messageId", outcome.messageId());
        words.put("id", outcome.id());
        words.put("version", outcome.version());
        if (outcome.problem() != null) {
            words.put("step", outcome.step());
            words.put("field", outcome.field());
            words.put("problem", outcome.problem());
            words.put("code", outcome.code());
        }
        return words;
    }
}
