package io.serai.crm;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.Set;

/** What the last turns of this process have touched, so that a plan made meanwhile knows whether it still holds. */
final class RecentTurns {
    private static final int MOST = 64;

    private record Past(long number, Set<Object> touched) {}

    private final Deque<Past> past = new ArrayDeque<>();

    synchronized void add(Turn turn) {
        past.addLast(new Past(turn.number(), turn.touched()));
        if (past.size() > MOST) {
            past.removeFirst();
        }
    }

    /**
     * Whether nothing of what was read has changed.
     *
     * @param after the last turn that reading was sure to see
     * @param before the turn that wants to know
     */
    synchronized boolean leftAlone(Set<Object> read, long after, long before) {
        long known = 0;
        for (Past turn : past) {
            if (turn.number() > after && turn.number() < before) {
                if (!Collections.disjoint(turn.touched(), read)) {
                    return false;
                }
                known++;
            }
        }
        // What turns of other processes have touched nobody here can tell.
        return known == before - after - 1;
    }
}
