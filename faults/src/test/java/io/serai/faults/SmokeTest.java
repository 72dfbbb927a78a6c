package io.serai.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The part of the fault suite that every build runs: the faults that cost most, each a few times. */
@Tag("smoke")
class SmokeTest {
    @TempDir
    static Path folder;

    @ParameterizedTest(name = "{0}, {1} times")
    @CsvSource({"hub-kill, 2", "database-kill, 2", "lost-replies, 10", "repeats, 1", "database-calls, 6",
            "shuffled, 6"})
    void theCompanyLosesNothingAndGetsNothingTwice(String name, int points) throws Exception {
        Play.Result result = Faults.play(Scenarios.named(name), 1, points, Build.own(), folder);
        assertThat(result.breaches()).isEmpty();
        assertThat(result.acknowledged()).as("something happened at all").isPositive();
    }
}
