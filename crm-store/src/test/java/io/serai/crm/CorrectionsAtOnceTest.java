package io.serai.crm;

import static io.serai.crm.Hub.person;
import static io.serai.crm.Hub.with;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * People who merge, part and erase while spokes go on talking and are written to, all at once. Whatever the order, the store
 * stays whole. More seeds: {@code -Dserai.seeds=50 -Dserai.seed=100}.
 */
class CorrectionsAtOnceTest {
    private static final int PEOPLE = 6;
    private static final int STEPS = 25;

    static LongStream seeds() {
        long first = Long.getLong("serai.seed", 1);
        return LongStream.range(first, first + Integer.getInteger("serai.seeds", 4));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void leavesTheStoreWholeWhateverTheOrder(long seed) throws Exception {
        try (Hub hub = new Hub()) {
            List<UUID> ids = new ArrayList<>();
            for (int i = 0; i < PEOPLE; i++) {
                ids.add(hub.says("erp", "customer", someone(i)).id());
                hub.says("shop", "order", order(i, "first"));
            }
            Set<UUID> erased = ConcurrentHashMap.newKeySet();
            CountDownLatch go = new CountDownLatch(1);
            try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
                List<Future<?>> all = new ArrayList<>();
                for (int thread = 0; thread < 4; thread++) {
                    Random random = new Random(seed * 31 + thread);
                    all.add(threads.submit(() -> {
                        go.await();
                        for (int step = 0; step < STEPS; step++) {
                            act(hub, ids, random, erased);
                        }
                        return null;
                    }));
                }
                go.countDown();
                for (Future<?> one : all) {
                    one.get();
                }
            }
            check(hub, ids, erased);
        }
    }

    private static Map<String, Object> someone(int i) {
        return person("c" + i, "Person", "Number" + "abcdefgh".charAt(i), "person" + i + "@example.org",
                "+4144111000" + i);
    }

    private static Map<String, Object> order(int i, String number) {
        return Map.of("number", number + i, "source", Map.of("id", number + i), "customer",
                Map.of("emails", List.of(Map.of("address", "person" + i + "@example.org"))), "status", "open");
    }

    private static void act(Hub hub, List<UUID> ids, Random random, Set<UUID> erased) {
        int i = random.nextInt(PEOPLE);
        UUID one = ids.get(i);
        UUID other = ids.get(random.nextInt(PEOPLE));
        switch (random.nextInt(12)) {
            case 0, 1, 2 -> hub.store.corrections().merge(one, other, "api");
            case 3, 4 -> hub.store.corrections().unmerge(one, "api");
            case 5 -> {
                if (random.nextInt(4) == 0
                        && hub.store.erasures().erase(one, "api").outcome().state() == Outcome.State.APPLIED) {
                    erased.add(one);
                }
            }
            case 6, 7, 8 -> hub.says("erp", "customer", with(someone(i), "note", "Note " + random.nextInt(1000)));
            case 9 -> hub.says("shop", "order", order(i, "n" + random.nextInt(1_000_000) + "-"));
            default -> {
                synchronized (hub) {
                    if (!hub.claims("shop", "customer").isEmpty()) {
                        hub.passes(java.time.Duration.ofMinutes(2));
                    }
                }
            }
        }
    }

    private static void check(Hub hub, List<UUID> ids, Set<UUID> erased) {
        assertThat(hub.count("select count(*) from link l where l.entity = 'customer' and not exists"
                + " (select 1 from customer c where c.id = l.entity_id)")).as("links of nobody").isZero();
        assertThat(hub.count("select count(*) from customer_key k where not exists"
                + " (select 1 from customer c where c.id = k.customer)")).as("keys of nobody").isZero();
        assertThat(hub.count("select count(*) from customer_merge m where unmerged_at is null and exists"
                + " (select 1 from customer c where c.id = m.absorbed)")).as("merged and there").isZero();
        assertThat(hub.count("select count(*) from sales_order where customer::text <> document #>> '{customer,id}'"))
                .as("orders that contradict themselves").isZero();
        assertThat(hub.count("select count(*) - max(sequence) from change")).as("gaps in the log").isZero();
        assertThat(hub.count("select count(*) from change a join change b on a.entity_id = b.entity_id"
                + " and a.sequence < b.sequence and a.version >= b.version")).as("versions that fall").isZero();
        for (UUID gone : erased) {
            assertThat(hub.store.erasures().of(gone)).as("erased %s", gone).isPresent();
            assertThat(hub.store.goldens().find("customer", gone)).isEmpty();
        }
        for (UUID id : ids) {
            boolean there = hub.store.goldens().find("customer", id).isPresent();
            boolean led = hub.store.corrections().mergedInto(id).isPresent();
            boolean buried = hub.store.erasures().of(id).isPresent();
            assertThat(List.of(there, led, buried)).as("%s is there, leads on or is erased", id).containsOnlyOnce(true);
        }
        Map<UUID, Outcome> parted = new LinkedHashMap<>();
        for (int round = 0; round < PEOPLE; round++) {
            for (UUID id : ids) {
                Outcome outcome = hub.store.corrections().unmerge(id, "api").outcome();
                if (outcome.state() == Outcome.State.APPLIED) {
                    parted.put(id, outcome);
                }
            }
        }
        for (int i = 0; i < PEOPLE; i++) {
            UUID id = ids.get(i);
            if (hub.store.erasures().of(id).isPresent()) {
                continue;
            }
            Map<String, Object> own = hub.store.goldens().find("customer", id).orElseThrow().document();
            assertThat(own.get("emails")).as("parted from all, %s is itself again: %s", id, parted)
                    .isEqualTo(someone(i).get("emails"));
            assertThat(own.get("name")).isEqualTo(someone(i).get("name"));
        }
    }
}
