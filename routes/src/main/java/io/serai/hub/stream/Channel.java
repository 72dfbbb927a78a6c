package io.serai.hub.stream;

import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;

import io.serai.crm.SubscriberTurn;

/** A way to tell a subscriber. */
interface Channel extends AutoCloseable {

    /**
     * Tells these in this order, and stops at the first that is not taken.
     *
     * @param turn whose they are, and what they are signed with
     * @param time whether there is time for another one
     */
    Told tell(SubscriberTurn turn, List<CloudEvent> events, BooleanSupplier time);

    @Override
    void close();

    /**
     * How far it came.
     *
     * @param taken so many of the events, from the first on, are certain to have arrived
     * @param trouble why it went no further; null when nothing was wrong
     */
    record Told(int taken, Trouble trouble) {
        static Told all(List<CloudEvent> events) {
            return new Told(events.size(), null);
        }
    }

    /**
     * Why an event was not taken.
     *
     * @param problem a sentence for whoever has to mend it, without anything of the event
     * @param pause how long the subscriber asks to be left alone; null when it does not say
     */
    record Trouble(Kind kind, String problem, Duration pause) {
        enum Kind {
            /** This event, for what it is. Others may be taken. */
            REFUSED,
            /** Too much at a time; nothing is wrong. */
            BUSY,
            /** Whatever it is told. */
            UNWELL,
            /** It wants to be told no more. */
            GONE
        }

        static Trouble unwell(String problem) {
            return new Trouble(Kind.UNWELL, problem, null);
        }
    }
}
