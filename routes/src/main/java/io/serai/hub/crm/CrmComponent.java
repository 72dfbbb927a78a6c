package io.serai.hub.crm;

import java.time.InstantSource;
import java.util.Map;

import org.apache.camel.Endpoint;
import org.apache.camel.support.DefaultComponent;

import io.micrometer.core.instrument.MeterRegistry;
import io.serai.crm.CrmStore;

/**
 * The word {@code crm:} in a route. {@code to: crm:customer} stores what a spoke said; {@code from: crm:customer?for=shop}
 * gives what the spoke has to be told, one record at a time and always the latest state.
 */
public final class CrmComponent extends DefaultComponent {

    @Override
    protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters) {
        String listener = getAndRemoveParameter(parameters, "for", String.class);
        String speaker = getAndRemoveParameter(parameters, "spoke", String.class);
        return new CrmEndpoint(uri, this, remaining, listener, speaker);
    }

    CrmStore store() {
        return bean(CrmStore.class);
    }

    InstantSource clock() {
        return bean(InstantSource.class);
    }

    MeterRegistry meters() {
        return bean(MeterRegistry.class);
    }

    private <T> T bean(Class<T> type) {
        T bean = getCamelContext().getRegistry().findSingleByType(type);
        if (bean == null) {
            throw new IllegalStateException("crm: needs one bean of type " + type.getName());
        }
        return bean;
    }
}
