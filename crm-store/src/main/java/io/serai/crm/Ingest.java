package io.serai.crm;

import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.crm.plan.MatchKey;

/**
 * Takes in what spokes say: journals it, merges it into the golden records and notes who has to hear of it, in one
 * transaction with whatever else arrives at the same time.
 */
public final class Ingest implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Ingest.class);
    private static final int LARGEST_BATCH = 256;
    private static final int MOST_WAITING = 4096;

    private final Transactions transactions;
    private final Settings settings;
    private final InstantSource clock;
    private final Runnable changed;
    private final Gatherer<Prepared, Outcome> gatherer;
    private final Suppressions suppressions = new Suppressions();

    /**
     * An arrival with all that can be worked out before the database is asked, and while others are served.
     *
     * @param keys by what the customer is recognised that it speaks of; empty when it speaks of none
     */
    record Prepared(Arrival arrival, UUID messageId, byte[] hash, Set<MatchKey> keys) {}

    /** @param changed is told after every commit that may have left somebody behind */
    Ingest(Transactions transactions, Settings settings, InstantSource clock, Runnable changed) {
        this.transactions = transactions;
        this.settings = settings;
        this.clock = clock;
        this.changed = changed;
        // Two workers: one reads and plans while the other writes and commits. They begin one after the other, so what came
        // first is stored first: a later word of a spoke about a record is not overtaken.
        this.gatherer = new Gatherer<>("ingest", 2, LARGEST_BATCH, MOST_WAITING, this::store);
    }

    /**
     * Returns when everything is committed: one outcome per arrival, in order.
     *
     * @throws StoreUnavailable when nobody knows that everything was stored
     */
    public List<Outcome> ingest(List<Arrival> arrivals) {
        return Gatherer.await(submit(arrivals));
    }

    /** As {@link #ingest}, without waiting for the commit. What is submitted first is stored first. */
    public CompletableFuture<List<Outcome>> submit(List<Arrival> arrivals) {
        List<Prepared> prepared = new ArrayList<>(arrivals.size());
        for (Arrival arrival : arrivals) {
            Map<String, Object> customer = Said.customer(arrival);
            UUID id = arrival.retry() == null ? Identifiers.next(clock.instant()) : arrival.retry().message();
            prepared.add(new Prepared(arrival, id,
                    hash(arrival), customer == null ? Set.of() : MatchKey.of(customer)));
        }
        List<List<Prepared>> calls = new ArrayList<>();
        for (int from = 0; from < prepared.size(); from += LARGEST_BATCH) {
            calls.add(prepared.subList(from, Math.min(prepared.size(), from + LARGEST_BATCH)));
        }
        return gatherer.submit(calls);
    }

    /** Of all that was said. An edit says by its address whom it means, and which version it was made of. */
    private static byte[] hash(Arrival arrival) {
        return arrival.edit() == null
                ? Identifiers.sha256(arrival.received())
                : Identifiers.sha256((arrival.edit().id() + "@" + arrival.edit().expectedVersion() + " ")
                        .getBytes(StandardCharsets.UTF_8), arrival.received());
    }

    /** How often what spokes said was no news. */
    public Suppressions suppressions() {
        return suppressions;
    }

    private List<Outcome> store(List<Prepared> batch, Runnable begun) {
        List<Outcome> outcomes = transactions.plan(
                session -> new IngestBatch(session, settings, clock.instant(), suppressions).plan(batch), begun,
                failed -> isolate(batch, begun, failed));
        changed.run();
        return outcomes;
    }

    /** One bad member must not take the others with it: halves the batch until the bad one stands alone, and parks it. */
    private List<Outcome> isolate(List<Prepared> batch, Runnable begun, RuntimeException failed) {
        if (failed instanceof StoreUnavailable unavailable) {
            throw unavailable;
        }
        if (batch.size() > 1) {
            int middle = batch.size() / 2;
            List<Outcome> outcomes = new ArrayList<>(store(batch.subList(0, middle), begun));
            outcomes.addAll(store(batch.subList(middle, batch.size()), begun));
            return outcomes;
        }
        Arrival arrival = batch.getFirst().arrival();
        LOG.warn("Message {} of spoke {} cannot be stored and is parked", batch.getFirst().messageId(),
                arrival.spoke(), failed);
        String reason = failed instanceof Transactions.Unstorable unstorable
                ? unstorable.reason()
                : failed.getCause() instanceof StackOverflowError
                        ? failed.getMessage()
                        : failed.getClass().getSimpleName();
        Refusal earlier = arrival.refusal();
        Refusal refusal = earlier != null
                ? storable(earlier)
                : new Refusal("crm:" + arrival.entity(), null,
                        "The record cannot be stored: " + reason + ". Correct it at the source and send it again.",
                        "unstorable");
        Prepared parked = new Prepared(new Arrival(arrival.spoke(), arrival.entity(),
                Storable.key(arrival.eventId()), arrival.protocol(), Storable.text(arrival.contentType()),
                arrival.received(), arrival.receivedAt(), null, refusal, Storable.text(arrival.mapping()),
                Storable.text(arrival.traceparent()), arrival.edit(),
                Said.record(arrival), arrival.retry()),
                batch.getFirst().messageId(),
                batch.getFirst().hash(), Set.of());
        return transactions.plan(
                session -> new IngestBatch(session, settings, clock.instant(), suppressions).plan(List.of(parked)),
                begun, again -> {
                    throw again;
                });
    }

    private static Refusal storable(Refusal refusal) {
        return new Refusal(Storable.text(refusal.step()), Storable.text(refusal.field()),
                Storable.text(refusal.problem()), Storable.text(refusal.code()));
    }

    @Override
    public void close() {
        gatherer.close();
    }
}
