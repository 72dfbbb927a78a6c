package io.serai.crm;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Hands out what has to be written to spokes, and records what came of it. A lane is one spoke's copy of one record:
 * it has at most one delivery at a time, and always towards the latest version.
 */
public final class Lanes implements AutoCloseable {
    private static final int LARGEST_BATCH = 256;
    /** So long after a write a spoke may still say what it said before, when no revisions tell the order of its words. */
    static final Duration SETTLING = Duration.ofSeconds(30);

    private final Transactions transactions;
    private final Settings settings;
    private final InstantSource clock;
    private final Ingest ingest;
    private final Gatherer<DeliveryResult, Boolean> recorder;

    Lanes(Transactions transactions, Settings settings, InstantSource clock, Ingest ingest) {
        this.ingest = ingest;
        this.transactions = transactions;
        this.settings = settings;
        this.clock = clock;
        this.recorder = new Gatherer<>("record", 1, LARGEST_BATCH, 4 * LARGEST_BATCH,
                (results, _) -> recordBatch(results));
    }

    /**
     * Claims lanes of a spoke that are behind and due. A claim that is not recorded within the lease is free again.
     * Lanes that turn out to lack nothing are closed here and not handed out.
     */
    public List<Delivery> claim(String spoke, String entity, int most, Duration lease) {
        return claim(spoke, entity, most, lease, 0);
    }

    /** As above. @param owed requests that were sent beside those of deliveries; they count where requests are counted */
    public List<Delivery> claim(String spoke, String entity, int most, Duration lease, int owed) {
        SpokeProfile profile = settings.profile(spoke, entity)
                .orElseThrow(
                        () -> new IllegalArgumentException("Spoke " + spoke + " does not listen to " + entity + "."));
        return transactions.run(
                session -> new Claiming(session, profile, clock.instant()).claim(most, lease, owed));
    }

    /** Records what came of deliveries; returns when it is committed. False for a claim that no longer stood. */
    public List<Boolean> record(List<DeliveryResult> results) {
        return record(results, Duration.ZERO);
    }

    /** As above. @param patience how long they may wait for results of others, to be recorded together */
    public List<Boolean> record(List<DeliveryResult> results, Duration patience) {
        if (results.isEmpty()) {
            return List.of();
        }
        List<Boolean> stood = recorder.call(results, patience);
        List<Arrival> found = new ArrayList<>();
        Columns lanes = new Columns();
        for (int i = 0; i < results.size(); i++) {
            DeliveryResult result = results.get(i);
            if (stood.get(i) && result.kind() == DeliveryResult.Kind.ADOPT && result.held() != null) {
                found.add(found(result));
                lanes.add(result.delivery().spoke(), result.delivery().entity(), id(result));
            }
        }
        if (!found.isEmpty()) {
            ingest.ingest(found);
            taken(lanes);
        }
        return stood;
    }

    /** Whatever came of it is in the journal now. Should the hub die before this is written, it is read once more. */
    private void taken(Columns found) {
        transactions.write(turn -> {
            turn.commit(new Statements().write("""
                    update link l set unread = false
                    from (select unnest(?) spoke, unnest(?) entity, unnest(?) external_id) f
                    where l.spoke = f.spoke and l.entity = f.entity and l.external_id = f.external_id
                    """, found.arrays()));
            return null;
        });
    }

    private static String id(DeliveryResult result) {
        return result.externalId() == null ? result.delivery().externalId() : result.externalId();
    }

    /** What an adopted record held already is taken in like any message before anything is written over it. */
    private static Arrival found(DeliveryResult result) {
        Delivery delivery = result.delivery();
        Map<String, Object> document = new LinkedHashMap<>(result.held());
        Map<String, Object> source = new LinkedHashMap<>();
        source.put("id", id(result));
        if (result.revision() != null) {
            source.put("revision", result.revision());
        }
        document.put("source", source);
        return new Arrival(delivery.spoke(), delivery.entity(),
                "adopted " + delivery.lane() + " " + delivery.fence(), "poll", Arrival.CANONICAL,
                Json.text(document).getBytes(StandardCharsets.UTF_8), result.at(), document, null, null,
                delivery.traceparent(), null);
    }

    /** One result that cannot be recorded must not keep the others from it. */
    private List<Boolean> recordBatch(List<DeliveryResult> results) {
        try {
            return recordTogether(results);
        } catch (Transactions.Unstorable bad) {
            if (results.size() == 1) {
                return recordTogether(List.of(withoutAnswer(results.getFirst(), bad)));
            }
            int middle = results.size() / 2;
            List<Boolean> stood = new ArrayList<>(recordBatch(results.subList(0, middle)));
            stood.addAll(recordBatch(results.subList(middle, results.size())));
            return stood;
        }
    }

    /** What the spoke answered cannot be kept. Writing again would only bring the same answer, so a person must look. */
    private static DeliveryResult withoutAnswer(DeliveryResult result, Transactions.Unstorable bad) {
        return new DeliveryResult(result.delivery(), DeliveryResult.Kind.PARKED, null, null, null, null, true,
                "The spoke's answer cannot be stored: " + bad.reason(), null, result.at(), result.took());
    }

    private List<Boolean> recordTogether(List<DeliveryResult> results) {
        return transactions.write(turn -> new Recording(turn, settings, clock.instant()).record(results));
    }

    @Override
    public void close() {
        recorder.close();
    }
}
