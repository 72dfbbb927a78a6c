package io.serai.hub.stream;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

import io.serai.crm.SubscriberTurn;

/**
 * Tells the topics of Kafka, {@code changes.customer} and its like; the key is the record's id. Of each record at most one
 * change is under way at a time: when one is lost, no later one of the same record can have arrived before it. This
 * class and what it needs are only loaded where Kafka is configured.
 */
final class KafkaTopics implements Channel {
    private final Properties settings;
    private KafkaProducer<byte[], byte[]> producer;

    /**
     * Opens no connection yet.
     *
     * @param servers {@code host:port}, with commas between them
     * @param file further settings of a Kafka client, such as how to sign on; empty for none
     */
    KafkaTopics(String servers, String file) {
        settings = new Properties();
        if (!file.isEmpty()) {
            try (InputStream stream = Files.newInputStream(Path.of(file))) {
                settings.load(stream);
            } catch (IOException e) {
                throw new UncheckedIOException("The settings for Kafka cannot be read from " + file, e);
            }
        }
        settings.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
        settings.put(ProducerConfig.CLIENT_ID_CONFIG, "serai");
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
        settings.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName());
        settings.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class.getName());
        // Shorter than the lease of a turn, all together.
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, "5000");
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "5000");
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, "15000");
        settings.put(ProducerConfig.LINGER_MS_CONFIG, "0");
        // How large a message may be is for the broker to say.
        settings.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Integer.toString(8 << 20));
        settings.putIfAbsent(ProducerConfig.BUFFER_MEMORY_CONFIG, Integer.toString(16 << 20));
    }

    @Override
    public synchronized Told tell(SubscriberTurn turn, List<CloudEvent> events, BooleanSupplier time) {
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        Set<String> underWay = new HashSet<>();
        int taken = 0;
        try {
            if (producer == null) {
                producer = new KafkaProducer<>(settings);
            }
            for (CloudEvent event : events) {
                if (!underWay.add(event.key())) {
                    taken = settle(sent, taken);
                    underWay = new HashSet<>(Set.of(event.key()));
                    if (!time.getAsBoolean()) {
                        return new Told(taken, null);
                    }
                }
                sent.add(producer.send(record(event)));
                if (sent.getLast().state() == Future.State.FAILED) {
                    // The others would wait for the same in vain.
                    break;
                }
            }
            return new Told(settle(sent, taken), null);
        } catch (ExecutionException | KafkaException failed) {
            discard();
            return new Told(taken(sent), trouble(failed instanceof ExecutionException ? failed.getCause() : failed));
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            discard();
            return new Told(taken(sent), Trouble.unwell("The hub is stopping."));
        }
    }

    private static ProducerRecord<byte[], byte[]> record(CloudEvent event) {
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(event.topic(),
                event.key().getBytes(StandardCharsets.UTF_8), event.body());
        record.headers().add("content-type", CloudEvent.CONTENT_TYPE.getBytes(StandardCharsets.UTF_8));
        return record;
    }

    /** Waits for all that is under way. @return how many have arrived */
    private int settle(List<Future<RecordMetadata>> sent, int from) throws ExecutionException, InterruptedException {
        producer.flush();
        for (Future<RecordMetadata> one : sent.subList(from, sent.size())) {
            one.get();
        }
        return sent.size();
    }

    /** From the first on, without a gap. */
    private static int taken(List<Future<RecordMetadata>> sent) {
        int taken = 0;
        while (taken < sent.size() && sent.get(taken).state() == Future.State.SUCCESS) {
            taken++;
        }
        return taken;
    }

    private static Trouble trouble(Throwable failed) {
        return switch (failed) {
            case RecordTooLargeException large -> new Trouble(Trouble.Kind.REFUSED, "Kafka did not take it: "
                    + large.getMessage(), null);
            case InterruptException _ -> Trouble.unwell("The hub is stopping.");
            default -> Trouble.unwell("Kafka did not take the changes: " + failed.getMessage());
        };
    }

    /** What is still in its buffer must not come out later, behind the back of whoever goes on. */
    private void discard() {
        if (producer != null) {
            producer.close(Duration.ZERO);
            producer = null;
        }
    }

    @Override
    public synchronized void close() {
        discard();
    }
}
