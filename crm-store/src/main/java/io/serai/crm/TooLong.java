package io.serai.crm;

/** A list was asked for that the database would have to search for too long. Nothing is wrong with the database. */
public final class TooLong extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TooLong(Throwable cause) {
        super("The search was given up.", cause, false, false);
    }
}
