package io.serai.connector;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Knowledge of one kind of system: a folder of {@code connectors/} with its {@code connector.yaml}. */
public final class Connector {
    /** The file that makes a folder a connector. */
    public static final String FILE = "connector.yaml";

    private final Path folder;
    private final YamlFile file;
    private final Map<String, Setting> settings;

    /**
     * What a spoke has to say to use the connector.
     *
     * @param fallback used when the spoke does not say it; null when the spoke must
     * @param secret whether it must never be shown
     * @param example a plausible value, for checks and documentation; never a real one
     */
    public record Setting(String title, String fallback, boolean secret, String example) {}

    private Connector(Path folder, YamlFile file, Map<String, Setting> settings) {
        this.folder = folder;
        this.file = file;
        this.settings = settings;
    }

    /**
     * Reads the folder's {@code connector.yaml} and checks it against the schema.
     *
     * @throws BadFileException with file, line and reason
     */
    public static Connector load(Path folder) {
        Path path = folder.resolve(FILE);
        if (!Files.isRegularFile(path)) {
            throw new BadFileException(path, 0, "there is no such connector; a connector is a folder with this file");
        }
        YamlFile file = YamlFile.read(path);
        FileSchema.connector().check(file);
        if (!folder.getFileName().toString().equals(file.content().get("connector"))) {
            throw file.refuse("/connector", "'connector' must be the folder's name, " + folder.getFileName());
        }
        Map<String, Setting> settings = new LinkedHashMap<>();
        new Section(file, Map.of()).named("settings").forEach((name, section) -> settings.put(name,
                new Setting(section.text("title", name), section.text("default", null), section.flag("secret", false),
                        section.text("example", section.text("default", "example")))));
        return new Connector(folder, file, settings);
    }

    /** The folder's name. */
    public String name() {
        return folder.getFileName().toString();
    }

    /** Where the connector's files lie: its contract (WSDL, OpenAPI) beside its {@code connector.yaml}. */
    public Path folder() {
        return folder;
    }

    /** The word that chooses the {@link Protocol}. */
    public String protocol() {
        return (String) file.content().get("protocol");
    }

    public Map<String, Setting> settings() {
        return settings;
    }

    /** The entities it knows, in the order of the file. */
    public Set<String> entities() {
        return objects().keySet();
    }

    /** The canonical top-level fields of the entity that the system can hold; empty when the file does not say. */
    public List<String> carries(String entity) {
        return object(entity).map(object -> object.texts("carries")).orElse(List.of());
    }

    /** Where the record's id stands in a record of this entity, as a JSON pointer. */
    public Optional<String> idPointer(String entity) {
        return object(entity).flatMap(object -> object.section("record")).flatMap(record -> record.find("id"));
    }

    /**
     * The whole file with the settings filled in and everything marked as read that the core itself uses. A protocol
     * reads the rest and calls {@link Section#finish()}.
     *
     * @param limits stand above those of the file
     */
    Section definition(Map<String, String> values, Map<String, Object> limits) {
        Section root = new Section(file, values, limits);
        List.of("connector", "title", "description", "protocol", "version", "documentation").forEach(root::find);
        root.pairs("settings");
        for (Section rung : root.list("echo")) {
            String kind = rung.text("kind");
            if (!Set.of("revision_equals", "hash").contains(kind)) {
                throw rung.notYet("kind", "revision_equals, hash");
            }
        }
        root.named("objects").values().forEach(object -> {
            object.texts("carries");
            object.pairs("record");
        });
        return root;
    }

    /** The definition with the settings' examples, to check a connector that no spoke uses yet. */
    public Section example() {
        Map<String, String> values = new LinkedHashMap<>();
        settings.forEach((name, setting) -> values.put(name, setting.example()));
        return definition(values, Map.of());
    }

    BadFileException refuse(String pointer, String reason) {
        return file.refuse(pointer, reason);
    }

    private Map<String, Section> objects() {
        return new Section(file, Map.of()).named("objects");
    }

    private Optional<Section> object(String entity) {
        return Optional.ofNullable(objects().get(entity));
    }
}
