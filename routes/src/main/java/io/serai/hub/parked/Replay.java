package io.serai.hub.parked;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

import io.serai.connector.ConnectorException;
import io.serai.connector.Connectors;
import io.serai.connector.Kept;
import io.serai.connector.Sink;
import io.serai.crm.Arrival;
import io.serai.crm.CrmStore;
import io.serai.crm.Journaled;
import io.serai.crm.Outcome;
import io.serai.crm.ParkedWork.NotPossible;
import io.serai.crm.Refusal;
import io.serai.crm.Retry;
import io.serai.crm.StoreUnavailable;
import io.serai.hub.web.Json;
import io.serai.mapping.CanonicalSchemas;
import io.serai.mapping.Problem;

/**
 * Sends a message of the journal once more on the way it came: the connector reads it, the spoke's own route maps it, as both
 * are today. What was a canonical document from the beginning, or has become one by a person's hand, needs no mapping.
 */
@Component
public final class Replay {
    private static final Logger LOG = LoggerFactory.getLogger(Replay.class);

    private final CrmStore store;
    private final Connectors connectors;
    private final CanonicalSchemas schemas;

    Replay(CrmStore store, Connectors connectors, CanonicalSchemas schemas) {
        this.store = store;
        this.connectors = connectors;
        this.schemas = schemas;
    }

    /**
     * What came of it.
     *
     * @param state applied, unchanged, stale, ignored; parked when it was refused again; waiting while others are before it;
     *        duplicate when it was taken in already
     * @param field where it was refused; may be null
     * @param problem null unless it was refused
     */
    public record Result(String state, String field, String problem) {}

    /**
     * Tries a message again; returns after the commit.
     *
     * @param by the name of an API key, or {@link Retry#HUB}
     * @throws NotPossible when it cannot even be tried now
     */
    public Result again(UUID message, String by) {
        Journaled kept = store.parkedWork().journaled(message)
                .orElseThrow(() -> new NotPossible("not-found", "There is no message " + message + "."));
        return isCanonical(kept) ? store(kept, by) : throughItsRoute(kept, by);
    }

    private static boolean isCanonical(Journaled kept) {
        return "document".equals(kept.editedAs()) || kept.protocol().equals("rest")
                || Arrival.CANONICAL.equals(kept.contentType());
    }

    private Result throughItsRoute(Journaled kept, String by) {
        String route = "connector:" + kept.spoke() + "/" + kept.entity();
        Sink entrance = connectors.entrance(kept.spoke(), kept.entity()).orElseThrow(() -> new NotPossible(
                "not-available", "No route begins with " + route + " now. Switch the spoke on, and try again."));
        try {
            io.serai.connector.Outcome outcome = entrance.retry(
                    connectors.read(new Kept(kept.spoke(), kept.entity(), kept.eventId(), kept.protocol(),
                            kept.contentType(), kept.content(), kept.receivedAt(), kept.traceparent())),
                    kept.id().toString(), by);
            return new Result(outcome.state().name().toLowerCase(Locale.ROOT), outcome.field(), outcome.problem());
        } catch (ConnectorException silent) {
            throw new NotPossible("not-available", "The spoke had to be asked for the record: " + silent.getMessage());
        } catch (StoreUnavailable nothingStored) {
            throw nothingStored;
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new NotPossible("not-available", "The hub is stopping.");
        } catch (Exception failed) {
            LOG.warn("{} failed on message {}, which is set aside", route, kept.id(), failed);
            return ingest(kept, null, new Refusal(route, null,
                    "The hub failed on this message; it was set aside so that others can go on.", "malformed"), by);
        }
    }

    private Result store(Journaled kept, String by) {
        Map<String, Object> document = null;
        Refusal refusal = null;
        try {
            document = document(kept.content());
            List<Problem> flaws = schemas.validate(kept.entity(), document);
            if (!flaws.isEmpty()) {
                refusal = refusal(kept, flaws.getFirst().field(), flaws.getFirst().problem(), "invalid");
            }
        } catch (Json.Malformed unreadable) {
            refusal = refusal(kept, null, unreadable.getMessage(), "malformed");
        }
        return ingest(kept, refusal == null ? document : null, refusal, by);
    }

    private Result ingest(Journaled kept, Map<String, Object> document, Refusal refusal, String by) {
        Outcome outcome = store.ingest()
                .ingest(List.of(new Arrival(kept.spoke(), kept.entity(), kept.eventId(), kept.protocol(),
                        kept.contentType(), kept.content(), kept.receivedAt(), document, refusal, null,
                        kept.traceparent(), null, null, new Retry(kept.id(), by))))
                .getFirst();
        return new Result(outcome.state().name().toLowerCase(Locale.ROOT),
                outcome.refusal() == null ? null : outcome.refusal().field(),
                outcome.refusal() == null ? null : outcome.refusal().problem());
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> document(byte[] content) throws Json.Malformed {
        if (Json.read(content) instanceof Map<?, ?> map) {
            return (Map<String, Object>) map;
        }
        throw new Json.Malformed("The canonical document must be a JSON object.");
    }

    private static Refusal refusal(Journaled kept, String field, String problem, String code) {
        return new Refusal("canonical:" + kept.entity(), field, problem, code);
    }
}
