package io.serai.connector;

/** What arrived cannot be read. The message is a full sentence for the sender and quotes nothing of the content. */
public final class MalformedException extends Exception {
    public MalformedException(String message, Throwable cause) {
        super(message, cause);
    }
}
