package io.serai.crm;

import java.time.Instant;
import java.util.List;

/**
 * A subscriber that is ours until its lease runs out, and what it has to be told now.
 *
 * @param secrets what a webhook is signed with, the newest first; empty for the other kinds
 * @param events in the order of their numbers; not empty
 * @param end everything up to this number is done when all {@code events} are
 */
public record SubscriberTurn(Subscriber subscriber, long fence, List<byte[]> secrets, List<ChangeEvent> events,
        long end, Instant leaseUntil) {

    /** Says whose turn it is, never with what it signs. */
    @Override
    public String toString() {
        return "SubscriberTurn[" + subscriber.name() + ", " + events.size() + " changes]";
    }

    /**
     * How a subscriber stands at the end of a turn.
     *
     * @param position everything up to this number is done
     * @param problem null when all is well
     * @param nextTryAt not before this
     * @param setAside the change that is given up for now, so that a person sees it; null for none
     */
    public record End(long position, Subscriber.State state, int attempts, int refusals, int setAsideInARow,
            Instant failingSince, String problem, Instant takenAt, Instant nextTryAt, ChangeEvent setAside) {}
}
