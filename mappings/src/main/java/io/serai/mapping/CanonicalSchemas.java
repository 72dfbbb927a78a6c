package io.serai.mapping;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.path.PathType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** The JSON Schemas of the canonical documents, compiled once; safe for any number of threads. */
public final class CanonicalSchemas {
    /** What a canonical document can be, each with a schema of that name. */
    public static final List<String> ENTITIES = List.of("customer", "order", "invoice", "credit-note", "payment",
            "opportunity",
            "interaction");

    private static final List<String> PARTS = List.of("common", "custom");
    private static final String BASE = "https://canonical.invalid/";
    private static final String SUFFIX = ".schema.json";
    private static final int MOST_PROBLEMS = 50;

    private final Map<String, Schema> schemas = new LinkedHashMap<>();
    private final Map<String, String> texts;

    private CanonicalSchemas(Map<String, String> texts) {
        this.texts = texts;
        var byAddress = new HashMap<String, String>();
        texts.forEach((name, text) -> byAddress.put(BASE + name + SUFFIX, text));
        var config = SchemaRegistryConfig.builder().formatAssertionsEnabled(true).pathType(PathType.JSON_POINTER)
                .preloadSchema(true)
                .cacheRefs(true).build();
        var registry = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12,
                builder -> builder.schemas(byAddress).schemaRegistryConfig(config));
        for (var entity : ENTITIES) {
            schemas.put(entity, registry.getSchema(SchemaLocation.of(BASE + entity + SUFFIX)));
        }
    }

    /** The schemas as shipped with the hub. */
    public static CanonicalSchemas shipped() {
        var texts = new HashMap<String, String>();
        for (var name : names()) {
            texts.put(name, shipped(name));
        }
        return new CanonicalSchemas(texts);
    }

    /**
     * The schemas of a folder, typically {@code mappings/canonical}; one that is missing there is taken as shipped.
     *
     * @throws BadMappingException when a file is no JSON or no JSON Schema
     */
    public static CanonicalSchemas in(Path folder) {
        var texts = new HashMap<String, String>();
        for (var name : names()) {
            var file = folder.resolve(name + SUFFIX);
            texts.put(name, Files.isRegularFile(file) ? checked(file) : shipped(name));
        }
        try {
            return new CanonicalSchemas(texts);
        } catch (RuntimeException e) {
            throw new BadMappingException(folder, 0, 0, "The canonical schemas cannot be used: " + e.getMessage(), e);
        }
    }

    private static List<String> names() {
        var names = new ArrayList<>(ENTITIES);
        names.addAll(PARTS);
        return names;
    }

    private static String shipped(String name) {
        var resource = "canonical/" + name + SUFFIX;
        try (var stream = CanonicalSchemas.class.getClassLoader().getResourceAsStream(resource)) {
            if (stream == null) {
                throw new IllegalStateException("The schema " + resource + " is not in the program; build it again.");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String checked(Path file) {
        try {
            var text = Files.readString(file);
            JsonText.parse(text);
            return text;
        } catch (IOException e) {
            throw new BadMappingException(file, 0, 0, "The file cannot be read; it must be UTF-8 text.", e);
        } catch (JacksonException e) {
            var at = e.getLocation();
            throw new BadMappingException(file, at.getLineNr(), at.getColumnNr(),
                    "The file is no JSON: " + e.getOriginalMessage(), e);
        }
    }

    /** What can be validated. */
    public Set<String> entities() {
        return Set.copyOf(schemas.keySet());
    }

    /** The text of a schema, such as {@code customer}, {@code common} or {@code custom}; null when there is none. */
    public String text(String name) {
        return texts.get(name);
    }

    /**
     * Compares a document with its schema.
     *
     * @param entity which document, such as {@code customer}
     * @param document plain Java: maps, lists, strings, booleans, integers, decimals and nulls
     * @return what is wrong, at most {@value #MOST_PROBLEMS} problems; empty when nothing is
     * @throws IllegalArgumentException when there is no such entity
     */
    public List<Problem> validate(String entity, Map<String, Object> document) {
        var schema = schemas.get(entity);
        if (schema == null) {
            throw new IllegalArgumentException("There is no canonical document \"" + entity + "\"; there are "
                    + String.join(", ", ENTITIES) + ".");
        }
        var problems = new ArrayList<Problem>();
        var node = node(document);
        if (node == null) {
            unusual(document, "", problems);
            return problems;
        }
        for (var error : schema.validate(node)) {
            var problem = problem(error);
            if (problems.stream().noneMatch(known -> known.field().equals(problem.field()))) {
                problems.add(problem);
            }
            if (problems.size() == MOST_PROBLEMS) {
                break;
            }
        }
        return problems;
    }

    /** Straight from plain Java to the validator's tree, without text in between; null when no database could store it. */
    private static JsonNode node(Object value) {
        var factory = JsonNodeFactory.instance;
        return switch (value) {
            case null -> factory.nullNode();
            case String text -> unstorable(text) ? null : factory.stringNode(text);
            case Boolean truth -> factory.booleanNode(truth);
            case Integer number -> factory.numberNode(number);
            case Long number -> factory.numberNode(number);
            case BigDecimal number -> ExactNumbers.fits(number) ? factory.numberNode(number) : null;
            case BigInteger number -> factory.numberNode(number);
            case Map<?, ?> map -> {
                var object = factory.objectNode();
                for (var entry : map.entrySet()) {
                    var member = node(entry.getValue());
                    if (member == null) {
                        yield null;
                    }
                    object.set(String.valueOf(entry.getKey()), member);
                }
                yield object;
            }
            case List<?> list -> {
                var array = factory.arrayNode(list.size());
                for (var item : list) {
                    var member = node(item);
                    if (member == null) {
                        yield null;
                    }
                    array.add(member);
                }
                yield array;
            }
            default -> null;
        };
    }

    private static void unusual(Object value, String pointer, List<Problem> problems) {
        switch (value) {
            case Map<?, ?> map ->
                map.forEach((key, member) -> unusual(member, pointer + "/" + Pointers.escaped(key), problems));
            case List<?> list -> {
                for (var i = 0; i < list.size(); i++) {
                    unusual(list.get(i), pointer + "/" + i, problems);
                }
            }
            case String text when unstorable(text) -> problems.add(new Problem(pointer,
                    "The text holds a character that cannot be stored (NUL or half of a surrogate pair); remove it."));
            case BigDecimal number when !ExactNumbers.fits(number) -> problems.add(new Problem(pointer,
                    "The number has more than 60 digits before or after the point; write it shorter."));
            case null, default -> {
                if (node(value) == null) {
                    problems.add(new Problem(pointer,
                            "A value of the type " + value.getClass().getSimpleName()
                                    + " is no JSON; give text, a number, true or false."));
                }
            }
        }
    }

    private static boolean unstorable(String text) {
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (c == 0) {
                return true;
            }
            if (Character.isSurrogate(c)) {
                if (!Character.isHighSurrogate(c) || i + 1 == text.length()
                        || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    return true;
                }
                i++;
            }
        }
        return false;
    }

    private static Problem problem(Error error) {
        var pointer = error.getInstanceLocation().toString();
        var node = error.getInstanceNode();
        var value = node == null || node.isNull() || node.isContainer() ? null : node.asString();
        return switch (error.getKeyword()) {
            case "additionalProperties" -> new Problem(pointer + "/" + Pointers.escaped(error.getProperty()),
                    "The field \"" + error.getProperty() + "\" is not known here; remove it or correct its name"
                            + (pointer.endsWith("/custom") || pointer.equals("/custom")
                                    ? ", or declare it in canonical/custom.schema.json."
                                    : "."));
            case "required" ->
                new Problem(pointer + "/" + Pointers.escaped(error.getProperty()), "The field is missing; give it.");
            case "enum" -> new Problem(pointer, Problem.quoted(value) + " is none of " + allowed(error) + ".");
            case "type" -> new Problem(pointer, sentence(value, node) + " but must be " + allowed(error) + ".");
            case "pattern" -> new Problem(pointer, Problem.quoted(value) + " is not " + expected(pointer) + ".");
            case "format" -> new Problem(pointer,
                    Problem.quoted(value) + " is not " + formatted(String.valueOf(error.getArguments()[0])) + ".");
            case "maxLength" ->
                new Problem(pointer, "The text is longer than " + error.getArguments()[0] + " characters; shorten it.");
            case "minLength" -> new Problem(pointer, "The text is empty; give one or leave the field out.");
            case "minimum" ->
                new Problem(pointer, Problem.quoted(value) + " is less than " + error.getArguments()[0] + ".");
            case "maxItems" ->
                new Problem(pointer, "The list has more than " + error.getArguments()[0] + " members; send fewer.");
            default -> new Problem(pointer, "The value breaks the schema: " + error.getMessage() + ".");
        };
    }

    private static String sentence(String value, JsonNode node) {
        if (node == null || node.isNull()) {
            return "The value is null";
        }
        return (value == null ? "The value" : Problem.quoted(value)) + " is "
                + (node.isObject()
                        ? "an object"
                        : node.isArray()
                                ? "a list"
                                : node.isNumber() ? "a number" : node.isBoolean() ? "true or false" : "text");
    }

    private static String allowed(Error error) {
        var schema = error.getSchemaNode();
        if (schema == null) {
            return "of another type";
        }
        if (!schema.isArray()) {
            return schema.asString();
        }
        var names = new ArrayList<String>();
        schema.forEach(name -> names.add(name.isNull() ? "null" : name.asString()));
        return String.join(", ", names.subList(0, names.size() - 1)) + " or " + names.getLast();
    }

    private static String expected(String pointer) {
        var name = pointer.substring(pointer.lastIndexOf('/') + 1);
        return switch (name) {
            case "address" -> "an e-mail address; write it as name@example.com";
            case "number" -> "a phone number in E.164 form; write it as +41441234567";
            case "country" -> "an ISO 3166-1 alpha-2 country code; write it as CH";
            case "currency" -> "an ISO 4217 currency code; write it as CHF";
            case "language" -> "a BCP 47 language tag; write it as de-CH";
            case "scheme" -> "a scheme; write it in lower-case letters, digits, dots and dashes, such as vat";
            default -> "a decimal number; write it as 1234.50";
        };
    }

    private static String formatted(String format) {
        return switch (format) {
            case "date-time" -> "an RFC 3339 date and time; write it as 2026-03-01T09:30:00Z";
            case "date" -> "a date; write it as 2026-03-01";
            case "uuid" -> "a UUID";
            default -> "a valid " + format;
        };
    }
}
