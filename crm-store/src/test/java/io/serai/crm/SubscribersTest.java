package io.serai.crm;

import static io.serai.crm.Hub.person;
import static io.serai.crm.Hub.with;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.serai.crm.Subscriber.Follows;
import io.serai.crm.Subscriber.Kind;

/** Who follows the change log misses nothing, whoever tells it. */
class SubscribersTest {
    private static final Duration LEASE = Duration.ofSeconds(60);
    private static final int MOST = 100;

    private final Hub hub = new Hub();
    private final Subscribers subscribers = hub.store.subscribers();

    @AfterEach
    void close() {
        hub.close();
    }

    @Test
    void handsOutEveryChangeInOrderFromTheMomentOfSubscribing() {
        hub.says("erp", "customer", person("1", "Ann", "Early", "early@example.com", null));
        subscribe(Follows.EVERYTHING);
        for (int i = 0; i < 7; i++) {
            hub.says("erp", "customer", person("2", "Ann" + i, "Lee", "ann@example.com", null));
        }
        List<ChangeEvent> told = new ArrayList<>();
        for (List<SubscriberTurn> turns = claim(3); !turns.isEmpty(); turns = claim(3)) {
            told.addAll(turns.getFirst().events());
            assertThat(subscribers.end(turns.getFirst(), done(turns.getFirst()))).isTrue();
        }
        assertThat(told).extracting(event -> event.change().sequence())
                .containsExactlyElementsOf(LongStream.rangeClosed(2, 8).boxed().toList());
        assertThat(told).extracting(ChangeEvent::id).doesNotHaveDuplicates()
                .allMatch(id -> id.matches("\\d+-[0-9a-f]{16}"));
    }

    @Test
    void letsOneProcessAtATimeTellASubscriberAndTheNextBeginWhereItWasCertain() {
        subscribe(Follows.EVERYTHING);
        hub.says("erp", "customer", person("1", "Ann", "Lee", "ann@example.com", null));
        SubscriberTurn frozen = claim(MOST).getFirst();
        assertThat(claim(MOST)).isEmpty();

        hub.passes(LEASE.plusSeconds(1));
        SubscriberTurn next = claim(MOST).getFirst();
        assertThat(next.events()).isEqualTo(frozen.events());

        assertThat(subscribers.end(frozen, done(frozen))).isFalse();
        assertThat(claim(MOST)).as("still the next one's").isEmpty();
        assertThat(subscribers.end(next, done(next))).isTrue();
        assertThat(only().behind()).isZero();
    }

    @Test
    void passesOverWhatASubscriberDoesNotFollow() {
        subscribe(new Follows(List.of("order"), List.of("shop"), false));
        hub.says("erp", "customer", person("1", "Ann", "Lee", "ann@example.com", null));
        assertThat(claim(MOST)).isEmpty();
        assertThat(only().behind()).isZero();

        hub.says("erp", "order", InvoiceTest.order("A-1", "42.00"));
        hub.says("shop", "order", InvoiceTest.order("A-2", "42.00"));
        List<ChangeEvent> events = claim(MOST).getFirst().events();
        assertThat(events).extracting(event -> event.change().spoke() + " " + event.change().entity())
                .containsExactly("shop order");
    }

    @Test
    void beginsAnewWhereAPersonSaysWhoeverIsAtIt() {
        subscribe(Follows.EVERYTHING);
        Instant before = hub.now();
        for (int i = 0; i < 4; i++) {
            hub.passes(Duration.ofMinutes(1));
            hub.says("erp", "customer", person("1", "Ann" + i, "Lee", "ann@example.com", null));
        }
        SubscriberTurn first = claim(MOST).getFirst();
        subscribers.end(first, done(first));
        hub.says("erp", "customer", person("1", "Anna", "Lee", "ann@example.com", null));
        SubscriberTurn underWay = claim(MOST).getFirst();

        assertThat(subscribers.before(before)).isZero();
        assertThat(subscribers.before(before.plusSeconds(60 * 3))).isEqualTo(2);
        assertThat(subscribers.before(hub.now().plusSeconds(1))).isEqualTo(5);
        assertThat(subscribers.move(only().id(), 2)).isTrue();
        assertThat(subscribers.end(underWay, done(underWay))).as("it has been moved").isFalse();
        assertThat(claim(MOST).getFirst().events()).extracting(event -> event.change().sequence())
                .containsExactly(3L, 4L, 5L);
    }

