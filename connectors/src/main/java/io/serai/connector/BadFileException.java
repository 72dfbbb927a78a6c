package io.serai.connector;

import java.nio.file.Path;

/** A file an engineer wrote cannot be used; the message says file, line and reason. */
public final class BadFileException extends RuntimeException {
    private final Path file;
    private final int line;

    /** @param line counted from 1; 0 when the reason concerns the file as a whole */
    public BadFileException(Path file, int line, String reason) {
        super(file + (line > 0 ? ":" + line : "") + ": " + reason);
        this.file = file;
        this.line = line;
    }

    public Path file() {
        return file;
    }

    public int line() {
        return line;
    }
}
