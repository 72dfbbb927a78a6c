package io.serai.crm;

import static io.serai.crm.Hub.person;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import io.serai.crm.plan.Survivorship;

/** How lanes are handed out, over all processes. */
class LanesTest {
    private static final Duration LEASE = Duration.ofSeconds(14);

    private final Hub hub = new Hub();
    private final List<CrmStore> processes = new ArrayList<>();

    @AfterEach
    void close() {
        processes.forEach(CrmStore::close);
        hub.close();
    }

    /** A hub process on the same database whose shop has limits. */
    private CrmStore process(Duration between, int perDay) {
        SpokeProfile.Terms terms = new SpokeProfile.Terms(between, perDay, Duration.ofHours(24));
        CrmStore process = CrmStore.open(hub.database,
                new Settings(1, List.of(new SpokeProfile("shop", "customer", SpokeProfile.Flow.OUT,
                        Set.of("kind", "name", "emails"), 40, terms)), Survivorship.NEWEST_EVERYWHERE),
                hub::now, hub.erasures());
        processes.add(process);
        return process;
    }

    private void customers(int number) {
        List<Arrival> arrivals = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            arrivals.add(hub.arrival("erp", "customer", "made " + i,
                    person("e" + i, "Ada", "No " + i, "ada" + i + "@example.org", null)));
        }
        hub.store.ingest().ingest(arrivals);
    }

    @Test
    void twoProcessesTogetherKeepToTheRateAndUseIt() {
        customers(260);
        List<CrmStore> two = new ArrayList<>(List.of(process(Duration.ofMillis(100), 0),
                process(Duration.ofMillis(100), 0)));
        List<Instant> sent = new ArrayList<>();
        Instant start = hub.now();
        for (int half = 0; half < 40; half++) {
            if (half == 20) {
                two.set(0, process(Duration.ofMillis(100), 0)); // one was restarted
            }
            for (CrmStore process : two) {
                process.lanes().claim("shop", "customer", 16, Duration.ofMinutes(9))
                        .forEach(delivery -> sent.add(delivery.notBefore()));
            }
            hub.passes(Duration.ofMillis(500));
        }

        assertThat(sent).isSorted();
        List<Instant> inTime = sent.stream().filter(at -> at.isBefore(start.plusSeconds(20))).toList();
        assertThat(inTime.size()).as("of 200").isBetween(190, 200);
        for (Instant from : inTime) {
            assertThat(inTime.stream().filter(at -> !at.isBefore(from) && at.isBefore(from.plusSeconds(1))).count())
                    .as("in one second").isLessThanOrEqualTo(11);
        }
    }

    @Test
    void requestsArePaidForAlsoWhereNothingIsDueToBeInvoiced() {
        CrmStore process = CrmStore.open(hub.database,
                new Settings(1, List.of(new SpokeProfile("books", "invoice", SpokeProfile.Flow.ISSUE, Set.of(), 50,
                        new SpokeProfile.Terms(Duration.ZERO, 40, Duration.ofHours(24)))),
                        Survivorship.NEWEST_EVERYWHERE),
                hub::now, hub.erasures());
        processes.add(process);
        long turns = hub.count("select turn from change_head");

        assertThat(process.invoices().claim("books", "invoice", 5, LEASE, 0)).isEmpty();
        assertThat(hub.count("select turn from change_head")).as("looking costs no turn").isEqualTo(turns);
        assertThat(process.spokes().pauses()).isEmpty();
        process.invoices().claim("books", "invoice", 5, LEASE, 40);

        assertThat(process.spokes().pauses()).singleElement()
                .satisfies(pause -> assertThat(pause.problem()).contains("the 40 requests of this day are used up"));
    }

    @Test
    void requestsBesideDeliveriesCountToo() {
        customers(40);
        CrmStore process = process(Duration.ofMillis(100), 0);
        process.lanes().claim("shop", "customer", 64, LEASE, 5);
        hub.passes(Duration.ofSeconds(1));

        List<Delivery> after = process.lanes().claim("shop", "customer", 64, LEASE, 7);

        assertThat(after.size()).as("ten a second, less the seven").isEqualTo(3);
    }

    @Test
    void waitsForTheNextDayWhenTheQuotaIsUsedUp() {
        customers(30);
        CrmStore process = process(Duration.ZERO, 20);
        assertThat(process.lanes().claim("shop", "customer", 15, LEASE)).hasSize(15);
        assertThat(process(Duration.ZERO, 20).lanes().claim("shop", "customer", 15, LEASE)).hasSize(5);
        assertThat(process.lanes().claim("shop", "customer", 15, LEASE)).isEmpty();
        assertThat(process.spokes().pauses()).singleElement()
                .satisfies(pause -> assertThat(pause.until()).isEqualTo(Instant.parse("2026-03-02T00:00:00Z")));

        hub.passes(Duration.ofHours(15));

        assertThat(process.lanes().claim("shop", "customer", 15, LEASE)).hasSize(15);
    }

    @Test
    void aSpokeWithoutLimitsLeavesNoTrace() {
        customers(5);
        hub.delivers("shop", "customer");

        assertThat(hub.count("select count(*) from spoke_gate")).isZero();
    }

    @Test
    void tellsOfAPausedSpokeOnceAndForgetsItWhenItIsOver() {
        Spokes spokes = hub.store.spokes();
        for (int probe = 0; probe < 3; probe++) {
            spokes.pause(new Spokes.Pause("shop", hub.now(), hub.now().plusSeconds(30), "401"), "customer",
                    "shop refuses the hub's credentials");
            hub.passes(Duration.ofSeconds(31));
        }
        assertThat(spokes.pauses()).singleElement().satisfies(pause -> {
            assertThat(pause.since()).isEqualTo(hub.now().minusSeconds(93));
            assertThat(pause.until()).isEqualTo(hub.now().minusSeconds(1));
        });
        assertThat(hub.store.parked().list(new ParkedItems.Question(null, "shop", true), null, 9).items())
                .singleElement().satisfies(parked -> assertThat(parked.cause()).contains("credentials"));

        assertThat(spokes.resume("shop")).isTrue();
        assertThat(spokes.resume("shop")).isFalse();

        assertThat(spokes.pauses()).isEmpty();
        assertThat(hub.count("select count(*) from parked where resolved_at is null")).isZero();
    }

    @Test
    void aRecordThatNeverRestsIsWrittenAtItsPaceAndEndsInItsLatestState() {
        hub.says("erp", "customer", person("1", "Ada", "No 0", "ada@example.org", null));
        hub.says("erp", "customer", person("2", "Bea", "Calm", "bea@example.org", null));
        int told = 0;
        int calm = 0;
        for (int i = 1; i <= 600; i++) {
            hub.says("erp", "customer", person("1", "Ada", "No " + i, "ada@example.org", null));
            if (i % 100 == 0) {
                hub.says("erp", "customer", person("2", "Bea", "Calm " + i, "bea@example.org", null));
            }
            for (Delivery delivery : hub.delivers("shop", "customer")) {
                if (delivery.patch().toString().contains("Calm")) {
                    calm++;
                } else {
                    told++;
                }
            }
            hub.passes(Duration.ofMillis(200));
        }

        assertThat(told).as("in two minutes, 30 at once and one every 2 s").isBetween(80, 91);
        assertThat(calm).as("others go on").isEqualTo(7);
        hub.passes(Duration.ofSeconds(2));
        assertThat(hub.claims("shop", "customer")).singleElement()
                .satisfies(delivery -> assertThat(delivery.patch().toString()).contains("No 600"));
    }

    @Test
    void aClaimOfADeadProcessIsFreeAfterItsLease() {
        customers(1);
        Delivery dead = hub.store.lanes().claim("shop", "customer", 1, LEASE).getFirst();
        hub.passes(LEASE);
        assertThat(hub.claims("shop", "customer")).isEmpty();
        hub.passes(Duration.ofMillis(1));

        assertThat(hub.claims("shop", "customer")).singleElement()
                .satisfies(next -> assertThat(next.fence()).isGreaterThan(dead.fence()));
    }

    @Test
    void whatAFrozenProcessMayHaveWrittenAfterItsSuccessorIsWrittenAgain() {
        hub.says("erp", "customer", person("1", "Anna", "Meier", "anna@example.org", null));
        hub.delivers("shop", "customer");
        hub.says("erp", "customer", person("1", "Anna", "Keller", "anna@example.org", null));
        Delivery frozen = hub.store.lanes().claim("shop", "customer", 1, LEASE).getFirst();
        hub.passes(LEASE.plusMillis(1));
        hub.says("erp", "customer", person("1", "Anna", "Huber", "anna@example.org", null));
        hub.delivers("shop", "customer");
        assertThat(hub.claims("shop", "customer")).isEmpty();

        hub.store.lanes().record(List.of(retry(frozen, null)));
        assertThat(hub.claims("shop", "customer")).as("after what was not even tried").isEmpty();
        hub.store.lanes().record(List.of(retry(frozen, "no answer")));

        assertThat(hub.claims("shop", "customer")).singleElement().satisfies(again -> assertThat(again.patch())
                .containsEntry("name", Map.of("given", "Anna", "family", "Huber")));
    }

    private void annaIs(String family) {
        hub.says("erp", "customer", person("1", "Anna", family, "anna@example.org", null));
    }

    private Delivery claimed() {
        List<Delivery> claims = hub.claims("shop", "customer");
        assertThat(claims).hasSize(1);
        return claims.getFirst();
    }

    private List<Parked> open() {
        return hub.store.parked().list(new ParkedItems.Question("DELIVERY", "shop", true), null, 9).items();
    }

    @Test
    void whatIsNewSinceIsSentAlthoughWhatWasBeforeIsRefused() {
        annaIs("Meier");
        hub.delivers("shop", "customer");
        annaIs("Keller");
        Delivery old = claimed();
        annaIs("Huber");

        refuse(old);

        assertThat(open()).as("nobody need look at Keller").isEmpty();
        Delivery latest = claimed();
        assertThat(latest.patch()).containsEntry("name", Map.of("given", "Anna", "family", "Huber"));
        refuse(latest);
        assertThat(open()).hasSize(1);
        assertThat(hub.claims("shop", "customer")).isEmpty();
    }

    @Test
    void afterACreateWasRepeatedAndRefusedThePresentStateIsTried() {
        annaIs("Meier");
        hub.store.lanes().record(List.of(counted(claimed())));
        annaIs("Huber");
        Delivery again = claimed();
        assertThat(again.patch()).as("word for word").containsEntry("name",
                Map.of("given", "Anna", "family", "Meier"));

        refuse(again);

        assertThat(open()).isEmpty();
        Delivery present = claimed();
        assertThat(present.patch()).containsEntry("name", Map.of("given", "Anna", "family", "Huber"));
        assertThat(present.attempt()).isEqualTo(3);
        refuse(present);
        assertThat(open()).hasSize(1);
        assertThat(hub.claims("shop", "customer")).as("it ends there").isEmpty();
    }

    @Test
    void aRefusalThatIsRecordedTwiceDoesNotParkWhatWasDiscardedMeanwhile() {
        annaIs("Meier");
        Delivery delivery = claimed();
        refuse(delivery);
        hub.store.parkedWork().discard(open().getFirst().id(), "nobody needs it", "api");

        refuse(delivery);

        assertThat(open()).isEmpty();
        assertThat(hub.count("select count(*) from link where spoke = 'shop' and state = 'SYNCED'")).isEqualTo(1);
    }

    private void refuse(Delivery delivery) {
        hub.store.lanes().record(List.of(new DeliveryResult(delivery, DeliveryResult.Kind.PARKED, null, null, null,
                null, true, "no such family", "/name/family", hub.now(), Duration.ofMillis(3))));
    }

    private DeliveryResult counted(Delivery delivery) {
        return new DeliveryResult(delivery, DeliveryResult.Kind.RETRY, null, null, null, Duration.ZERO, true,
                "no answer", null, hub.now(), Duration.ofSeconds(20));
    }

    private DeliveryResult retry(Delivery delivery, String problem) {
        return new DeliveryResult(delivery, DeliveryResult.Kind.RETRY, null, null, null, Duration.ZERO, false, problem,
                null, hub.now(), Duration.ofSeconds(20));
    }
}
