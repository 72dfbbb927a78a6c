package io.serai.connector;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;

/** A real Camel context whose routes keep what arrives and say what crm: would say. */
public final class Hub implements AutoCloseable {
    public final List<Message> arrived = new CopyOnWriteArrayList<>();
    public volatile boolean databaseAway;
    public volatile Predicate<Message> rejects = message -> message.getHeader("refusal") != null;
    public final CamelContext context = new DefaultCamelContext();

    public Hub(Connectors connectors, String... entrances) {
        context.getRegistry().bind("connectors", connectors);
        add(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:deliver").toD("connector:${header.target}");
            }
        });
        context.start();
        for (String entrance : entrances) {
            enter(entrance);
        }
    }

    /** Starts a route that begins with the spoke and entity. */
    public void enter(String entrance) {
        add(new RouteBuilder() {
            @Override
            public void configure() {
                from("connector:" + entrance).routeId(entrance).process(Hub.this::store);
            }
        });
    }

    private void add(RouteBuilder routes) {
        try {
            context.addRoutes(routes);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void store(Exchange exchange) {
        if (databaseAway) {
            throw new IllegalStateException("no database");
        }
        for (Message message : messages(exchange)) {
            Message copy = message.copy();
            arrived.add(copy);
            boolean rejected = rejects.test(message);
            Map<String, Object> outcome = new LinkedHashMap<>();
            outcome.put("state", rejected ? "rejected" : "applied");
            outcome.put("messageId", "m" + arrived.size());
            outcome.put("version", 1L);
            outcome.put("problem", rejected ? "no" : null);
            message.setHeader("outcome", outcome);
        }
    }

    private static List<Message> messages(Exchange exchange) {
        if (exchange.getMessage().getBody() instanceof List<?> list && list.stream().allMatch(
                Message.class::isInstance)) {
            List<Message> messages = new ArrayList<>();
            list.forEach(message -> messages.add((Message) message));
            return messages;
        }
        return List.of(exchange.getMessage());
    }

    @Override
    public void close() {
        context.stop();
    }
}
