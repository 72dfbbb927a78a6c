package io.serai.connector;

import java.util.Map;

import org.apache.camel.CamelContext;
import org.apache.camel.Endpoint;
import org.apache.camel.spi.annotations.Component;
import org.apache.camel.support.DefaultComponent;

/**
 * The word {@code connector:} in a route: {@code connector:shop/customers} receives from the spoke at the beginning of a
 * route and writes to it elsewhere. Needs one {@link Connectors} in the Camel registry, unless one is set.
 */
@Component("connector")
public final class ConnectorComponent extends DefaultComponent {
    private Connectors connectors;

    /** For Camel, which finds the component by its name; the {@link Connectors} then come from its registry. */
    public ConnectorComponent() {}

    public ConnectorComponent(Connectors connectors) {
        this.connectors = connectors;
    }

    @Override
    protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters) {
        String[] parts = remaining.split("/");
        if (parts.length != 2) {
            throw new IllegalArgumentException("'" + uri + "' must be connector:<spoke>/<entity>");
        }
        return new ConnectorEndpoint(uri, this, connectors(), parts[0], Entities.singular(parts[1]));
    }

    private Connectors connectors() {
        if (connectors == null) {
            CamelContext context = getCamelContext();
            connectors = context.getRegistry().findSingleByType(Connectors.class);
            if (connectors == null) {
                throw new IllegalStateException("connector: needs one bean of type " + Connectors.class.getName());
            }
        }
        return connectors;
    }
}
