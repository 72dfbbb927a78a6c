package io.serai.mapping;

import java.util.List;
import java.util.Map;

/** One compiled mapping file. Safe for any number of threads. */
public abstract sealed class Mapping permits JsonataMapping, XsltMapping {
    private static final String TO_CANONICAL = "-to-canonical";
    /** What a deliver exchange may bind; everything else a mapping knows comes from the record. */
    static final List<String> BINDINGS = List.of("golden", "operation", "externalId", "reference", "changed");

    private final String name;
    private final String version;

    Mapping(String name, String version) {
        this.name = name;
        this.version = version;
    }

    /** System and file, such as {@code shopify/customer-to-canonical}. */
    public String name() {
        return name;
    }

    /** The first 12 hexadecimal digits of the SHA-256 of the file (and of the versions of the mappings it uses). */
    public String version() {
        return version;
    }

    /** Name and version, as provenance keeps it: {@code shopify/customer-to-canonical@3f2a91bc04de}. */
    public String label() {
        return name + "@" + version;
    }

    /** The canonical document this mapping makes, such as {@code customer}; null when it makes none. */
    public String entity() {
        var file = name.substring(name.indexOf('/') + 1);
        if (!file.endsWith(TO_CANONICAL)) {
            return null;
        }
        var entity = file.substring(0, file.length() - TO_CANONICAL.length());
        return CanonicalSchemas.ENTITIES.contains(entity) ? entity : null;
    }

    /**
     * Maps one record.
     *
     * @param input plain Java (for JSONata also JSON as text or bytes; for XSLT always XML as text or bytes); it is not changed
     * @param bindings variables the mapping may use, by name without the dollar sign; values may be null
     * @return plain Java that shares nothing with the input: maps, lists, strings, booleans, integers, decimals, null
     * @throws MappingException when the record cannot be read or mapped, or the mapping does not end
     */
    public abstract Object apply(Object input, Map<String, Object> bindings);

    MappingException failure(String code, String field, String problem, String place, Throwable cause) {
        return new MappingException(name, code, field, problem, place, cause);
    }
}
