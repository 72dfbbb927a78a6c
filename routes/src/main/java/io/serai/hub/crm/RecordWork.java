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
final class RecordWork implements LaneWork<Delivery, DeliveryResult> {
    private static final Logger LOG = LoggerFactory.getLogger(RecordWork.class);
    private static final Duration SOON = Duration.ofSeconds(1);
    /** Nobody waits for a result to be recorded, and every turn that is not taken is one for those who do wait. */
    private static final Duration FOR_OTHERS = Duration.ofMillis(10);
    private static final Duration CREDENTIALS_PAUSE = Duration.ofSeconds(30);
    private static final Duration QUOTA_PAUSE = Duration.ofMinutes(15);
    private static final int MOST_ATTEMPTS = 50;
    private static final int FORBIDDEN = 403;

    private final CrmStore store;
    private final Sending sending;
    private final InstantSource clock;
    private final MeterRegistry meters;
    private final String spoke;
    private final String entity;
    private final SpokeGate gate;

    RecordWork(CrmStore store, Sending sending, SpokeGate gate, InstantSource clock, MeterRegistry meters,
            String spoke, String entity) {
        this.store = store;
        this.sending = sending;
        this.gate = gate;
        this.clock = clock;
        this.meters = meters;
        this.spoke = spoke;
        this.entity = entity;
    }

    @Override
    public List<Delivery> claim(int most, Duration lease, int owed) {
        return store.lanes().claim(spoke, entity, most, lease, owed);
    }

    @Override
    public Instant notBefore(Delivery delivery) {
        return delivery.notBefore();
    }

    @Override
    public DeliveryResult untried(Delivery delivery, Duration wait) {
        return result(delivery, Kind.RETRY, null, wait, false, null, null, clock.instant());
    }

    @Override
    public void record(DeliveryResult result) {
        store.lanes().record(List.of(result), FOR_OTHERS);
        Timer.builder("serai.deliveries").description("Writes to spokes, by what came of them").tag("spoke", spoke)
                .tag("entity", entity).tag("outcome", result.kind().name().toLowerCase(Locale.ROOT)).register(meters)
                .record(result.took());
    }

    @Override
    public DeliveryResult attempt(Delivery delivery) {
        Instant begin = clock.instant();
        Sending.Request request = new Sending.Request(delivery.creates() ? "create" : "update", delivery.externalId(),
                delivery.revision(), delivery.creates() ? delivery.idempotencyKey().toString() : null,
                delivery.reference().toString(), delivery.patch(),
                delivery.golden(), delivery.changed(), delivery.traceparent());
        try {
            if (delivery.unread()) {
                // Whoever found it has not lived to take in what it holds.
                Sending.Answer there = lookUp(request);
                if (there != null) {
                    gate.answered(clock.instant());
                }
                return result(delivery, Kind.ADOPT, there, Duration.ZERO, true, "read before it is written to", null,
                        begin);
            }
            if (delivery.creates() && delivery.attempt() > 1) {
                // An earlier attempt may have got through although no answer came.
                Sending.Answer found = lookUp(request);
                if (found != null && found.externalId() != null) {
                    gate.answered(clock.instant());
                    return result(delivery, Kind.ADOPT, found, Duration.ZERO, true, "found there already", null, begin);
                }
            }
            Sending.Answer answer = sending.send(request);
            gate.answered(clock.instant());
            return result(delivery, Kind.DONE, answer, null, true, null, null, begin);
        } catch (ConnectorException refused) {
            return refused(delivery, request, refused, begin);
        } catch (MappingException unmappable) {
            return result(delivery, Kind.PARKED, null, null, true, unmappable.step() + ": " + unmappable.problem(),
                    unmappable.field(), begin);
        } catch (Exception failed) {
            LOG.warn("Delivery of {} {} to {} failed", entity, delivery.id(), spoke, failed);
            return retryOrPark(delivery, Duration.ZERO, "the route failed: " + failed, begin);
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
                if (refused.status() == 0) {
                    // Our own limits held it back; the spoke has said nothing.
                    gate.crowded(now);
                } else {
                    gate.throttled(now, wait);
                }
                yield result(delivery, Kind.RETRY, null, wait, false, problem, null, begin);
            }
            case QUOTA_DAY -> paused(delivery, refused.retryAfter().orElse(QUOTA_PAUSE),
                    spoke + " has no requests left for today", problem, begin);
            case AUTH -> refused.status() == FORBIDDEN && gate.forbidsOne()
                    ? retryOrPark(delivery, Duration.ZERO, problem, begin)
                    : paused(delivery, CREDENTIALS_PAUSE, spoke + " refuses the hub's credentials", problem, begin);
            case TRANSIENT, UNKNOWN, CURSOR_EXPIRED -> {
                gate.failed(now);
                if (refused.status() == 0) {
                    // The spoke as a whole does not answer: that is not this record's fault.
                    yield result(delivery, Kind.RETRY, null, SOON, delivery.creates() && delivery.attempt() == 1,
                            problem, null, begin);
                }
                yield retryOrPark(delivery, refused.retryAfter().orElse(Duration.ZERO), problem, begin);
            }
            case CONFLICT_VERSION -> mergeAgain(delivery, request, problem, begin);
            case CONFLICT_DUPLICATE -> adopt(delivery, request, problem, begin);
            case GONE, INVALID -> {
                gate.answered(clock.instant());
                boolean gone = refused.errorClass() == ErrorClass.GONE && !delivery.creates();
                yield result(delivery, gone ? Kind.GONE : Kind.PARKED, null, null, true, problem,
                        refused.field().orElse(null), begin);
            }
        };
    }

    /** That the spoke refuses everybody costs no record an attempt. The gate holds it back, and opens for all at once. */
    private DeliveryResult paused(Delivery delivery, Duration time, String cause, String problem, Instant begin) {
        gate.pause(clock.instant(), time, entity, cause, problem);
        return result(delivery, Kind.RETRY, null, SOON, false, problem, null, begin);
    }

    private DeliveryResult retryOrPark(Delivery delivery, Duration asked, String problem, Instant begin) {
        boolean enough = delivery.attempt() >= MOST_ATTEMPTS;
        return result(delivery, enough ? Kind.PARKED : Kind.RETRY, null, Patience.after(delivery.attempt(), asked),
                true, problem, null, begin);
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
            return retryOrPark(delivery, Duration.ZERO,
                    problem + "; and it cannot be read again: " + unreadable.getMessage(), begin);
        }
        // The way is free now. Attempts that died with their process must not keep it waiting.
        return delivery.attempt() >= MOST_ATTEMPTS
                ? retryOrPark(delivery, Duration.ZERO, problem, begin)
                : result(delivery, Kind.RETRY, null, SOON, true, problem, null, begin);
    }

    private DeliveryResult adopt(Delivery delivery, Sending.Request request, String problem, Instant begin) {
        if (delivery.creates()) {
            try {
                Sending.Answer there = lookUp(request);
                if (there != null && there.externalId() != null) {
                    return result(delivery, Kind.ADOPT, there, Duration.ZERO, true, problem, null, begin);
                }
            } catch (Exception unreadable) {
                return retryOrPark(delivery, Duration.ZERO,
                        problem + "; and it cannot be looked up: " + unreadable.getMessage(),
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