    @Test
    void knowsTheWholeRecordAsItWasAfterEachChange() {
        Map<Long, Map<String, Object>> then = new HashMap<>();
        List<Map<String, Object>> said = List.of(person("1", "Ann", "Lee", "ann@example.com", "+41795550102"),
                with(person("1", "Ann", "Lee", "ann@example.com", "+41795550102"), "language", "de"),
                person("1", "Anna", "Lee", null, "+41795550102"),
                with(person("1", "Anna", "Lee", null, "+41795550102"), "language", null));
        UUID id = null;
        for (Map<String, Object> document : said) {
            id = hub.says("erp", "customer", document).id();
            Golden golden = hub.store.goldens().find("customer", id).orElseThrow();
            then.put(golden.version(), golden.document());
        }
        assertThat(then).hasSize(4);
        for (Change change : hub.store.changes().of("customer", id)) {
            assertThat(subscribers.record(change)).isEqualTo(then.get(change.version()));
        }
    }

    /** What is still to come is committed by others while the log is read: nothing may be passed over. */
    @Test
    void missesNothingWhileOthersWriteAndTakesTurns() throws Exception {
        subscribe(new Follows(List.of("customer"), List.of(), false));
        AtomicBoolean writing = new AtomicBoolean(true);
        ConcurrentLinkedQueue<Long> told = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int teller = 0; teller < 2; teller++) {
            threads.add(Thread.ofPlatform().start(() -> {
                boolean more = true;
                while (writing.get() || more) {
                    List<SubscriberTurn> turns = claim(5);
                    more = !turns.isEmpty() || only().behind() > 0;
                    turns.forEach(turn -> {
                        turn.events().forEach(event -> told.add(event.change().sequence()));
                        subscribers.end(turn, done(turn));
                    });
                }
            }));
        }
        List<Thread> writers = new ArrayList<>();
        for (int writer = 0; writer < 4; writer++) {
            String spoke = "w" + writer;
            writers.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 50; i++) {
                    hub.says("erp", "customer", spoke + i,
                            person(spoke + i, "Ann", "Lee", spoke + i + "@example.com", null));
                }
            }));
        }
        for (Thread writer : writers) {
            writer.join();
        }
        writing.set(false);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(told).containsExactlyElementsOf(LongStream.rangeClosed(1, 200).boxed().toList());
    }

    @Test
    void parksWhatIsSetAsideUntilItIsTakenOrTheSubscriberIsGone() {
        UUID id = subscribe(Follows.EVERYTHING);
        hub.says("erp", "customer", person("1", "Ann", "Lee", "ann@example.com", null));
        SubscriberTurn turn = claim(MOST).getFirst();
        ChangeEvent refused = turn.events().getFirst();
        subscribers.end(turn,
                new SubscriberTurn.End(turn.end(), Subscriber.State.ACTIVE, 0, 0, 1, hub.now(), "no, thanks",
                        null, hub.now(), refused));
        assertThat(open()).hasSize(1).first().satisfies(parked -> {
            assertThat(parked.problem()).isEqualTo("no, thanks");
            assertThat(parked.entityId()).isEqualTo(refused.change().id());
            assertThat(parked.detail()).containsEntry("sequence", 1);
        });
        subscribers.taken(id, refused);
        assertThat(open()).isEmpty();

        hub.says("erp", "customer", person("1", "Anna", "Lee", "ann@example.com", null));
        SubscriberTurn last = claim(MOST).getFirst();
        subscribers.end(last, new SubscriberTurn.End(last.subscriber().position(), Subscriber.State.DISABLED, 9, 0, 0,
                hub.now(), "silent for days", null, hub.now(), null));
        assertThat(claim(MOST)).isEmpty();
        assertThat(open()).hasSize(1);
        subscribers.enable(id);
        assertThat(open()).isEmpty();
        assertThat(claim(MOST)).hasSize(1);
        assertThat(subscribers.remove(id)).isTrue();
        assertThat(subscribers.list()).isEmpty();
    }

    private UUID subscribe(Follows follows) {
        return subscribers.add("office", "https://office.example/hook", follows, new byte[32], null, MOST)
                .orElseThrow();
    }

    private List<SubscriberTurn> claim(int events) {
        return subscribers.claim(Set.of(Kind.WEBHOOK), MOST, events, LEASE);
    }

    private SubscriberTurn.End done(SubscriberTurn turn) {
        return new SubscriberTurn.End(turn.end(), Subscriber.State.ACTIVE, 0, 0, 0, null, null, hub.now(), hub.now(),
                null);
    }

    private Subscriber only() {
        return subscribers.list().getFirst();
    }

    private List<Parked> open() {
        return hub.store.parked().list(new ParkedItems.Question("SUBSCRIBER", null, true), null, MOST).items();
    }
}
