package io.serai.crm;

import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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

    /** An arrival with all that can be worked out before the database is asked. */
    record Prepared(Arrival arrival, UUID messageId, byte[] hash) {}

    /** @param changed is told after every commit that may have left somebody behind */
    Ingest(Transactions transactions, Settings settings, InstantSource clock, Runnable changed) {
        this.transactions = transactions;
        this.settings = settings;
        this.clock = clock;
        this.changed = changed;
        // One worker: writers take turns anyway (Transactions.write), and two would only halve the batches.
        this.gatherer = new Gatherer<>("ingest", 1, LARGEST_BATCH, MOST_WAITING, this::store);
    }

    /**
     * Returns when everything is committed: one outcome per arrival, in order.
     *
     * @throws StoreUnavailable when nothing was stored
     */
    public List<Outcome> ingest(List<Arrival> arrivals) {
        List<Prepared> prepared = new ArrayList<>(arrivals.size());
        for (Arrival arrival : arrivals) {
            prepared.add(new Prepared(arrival, Identifiers.next(clock.instant()),
                    Identifiers.sha256(arrival.received())));
        }
        List<Outcome> outcomes = new ArrayList<>(prepared.size());
        for (int from = 0; from < prepared.size(); from += LARGEST_BATCH) {
            outcomes.addAll(gatherer.call(prepared.subList(from, Math.min(prepared.size(), from + LARGEST_BATCH))));
        }
        return outcomes;
    }

    private List<Outcome> store(List<Prepared> batch) {
        try {
            List<Outcome> outcomes = transactions
                    .write(connection -> new IngestBatch(connection, settings, clock.instant()).run(batch));
            changed.run();
            return outcomes;
        } catch (StoreUnavailable nothingStored) {
            throw nothingStored;
        } catch (RuntimeException | StackOverflowError failed) {
            return isolate(batch, failed);
        }
    }

    /** One bad member must not take the others with it: halves the batch until the bad one stands alone, and parks it. */
    private List<Outcome> isolate(List<Prepared> batch, Throwable failed) {
        if (batch.size() > 1) {
            int middle = batch.size() / 2;
            List<Outcome> outcomes = new ArrayList<>(store(batch.subList(0, middle)));
            outcomes.addAll(store(batch.subList(middle, batch.size())));
            return outcomes;
        }
        Arrival arrival = batch.getFirst().arrival();
        LOG.warn("Message {} of spoke {} cannot be stored and is parked", batch.getFirst().messageId(),
                arrival.spoke(), failed);
        String reason = failed instanceof Transactions.Unstorable unstorable
                ? unstorable.reason()
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
                Storable.text(arrival.traceparent()), arrival.edit()), batch.getFirst().messageId(),
                batch.getFirst().hash());
        return transactions.write(
                connection -> new IngestBatch(connection, settings, clock.instant()).run(List.of(parked)));
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
