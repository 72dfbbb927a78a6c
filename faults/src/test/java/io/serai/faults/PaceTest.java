package io.serai.faults;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.junit.jupiter.api.Test;

class PaceTest {
    private static final Instant BEGIN = Instant.parse("2026-05-01T08:00:00Z");

    /** As many a second as is said, for some seconds. */
    private static Stream<Instant> evenly(int from, int seconds, int perSecond) {
        return IntStream.range(0, seconds * perSecond)
                .mapToObj(i -> BEGIN.plusSeconds(from).plusNanos(i * 1_000_000_000L / perSecond));
    }

    @Test
    void seesARushThatTheMeanHides() {
        Pace even = Pace.of(evenly(0, 60, 20).toList());
        assertThat(even.mean()).isBetween(19.9, 20.1);
        assertThat(even.minute()).isBetween(19.9, 20.1);
        assertThat(even.rush()).isBetween(19.9, 20.3);
        List<Instant> rush = Stream.of(evenly(0, 20, 20), evenly(20, 5, 40), evenly(30, 30, 20)).flatMap(part -> part)
                .toList();
        assertThat(Pace.of(rush).mean()).isBetween(19.9, 20.1);
        assertThat(Pace.of(rush).minute()).isBetween(19.9, 20.5);
        assertThat(Pace.of(rush).rush()).isBetween(39.5, 40.5);
    }
}
