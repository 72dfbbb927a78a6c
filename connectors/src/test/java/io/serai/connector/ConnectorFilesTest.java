package io.serai.connector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every folder with a connector.yaml is under test from its first commit. */
class ConnectorFilesTest {
    private static final Path FOLDER = Path.of("").toAbsolutePath();
    private static final Path CANONICAL = FOLDER.resolve("../mappings/canonical");

    static Stream<Path> folders() throws IOException {
        try (Stream<Path> folders = Files.list(FOLDER)) {
            List<Path> connectors = folders.filter(folder -> Files.isRegularFile(folder.resolve(Connector.FILE)))
                    .sorted()
                    .toList();
            assertThat(connectors).isNotEmpty();
            return connectors.stream();
        }
    }

    @ParameterizedTest
    @MethodSource("folders")
    void asksForNothingThatIsNotImplemented(Path folder) {
        try (Connectors connectors = new Connectors(Spokes.of(List.of()), InstantSource.system(), new Forgetful(),
                type -> Optional.empty())) {
            connectors.check(Connector.load(folder));
        }
    }

    @ParameterizedTest
    @MethodSource("folders")
    void isCompletedByAnEditor(Path folder) throws IOException {
        assertThat(Files.readAllLines(folder.resolve(Connector.FILE)).getFirst()).isEqualTo(
                "# yaml-language-server: $schema=../connector.schema.json");
    }

    @ParameterizedTest
    @MethodSource("folders")
    void explainsItselfHonestly(Path folder) throws IOException {
        String readme = Files.readString(folder.resolve("README.md"));

        assertThat(readme).contains("## Checklist").containsPattern("\\| done").containsPattern("to do|exempt");
        Connector connector = Connector.load(folder);
        assertThat(connector.settings().keySet()).allSatisfy(setting -> assertThat(readme).contains(setting));
    }

    @ParameterizedTest
    @MethodSource("folders")
    void hidesWhatSoundsSecret(Path folder) {
        Connector.load(folder).settings().forEach((name, setting) -> {
            if (name.matches(".*(password|secret|token|(?<!host_)key)$")) {
                assertThat(setting.secret()).as(name).isTrue();
            }
        });
    }

    @ParameterizedTest
    @MethodSource("folders")
    void carriesOnlyFieldsTheHubKnows(Path folder) throws IOException {
        Connector connector = Connector.load(folder);
        for (String entity : connector.entities()) {
            Path schema = CANONICAL.resolve(entity + ".schema.json");
            assertThat(Set.copyOf(connector.carries(entity))).as(entity).hasSameSizeAs(connector.carries(entity));
            assertThat(schema).exists();
            Object properties = Json.at(readSchema(schema), "/properties");
            assertThat(((Map<?, ?>) properties).keySet()).as(entity).containsAll((List) connector.carries(
                    entity));
        }
    }

    private static Object readSchema(Path schema) throws IOException {
        try {
            return Json.read(Files.readAllBytes(schema));
        } catch (MalformedException e) {
            throw new IOException(e);
        }
    }
}
