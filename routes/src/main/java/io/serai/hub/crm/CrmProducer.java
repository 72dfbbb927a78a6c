package io.serai.hub.crm;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;

import org.apache.camel.AsyncCallback;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultAsyncProducer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.serai.connector.Sink;
import io.serai.crm.Arrival;
import io.serai.crm.Ingest;
import io.serai.crm.Outcome;
import io.serai.crm.Refusal;
import io.serai.crm.Retry;
import io.serai.hub.web.Json;

/** Stores what a route brings, one item or a batch, and says of each what became of it. The route goes on after the commit. */
final class CrmProducer extends DefaultAsyncProducer {
    /** Goes on with a route whose message was stored meanwhile. */
    private static final Executor LATER = task -> Thread.ofVirtual().start(task);

    private final Ingest ingest;
    private final InstantSource clock;
    private final MeterRegistry meters;
    private final String entity;
    private final String speaker;

    CrmProducer(Endpoint endpoint, Ingest ingest, InstantSource clock, MeterRegistry meters, String entity,
            String speaker) {
        super(endpoint);
        this.ingest = ingest;
        this.clock = clock;
        this.meters = meters;
        this.entity = entity;
        this.speaker = speaker;
    }

    @Override
    public boolean process(Exchange exchange, AsyncCallback callback) {
        try {
            List<Message> items = items(exchange);
            CompletableFuture<List<Outcome>> stored = ingest.submit(items.stream().map(this::arrival).toList());
            if (exchange.getProperty(Sink.NOBODY_WAITS, false, Boolean.class)) {
                stored.whenCompleteAsync((outcomes, failed) -> {
                    tell(exchange, items, outcomes, failed);
                    callback.done(false);
                }, LATER);
                return false;
            }
            tell(exchange, items, stored.get(), null);
        } catch (ExecutionException notStored) {
            exchange.setException(notStored.getCause());
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            exchange.setException(stopping);
        } catch (RuntimeException notStored) {
            exchange.setException(notStored);
        }
        callback.done(true);
        return true;
    }

    private static List<Message> items(Exchange exchange) {
        List<Message> items = new ArrayList<>();
        if (exchange.getMessage().getBody() instanceof List<?> batch && !batch.isEmpty()
                && batch.getFirst() instanceof Message) {
            batch.forEach(item -> items.add((Message) item));
        } else {
            items.add(exchange.getMessage());
        }
        return items;
    }

    private void tell(Exchange exchange, List<Message> items, List<Outcome> outcomes, Throwable failed) {
        if (failed != null) {
            exchange.setException(failed instanceof CompletionException ? failed.getCause() : failed);
            return;
        }
        try {
            for (int i = 0; i < items.size(); i++) {
                tell(items.get(i), outcomes.get(i));
            }
        } catch (NotStoredException refused) {
            exchange.setException(refused);
        }
    }

    private void tell(Message item, Outcome outcome) {
        item.setHeader("outcome", written(outcome));
        Counter.builder("serai.messages").description("What became of what spokes said")
                .tag("spoke", spoke(item)).tag("entity", entity).tag("outcome", word(outcome)).register(meters)
                .increment();
        if (outcome.refusal() != null && item.getHeader("protocol") == null && item.getHeader("eventId") == null) {
            // A route of an engineer's own: nobody reads the outcome, so the route itself has to fail.
            throw new NotStoredException(outcome);
        }
    }

    private Arrival arrival(Message item) {
        Refusal refusal = refusal(item.getHeader("refusal"));
        Map<String, Object> document = refusal == null ? document(item.getBody()) : null;
        if (refusal == null && document == null) {
            refusal = new Refusal("crm:" + entity, null, "There is no " + entity
                    + " document here. Put a mapping to the canonical form before crm:" + entity + ".", "malformed");
        }
        String event = text(item, "eventId");
        byte[] received = item.getHeader("received") instanceof byte[] bytes
                ? bytes
                : document == null ? raw(item.getBody()) : Json.write(document);
        String protocol = text(item, "protocol");
        return new Arrival(spoke(item), entity, event,
                protocol == null ? "rest" : protocol, text(item, "contentType"), received,
                item.getHeader("receivedAt") instanceof Instant at ? at : clock.instant(), document, refusal,
                text(item, "mapping"), text(item, "traceparent"), null, text(item, "record"), retry(item));
    }

    private static byte[] raw(Object body) {
        return body instanceof byte[] bytes ? bytes : String.valueOf(body).getBytes(StandardCharsets.UTF_8);
    }

    private static Retry retry(Message item) {
        String message = text(item, "retryOf");
        return message == null ? null : new Retry(UUID.fromString(message), text(item, "retryBy"));
    }

    private String spoke(Message item) {
        String spoke = speaker == null ? text(item, "spoke") : speaker;
        if (spoke == null) {
            throw new IllegalArgumentException("Nobody knows whose " + entity
                    + " this is: say crm:" + entity + "?spoke=<name>, or set the header spoke.");
        }
        return spoke;
    }

    private static String text(Message item, String header) {
        Object value = item.getHeader(header);
        return value == null ? null : value.toString();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> document(Object body) {
        return body instanceof Map<?, ?> map ? (Map<String, Object>) map : null;
    }

    private static Refusal refusal(Object header) {
        return header instanceof Map<?, ?> map
                ? new Refusal((String) map.get("step"), (String) map.get("field"), (String) map.get("problem"),
                        (String) map.get("code"))
                : null;
    }

    private static Map<String, Object> written(Outcome outcome) {
        Map<String, Object> written = new LinkedHashMap<>();
        written.put("state", word(outcome));
        written.put("messageId", outcome.messageId().toString());
        if (outcome.id() != null) {
            written.put("id", outcome.id().toString());
            written.put("version", outcome.version());
        }
        if (outcome.refusal() != null) {
            written.put("step", outcome.refusal().step());
            written.put("field", outcome.refusal().field());
            written.put("problem", outcome.refusal().problem());
            written.put("code", outcome.refusal().code());
        }
        return written;
    }

    private static String word(Outcome outcome) {
        return outcome.state().name().toLowerCase(Locale.ROOT);
    }
}
