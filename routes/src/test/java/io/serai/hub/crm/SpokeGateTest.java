package io.serai.hub.crm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;

import org.junit.jupiter.api.Test;

/** How much is asked of one spoke. */
class SpokeGateTest {
    private static final Instant NOW = Instant.parse("2026-05-01T08:00:00Z");

    private final SpokeGate gate = new SpokeGate(null, "shop", 8);

    @Test
    void whatIsForbiddenForOneRecordIsNotForbiddenForTheSpoke() {
        gate.answered(NOW);

        assertThat(gate.forbidsOne()).as("others were answered").isTrue();
        assertThat(gate.forbidsOne()).as("nobody was answered since").isFalse();
        gate.answered(NOW);
        assertThat(gate.forbidsOne()).isTrue();
    }

    @Test
    void whoIsForbiddenEverythingFromTheBeginningHasWrongCredentials() {
        assertThat(gate.forbidsOne()).isFalse();
    }
}
