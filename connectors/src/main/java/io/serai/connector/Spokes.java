package io.serai.connector;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/** The configured spokes: one file each, in the order of their names. */
public final class Spokes {
    private final Map<String, Spoke> spokes;

    private Spokes(Map<String, Spoke> spokes) {
        this.spokes = spokes;
    }

    public static Spokes of(List<Spoke> spokes) {
        Map<String, Spoke> byName = new LinkedHashMap<>();
        spokes.forEach(spoke -> byName.put(spoke.name(), spoke));
        return new Spokes(byName);
    }

    /**
     * Reads every {@code *.yaml} of the folder. A spoke whose variable is not set is there, switched off with the reason.
     *
     * @param environment answers the value of a variable, or null
     * @throws BadFileException with file, line and reason
     */
    public static Spokes load(Path connectorsFolder, Path spokesFolder, Function<String, String> environment) {
        Map<String, Connector> connectors = new HashMap<>();
        Map<String, Spoke> spokes = new LinkedHashMap<>();
        try (Stream<Path> files = Files.list(spokesFolder)) {
            for (Path path : files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList()) {
                Spoke spoke = read(path, connectorsFolder, connectors, environment);
                spokes.put(spoke.name(), spoke);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("The spokes in " + spokesFolder + " cannot be listed", e);
        }
        return new Spokes(spokes);
    }

    /** All of them, those that are off included. */
    public List<Spoke> all() {
        return List.copyOf(spokes.values());
    }

    public List<Spoke> on() {
        return spokes.values().stream().filter(spoke -> spoke.off().isEmpty()).toList();
    }

    public Optional<Spoke> find(String name) {
        return Optional.ofNullable(spokes.get(name));
    }

    private static Spoke read(Path path, Path connectorsFolder, Map<String, Connector> connectors,
            Function<String, String> environment) {
        YamlFile file = YamlFile.read(path);
        FileSchema.spoke().check(file);
        String name = (String) file.content().get("spoke");
        if (!path.getFileName().toString().equals(name + ".yaml")) {
            throw file.refuse("/spoke", "'spoke' must be the file's name, " + path.getFileName());
        }
        String system = (String) file.content().get("connector");
        Path folder = connectorsFolder.resolve(system);
        if (!Files.isRegularFile(folder.resolve(Connector.FILE))) {
            throw file.refuse("/connector", "there is no connector '" + system + "': " + folder.resolve(Connector.FILE)
                    + " is missing");
        }
        Connector connector = connectors.computeIfAbsent(system, key -> Connector.load(folder));
        Values values = new Values(file, environment);
        Map<String, String> settings = settings(file, connector, values);
        Map<String, Object> access = mapping(file.content(), "access");
        Spoke.Access signOn = access.isEmpty()
                ? null
                : new Spoke.Access(values.fill("/access/user", access.get("user")),
                        values.fill("/access/password", access.get("password")),
                        values.fill("/access/key", access.get("key")));
        return new Spoke(name, connector, (String) file.content().getOrDefault("mappings", connector.name()), settings,
                signOn, flows(file, connector), ((Number) file.content().getOrDefault("rank", 50)).intValue(),
                mapping(file.content(), "limits"), values.unset());
    }

    private static Map<String, String> settings(YamlFile file, Connector connector, Values values) {
        Map<String, Object> given = mapping(file.content(), "settings");
        for (String name : given.keySet()) {
            if (!connector.settings().containsKey(name)) {
                throw file.refuse("/settings/" + name, "connector " + connector.name() + " has no setting '" + name
                        + "'; it has " + connector.settings().keySet());
            }
        }
        Map<String, String> settings = new LinkedHashMap<>();
        connector.settings().forEach((name, setting) -> {
            if (given.get(name) == null && setting.fallback() == null) {
                throw file.refuse("/settings", "connector " + connector.name() + " needs the setting '" + name + "' ("
                        + setting.title() + ")");
            }
            String value = values.fill("/settings/" + name, given.get(name));
            settings.put(name, value == null ? setting.fallback() : value);
        });
        return settings;
    }

    private static Map<String, Set<String>> flows(YamlFile file, Connector connector) {
        Map<String, Set<String>> flows = new LinkedHashMap<>();
        mapping(file.content(), "flows").forEach((entity, directions) -> {
            if (!connector.entities().contains(entity)) {
                throw file.refuse("/flows/" + entity, "connector " + connector.name() + " does not know '" + entity
                        + "'; it knows " + connector.entities());
            }
            Set<String> set = new LinkedHashSet<>();
            ((List<?>) directions).forEach(direction -> set.add((String) direction));
            flows.put(entity, set);
        });
        return flows;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> mapping(Map<String, Object> content, String key) {
        return content.get(key) == null ? Map.of() : (Map<String, Object>) content.get(key);
    }
}
