package io.serai.crm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import io.serai.crm.plan.Projection;

/**
 * A company in miniature on the real store: spokes that write things down in their own way, are away, lose answers and
 * tell what happened late, twice and out of order; people who edit everywhere; a hub that dies between claim and record.
 * Everything follows from the seed. More seeds: {@code -Dserai.seeds=200 -Dserai.seed=1000}.
 */
class SimulationTest {
    private static final int STEPS = 220;
    private static final Map<String, String> OWN_FIELD = Map.of("erp", "organizationName", "shop", "language", "books",
            "name");

    static LongStream seeds() {
        long first = Long.getLong("serai.seed", 1);
        return LongStream.range(first, first + Integer.getInteger("serai.seeds", 6));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void allAgreeWhenItIsQuietAndNoEditOfAFieldOfOnesOwnIsLost(long seed) {
        try (Hub hub = new Hub()) {
            new Company(hub, seed).live();
        }
    }

    private static final class Spoke {
        final String name;
        final UnaryOperator<Object> words;
        final boolean answers;
        final Map<String, Map<String, Object>> records = new LinkedHashMap<>();
        final Map<String, Integer> revisions = new HashMap<>();
        final Map<UUID, String> byReference = new HashMap<>();
        boolean away;
        int writes;

        Spoke(String name, boolean answers, UnaryOperator<Object> words) {
            this.name = name;
            this.answers = answers;
            this.words = words;
        }

        Map<String, Object> whole(String id) {
            Map<String, Object> whole = new LinkedHashMap<>(records.get(id));
            whole.put("source", Map.of("id", id, "revision", Integer.toString(revisions.get(id))));
            return whole;
        }
    }

    private record Notice(Spoke spoke, String event, Map<String, Object> document) {}

    private static final class Company {
        private final Hub hub;
        private final long seed;
        private final Random random;
        private final List<Spoke> spokes = List.of(
                new Spoke("erp", false, value -> value),
                new Spoke("shop", true, value -> value instanceof String text ? cut(text, 14) : value),
                new Spoke("books", true, value -> value instanceof String text ? text.strip() : value));
        private final List<Notice> notices = new ArrayList<>();
        private final List<DeliveryResult> slow = new ArrayList<>();
        private final Map<String, Object> lastOwnEdit = new LinkedHashMap<>();
        private final Map<Long, Long> recorded = new HashMap<>();
        private final Map<UUID, Long> versions = new HashMap<>();
        private int events;
        private int tokens;
        private boolean calm;

        Company(Hub hub, long seed) {
            this.hub = hub;
            this.seed = seed;
            this.random = new Random(seed);
        }

        private static String cut(String text, int longest) {
            return text.length() > longest ? text.substring(0, longest) : text;
        }

        private boolean chance(double share) {
            return !calm && random.nextDouble() < share;
        }

        private <T> T any(List<T> some) {
            return some.get(random.nextInt(some.size()));
        }

        void live() {
            for (int i = 0; i < 3; i++) {
                newRecord(spokes.get(i));
            }
            for (int i = 0; i < STEPS; i++) {
                switch (random.nextInt(12)) {
                    case 0, 1, 2 -> edit(any(spokes));
                    case 3, 4, 5 -> hear();
                    case 6, 7, 8, 9 -> work(any(spokes), 1 + random.nextInt(3));
                    case 10 -> answer();
                    default -> {
                        hub.passes(Duration.ofSeconds(random.nextInt(45)));
                        Spoke spoke = any(spokes);
                        spoke.away = !spoke.away && chance(0.3);
                    }
                }
            }
            becomeQuiet();
            check();
            oneEditMakesOneWritePerOtherSpoke();
        }

        private void newRecord(Spoke spoke) {
            String id = spoke.name + "-own-" + ++tokens;
            Map<String, Object> person = new LinkedHashMap<>();
            person.put("kind", "person");
            person.put("name", Map.of("family", "Family " + tokens));
            person.put("emails", List.of(Map.of("address", "Person" + tokens + "@Example.org")));
            write(spoke, id, person);
        }

        private void write(Spoke spoke, String id, Map<String, Object> patch) {
            Map<String, Object> held = spoke.records.computeIfAbsent(id, _ -> new LinkedHashMap<>());
            patch.forEach((field, value) -> {
                if (value == null || value.equals(List.of())) {
                    held.remove(field);
                } else if (value instanceof Map<?, ?> parts) {
                    Map<Object, Object> inner = new LinkedHashMap<>(
                            held.get(field) instanceof Map<?, ?> before ? before : Map.of());
                    parts.forEach((part, inside) -> inner.put(part, spoke.words.apply(inside)));
                    inner.values().removeIf(java.util.Objects::isNull);
                    held.put(field, inner);
                } else {
                    held.put(field, spoke.name.equals("shop") && field.equals("emails")
                            ? lower(value)
                            : spoke.words.apply(value));
                }
            });
            spoke.revisions.merge(id, 1, Integer::sum);
            notices.add(new Notice(spoke, spoke.name + ++events, spoke.whole(id)));
        }

        private static Object lower(Object emails) {
            return ((List<?>) emails).stream().map(email -> Map.of("address",
                    ((Map<?, ?>) email).get("address").toString().toLowerCase(Locale.ROOT))).toList();
        }

        /** Somebody edits a field that only this spoke edits, or one that everybody edits. */
        private void edit(Spoke spoke) {
            if (spoke.records.isEmpty() || chance(0.1)) {
                newRecord(spoke);
                return;
            }
            String id = any(List.copyOf(spoke.records.keySet()));
            tokens++;
            if (random.nextBoolean()) {
                String field = OWN_FIELD.get(spoke.name);
                Object value = switch (field) {
                    case "name" -> Map.of("family", "Family " + tokens);
                    case "language" -> "de-x" + tokens;
                    default -> "Organization of " + tokens + " people";
                };
                lastOwnEdit.put(mail(spoke.records.get(id)) + " " + field, value);
                write(spoke, id, Map.of(field, value));
            } else {
                write(spoke, id, Map.of("addresses", List.of(Map.of("use", "home", "city", "City " + tokens))));
            }
        }

        private static String mail(Map<String, Object> document) {
            return ((Map<?, ?>) ((List<?>) document.get("emails")).getFirst()).get("address").toString()
                    .toLowerCase(Locale.ROOT);
        }

        private void hear() {
            if (notices.isEmpty()) {
                return;
            }
            Notice notice = notices.get(calm ? 0 : random.nextInt(notices.size()));
            if (!chance(0.15)) {
                notices.remove(notice);
            }
            Outcome outcome = hub.says(notice.spoke().name, "customer", notice.event(), notice.document());
            assertThat(outcome.refusal()).as("seed %d: %s", seed, notice).isNull();
            if (outcome.state() == Outcome.State.APPLIED) {
                long before = versions.getOrDefault(outcome.id(), 0L);
                assertThat(outcome.version()).as("seed %d: versions rise", seed).isGreaterThan(before);
                versions.put(outcome.id(), outcome.version());
            }
        }

        private void work(Spoke spoke, int most) {
            for (Delivery claim : hub.store.lanes().claim(spoke.name, "customer", most, Duration.ofSeconds(30))) {
                if (chance(0.08)) {
                    continue; // the hub died before it sent
                }
                if (spoke.away && !calm) {
                    record(result(spoke, claim, DeliveryResult.Kind.RETRY, null));
                    continue;
                }
                String known = claim.creates() && claim.attempt() > 1 ? spoke.byReference.get(claim.id()) : null;
                if (known != null) {
                    record(result(spoke, claim, DeliveryResult.Kind.ADOPT, known));
                    continue;
                }
                String id = claim.creates() ? spoke.name + "-" + ++tokens : claim.externalId();
                spoke.byReference.put(claim.id(), id);
                spoke.writes++;
                write(spoke, id, claim.patch());
                if (chance(0.08)) {
                    continue; // the hub died before it heard
                }
                DeliveryResult done = chance(0.1)
                        ? result(spoke, claim, DeliveryResult.Kind.RETRY, null) // the answer was lost
                        : result(spoke, claim, DeliveryResult.Kind.DONE, id);
                if (chance(0.4)) {
                    slow.add(done);
                } else {
                    record(done);
                }
            }
        }

        private DeliveryResult result(Spoke spoke, Delivery claim, DeliveryResult.Kind kind, String id) {
            boolean told = id != null && (spoke.answers || kind == DeliveryResult.Kind.ADOPT);
            return new DeliveryResult(claim, kind, told ? spoke.whole(id) : null, id,
                    id == null ? null : Integer.toString(spoke.revisions.get(id)), Duration.ofSeconds(1), true, null,
                    null,
                    Instant.parse("2026-03-01T10:00:00Z"), Duration.ofMillis(1));
        }

        private void answer() {
            if (!slow.isEmpty()) {
                record(slow.remove(calm ? 0 : random.nextInt(slow.size())));
            }
        }

        private void record(DeliveryResult result) {
            boolean stood = hub.store.lanes().record(List.of(result)).getFirst();
            if (stood && result.kind() == DeliveryResult.Kind.DONE) {
                Long before = recorded.put(result.delivery().lane(), result.delivery().version());
                assertThat(result.delivery().version()).as("seed %d: no lane goes back", seed)
                        .isGreaterThanOrEqualTo(before == null ? 0 : before);
            }
        }

        private void becomeQuiet() {
            calm = true;
            for (int round = 0; round < 60; round++) {
                int before = spokes.stream().mapToInt(spoke -> spoke.writes).sum();
                while (!slow.isEmpty()) {
                    answer();
                }
                boolean heard = !notices.isEmpty();
                while (!notices.isEmpty()) {
                    hear();
                }
                hub.passes(Duration.ofMinutes(2));
                spokes.forEach(spoke -> work(spoke, 100));
                if (!heard && before == spokes.stream().mapToInt(spoke -> spoke.writes).sum()
                        && hub.count("select count(*) from link where state <> 'SYNCED'") == 0) {
                    return;
                }
            }
            assertThat(false).as("seed %d: it never becomes quiet", seed).isTrue();
        }

        private void check() {
            for (Golden golden : hub.store.goldens().list("customer", Filter.NONE, null, 1000).items()) {
                List<Link> links = hub.store.goldens().links("customer", golden.id());
                assertThat(links).as("seed %d: %s is everywhere", seed, golden).hasSizeGreaterThanOrEqualTo(3);
                for (Link link : links) {
                    Spoke spoke = spokes.stream().filter(one -> one.name.equals(link.spoke())).findFirst()
                            .orElseThrow();
                    Spoke ideal = new Spoke(spoke.name, false, spoke.words);
                    int waiting = notices.size();
                    write(ideal, "x", golden.document());
                    notices.subList(waiting, notices.size()).clear();
                    assertThat(Projection.inStep("customer", spoke.records.get(link.externalId()),
                            ideal.records.get("x")))
                            .as("seed %d: %s holds %s of %s", seed, spoke.name, spoke.records.get(link.externalId()),
                                    golden)
                            .isTrue();
                }
                OWN_FIELD.values().forEach(field -> {
                    Object last = lastOwnEdit.get(mail(golden.document()) + " " + field);
                    if (last != null) {
                        assertThat(golden.document().get(field)).as("seed %d: %s of %s", seed, field, golden)
                                .isEqualTo(last);
                    }
                });
            }
            assertThat(hub.count("select count(*) from parked where resolved_at is null and kind <> 'CONFLICT'"))
                    .as("seed %d: parked", seed).isZero();
        }

        private void oneEditMakesOneWritePerOtherSpoke() {
            for (Spoke origin : spokes) {
                Map<String, Integer> before = new HashMap<>();
                spokes.forEach(spoke -> before.put(spoke.name, spoke.writes));
                String id = hub.store.goldens().list("customer", Filter.NONE, null, 1).items().stream()
                        .flatMap(golden -> hub.store.goldens().links("customer", golden.id()).stream())
                        .filter(link -> link.spoke().equals(origin.name)).findFirst().orElseThrow().externalId();
                write(origin, id, Map.of("addresses", List.of(Map.of("use", "home", "city", "Last " + ++tokens))));
                becomeQuiet();
                spokes.forEach(spoke -> assertThat(spoke.writes - before.get(spoke.name))
                        .as("seed %d: writes to %s after an edit in %s", seed, spoke.name, origin.name)
                        .isEqualTo(spoke == origin ? 0 : 1));
            }
        }
    }
}
