package io.serai.hub.crm;

import java.util.Set;

import org.apache.camel.Consumer;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.support.DefaultEndpoint;

final class CrmEndpoint extends DefaultEndpoint {
    private static final Set<String> ENTITIES = Set.of("customer", "order", "invoice", "credit-note", "payment",
            "opportunity",
            "interaction");

    private final CrmComponent component;
    private final String entity;
    private final String listener;
    private final String speaker;

    /**
     * @param listener the spoke that is kept in step, for {@code from:}; null for {@code to:}
     * @param speaker who speaks where the exchange does not say it; may be null
     */
    CrmEndpoint(String uri, CrmComponent component, String entity, String listener, String speaker) {
        super(uri, component);
        if (!ENTITIES.contains(entity)) {
            throw new IllegalArgumentException(
                    "There is no entity \"" + entity + "\"; crm: knows " + ENTITIES.stream().sorted().toList() + ".");
        }
        this.component = component;
        this.entity = entity;
        this.listener = listener;
        this.speaker = speaker;
    }

    @Override
    public Producer createProducer() {
        return new CrmProducer(this, component.store().ingest(), component.clock(), component.meters(), entity,
                speaker);
    }

    @Override
    public Consumer createConsumer(Processor processor) {
        if (listener == null) {
            throw new IllegalArgumentException("A route that begins with crm:" + entity
                    + " has to say which spoke it tells: parameters: {for: <spoke>}.");
        }
        return new LaneConsumer(this, processor, component, entity, listener);
    }
}
