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

/** Makes one invoice of each sale. Whatever leaves room for doubt is asked after before anything is sent again. */
final class InvoiceWork implements LaneWork<InvoiceClaim> {
    private static final Logger LOG = LoggerFactory.getLogger(InvoiceWork.class);
    private static final Duration SOON = Duration.ofSeconds(1);
    private static final Duration CREDENTIALS_PAUSE = Duration.ofSeconds(30);
    private static final int MOST_QUESTIONS = 50;

    private final InvoiceLedger ledger;
    private final Sending sending;
    private final InstantSource clock;
    private final MeterRegistry meters;
    private final String spoke;
    private final SpokePause pause = new SpokePause();

    InvoiceWork(InvoiceLedger ledger, Sending sending, InstantSource clock, MeterRegistry meters, String spoke) {
        this.ledger = ledger;
        this.sending = sending;
        this.clock = clock;
        this.meters = meters;
        this.spoke = spoke;
    }

    @Override
    public List<InvoiceClaim> claim(int most, Duration lease) {
        return ledger.claim(spoke, most, lease);
    }

    @Override
    public SpokePause pause() {
        return pause;
    }

    @Override
    public void carryOut(InvoiceClaim claim) {
        Instant begin = clock.instant();
        InvoiceResult result = attempt(claim, begin);
        ledger.record(result);
        Timer.builder("serai.deliveries").description("Writes to spokes, by what came of them").tag("spoke", spoke)
                .tag("entity", "invoice").tag("outcome", result.kind().name().toLowerCase(Locale.ROOT))
                .register(meters).record(result.took());
    }

    private InvoiceResult attempt(InvoiceClaim claim, Instant begin) {
        Sending.Request request = new Sending.Request(claim.asks() ? "lookup" : "create", null, null,
                claim.idempotencyKey().toString(), claim.reference(), claim.document(), claim.document(),
                List.copyOf(claim.document().keySet()), claim.traceparent());
        try {
            Sending.Answer answer = sending.send(request);
            pause.answered();
            Map<String, Object> made = answer.held();
            if (made != null && made.get("number") != null) {
                return result(claim, Kind.MADE, made, answer.externalId(), null, null, null, begin);
            }
            if (claim.asks() && answer.externalId() == null) {
                return result(claim, Kind.ABSENT, null, null, Duration.ZERO, null, null, begin);
            }
            return unknown(claim, "The answer of " + spoke + " holds no invoice number.", begin);
        } catch (ConnectorException refused) {
            return refused(claim, refused, begin);
        } catch (MappingException unmappable) {
            // Asked in vain is not refused: the attempt before may have made it.
            Kind kind = claim.asks() ? Kind.UNDECIDABLE : Kind.REJECTED;
            return result(claim, kind, null, null, null, unmappable.step() + ": " + unmappable.problem(),
                    unmappable.field(), begin);
        } catch (Exception failed) {
            LOG.warn("Invoice {} could not be made", claim.reference(), failed);
            return unknown(claim, "the route failed: " + failed, begin);
        }
    }

    private InvoiceResult refused(InvoiceClaim claim, ConnectorException refused, Instant begin) {
        String problem = refused.getMessage();
        Instant now = clock.instant();
        return switch (refused.errorClass()) {
            case THROTTLED, QUOTA_DAY -> {
                Duration wait = refused.retryAfter().orElse(SOON);
                pause.rest(now, wait);
                yield result(claim, Kind.RETRY, null, null, wait, problem, null, begin);
            }
            case AUTH -> {
                pause.rest(now, CREDENTIALS_PAUSE);
                yield result(claim, Kind.RETRY, null, null, CREDENTIALS_PAUSE, problem, null, begin);
            }
            case TRANSIENT -> {
                if (refused.status() == 0) {
                    pause.silent(now);
                    yield result(claim, Kind.RETRY, null, null, SOON, problem, null, begin);
                }
                // An error of the service says nothing about how far it had got.
                yield unknown(claim, problem, begin);
            }
            case UNKNOWN, CONFLICT_DUPLICATE, CONFLICT_VERSION, CURSOR_EXPIRED -> unknown(claim, problem, begin);
            case GONE, INVALID -> claim.asks()
                    ? result(claim, Kind.UNDECIDABLE, null, null, null, "It is not known whether " + spoke
                            + " made the invoice, and it cannot be asked: " + problem, null, begin)
                    : result(claim, Kind.REJECTED, null, null, null, problem, refused.field().orElse(null), begin);
        };
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
