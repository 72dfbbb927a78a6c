package io.serai.connector;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Processor;
import org.apache.camel.support.DefaultConsumer;
import org.apache.camel.support.DefaultMessage;

/**
 * Turns what a spoke sent into an exchange of its own making, with the headers of the contract and no others, and what
 * the route left on it into outcomes. One item travels as the exchange's own message, several as a list of messages.
 */
final class ConnectorConsumer extends DefaultConsumer {
    private final Connectors connectors;
    private final Spoke spoke;
    private final String entity;
    private final Optional<String> recordId;
    private final Sink sink = new Entrance();
    private Optional<Inlet> inlet = Optional.empty();

    ConnectorConsumer(ConnectorEndpoint endpoint, Processor processor, Connectors connectors, Spoke spoke,
            String entity) {
        super(endpoint, processor);
        this.connectors = connectors;
        this.spoke = spoke;
        this.entity = entity;
        this.recordId = spoke.connector().idPointer(entity);
    }

    @Override
    protected void doStart() throws Exception {
        super.doStart();
        connectors.open(spoke.name(), entity, sink);
        try {
            inlet = connectors.inlet(spoke, entity);
            if (inlet.isPresent()) {
                inlet.get().open(sink);
            }
        } catch (Exception e) {
            connectors.shut(spoke.name(), entity, sink);
            throw e;
        }
    }

    @Override
    protected void doStop() throws Exception {
        inlet.ifPresent(Inlet::close);
        inlet = Optional.empty();
        connectors.shut(spoke.name(), entity, sink);
        super.doStop();
    }

    @Override
    protected void doSuspend() throws Exception {
        doStop();
    }

    @Override
    protected void doResume() throws Exception {
        doStart();
    }

    private final class Entrance implements Sink {

        @Override
        public List<Outcome> accept(List<Item> items) throws Exception {
            return items.isEmpty() ? List.of() : take(items, null, null);
        }

        @Override
        public Outcome retry(Item item, String message, String by) throws Exception {
            return take(List.of(item), message, by).getFirst();
        }

        /** @param message the journal's id of the single item, when it is tried once more; else null */
        private List<Outcome> take(List<Item> items, String message, String by) throws Exception {
            Exchange exchange = createExchange(false);
            try {
                List<Message> messages = fill(exchange, items);
                if (message != null) {
                    messages.getFirst().setHeader("retryOf", message);
                    messages.getFirst().setHeader("retryBy", by);
                }
                getProcessor().process(exchange);
                return stored(exchange, messages);
            } finally {
                releaseExchange(exchange, false);
            }
        }

        @Override
        public CompletableFuture<List<Outcome>> submit(List<Item> items) {
            CompletableFuture<List<Outcome>> outcomes = new CompletableFuture<>();
            Exchange exchange = createExchange(false);
            exchange.setProperty(Sink.NOBODY_WAITS, true);
            List<Message> messages = fill(exchange, items);
            getAsyncProcessor().process(exchange, _ -> {
                try {
                    outcomes.complete(stored(exchange, messages));
                } catch (Exception notStored) {
                    outcomes.completeExceptionally(notStored);
                } finally {
                    releaseExchange(exchange, false);
                }
            });
            return outcomes;
        }
    }

    private List<Outcome> stored(Exchange exchange, List<Message> messages) throws Exception {
        if (exchange.getException() != null) {
            throw exchange.getException();
        }
        List<Outcome> outcomes = outcomes(exchange, messages);
        connectors.succeeded(spoke.name());
        return outcomes;
    }

    private List<Message> fill(Exchange exchange, List<Item> items) {
        if (items.size() == 1) {
            return List.of(fill(exchange.getIn(), items.getFirst()));
        }
        CamelContext context = getEndpoint().getCamelContext();
        List<Message> messages = new ArrayList<>(items.size());
        for (Item item : items) {
            messages.add(fill(new DefaultMessage(context), item));
        }
        exchange.getIn().setBody(messages);
        return messages;
    }

    private Message fill(Message message, Item item) {
        message.setBody(item.body());
        message.setHeader("spoke", spoke.name());
        message.setHeader("entity", entity);
        message.setHeader("eventId", item.eventId());
        message.setHeader("received", item.received());
        message.setHeader("contentType", item.contentType());
        message.setHeader("protocol", item.protocol());
        message.setHeader("receivedAt", item.receivedAt());
        if (recordId.isPresent() && item.body() instanceof Map) {
            message.setHeader("record", Json.textAt(item.body(), recordId.get()));
        }
        if (item.row() != null) {
            message.setHeader("row", item.row());
        }
        if (item.traceparent() != null) {
            message.setHeader("traceparent", item.traceparent());
        }
        if (item.refusal() != null) {
            message.setHeader("refusal", map(item.refusal()));
        }
        return message;
    }

    private static Map<String, Object> map(Refusal refusal) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("step", refusal.step());
        map.put("field", refusal.field());
        map.put("problem", refusal.problem());
        map.put("code", refusal.code());
        return map;
    }

    /** The route may have replaced the messages on its way; the batch it ended with counts. */
    private List<Outcome> outcomes(Exchange exchange, List<Message> sent) {
        List<?> ended = sent.size() == 1
                ? List.of(exchange.getMessage())
                : exchange.getMessage().getBody() instanceof List<?> list && list.size() == sent.size() ? list : sent;
        List<Outcome> outcomes = new ArrayList<>(sent.size());
        for (int i = 0; i < sent.size(); i++) {
            Map<?, ?> outcome = ended.get(i) instanceof Message message ? outcome(message) : null;
            outcomes.add(outcome(outcome == null ? outcome(sent.get(i)) : outcome));
        }
        return outcomes;
    }

    private static Map<?, ?> outcome(Message message) {
        return message.getHeader("outcome") instanceof Map<?, ?> map ? map : null;
    }

    private Outcome outcome(Map<?, ?> map) {
        if (map == null) {
            throw new IllegalStateException("The route of connector:" + spoke.name() + "/" + entity
                    + " ended without saying what became of a record; it must end with crm:");
        }
        return new Outcome(Outcome.State.valueOf(map.get("state").toString().toUpperCase(Locale.ROOT)),
                text(map, "messageId"), text(map, "id"),
                map.get("version") instanceof Number number ? number.longValue() : null, text(map, "step"),
                text(map, "field"), text(map, "problem"), text(map, "code"));
    }

    private static String text(Map<?, ?> map, String key) {
        Object value = map.get(key);
        return value == null ? null : value.toString();
    }
}
