package io.serai.hub.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.kafka.test.EmbeddedKafkaKraftBroker;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import io.serai.crm.Subscriber;
import io.serai.hub.HubSettings;
import io.serai.hub.story.Await;

/** On a real broker of Kafka, with three partitions. */
class KafkaTopicsTest {
    private static final Duration SOON = Duration.ofSeconds(30);
    /** Their keys are drawn anew each time: with forty, one of three partitions stays empty once in three million runs. */
    private static final int RECORDS = 40;
    private static EmbeddedKafkaKraftBroker kafka;

    private final Company company = new Company();

    @BeforeAll
    static void startKafka() {
        kafka = new EmbeddedKafkaKraftBroker(1, 3, "changes.customer");
        kafka.afterPropertiesSet();
    }

    @AfterAll
    static void stopKafka() {
        kafka.destroy();
    }

    @AfterEach
    void close() throws Exception {
        company.close();
    }

    @Test
    void aConsumerGetsTheChangesOfEachRecordInOrder() {
        company.process(settings(kafka.getBrokersAsString()), null);
        for (int i = 1; i <= 120; i++) {
            company.says("c" + i % RECORDS, "Name" + i);
        }
        List<ConsumerRecord<String, byte[]>> records = consume(120);
        assertThat(records).hasSize(120);
        assertThat(records).extracting(ConsumerRecord::partition).as("spread by key").contains(0, 1, 2);
        Map<String, Long> latest = new HashMap<>();
        for (ConsumerRecord<String, byte[]> record : records) {
            JsonNode event = JsonMapper.shared().readTree(record.value());
            assertThat(new String(record.headers().lastHeader("content-type").value(), StandardCharsets.UTF_8))
                    .isEqualTo("application/cloudevents+json");
            assertThat(event.path("subject").asString()).isEqualTo(record.key());
            assertThat(event.path("partitionkey").asString()).isEqualTo(record.key());
            assertThat(event.at("/data/version").asLong()).as(record.key())
                    .isEqualTo(latest.getOrDefault(record.key(), 0L) + 1);
            latest.put(record.key(), event.at("/data/version").asLong());
        }
    }

    @Test
    void aKafkaThatIsAwayLosesNothingAndIsNeverGivenUp() {
        company.process(settings("127.0.0.1:1"), null);
        Subscriber kafka = Await.value(SOON,
                () -> company.store.subscribers().list().stream().findFirst().orElse(null));
        company.says("ann", "Ann");
        Await.until(SOON, () -> assertThat(company.subscriber(kafka.id()).problem()).contains("Kafka"));
        company.passes(Duration.ofDays(4));
        Await.until(SOON, () -> assertThat(company.subscriber(kafka.id()).attempts()).isGreaterThan(1));
        assertThat(company.subscriber(kafka.id()).state()).isEqualTo(Subscriber.State.ACTIVE);
        assertThat(company.subscriber(kafka.id()).behind()).isEqualTo(1);
    }

    private static HubSettings.Stream settings(String servers) {
        return new HubSettings.Stream(false, servers, "", false);
    }

    private static List<ConsumerRecord<String, byte[]>> consume(int count) {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", kafka.getBrokersAsString());
        settings.put("group.id", "office");
        settings.put("auto.offset.reset", "earliest");
        List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(settings, new StringDeserializer(),
                new ByteArrayDeserializer())) {
            consumer.subscribe(List.of("changes.customer"));
            Await.until(SOON, () -> {
                consumer.poll(Duration.ofMillis(200)).forEach(records::add);
                assertThat(records).hasSizeGreaterThanOrEqualTo(count);
            });
            consumer.poll(Duration.ofMillis(200)).forEach(records::add);
        }
        return records;
    }
}
