package io.serai.connector;

import java.time.Duration;
import java.util.Optional;

/** A spoke did not do what it was asked; {@link #errorClass()} says what to do about it. The message is fit for operators: no secrets, no payload. */
public final class ConnectorException extends Exception {
    private final ErrorClass errorClass;
    private final int status;
    private final Duration retryAfter;
    private final String field;

    public ConnectorException(ErrorClass errorClass, String message, Throwable cause) {
        this(errorClass, message, 0, null, null, cause);
    }

    /**
     * @param status the protocol's status code, 0 when there was no answer
     * @param retryAfter how long the spoke asks to wait; null when it does not say
     * @param field the field the spoke complains about; null when it names none
     */
    public ConnectorException(ErrorClass errorClass, String message, int status, Duration retryAfter, String field,
            Throwable cause) {
        super(message, cause);
        this.errorClass = errorClass;
        this.status = status;
        this.retryAfter = retryAfter;
        this.field = field;
    }

    public ErrorClass errorClass() {
        return errorClass;
    }

    public int status() {
        return status;
    }

    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    public Optional<String> field() {
        return Optional.ofNullable(field);
    }
}
