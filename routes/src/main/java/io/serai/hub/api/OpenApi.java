package io.serai.hub.api;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.dataformat.yaml.YAMLMapper;

import io.serai.hub.web.Json;
import io.serai.mapping.CanonicalSchemas;

/**
 * The API's contract, written by hand and not guessed from code: {@code openapi.yaml}, with the paths for every kind of
 * record and the canonical schemas filled in.
 */
@RestController
final class OpenApi {
    private static final Pattern FILE = Pattern.compile("([a-z-]+)\\.schema\\.json(?:#(.*))?");
    private static final List<String> SHARED = List.of("common", "custom");

    private final CanonicalSchemas schemas;
    private byte[] document;

    OpenApi(CanonicalSchemas schemas) {
        this.schemas = schemas;
    }

    @GetMapping("/api/openapi.json")
    void read(HttpServletResponse response) throws IOException {
        Answer.bytes(response, 200, "application/json", document());
    }

    private synchronized byte[] document() throws IOException {
        if (document == null) {
            document = Json.write(build());
        }
        return document;
    }

    @SuppressWarnings("unchecked")
    Map<String, Object> build() throws IOException {
        Map<String, Object> contract;
        try (InputStream stream = OpenApi.class.getResourceAsStream("/openapi.yaml")) {
            contract = new YAMLMapper().readValue(stream, Map.class);
        }
        Map<String, Object> paths = new LinkedHashMap<>();
        ((Map<String, Object>) contract.get("paths")).forEach((path, item) -> {
            if (path.contains("{kind}")) {
                for (Kind kind : Kind.values()) {
                    paths.put(path.replace("{kind}", kind.plural), path(kind, path, (Map<String, Object>) item));
                }
            } else {
                paths.put(path, item);
            }
        });
        contract.put("paths", paths);
        Map<String, Object> components = (Map<String, Object>) contract.get("components");
        fill((Map<String, Object>) components.get("schemas"));
        return contract;
    }

    private static Map<String, Object> path(Kind kind, String path, Map<String, Object> template) {
        Map<String, Object> item = new LinkedHashMap<>();
        template.forEach((method, operation) -> {
            boolean exists = switch (method) {
                case "post" -> kind.writable;
                case "patch" -> kind == Kind.CUSTOMERS;
                default -> true;
            };
            if (exists) {
                item.put(method, filled(operation, kind));
            }
        });
        if (path.equals("/api/{kind}")) {
            filters(kind, item.get("get"));
        }
        return item;
    }

    @SuppressWarnings("unchecked")
    private static void filters(Kind kind, Object operation) {
        List<Object> parameters = (List<Object>) ((Map<String, Object>) operation).get("parameters");
        for (String filter : kind.filters) {
            Map<String, Object> parameter = new LinkedHashMap<>();
            parameter.put("name", filter);
            parameter.put("in", "query");
            parameter.put("schema", Map.of("type", "string"));
            parameters.add(parameter);
        }
    }

    private static Object filled(Object template, Kind kind) {
        return switch (template) {
            case Map<?, ?> map -> {
                Map<String, Object> copy = new LinkedHashMap<>();
                map.forEach((key, value) -> copy.put(key.toString(), filled(value, kind)));
                yield copy;
            }
            case List<?> list -> {
                List<Object> copy = new ArrayList<>();
                list.forEach(value -> copy.add(filled(value, kind)));
                yield copy;
            }
            case String text -> text.replace("{entity}", kind.entity);
            case null, default -> template;
        };
    }

    private void fill(Map<String, Object> target) {
        for (String name : SHARED) {
            target.put(name, schema(name));
        }
        for (Kind kind : Kind.values()) {
            target.put(kind.entity, schema(kind.entity));
            target.put("golden-" + kind.entity,
                    Map.of("allOf", List.of(Map.of("$ref", "#/components/schemas/golden"), open(kind.entity))));
        }
    }

    /** A golden record has more than the document, so the document's ban on other fields cannot hold for it. */
    @SuppressWarnings("unchecked")
    private Map<String, Object> open(String name) {
        Map<String, Object> schema = new LinkedHashMap<>((Map<String, Object>) schema(name));
        schema.remove("additionalProperties");
        return schema;
    }

    private Object schema(String name) {
        try {
            return local(Json.read(schemas.text(name).getBytes(java.nio.charset.StandardCharsets.UTF_8)), name);
        } catch (Json.Malformed e) {
            throw new IllegalStateException(e);
        }
    }

    /** References between the files become references inside this document. */
    private static Object local(Object schema, String name) {
        return switch (schema) {
            case Map<?, ?> map -> {
                Map<String, Object> copy = new LinkedHashMap<>();
                map.forEach((key, value) -> {
                    if (key.equals("$ref") && value instanceof String reference) {
                        copy.put("$ref", reference(reference, name));
                    } else if (!key.equals("$schema") && !key.equals("$id")) {
                        copy.put(key.toString(), local(value, name));
                    }
                });
                yield copy;
            }
            case List<?> list -> list.stream().map(value -> local(value, name)).toList();
            case null, default -> schema;
        };
    }

    private static String reference(String reference, String name) {
        if (reference.startsWith("#")) {
            return "#/components/schemas/" + name + reference.substring(1);
        }
        Matcher file = FILE.matcher(reference);
        if (!file.matches()) {
            throw new IllegalStateException("A canonical schema refers to " + reference + ", which nobody can find");
        }
        return "#/components/schemas/" + file.group(1) + (file.group(2) == null ? "" : file.group(2));
    }
}
