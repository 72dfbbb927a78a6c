package io.serai.mapping;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The mappings of this repository, as the hub loads them, and the examples beside them. */
final class Folder {
    static final Path ROOT = Path.of("").toAbsolutePath();
    static final Mappings MAPPINGS = Mappings.load(ROOT);

    /** One case of a mapping: {@code <system>/examples/<case>.<mapping>.in.json} or {@code .in.xml}. */
    record Example(String system, String situation, String mapping, Path in) {
        String name() {
            return system + "/" + mapping;
        }

        Path beside(String ending) {
            return in.resolveSibling(situation + "." + mapping + "." + ending);
        }

        byte[] input() {
            return bytes(in);
        }

        Map<String, Object> bindings() {
            var with = beside("with.json");
            return Files.exists(with) ? object(JsonText.parse(bytes(with))) : Map.of();
        }

        @Override
        public String toString() {
            return name() + ": " + situation;
        }
    }

    private Folder() {}

    /** Every file below a folder of examples. */
    static List<Path> exampleFiles() {
        try (var files = Files.walk(ROOT, 3)) {
            return files.filter(file -> file.getParent().endsWith("examples") && Files.isRegularFile(file)
                    && ROOT.relativize(file).getNameCount() == 3).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Example> examples() {
        return exampleFiles().stream().filter(file -> file.toString().matches(".*\\.in\\.(json|xml)")).map(file -> {
            var parts = file.getFileName().toString().split("\\.");
            return new Example(file.getParent().getParent().getFileName().toString(), parts[0], parts[1], file);
        }).toList();
    }

    static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    static Map<String, Object> object(String json) {
        return object(JsonText.parse(json));
    }
}
