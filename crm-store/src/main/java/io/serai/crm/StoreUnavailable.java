package io.serai.crm;

/** Nothing was stored; the caller must not acknowledge and may send the same again. */
public final class StoreUnavailable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StoreUnavailable(String message, Throwable cause) {
        super(message, cause);
    }
}
