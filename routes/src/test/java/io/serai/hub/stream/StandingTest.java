package io.serai.hub.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import org.junit.jupiter.api.Test;

import io.serai.crm.Change;
import io.serai.crm.ChangeEvent;
import io.serai.crm.Subscriber;
import io.serai.crm.SubscriberTurn;
import io.serai.hub.stream.Channel.Told;
import io.serai.hub.stream.Channel.Trouble;
import io.serai.hub.stream.Channel.Trouble.Kind;

/** Patience with a subscriber, and its end. */
class StandingTest {
    private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");
    private static final Trouble UNWELL = Trouble.unwell("It answered 500.");
    private static final Trouble REFUSED = new Trouble(Kind.REFUSED, "It answered 422.", null);

    @Test
    void waitsLongerEachTimeUpToFiveMinutesAndNeverExactlyAsLongAsOthers() {
        SubscriberTurn.End end = after(turn(0, 0, 0, null), new Told(0, UNWELL));
        Duration previous = Duration.ZERO;
        for (int attempt = 1; attempt <= 15; attempt++) {
            Duration pause = Duration.between(NOW, end.nextTryAt());
            assertThat(pause).isBetween(Duration.ofMillis(800), Duration.ofMinutes(6));
            if (attempt < 9) {
                assertThat(pause).isGreaterThan(previous);
            } else if (attempt > 10) {
                assertThat(pause).isGreaterThan(Duration.ofMinutes(4).minusSeconds(1));
            }
            previous = pause;
            end = after(turn(end.attempts(), end.refusals(), end.setAsideInARow(), NOW), new Told(0, UNWELL));
        }
        assertThat(end.position()).as("nothing is passed over").isEqualTo(10);
    }

    @Test
    void waitsForAsLongAsItIsAskedTo() {
        Trouble busy = new Trouble(Kind.BUSY, "It answered 429.", Duration.ofSeconds(90));
        assertThat(after(turn(7, 0, 0, NOW), new Told(0, busy)).nextTryAt()).isEqualTo(NOW.plusSeconds(90));
        Trouble forEver = new Trouble(Kind.BUSY, "It answered 429.", Duration.ofDays(9));
        assertThat(after(turn(7, 0, 0, NOW), new Told(0, forEver)).nextTryAt()).isEqualTo(NOW.plusSeconds(3600));
    }

    @Test
    void setsARefusedEventAsideButNotForAnOutageBeforeIt() {
        assertThat(after(turn(500, 0, 0, NOW), new Told(0, REFUSED)).setAside()).as("refused once only").isNull();
        SubscriberTurn.End end = after(turn(4, Standing.REFUSALS - 1, 0, NOW), new Told(0, REFUSED));
        assertThat(end.setAside().change().sequence()).isEqualTo(11);
        assertThat(end.position()).isEqualTo(11);
        assertThat(end.refusals()).isZero();
    }

    /** Who refuses everything is not well; the changes wait for it. */
    @Test
    void doesNotSetEverythingAside() {
        SubscriberTurn.End end = after(turn(4, Standing.REFUSALS - 1, Standing.SET_ASIDE, NOW), new Told(0, REFUSED));
        assertThat(end.setAside()).isNull();
        assertThat(end.position()).isEqualTo(10);
        assertThat(after(turn(4, Standing.REFUSALS - 1, Standing.SET_ASIDE, NOW.minus(Standing.DISABLED_AFTER)),
                new Told(0, REFUSED)).state()).isEqualTo(Subscriber.State.DISABLED);
    }

    @Test
    void beginsToCountAnewWithEveryChangeThatIsTaken() {
        SubscriberTurn.End end = after(turn(50, 3, 2, NOW.minus(Duration.ofDays(9))), new Told(1, UNWELL));
        assertThat(end.position()).isEqualTo(11);
        assertThat(end.attempts()).isEqualTo(1);
        assertThat(end.setAsideInARow()).isZero();
        assertThat(end.failingSince()).isEqualTo(NOW);
        assertThat(end.state()).isEqualTo(Subscriber.State.ACTIVE);
    }

    @Test
    void knowsNothingNewWhenThereWasNoTimeToBegin() {
        SubscriberTurn.End end = after(turn(3, 2, 1, NOW.minusSeconds(60)), new Told(0, null));
        assertThat(end.position()).isEqualTo(10);
        assertThat(end.refusals()).isEqualTo(2);
        assertThat(end.failingSince()).isEqualTo(NOW.minusSeconds(60));
    }

    @Test
    void isDoneWithWhatItDoesNotFollowWhenAllWasTaken() {
        SubscriberTurn.End end = after(turn(3, 2, 1, NOW), new Told(2, null));
        assertThat(end.position()).isEqualTo(20);
        assertThat(end.problem()).isNull();
        assertThat(end.failingSince()).isNull();
    }

    private static SubscriberTurn.End after(SubscriberTurn turn, Told told) {
        return Standing.after(turn, told, NOW);
    }

    /** At 10, with 11 and 12 to be told; what comes up to 20 is not for it. */
    private static SubscriberTurn turn(int attempts, int refusals, int setAside, Instant failingSince) {
        Subscriber subscriber = new Subscriber(UUID.randomUUID(), Subscriber.Kind.WEBHOOK, "office",
                "https://office.example", Subscriber.Follows.EVERYTHING, Subscriber.State.ACTIVE, 10, 10, NOW, attempts,
                refusals, setAside, failingSince, null, null, NOW, null, NOW);
        return new SubscriberTurn(subscriber, 1, List.of(), List.of(event(11), event(12)), 20, NOW.plusSeconds(60));
    }

    private static ChangeEvent event(long sequence) {
        return new ChangeEvent(sequence + "-00", new Change(sequence, "customer", UUID.randomUUID(), 1, Map.of(), "erp",
                null, "created", NOW));
    }
}
