package io.serai.connector;

import java.util.Locale;
import java.util.Set;

import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultProducer;

/** Writes one record to a spoke and leaves what the spoke now says it holds. */
final class ConnectorProducer extends DefaultProducer {
    /** A spoke that answers "no" to the content is well; these say something about the record, not about the spoke. */
    private static final Set<ErrorClass> ABOUT_THE_RECORD = Set.of(ErrorClass.INVALID, ErrorClass.CONFLICT_DUPLICATE,
            ErrorClass.CONFLICT_VERSION, ErrorClass.GONE);

    private final Connectors connectors;
    private final Spoke spoke;
    private final Outlet outlet;

    ConnectorProducer(ConnectorEndpoint endpoint, Connectors connectors, Spoke spoke, String entity, Outlet outlet) {
        super(endpoint);
        this.connectors = connectors;
        this.spoke = spoke;
        this.outlet = outlet;
    }

    @Override
    public void process(Exchange exchange) throws Exception {
        Message message = exchange.getMessage();
        Delivery delivery = delivery(message);
        Reply reply = send(delivery);
        if (reply.externalId() != null) {
            message.setHeader("externalId", reply.externalId());
        }
        if (reply.revision() != null) {
            message.setHeader("revision", reply.revision());
        }
        if (delivery.operation() == Operation.LOOKUP) {
            boolean found = reply.externalId() != null || reply.body() != null;
            message.setHeader("found", found);
            if (!found) {
                message.removeHeader("externalId"); // the one that was asked for would say that it is there
            }
        }
        message.setBody(reply.body());
    }

    private Reply send(Delivery delivery) throws ConnectorException {
        try {
            Reply reply = outlet.send(delivery);
            connectors.succeeded(spoke.name());
            return reply;
        } catch (ConnectorException e) {
            if (ABOUT_THE_RECORD.contains(e.errorClass())) {
                connectors.succeeded(spoke.name());
            } else {
                connectors.failed(spoke.name(), e.getMessage());
            }
            throw e;
        }
    }

    private static Delivery delivery(Message message) {
        String operation = text(message, "operation");
        if (operation == null) {
            throw new IllegalArgumentException(
                    "The header 'operation' is missing; set it to create, update, delete or lookup before connector:");
        }
        return new Delivery(Operation.valueOf(operation.toUpperCase(Locale.ROOT)), text(message, "externalId"),
                text(message, "revision"), message.getBody(), text(message, "idempotencyKey"),
                text(message, "reference"),
                text(message, "traceparent"));
    }

    private static String text(Message message, String header) {
        Object value = message.getHeader(header);
        return value == null ? null : value.toString();
    }

    @Override
    protected void doStop() throws Exception {
        super.doStop();
        outlet.close();
    }
}
