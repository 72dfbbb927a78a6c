package io.serai.hub.crm;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.serai.connector.ConnectorException;
import io.serai.connector.ErrorClass;
import io.serai.crm.Arrival;
import io.serai.crm.CrmStore;
import io.serai.crm.Delivery;
import io.serai.crm.DeliveryResult;
import io.serai.crm.DeliveryResult.Kind;
import io.serai.hub.web.Json;
import io.serai.mapping.MappingException;

/** Brings a spoke's records to the golden records' latest state. */
final class RecordWork implements LaneWork<Delivery> {
    private static final Logger LOG = LoggerFactory.getLogger(RecordWork.class);
    private static final Duration SOON = Duration.ofSeconds(1);
    private static final Duration CREDENTIALS_PAUSE = Duration.ofSeconds(30);
    private static final Duration QUOTA_PAUSE = Duration.ofMinutes(15);
    private static final int MOST_ATTEMPTS = 50;

    private final CrmStore store;
    private final Sending sending;
    private final InstantSource clock;
    private final MeterRegistry meters;
    private final String spoke;
    private final String entity;
    private final SpokePause pause = new SpokePause();

    RecordWork(CrmStore store, Sending sending, InstantSource clock, MeterRegistry meters, String spoke,
            String entity) {
        this.store = store;
        this.sending = sending;
        this.clock = clock;
        this.meters = meters;
        this.spoke = spoke;
        this.entity = entity;
    }

    @Override
    public List<Delivery> claim(int most, Duration lease) {
        return store.lanes().claim(spoke, entity, most, lease);
    }

    @Override
    public SpokePause pause() {
        return pause;
    }

    @Override
    public void carryOut(Delivery delivery) {
        Instant begin = clock.instant();
        DeliveryResult result = attempt(delivery, begin);
        store.lanes().record(List.of(result));
        Timer.builder("serai.deliveries").description("Writes to spokes, by what came of them").tag("spoke", spoke)
                .tag("entity", entity).tag("outcome", result.kind().name().toLowerCase(Locale.ROOT)).register(meters)
                .record(result.took());
    }

    private DeliveryResult attempt(Delivery delivery, Instant begin) {
        Sending.Request request = new Sending.Request(delivery.creates() ? "create" : "update", delivery.externalId(),
                delivery.revision(), delivery.idempotencyKey().toString(), delivery.id().toString(), delivery.patch(),
                delivery.golden(), delivery.changed(), delivery.traceparent());
        try {
            if (delivery.creates() && delivery.attempt() > 1) {
                // An earlier attempt may have got through although no answer came.
                Sending.Answer found = lookUp(request);
                if (found != null && found.externalId() != null) {
                    pause.answered();
                    return result(delivery, Kind.ADOPT, found, Duration.ZERO, true, "found there already", null, begin);
                }
            }
            Sending.Answer answer = sending.send(request);
            pause.answered();
            return result(delivery, Kind.DONE, answer, null, true, null, null, begin);
        } catch (ConnectorException refused) {
            return refused(delivery, request, refused, begin);
        } catch (MappingException unmappable) {
            return result(delivery, Kind.PARKED, null, null, true, unmappable.step() + ": " + unmappable.problem(),
                    unmappable.field(), begin);
        } catch (Exception failed) {
            LOG.warn("Delivery of {} {} to {} failed", entity, delivery.id(), spoke, failed);
            return retryOrPark(delivery, "the route failed: " + failed, begin);
        }
    }

    /** Null when the spoke cannot be asked. */
    private Sending.Answer lookUp(Sending.Request request) throws Exception {
        try {
            return sending.send(request.asking());
        } catch (ConnectorException cannot) {
            if (cannot.errorClass() == ErrorClass.INVALID) {
                return null;
            }
            throw cannot;
        }
    }

    private DeliveryResult refused(Delivery delivery, Sending.Request request, ConnectorException refused,
            Instant begin) {
        String problem = refused.getMessage();
        Instant now = clock.instant();
        return switch (refused.errorClass()) {
            case THROTTLED -> {
                Duration wait = refused.retryAfter().orElse(SOON);
                pause.rest(now, wait);
                yield result(delivery, Kind.RETRY, null, wait, false, problem, null, begin);
            }
            case QUOTA_DAY -> {
                Duration wait = refused.retryAfter().orElse(QUOTA_PAUSE);
                pause.rest(now, wait);
                yield result(delivery, Kind.RETRY, null, wait, false, problem, null, begin);
            }
            case AUTH -> {
                pause.rest(now, CREDENTIALS_PAUSE);
                yield result(delivery, Kind.RETRY, null, CREDENTIALS_PAUSE, false, problem, null, begin);
            }
            case TRANSIENT, UNKNOWN, CURSOR_EXPIRED -> {
                if (refused.status() == 0) {
                    // The spoke as a whole does not answer: that is not this record's fault.
                    pause.silent(now);
                    yield result(delivery, Kind.RETRY, null, SOON, delivery.creates() && delivery.attempt() == 1,
                            problem, null, begin);
                }
                yield retryOrPark(delivery, problem, begin);
            }
            case CONFLICT_VERSION -> mergeAgain(delivery, request, problem, begin);
            case CONFLICT_DUPLICATE -> adopt(delivery, request, problem, begin);
            case GONE, INVALID -> {
                pause.answered();
                yield result(delivery, Kind.PARKED, null, null, true, problem, refused.field().orElse(null), begin);
            }
        };
    }

    private DeliveryResult retryOrPark(Delivery delivery, String problem, Instant begin) {
        boolean enough = delivery.attempt() >= MOST_ATTEMPTS;
        return result(delivery, enough ? Kind.PARKED : Kind.RETRY, null, Patience.after(delivery.attempt()), true,
                problem, null, begin);
    }

    /** Somebody changed the record there: what they made of it is taken in like any message, and then ours is written again. */
    private DeliveryResult mergeAgain(Delivery delivery, Sending.Request request, String problem, Instant begin) {
        try {
            Sending.Answer there = lookUp(request);
            if (there != null && there.held() != null) {
                byte[] received = Json.write(there.held());
                store.ingest().ingest(List.of(new Arrival(spoke, entity,
                        "read again " + delivery.externalId() + " " + there.revision(), "poll", Arrival.CANONICAL,
                        received, clock.instant(), there.held(), null, null, delivery.traceparent(), null)));
            }
        } catch (Exception unreadable) {
            return retryOrPark(delivery, problem + "; and it cannot be read again: " + unreadable.getMessage(), begin);
        }
        return retryOrPark(delivery, problem, begin);
    }

    private DeliveryResult adopt(Delivery delivery, Sending.Request request, String problem, Instant begin) {
        if (delivery.creates()) {
            try {
                Sending.Answer there = lookUp(request);
                if (there != null && there.externalId() != null) {
                    return result(delivery, Kind.ADOPT, there, Duration.ZERO, true, problem, null, begin);
                }
            } catch (Exception unreadable) {
                return retryOrPark(delivery, problem + "; and it cannot be looked up: " + unreadable.getMessage(),
                        begin);
            }
        }
        return result(delivery, Kind.PARKED, null, null, true, problem, null, begin);
    }

    private DeliveryResult result(Delivery delivery, Kind kind, Sending.Answer answer, Duration retryAfter,
            boolean counts, String problem, String field, Instant begin) {
        Instant now = clock.instant();
        Map<String, Object> held = answer == null ? null : answer.held();
        return new DeliveryResult(delivery, kind, held, answer == null ? null : answer.externalId(),
                answer == null ? null : answer.revision(), retryAfter, counts, problem, field, now,
                Duration.between(begin, now));
    }
}
