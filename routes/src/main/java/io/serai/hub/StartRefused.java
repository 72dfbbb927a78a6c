package io.serai.hub;

/** The hub must not start like this; the message says in full sentences what is wrong, where, and what to do. */
public final class StartRefused extends RuntimeException {
    public StartRefused(String message) {
        super(message);
    }

    public StartRefused(String message, Throwable cause) {
        super(message, cause);
    }
}
