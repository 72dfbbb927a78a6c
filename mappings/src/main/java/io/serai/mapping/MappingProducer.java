package io.serai.mapping;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.support.DefaultProducer;

/** Maps the one record of an exchange, or each of a batch; one that cannot be mapped does not hold up the others. */
final class MappingProducer extends DefaultProducer {
    /** One of the two stands on what goes to the journal, which keeps what is wrong with it. */
    private static final String PROTOCOL = "protocol";
    private static final String EVENT = "eventId";
    private static final String MAPPING = "mapping";
    private static final String RECEIVED = "received";
    private static final String REFUSAL = "refusal";

    private final Mapping mapping;
    private final CanonicalSchemas schemas;

    MappingProducer(Endpoint endpoint, Mapping mapping, CanonicalSchemas schemas) {
        super(endpoint);
        this.mapping = mapping;
        this.schemas = schemas;
    }

    @Override
    public void process(Exchange exchange) {
        if (exchange.getMessage().getBody() instanceof List<?> batch && !batch.isEmpty()
                && batch.getFirst() instanceof Message) {
            batch.parallelStream().forEach(item -> mapOrRefuse((Message) item));
        } else if (exchange.getMessage().getHeader(PROTOCOL) == null
                && exchange.getMessage().getHeader(EVENT) == null) {
            map(exchange.getMessage());
        } else {
            mapOrRefuse(exchange.getMessage());
        }
    }

    private void mapOrRefuse(Message item) {
        if (item.getHeader(REFUSAL) != null) {
            return;
        }
        try {
            map(item);
        } catch (MappingException e) {
            item.setHeader(REFUSAL, refusal(e));
        }
    }

    /** What a spoke does not answer is not mapped: no body stays no body. */
    private void map(Message item) {
        item.setHeader(MAPPING, mapping.label());
        var record = record(item);
        if (record != null) {
            item.setBody(valid(mapping.apply(record, bindings(item))));
        }
    }

    /** XSLT reads XML as it came; JSONata reads what the connector parsed. */
    private Object record(Message item) {
        var body = item.getBody();
        return mapping instanceof XsltMapping && !(body instanceof String) && !(body instanceof byte[])
                && item.getHeader(RECEIVED) instanceof byte[] received
                        ? received
                        : body;
    }

    private Object valid(Object result) {
        var entity = mapping.entity();
        if (entity == null) {
            return result;
        }
        if (!(result instanceof Map<?, ?> map)) {
            throw mapping.failure(MappingException.FAILED, null, "The mapping gives no " + entity + " for this record.",
                    null, null);
        }
        @SuppressWarnings("unchecked")
        var document = (Map<String, Object>) map;
        var problems = schemas.validate(entity, document);
        if (!problems.isEmpty()) {
            throw mapping.failure(MappingException.INVALID, problems.getFirst().field(), told(problems), null, null);
        }
        return result;
    }

    private static String told(List<Problem> problems) {
        var first = problems.getFirst().problem();
        if (problems.size() == 1) {
            return first;
        }
        return first + " Also wrong: "
                + problems.stream().skip(1).limit(5).map(Problem::where).collect(Collectors.joining(", "))
                + (problems.size() > 6 ? " and more." : ".");
    }

    private static Map<String, Object> bindings(Message item) {
        var bindings = new LinkedHashMap<String, Object>();
        var headers = item.getHeaders();
        for (var name : Mapping.BINDINGS) {
            if (headers.containsKey(name)) {
                bindings.put(name, headers.get(name));
            }
        }
        return bindings;
    }

    private static Map<String, Object> refusal(MappingException e) {
        var refusal = new LinkedHashMap<String, Object>();
        refusal.put("step", e.step());
        refusal.put("field", e.field());
        refusal.put("problem", e.problem());
        refusal.put("code", e.code());
        return refusal;
    }
}
