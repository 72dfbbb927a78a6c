package io.serai.hub.crm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.serai.connector.ConnectorException;
import io.serai.connector.ErrorClass;

class ReconcilerTest {

    private static boolean ofTheSpoke(ErrorClass errorClass, int status) {
        return Reconciler.ofTheSpoke(new ConnectorException(errorClass, "no", status, null, null, null));
    }

    @ParameterizedTest
    @CsvSource({"TRANSIENT, 500", "UNKNOWN, 502", "INVALID, 422", "AUTH, 403"})
    void oneRecordThatIsRefusedDoesNotStopTheOthers(ErrorClass errorClass, int status) {
        assertThat(ofTheSpoke(errorClass, status)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"TRANSIENT, 0", "UNKNOWN, 0", "TRANSIENT, 503", "THROTTLED, 429", "QUOTA_DAY, 429", "AUTH, 401"})
    void aSpokeThatIsAwayIsWaitedFor(ErrorClass errorClass, int status) {
        assertThat(ofTheSpoke(errorClass, status)).isTrue();
    }
}
