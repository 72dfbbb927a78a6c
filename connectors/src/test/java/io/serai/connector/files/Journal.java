package io.serai.connector.files;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import io.serai.connector.Item;
import io.serai.connector.Outcome;
import io.serai.connector.Sink;

/** Behaves as the hub's journal does: the first answer to an event is kept and given again, refused items are rejected. */
final class Journal implements Sink {
    final Map<String, Outcome> answers = new LinkedHashMap<>();
    final List<Item> items = new ArrayList<>();
    final List<Integer> batches = new ArrayList<>();
    private Function<Item, Outcome> rule = item -> outcome(Outcome.State.APPLIED, null, null);
    private int failures;
    private int failFrom = Integer.MAX_VALUE;

    static Outcome outcome(Outcome.State state, String field, String problem) {
        return new Outcome(state, "message", null, null, problem == null ? null : "crm:customer", field, problem,
                problem == null ? null : "invalid");
    }

    Journal deciding(Function<Item, Outcome> rule) {
        this.rule = rule;
        return this;
    }

    void isAway(int times) {
        failures = times;
    }

    /** As if the hub were killed when the n-th batch comes. */
    void diesAtBatch(int number) {
        failFrom = number;
    }

    @Override
    public List<Outcome> accept(List<Item> batch) {
        if (failures > 0) {
            failures--;
            throw new IllegalStateException("The database is away");
        }
        batches.add(batch.size());
        if (batches.size() >= failFrom) {
            failFrom = Integer.MAX_VALUE;
            throw new IllegalStateException("Killed");
        }
        return batch.stream().map(this::answer).toList();
    }

    private Outcome answer(Item item) {
        Outcome known = answers.get(item.eventId());
        if (known != null) {
            boolean kept = known.state() == Outcome.State.REJECTED || known.state() == Outcome.State.PARKED;
            return kept ? known : outcome(Outcome.State.DUPLICATE, null, null);
        }
        Outcome outcome = item.refusal() == null
                ? rule.apply(item)
                : new Outcome(Outcome.State.REJECTED, "message", null, null, item.refusal().step(),
                        item.refusal().field(), item.refusal().problem(), item.refusal().code());
        items.add(item);
        answers.put(item.eventId(), outcome);
        return outcome;
    }

    List<Item> good() {
        return items.stream().filter(item -> item.refusal() == null).toList();
    }

    List<Item> refused() {
        return items.stream().filter(item -> item.refusal() != null).toList();
    }
}
