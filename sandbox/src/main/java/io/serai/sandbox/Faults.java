package io.serai.sandbox;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

/** What a system was told to get wrong. */
final class Faults {
    private long delayMillis;
    private int failNext;
    private int failStatus = 503;
    private long retryAfterSeconds = 1;
    private int loseAnswerNext;
    private boolean down;

    /** Sets what is named and leaves the rest. */
    synchronized void set(Map<String, Object> wanted) {
        delayMillis = number(wanted, "delayMillis", delayMillis, 600_000);
        failNext = (int) number(wanted, "failNext", failNext, 1_000_000);
        failStatus = (int) number(wanted, "failStatus", failStatus, 599);
        retryAfterSeconds = number(wanted, "retryAfterSeconds", retryAfterSeconds, 3600);
        loseAnswerNext = (int) number(wanted, "loseAnswerNext", loseAnswerNext, 1_000_000);
        if (wanted.get("down") instanceof Boolean value) {
            down = value;
        }
    }

    static long number(Map<String, Object> wanted, String name, long otherwise, long most) {
        Object value = wanted.get(name);
        if (value == null) {
            return otherwise;
        }
        if (value instanceof Number number && number.longValue() >= 0 && number.longValue() <= most) {
            return number.longValue();
        }
        throw RefusedException.field(400, "invalid", name, "must be a number from 0 to " + most);
    }

    synchronized Map<String, Object> state() {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("delayMillis", delayMillis);
        state.put("failNext", failNext);
        state.put("failStatus", failStatus);
        state.put("retryAfterSeconds", retryAfterSeconds);
        state.put("loseAnswerNext", loseAnswerNext);
        state.put("down", down);
        return state;
    }

    synchronized boolean down() {
        return down;
    }

    synchronized long retryAfterSeconds() {
        return retryAfterSeconds;
    }

    /** Waits as long as it was told to. */
    void delay() {
        long nanos;
        synchronized (this) {
            nanos = delayMillis * 1_000_000;
        }
        long until = System.nanoTime() + nanos;
        for (long left = nanos; left > 0; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    /** The status to fail this request with, 0 for none. */
    synchronized int fail() {
        if (failNext == 0) {
            return 0;
        }
        failNext--;
        return failStatus;
    }

    /** Whether the answer to this write gets lost. */
    synchronized boolean loseAnswer() {
        if (loseAnswerNext == 0) {
            return false;
        }
        loseAnswerNext--;
        return true;
    }
}
