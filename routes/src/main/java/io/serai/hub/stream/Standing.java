package io.serai.hub.stream;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

import io.serai.crm.ChangeEvent;
import io.serai.crm.Subscriber;
import io.serai.crm.SubscriberTurn;

/** Decides how a subscriber stands after a turn: whether to try again and when, to set an event aside, or to give up. */
final class Standing {
    /** A webhook that took nothing for so long is not tried any more until a person enables it. */
    static final Duration DISABLED_AFTER = Duration.ofDays(3);
    /** An event that was refused so often is set aside. */
    static final int REFUSALS = 5;
    /** When so many were set aside and none was taken, it is not the events. */
    static final int SET_ASIDE = 10;

    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
    /** The hub's own brokers are looked for more often: whoever mended one waits for it. */
    private static final Duration LONGEST_PAUSE_OF_BROKERS = Duration.ofSeconds(15);
    private static final Duration LONGEST_PAUSE_ASKED_FOR = Duration.ofHours(1);

    private Standing() {}

    static SubscriberTurn.End after(SubscriberTurn turn, Channel.Told told, Instant now) {
        Subscriber before = turn.subscriber();
        List<ChangeEvent> events = turn.events();
        boolean some = told.taken() > 0;
        long position = told.taken() == events.size()
                ? turn.end()
                : some ? events.get(told.taken() - 1).change().sequence() : before.position();
        Instant takenAt = some ? now : before.takenAt();
        Channel.Trouble trouble = told.trouble();
        if (trouble == null && !some) {
            // There was no time to begin; nothing is known.
            return new SubscriberTurn.End(position, Subscriber.State.ACTIVE, before.attempts(), before.refusals(),
                    before.setAside(), before.failingSince(), before.problem(), takenAt, now, null);
        }
        if (trouble == null) {
            return new SubscriberTurn.End(position, Subscriber.State.ACTIVE, 0, 0, 0, null, null, takenAt, now, null);
        }
        Instant failingSince = some || before.failingSince() == null ? now : before.failingSince();
        int attempts = (some ? 0 : before.attempts()) + 1;
        int refusals = (some ? 0 : before.refusals()) + (trouble.kind() == Channel.Trouble.Kind.REFUSED ? 1 : 0);
        int setAside = some ? 0 : before.setAside();
        if (refusals >= REFUSALS && setAside < SET_ASIDE && trouble.kind() == Channel.Trouble.Kind.REFUSED) {
            ChangeEvent refused = events.get(told.taken());
            return new SubscriberTurn.End(refused.change().sequence(), Subscriber.State.ACTIVE, 0, 0, setAside + 1,
                    failingSince, trouble.problem(), takenAt, now, refused);
        }
        boolean over = trouble.kind() == Channel.Trouble.Kind.GONE || before.kind() == Subscriber.Kind.WEBHOOK
                && !now.isBefore(failingSince.plus(DISABLED_AFTER));
        return new SubscriberTurn.End(position, over ? Subscriber.State.DISABLED : Subscriber.State.ACTIVE, attempts,
                refusals, setAside, failingSince, trouble.problem(), takenAt,
                now.plus(pause(before.kind(), trouble, attempts)), null);
    }

    /** What it asks for, or else double the time before, give or take a fifth, so that many do not come back at once. */
    private static Duration pause(Subscriber.Kind kind, Channel.Trouble trouble, int attempts) {
        if (trouble.pause() != null) {
            return trouble.pause().compareTo(LONGEST_PAUSE_ASKED_FOR) < 0 ? trouble.pause() : LONGEST_PAUSE_ASKED_FOR;
        }
        Duration longest = kind == Subscriber.Kind.WEBHOOK ? LONGEST_PAUSE : LONGEST_PAUSE_OF_BROKERS;
        long millis = Math.min(longest.toMillis(), 500L << Math.min(attempts, 20));
        return Duration.ofMillis((long) (millis * (0.8 + 0.4 * ThreadLocalRandom.current().nextDouble())));
    }
}
