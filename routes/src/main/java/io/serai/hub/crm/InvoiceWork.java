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
import io.serai.crm.InvoiceClaim;
import io.serai.crm.InvoiceLedger;
import io.serai.crm.InvoiceResult;
import io.serai.crm.InvoiceResult.Kind;
import io.serai.mapping.MappingException;

/** Makes one invoice of each sale, and one credit note of each that is taken back. Whatever leaves room for doubt is asked after before anything is sent again. */
final class InvoiceWork implements LaneWork<InvoiceClaim, InvoiceResult> {
    private static final Logger LOG = LoggerFactory.getLogger(InvoiceWork.class);
    private static final Duration SOON = Duration.ofSeconds(1);
    private static final Duration CREDENTIALS_PAUSE = Duration.ofSeconds(30);
    private static final Duration QUOTA_PAUSE = Duration.ofMinutes(15);
    private static final int MOST_QUESTIONS = 50;

    private final InvoiceLedger ledger;
    private final Sending sending;
    private final InstantSource clock;
    private final MeterRegistry meters;
    private final String spoke;
    private final String entity;
    private final SpokeGate gate;

    /** @param entity invoice or credit-note */
    InvoiceWork(InvoiceLedger ledger, Sending sending, SpokeGate gate, InstantSource clock, MeterRegistry meters,
            String spoke, String entity) {
        this.ledger = ledger;
        this.sending = sending;
        this.gate = gate;
        this.entity = entity;
        this.clock = clock;
        this.meters = meters;
        this.spoke = spoke;
    }

    @Override
    public List<InvoiceClaim> claim(int most, Duration lease, int owed) {
        return ledger.claim(spoke, entity, most, lease, owed);
    }

    @Override
    public Instant notBefore(InvoiceClaim claim) {
        return claim.notBefore();
    }

    @Override
    public InvoiceResult untried(InvoiceClaim claim, Duration wait) {
        return result(claim, Kind.RETRY, null, null, wait, "not tried yet", null, clock.instant());
    }

    @Override
    public void record(InvoiceResult result) {
        ledger.record(result);
        Timer.builder("serai.deliveries").description("Writes to spokes, by what came of them").tag("spoke", spoke)
                .tag("entity", entity).tag("outcome", result.kind().name().toLowerCase(Locale.ROOT)).register(meters)
                .record(result.took());
    }

    @Override
    public InvoiceResult attempt(InvoiceClaim claim) {
        Instant begin = clock.instant();
        Sending.Request request = new Sending.Request(claim.asks() ? "lookup" : "create", null, null,
                claim.idempotencyKey().toString(), claim.reference(), claim.document(), claim.document(),
                List.copyOf(claim.document().keySet()), claim.traceparent());
        try {
            Sending.Answer answer = sending.send(request);
            gate.answered(clock.instant());
            Map<String, Object> made = answer.held();
            if (made != null && made.get("number") != null) {
                return result(claim, Kind.MADE, made, answer.externalId(), null, null, null, begin);
            }
            if (claim.asks() && answer.externalId() == null) {
                return result(claim, Kind.ABSENT, null, null, Duration.ZERO, null, null, begin);
            }
            return unknown(claim, "The answer of " + spoke + " holds no number.", begin);
        } catch (ConnectorException refused) {
            return refused(claim, refused, begin);
        } catch (MappingException unmappable) {
            // Asked in vain is not refused: the attempt before may have made it.
            Kind kind = claim.asks() ? Kind.UNDECIDABLE : Kind.REJECTED;
            return result(claim, kind, null, null, null, unmappable.step() + ": " + unmappable.problem(),
                    unmappable.field(), begin);
        } catch (Exception failed) {
            LOG.warn("{} {} could not be made", entity, claim.reference(), failed);
            return unknown(claim, "the route failed: " + failed, begin);
        }
    }

    private InvoiceResult refused(InvoiceClaim claim, ConnectorException refused, Instant begin) {
        String problem = refused.getMessage();
        Instant now = clock.instant();
        return switch (refused.errorClass()) {
            case THROTTLED -> {
                Duration wait = refused.retryAfter().orElse(SOON);
                if (refused.status() == 0) {
                    gate.crowded(now);
                } else {
                    gate.throttled(now, wait);
                }
                yield result(claim, Kind.RETRY, null, null, wait, problem, null, begin);
            }
            case QUOTA_DAY -> paused(claim, refused.retryAfter().orElse(QUOTA_PAUSE),
                    spoke + " has no requests left for today", problem, begin);
            case AUTH -> paused(claim, CREDENTIALS_PAUSE, spoke + " refuses the hub's credentials", problem, begin);
            case TRANSIENT -> {
                gate.failed(now);
                // Without an answer nothing was sent. An error of the service says nothing about how far it had got.
                yield refused.status() == 0
                        ? result(claim, Kind.RETRY, null, null, SOON, problem, null, begin)
                        : unknown(claim, problem, begin);
            }
            case UNKNOWN -> {
                gate.failed(now);
                yield unknown(claim, problem, begin);
            }
            case CONFLICT_DUPLICATE, CONFLICT_VERSION, CURSOR_EXPIRED -> {
                gate.answered(now);
                yield unknown(claim, problem, begin);
            }
            case GONE, INVALID -> claim.asks()
                    ? result(claim, Kind.UNDECIDABLE, null, null, null, "It is not known whether " + spoke
                            + " made the " + entity + ", and it cannot be asked: " + problem, null, begin)
                    : result(claim, Kind.REJECTED, null, null, null, problem, refused.field().orElse(null), begin);
        };
    }

    private InvoiceResult paused(InvoiceClaim claim, Duration time, String cause, String problem, Instant begin) {
        gate.pause(clock.instant(), time, entity, cause, problem);
        return result(claim, Kind.RETRY, null, null, SOON, problem, null, begin);
    }

    private InvoiceResult unknown(InvoiceClaim claim, String problem, Instant begin) {
        Kind kind = claim.attempt() >= MOST_QUESTIONS ? Kind.UNDECIDABLE : Kind.UNKNOWN;
        return result(claim, kind, null, null, Patience.after(claim.attempt()), problem, null, begin);
    }

    private InvoiceResult result(InvoiceClaim claim, Kind kind, Map<String, Object> made, String externalId,
            Duration retryAfter, String problem, String field, Instant begin) {
        Instant now = clock.instant();
        return new InvoiceResult(claim, kind, made, externalId, retryAfter, problem, field, now,
                Duration.between(begin, now));
    }
}
