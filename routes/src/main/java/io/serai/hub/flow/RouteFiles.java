package io.serai.hub.flow;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.path.PathType;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

import io.serai.hub.StartRefused;

/** The engineers' route files. They are held against Camel's own schema before Camel sees them. */
public final class RouteFiles {
    private static final String SUFFIX = ".camel.yaml";
    private static final String SCHEMA = "/schema/camelYamlDsl.json";
    private static final String CHECKED = "routes.checked";
    private static final YAMLMapper YAML = YAMLMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private final Path path;
    private final Map<String, Integer> lines = new HashMap<>();

    private RouteFiles(Path path) {
        this.path = path;
    }

    /**
     * Refuses the start for a file that Camel would not understand, or an id that two routes claim.
     *
     * @param data where is remembered what was sound already, because reading the schema takes longer than the rest
     */
    public static void check(Path routes, Path data) {
        try {
            List<Path> files = list(routes);
            String digest = digest(files);
            Path checked = data.resolve(CHECKED);
            if (Files.exists(checked) && Files.readString(checked).equals(digest)) {
                return;
            }
            Schema schema = schema();
            for (Path file : files) {
                new RouteFiles(file).check(schema);
            }
            ids(routes);
            Files.writeString(checked, digest);
        } catch (IOException e) {
            throw new StartRefused("The routes in " + routes + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** The ids of all routes in the files, templates left out. */
    static Set<String> ids(Path routes) throws IOException {
        Set<String> ids = new LinkedHashSet<>();
        for (Path path : list(routes)) {
            RouteFiles file = new RouteFiles(path);
            JsonNode content = file.read();
            for (int i = 0; i < content.size(); i++) {
                JsonNode route = content.get(i).path("route");
                String id = route.path("id").asString("");
                if (!route.isMissingNode() && id.isEmpty()) {
                    throw file.refused("/" + i + "/route", "a route needs an id: it is its name in logs and metrics");
                }
                if (!id.isEmpty() && !ids.add(id)) {
                    throw file.refused("/" + i + "/route/id", "there is another route with the id '" + id + "'");
                }
            }
        }
        return ids;
    }

    private static List<Path> list(Path routes) throws IOException {
        if (!Files.isDirectory(routes)) {
            throw new StartRefused("There is no folder " + routes.toAbsolutePath().normalize()
                    + ". Start the hub where routes, connectors and mappings lie, or name that place (SERAI_HOME).");
        }
        try (Stream<Path> files = Files.list(routes)) {
            return files.filter(file -> file.getFileName().toString().endsWith(SUFFIX)).sorted().toList();
        }
    }

    private static Schema schema() throws IOException {
        try (InputStream stream = RouteFiles.class.getResourceAsStream(SCHEMA)) {
            SchemaRegistryConfig config = SchemaRegistryConfig.builder().pathType(PathType.JSON_POINTER)
                    .preloadSchema(false).build();
            return SchemaRegistry
                    .withDefaultDialect(SpecificationVersion.DRAFT_4, builder -> builder.schemaRegistryConfig(config))
                    .getSchema(stream);
        }
    }

    private void check(Schema schema) throws IOException {
        JsonNode content = read();
        if (!(content instanceof ArrayNode)) {
            throw refused("", "a route file is a list; begin each part with '- route:' or '- routeTemplate:'");
        }
        List<Error> errors = schema.validate(content);
        if (!errors.isEmpty()) {
            // The deepest place is the one that is wrong; the others only contain it.
            Error worst = errors.stream()
                    .max(Comparator.comparingInt(error -> depth(error.getInstanceLocation().toString()))).orElseThrow();
            throw refused(worst.getInstanceLocation().toString(), reason(worst));
        }
    }

    private static String reason(Error error) {
        return switch (error.getKeyword()) {
            case "additionalProperties" -> "'" + error.getProperty() + "' is not known to Camel here";
            case "required" -> "'" + error.getProperty() + "' is missing here";
            default -> error.getMessage();
        };
    }

    private static int depth(String pointer) {
        return (int) pointer.chars().filter(c -> c == '/').count();
    }

    private JsonNode read() throws IOException {
        try (JsonParser parser = YAML.createParser(Files.readString(path))) {
            return parser.nextToken() == null ? JsonNodeFactory.instance.nullNode() : node(parser, "");
        } catch (JacksonException e) {
            int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
            throw new StartRefused(path + ":" + line + ": this is not valid YAML: "
                    + e.getOriginalMessage().lines().findFirst().orElse("unreadable"));
        }
    }

    private JsonNode node(JsonParser parser, String pointer) {
        lines.putIfAbsent(pointer, parser.currentTokenLocation().getLineNr());
        JsonNodeFactory nodes = JsonNodeFactory.instance;
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                ObjectNode object = nodes.objectNode();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String key = parser.currentName();
                    String child = pointer + "/" + key.replace("~", "~0").replace("/", "~1");
                    lines.put(child, parser.currentTokenLocation().getLineNr());
                    parser.nextToken();
                    object.set(key, node(parser, child));
                }
                yield object;
            }
            case START_ARRAY -> {
                ArrayNode array = nodes.arrayNode();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    array.add(node(parser, pointer + "/" + array.size()));
                }
                yield array;
            }
            case VALUE_TRUE -> nodes.booleanNode(true);
            case VALUE_FALSE -> nodes.booleanNode(false);
            case VALUE_NULL -> nodes.nullNode();
            case VALUE_NUMBER_INT -> nodes.numberNode(parser.getLongValue());
            case VALUE_NUMBER_FLOAT -> nodes.numberNode(parser.getDecimalValue());
            default -> nodes.stringNode(parser.getString());
        };
    }

    private StartRefused refused(String pointer, String reason) {
        String at = pointer;
        while (!at.isEmpty() && !lines.containsKey(at)) {
            at = at.substring(0, at.lastIndexOf('/'));
        }
        return new StartRefused(path + ":" + lines.getOrDefault(at, 1) + ": " + reason + ".");
    }

    private static String digest(List<Path> files) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (Path file : files) {
                digest.update((file.toAbsolutePath() + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
                digest.update(Files.readAllBytes(file));
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
