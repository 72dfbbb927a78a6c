package io.serai.connector.queue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

import io.serai.connector.Item;
import io.serai.connector.Outcome;
import io.serai.connector.Sink;

/** Keeps what it is given as the hub's journal does: an event counts once, a refused one is rejected. */
final class Hub implements Sink {
    final List<Item> items = new ArrayList<>();
    final List<Integer> batches = new ArrayList<>();
    private final Map<String, Outcome> answers = new HashMap<>();
    private int away;
    private Predicate<Item> poison = item -> false;

    synchronized Hub isAway(int times) {
        away = times;
        return this;
    }

    synchronized Hub failsOn(Predicate<Item> poison) {
        this.poison = poison;
        return this;
    }

    @Override
    public synchronized List<Outcome> accept(List<Item> batch) {
        if (away > 0) {
            away--;
            throw new IllegalStateException("The database is away");
        }
        if (batch.stream().anyMatch(item -> item.refusal() == null && poison.test(item))) {
            throw new IllegalStateException("A step of the route broke");
        }
        batches.add(batch.size());
        return batch.stream().map(this::answer).toList();
    }

    private Outcome answer(Item item) {
        if (answers.containsKey(item.eventId())) {
            return outcome(Outcome.State.DUPLICATE, null);
        }
        Outcome outcome = item.refusal() == null
                ? outcome(Outcome.State.APPLIED, null)
                : outcome(Outcome.State.REJECTED, item.refusal().problem());
        items.add(item);
        answers.put(item.eventId(), outcome);
        return outcome;
    }

    private static Outcome outcome(Outcome.State state, String problem) {
        return new Outcome(state, "message", "golden", 1L, problem == null ? null : "step", null, problem,
                problem == null ? null : "malformed");
    }

    synchronized List<Object> bodies() {
        return items.stream().filter(item -> item.refusal() == null).map(Item::body).toList();
    }

    synchronized List<String> problems() {
        return items.stream().filter(item -> item.refusal() != null).map(item -> item.refusal().problem()).toList();
    }

    synchronized int count() {
        return items.size();
    }

    static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("It did not happen within 20 s");
            }
            LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
        }
    }
}
