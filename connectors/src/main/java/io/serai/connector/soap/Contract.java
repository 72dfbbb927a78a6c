package io.serai.connector.soap;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.serai.connector.Json;
import io.serai.connector.MalformedException;
import io.serai.connector.Xml;

/** The vendor's WSDL as far as it matters for writing: which elements an operation has, and in which order. */
final class Contract {
    private final boolean qualified;
    private final Map<String, Map<?, ?>> elements = new LinkedHashMap<>();
    private final Map<String, Map<?, ?>> types = new LinkedHashMap<>();

    private Contract(Map<?, ?> schema) {
        qualified = "qualified".equals(schema.get("@elementFormDefault"));
        many(schema.get("element")).forEach(element -> elements.put(String.valueOf(element.get("@name")), element));
        many(schema.get("complexType")).forEach(type -> types.put(String.valueOf(type.get("@name")), type));
    }

    /**
     * @param namespace of the schema inside the WSDL that declares the operations' elements
     * @throws MalformedException when the file is no WSDL with such a schema
     */
    static Contract read(Path wsdl, String namespace) throws MalformedException {
        try {
            Object document = Xml.read(Files.readAllBytes(wsdl));
            for (Map<?, ?> schema : many(Json.at(document, "/types/schema"))) {
                if (namespace.equals(schema.get("@targetNamespace"))) {
                    return new Contract(schema);
                }
            }
            throw new MalformedException("it has no schema for the namespace " + namespace, null);
        } catch (IOException e) {
            throw new MalformedException("it cannot be read", e);
        }
    }

    boolean qualified() {
        return qualified;
    }

    boolean declares(String operation) {
        return elements.containsKey(operation);
    }

    /**
     * The body with its elements in the order of the contract.
     *
     * @throws UnknownElement when the contract has no such element
     */
    Map<String, Object> ordered(String operation, Map<?, ?> body) throws UnknownElement {
        return ordered(elements.get(operation), body, "");
    }

    private Map<String, Object> ordered(Map<?, ?> declaration, Map<?, ?> body, String pointer) throws UnknownElement {
        List<Map<?, ?>> children = children(declaration);
        Map<String, Object> ordered = new LinkedHashMap<>();
        for (Map<?, ?> child : children) {
            String name = String.valueOf(child.get("@name"));
            if (body.containsKey(name)) {
                ordered.put(name, inner(child, body.get(name), pointer + "/" + name));
            }
        }
        for (Object name : body.keySet()) {
            if (!ordered.containsKey(name)) {
                throw new UnknownElement(pointer + "/" + name);
            }
        }
        return ordered;
    }

    private Object inner(Map<?, ?> declaration, Object value, String pointer) throws UnknownElement {
        return switch (value) {
            case Map<?, ?> map -> ordered(declaration, map, pointer);
            case List<?> list -> {
                List<Object> all = new ArrayList<>();
                for (Object one : list) {
                    all.add(inner(declaration, one, pointer));
                }
                yield all;
            }
            case null, default -> value;
        };
    }

    private List<Map<?, ?>> children(Map<?, ?> declaration) {
        Object type = declaration.get("complexType");
        if (type == null && declaration.get("@type") != null) {
            String name = declaration.get("@type").toString();
            type = types.get(name.substring(name.indexOf(':') + 1));
        }
        List<Map<?, ?>> children = new ArrayList<>();
        for (String group : List.of("sequence", "all", "choice")) {
            children.addAll(many(Json.at(type, "/" + group + "/element")));
        }
        return children;
    }

    /** An element that repeats is a list, one alone is not. */
    private static List<Map<?, ?>> many(Object value) {
        List<Map<?, ?>> many = new ArrayList<>();
        for (Object one : value instanceof List<?> list ? list : value == null ? List.of() : List.of(value)) {
            if (one instanceof Map<?, ?> map) {
                many.add(map);
            }
        }
        return many;
    }

    /** The record has something for which the contract has no place. */
    static final class UnknownElement extends Exception {
        private final String pointer;

        private UnknownElement(String pointer) {
            super("The contract has no element " + pointer);
            this.pointer = pointer;
        }

        String pointer() {
            return pointer;
        }
    }
}
