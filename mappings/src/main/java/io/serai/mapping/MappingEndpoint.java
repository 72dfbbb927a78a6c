package io.serai.mapping;

import org.apache.camel.Consumer;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.support.DefaultEndpoint;

final class MappingEndpoint extends DefaultEndpoint {
    private final Mapping mapping;
    private final CanonicalSchemas schemas;

    MappingEndpoint(String uri, MappingComponent component, Mapping mapping, CanonicalSchemas schemas) {
        super(uri, component);
        this.mapping = mapping;
        this.schemas = schemas;
    }

    @Override
    public Producer createProducer() {
        return new MappingProducer(this, mapping, schemas);
    }

    @Override
    public Consumer createConsumer(Processor processor) {
        throw new IllegalArgumentException(
                "A route cannot start from " + getEndpointUri() + "; a mapping is a step after another.");
    }
}
