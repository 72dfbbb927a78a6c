package io.serai.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import org.junit.jupiter.api.Test;

class LatenciesTest {
    private static final Instant BEGIN = Instant.parse("2026-05-01T08:00:00Z");

    private static Ledgers.Move move(String system, int house, boolean program, long millis) {
        return new Ledgers.Move(system, "anna@example.org", house, program, BEGIN.plusMillis(millis));
    }

    @Test
    void measuresFromAnEditToTheWriteThatCarriesItOrALaterOne() {
        Latencies latencies = new Latencies();
        latencies.count(BEGIN, BEGIN.plusSeconds(10));
        assertThat(latencies.of(List.of(move("erp", 1, false, 100), move("books", 1, true, 130),
                move("erp", 2, false, 200), move("shop", 1, true, 210), move("erp", 3, false, 300),
                move("books", 3, true, 400), move("shop", 3, true, 9_000)), "books"))
                .containsExactly(Duration.ofMillis(30), Duration.ofMillis(200), Duration.ofMillis(100));
    }

    @Test
    void countsOnlyWhatWasEditedMeanwhile() {
        Latencies latencies = new Latencies();
        latencies.count(BEGIN.plusSeconds(1), BEGIN.plusSeconds(2));
        assertThat(latencies.of(List.of(move("erp", 1, false, 900), move("erp", 2, false, 1_900),
                move("books", 2, true, 2_100), move("erp", 3, false, 2_200), move("books", 3, true, 2_300)), "books"))
                .containsExactly(Duration.ofMillis(200));
    }

    @Test
    void takesTheValueThatNineteenOfTwentyKeep() {
        List<Duration> twenty = new java.util.ArrayList<>();
        for (int i = 1; i <= 20; i++) {
            twenty.add(Duration.ofMillis(i));
        }
        assertThat(Latencies.p95(twenty)).isEqualTo(Duration.ofMillis(20));
    }
}
