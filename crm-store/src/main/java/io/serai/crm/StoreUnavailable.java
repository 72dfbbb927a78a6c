package io.serai.crm;

/**
 * Nobody knows that it was stored: mostly it was not, but where the answer to a commit was lost it may have been. The caller must not
 * acknowledge, and sends the same again.
 */
public final class StoreUnavailable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StoreUnavailable(String message, Throwable cause) {
        super(message, cause);
    }
}
