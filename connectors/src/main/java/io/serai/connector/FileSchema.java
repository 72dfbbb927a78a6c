package io.serai.connector;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;

import tools.jackson.databind.json.JsonMapper;

/** The JSON Schemas an editor completes from, applied to the files an engineer wrote. They travel in the jar, so engine and schema always match. */
final class FileSchema {
    private static final String HOME = "https://serai.example/schemas/";
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final SchemaRegistry REGISTRY = SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_2020_12, builder -> builder.schemas(FileSchema::stored));
    private static final FileSchema CONNECTOR = new FileSchema("connector.schema.json");
    private static final FileSchema SPOKE = new FileSchema("spoke.schema.json");

    private final Schema schema;

    private FileSchema(String name) {
        schema = REGISTRY.getSchema(SchemaLocation.of(HOME + name));
    }

    static FileSchema connector() {
        return CONNECTOR;
    }

    static FileSchema spoke() {
        return SPOKE;
    }

    /** @throws BadFileException naming the first line that is wrong */
    void check(YamlFile file) {
        List<Error> errors = schema.validate(JSON.valueToTree(file.content()));
        errors.stream().min(Comparator.comparingInt(FileSchema::rank).thenComparing(Comparator.comparingInt(
                FileSchema::depth).reversed()).thenComparingInt(error -> file.line(pointer(error))))
                .ifPresent(error -> {
                    String pointer = pointer(error);
                    String where = error.getInstanceLocation().getNameCount() == 0
                            ? ""
                            : "'" + error.getInstanceLocation().getName(-1) + "': ";
                    throw file.refuse(pointer, where + error.getMessage());
                });
    }

    /** A misspelt key explains a missing one, and makes the schemas around it call all their keys unknown. */
    private static int rank(Error error) {
        return switch (error.getKeyword()) {
            case "additionalProperties" -> 0;
            case "unevaluatedProperties" -> 2;
            default -> 1;
        };
    }

    private static int depth(Error error) {
        return rank(error) == 2 ? error.getInstanceLocation().getNameCount() : 0;
    }

    /** An unknown key is reported at its own line, not at the line of the mapping that holds it. */
    private static String pointer(Error error) {
        String pointer = "";
        for (int i = 0; i < error.getInstanceLocation().getNameCount(); i++) {
            pointer += "/" + error.getInstanceLocation().getElement(i).toString().replace("~", "~0").replace("/", "~1");
        }
        boolean unknownKey = List.of("additionalProperties", "unevaluatedProperties").contains(error.getKeyword());
        return unknownKey && error.getProperty() != null ? pointer + "/" + error.getProperty() : pointer;
    }

    private static String stored(String address) {
        if (!address.startsWith(HOME)) {
            return null;
        }
        try (InputStream stream = FileSchema.class.getResourceAsStream(address.substring(HOME.length()))) {
            return stream == null ? null : new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
