package io.serai.hub.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.serai.crm.Parked;
import io.serai.crm.ParkedItems;
import io.serai.crm.Subscriber;
import io.serai.crm.Subscriber.Follows;
import io.serai.hub.story.Await;

/** Whoever follows the changes gets each of them, in order, whatever happens on the way. */
class ChangeStreamTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    private final Company company = new Company();
    private final Receiver receiver = new Receiver();

    @AfterEach
    void close() throws Exception {
        company.close();
        receiver.close();
    }

    @Test
    void everyChangeArrivesOnceAndInOrderThroughAnOutageOfTheReceiver() {
        UUID id = company.subscribe(receiver, Follows.EVERYTHING);
        company.process();
        for (int i = 1; i <= 5; i++) {
            company.says("ann", "Ann" + i);
        }
        Await.until(SOON, () -> assertThat(receiver.sequences()).containsExactlyElementsOf(upTo(5)));

        receiver.behaves(_ -> 500);
        for (int i = 6; i <= 10; i++) {
            company.says(i % 2 == 0 ? "ann" : "bea", "Again" + i);
        }
        Await.until(SOON, () -> assertThat(company.subscriber(id).problem()).isEqualTo("It answered 500."));
        assertThat(company.subscriber(id).failingSince()).isNotNull();
        assertThat(receiver.taken()).hasSize(5);

        receiver.behaves(_ -> 204);
        company.passes(Duration.ofMinutes(10));
        Await.until(SOON, () -> assertThat(receiver.sequences()).containsExactlyElementsOf(upTo(10)));
        assertInOrder(receiver.taken());
        Await.until(SOON, () -> assertThat(company.subscriber(id)).satisfies(well -> {
            assertThat(well.failingSince()).isNull();
            assertThat(well.problem()).isNull();
            assertThat(well.behind()).isZero();
        }));
    }

    @Test
    void anEventIsACloudEventThatSaysWhatChangedAndOnDemandTheWholeRecordAsItWas() {
        company.subscribe(receiver, new Follows(List.of(), List.of(), true));
        UUID ann = company.says("ann", "Ann");
        company.says("ann", "Anna");
        company.process();
        Await.until(SOON, () -> assertThat(receiver.taken()).hasSize(2));

        Receiver.Event second = receiver.taken().get(1);
        assertThat(second.contentType()).isEqualTo("application/cloudevents+json");
        assertThat(second.host()).isEqualTo("localhost:" + receiver.port());
        assertThat(second.id()).isEqualTo(second.body().path("id").asString()).startsWith("2-").doesNotContain(".");
        assertThat(second.body().path("specversion").asString()).isEqualTo("1.0");
        assertThat(second.body().path("type").asString()).isEqualTo("io.serai.customer.changed");
        assertThat(second.body().path("source").asString()).isEqualTo("urn:serai:tenant:1");
        assertThat(second.body().path("subject").asString()).isEqualTo(ann.toString());
        assertThat(Instant.parse(second.body().path("time").asString())).isBeforeOrEqualTo(Instant.now());
        assertThat(second.body().at("/data/fields").propertyNames()).containsExactly("name");
        assertThat(second.body().at("/data/fields/name/given").asString()).isEqualTo("Anna");
        assertThat(second.body().at("/data/spoke").asString()).isEqualTo("erp");
        assertThat(second.body().at("/data/reason").asString()).isEqualTo("updated");
        assertThat(second.body().at("/data/record/emails/0/address").asString()).isEqualTo("ann@example.com");
        assertThat(receiver.taken().getFirst().body().at("/data/record/name/given").asString())
                .as("the record as it was then").isEqualTo("Ann");
    }

    @Test
    void hearsOnlyOfTheSpokesAndEntitiesItFollows() {
        company.subscribe(receiver, new Follows(List.of("customer"), List.of("shop"), false));
        company.process();
        company.says("erp", "ann", "Ann");
        company.says("shop", "bea", "Bea");
        company.says("erp", "ann", "Anna");
        company.says("shop", "bea", "Beatrice");
        Await.until(SOON, () -> assertThat(receiver.sequences()).containsExactly(2L, 4L));
    }

    @Test
    void signsWithBothSecretsWhileOneReplacesTheOther() {
        UUID id = company.subscribe(receiver, Follows.EVERYTHING);
        company.process();
        byte[] fresh = ChangeStream.newSecret();
        company.store.subscribers().rotate(id, fresh, company.clock().instant().plus(Duration.ofHours(24)));
        receiver.knows(receiver.secret, fresh);
        company.says("ann", "Ann");
        Await.until(SOON, () -> assertThat(receiver.taken()).hasSize(1));
        assertThat(receiver.taken().getFirst().signature().split(" ")).hasSize(2).allMatch(s -> s.startsWith("v1,"));

        company.passes(Duration.ofHours(25));
        receiver.knows(fresh);
        company.says("ann", "Anna");
        Await.until(SOON, () -> assertThat(receiver.taken()).hasSize(2));
        assertThat(receiver.taken().get(1).signature().split(" ")).as("the old one is over").hasSize(1);
    }

    @Test
    void anEventThatIsRefusedAgainAndAgainIsSetAsideForAPersonAndTheOthersGoOn() {
        UUID id = company.subscribe(receiver, Follows.EVERYTHING);
        Company.Process hub = company.process();
        receiver.behaves(event -> event.sequence() == 2 ? 422 : 204);
        for (int i = 1; i <= 4; i++) {
            company.says("ann", "Ann" + i);
        }
        Await.until(SOON, () -> {
            company.passes(Duration.ofMinutes(10));
            assertThat(receiver.sequences()).containsExactly(1L, 3L, 4L);
        });
        Parked parked = Await.value(SOON, () -> parked().stream().findFirst().orElse(null));
        assertThat(parked.problem()).isEqualTo("It answered 422.");
        assertThat(parked.detail()).containsEntry("sequence", 2);
        assertThat(company.subscriber(id).state()).isEqualTo(Subscriber.State.ACTIVE);

        receiver.behaves(_ -> 204);
        assertThat(hub.stream().send(company.subscriber(id), company.store.subscribers().event(2).orElseThrow()))
                .isEmpty();
        assertThat(receiver.sequences()).containsExactly(1L, 3L, 4L, 2L);
        assertThat(parked()).isEmpty();
    }

    @Test
    void aReceiverThatTookNothingForThreeDaysIsDisabledVisiblyAndGoesOnWhereItStopped() {
        UUID id = company.subscribe(receiver, Follows.EVERYTHING);
        company.process();
        receiver.behaves(_ -> 503);
        company.says("ann", "Ann");
        Await.until(SOON, () -> assertThat(company.subscriber(id).attempts()).isPositive());
        company.passes(Duration.ofDays(2));
        Await.until(SOON, () -> assertThat(company.subscriber(id).attempts()).isGreaterThan(1));
        assertThat(company.subscriber(id).state()).isEqualTo(Subscriber.State.ACTIVE);

        company.passes(Duration.ofDays(1));
        Await.until(SOON, () -> assertThat(company.subscriber(id).state()).isEqualTo(Subscriber.State.DISABLED));
        assertThat(parked()).singleElement().extracting(Parked::problem).isEqualTo("It answered 503.");

        receiver.behaves(_ -> 204);
        company.says("ann", "Anna");
        company.store.subscribers().enable(id);
        Await.until(SOON, () -> assertThat(receiver.sequences()).containsExactly(1L, 2L));
        assertThat(parked()).isEmpty();
    }

    @Test
    void aReceiverThatIsGoneIsDisabledAtOnce() {
        UUID id = company.subscribe(receiver, Follows.EVERYTHING);
        company.process();
        receiver.behaves(_ -> 410);
        company.says("ann", "Ann");
        Await.until(SOON, () -> assertThat(company.subscriber(id).state()).isEqualTo(Subscriber.State.DISABLED));
    }

    @Test
    void followsNoRedirect() {
        UUID id = company.subscribe(receiver, Follows.EVERYTHING);
        company.process();
        try (Receiver inside = new Receiver()) {
            AtomicInteger asked = new AtomicInteger();
            inside.behaves(_ -> asked.incrementAndGet() > 0 ? 204 : 500);
            receiver.behaves(event -> {
                event.exchange().getResponseHeaders().add("Location", inside.url());
                return 307;
            });
            company.says("ann", "Ann");
            Await.until(SOON, () -> assertThat(company.subscriber(id).problem()).contains("307", "redirect"));
            assertThat(asked).hasValue(0);
        }
    }

    @Test
    void isToldAllAgainFromWhereAPersonSays() {
        UUID id = company.subscribe(receiver, Follows.EVERYTHING);
        company.process();
        for (int i = 1; i <= 4; i++) {
            company.says("ann", "Ann" + i);
        }
        Await.until(SOON, () -> assertThat(company.subscriber(id).behind()).isZero());
        company.store.subscribers().move(id, 2);
        Await.until(SOON, () -> assertThat(receiver.sequences()).containsExactly(1L, 2L, 3L, 4L, 3L, 4L));
        assertThat(receiver.taken().get(4).id()).as("a repeat is known by its id")
                .isEqualTo(receiver.taken().get(2).id());
    }

    @Test
    void aReceiverThatDoesNotAnswerHoldsNobodyElseUp() {
        company.subscribe(receiver, Follows.EVERYTHING);
        CountDownLatch end = new CountDownLatch(1);
        try (Receiver silent = new Receiver()) {
            silent.behaves(_ -> {
                end.await();
                return 204;
            });
            company.subscribe(silent, Follows.EVERYTHING);
            company.process();
            company.says("ann", "Ann");
            company.says("ann", "Anna");
            Await.until(Duration.ofSeconds(5), () -> assertThat(receiver.sequences()).containsExactly(1L, 2L));
            end.countDown();
        }
    }

    @Test
    void aProcessThatDiesBetweenSendingAndWritingDownRepeatsAndLosesNothing() {
        company.subscribe(receiver, Follows.EVERYTHING);
        Company.Process first = company.process();
        receiver.behaves(event -> {
            if (event.sequence() == 3) {
                first.dies();
            }
            return 204;
        });
        for (int i = 1; i <= 5; i++) {
            company.says(i % 2 == 0 ? "ann" : "bea", "Name" + i);
        }
        Await.until(SOON, () -> assertThat(receiver.sequences()).contains(3L));
        company.process();
        company.passes(Duration.ofSeconds(61));
        Await.until(SOON, () -> assertThat(receiver.sequences().stream().filter(sequence -> sequence == 3).count())
                .as("repeated").isGreaterThan(1));
        Await.until(SOON, () -> assertThat(receiver.sequences().stream().distinct())
                .containsExactlyElementsOf(upTo(5)));
        assertInOrder(receiver.taken());
    }

    /** The seed is in the failure's name: it replays which requests fail. */
    @Test
    void twoProcessesNeitherSkipNorOvertake() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        company.subscribe(receiver, Follows.EVERYTHING);
        company.process();
        company.process();
        receiver.behaves(_ -> {
            synchronized (random) {
                return random.nextInt(10) == 0 ? 500 : 204;
            }
        });
        List<Thread> spokes = new ArrayList<>();
        for (int spoke = 0; spoke < 3; spoke++) {
            int number = spoke;
            spokes.add(Thread.ofVirtual().start(() -> {
                for (int i = 0; i < 60; i++) {
                    company.says("c" + number + i % 4, "Name" + i);
                }
            }));
        }
        for (Thread spoke : spokes) {
            spoke.join();
        }
        Await.until(Duration.ofSeconds(60), () -> {
            company.passes(Duration.ofSeconds(5));
            assertThat(receiver.sequences().stream().distinct().count()).as("seed %d", seed).isEqualTo(180);
        });
        assertThat(receiver.sequences().stream().distinct()).as("seed %d", seed).containsExactlyElementsOf(upTo(180));
        assertInOrder(receiver.taken());
    }

    /** What came first of each version came after the version before; repeats apart. */
    private static void assertInOrder(List<Receiver.Event> events) {
        Map<String, Long> latest = new HashMap<>();
        for (Receiver.Event event : events) {
            long known = latest.getOrDefault(event.customer(), 0L);
            assertThat(event.version()).as(event.customer()).isLessThanOrEqualTo(known + 1);
            latest.put(event.customer(), Math.max(known, event.version()));
        }
    }

    private List<Parked> parked() {
        return company.store.parked().list(new ParkedItems.Question("SUBSCRIBER", null, true), null, 10).items();
    }

    private static List<Long> upTo(long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }
}
