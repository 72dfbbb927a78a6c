package io.serai.connector;

import org.apache.camel.Category;
import org.apache.camel.Consumer;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.spi.UriEndpoint;
import org.apache.camel.spi.UriPath;
import org.apache.camel.support.DefaultEndpoint;

/** One entity of one spoke. */
@UriEndpoint(firstVersion = "0.1.0", scheme = "connector", title = "Connector", syntax = "connector:spoke/entity", category = {
        Category.API})
final class ConnectorEndpoint extends DefaultEndpoint {
    private final Connectors connectors;
    @UriPath(description = "The spoke's name")
    private final String spoke;
    @UriPath(description = "The entity, singular or plural")
    private final String entity;

    ConnectorEndpoint(String uri, ConnectorComponent component, Connectors connectors, String spoke, String entity) {
        super(uri, component);
        this.connectors = connectors;
        this.spoke = spoke;
        this.entity = entity;
    }

    @Override
    public Producer createProducer() {
        Spoke target = connectors.spoke(spoke);
        Outlet outlet = connectors.outlet(target, entity).orElseThrow(() -> new IllegalArgumentException("connector "
                + target.connector().name() + " cannot write '" + entity + "' (spoke " + spoke + ")"));
        return new ConnectorProducer(this, connectors, target, entity, outlet);
    }

    @Override
    public Consumer createConsumer(Processor processor) throws Exception {
        Consumer consumer = new ConnectorConsumer(this, processor, connectors, connectors.spoke(spoke), entity);
        configureConsumer(consumer);
        return consumer;
    }

    @Override
    public boolean isSingleton() {
        return true;
    }
}
