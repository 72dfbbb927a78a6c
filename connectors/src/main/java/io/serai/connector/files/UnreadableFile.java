package io.serai.connector.files;

/** A file as a whole cannot be read; the message is the reason, a full sentence for the person who dropped it. */
final class UnreadableFile extends Exception {
    private final String code;

    UnreadableFile(String code, String problem) {
        super(problem);
        this.code = code;
    }

    String code() {
        return code;
    }
}
