package io.serai.mapping;

import java.util.Map;
import org.apache.camel.Endpoint;
import org.apache.camel.support.DefaultComponent;

/**
 * The word {@code mapping:} of a route: {@code mapping:<system>/<name>} turns the record in the body, or each record of
 * a batch, into what the mapping makes of it. It takes its {@link Mappings} from the Camel registry, where there must be
 * exactly one.
 */
public final class MappingComponent extends DefaultComponent {
    @Override
    protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters) {
        var mappings = getCamelContext().getRegistry().findSingleByType(Mappings.class);
        if (mappings == null) {
            throw new IllegalStateException("There is no " + Mappings.class.getName()
                    + " in the Camel registry; bind one before the routes start.");
        }
        return new MappingEndpoint(uri, this, mappings.mapping(remaining), mappings.schemas());
    }
}
