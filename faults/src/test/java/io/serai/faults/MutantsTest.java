package io.serai.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

/** The mutants themselves are played by {@code ./serai faults --mutants}; here they are kept from growing stale. */
class MutantsTest {
    private final Path home = Build.own().home();

    @Test
    void everyMutantStillAppliesAndNamesTheScenarioThatMustNotice() throws Exception {
        for (Path patch : patches()) {
            assertThat(Scenarios.named(Mutants.header(patch, "# scenario: ").split(" ")[0])).as(patch.toString())
                    .isNotNull();
            assertThat(Mutants.header(patch, "# why: ")).isNotBlank();
            Process process = new ProcessBuilder("patch", "-p1", "--batch", "--fuzz=0", "--dry-run", "-i",
                    patch.toString()).directory(home.toFile()).redirectErrorStream(true).start();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(patch + ": " + said).isZero();
        }
    }

    @Test
    void everyScenarioHasAMutant() throws Exception {
        Set<String> covered = new HashSet<>();
        for (Path patch : patches()) {
            covered.add(Mutants.header(patch, "# scenario: ").split(" ")[0]);
        }
        assertThat(Scenarios.ALL).extracting(Scenario::name).filteredOn(name -> !covered.contains(name))
                .as("names waits for the product to keep it, fsync-fails shares the mutant of disk-full")
                .containsExactlyInAnyOrder("names", "fsync-fails");
    }

    private List<Path> patches() throws Exception {
        try (Stream<Path> files = Files.list(home.resolve("faults/mutants"))) {
            return files.filter(path -> path.toString().endsWith(".patch")).sorted().toList();
        }
    }
}
