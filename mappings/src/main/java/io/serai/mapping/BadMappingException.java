package io.serai.mapping;

import java.nio.file.Path;

/** A mapping or schema file that cannot be used; the hub does not start with it. */
public final class BadMappingException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final transient Path file;
    private final int line;
    private final int column;
    private final String reason;

    BadMappingException(Path file, int line, int column, String reason, Throwable cause) {
        super(file + (line > 0 ? ", line " + line + (column > 0 ? ", column " + column : "") : "") + ": " + reason,
                cause);
        this.file = file;
        this.line = line;
        this.column = column;
        this.reason = reason;
    }

    /** The file at fault. */
    public Path file() {
        return file;
    }

    /** Line in the file, from 1; 0 when it is not known. */
    public int line() {
        return line;
    }

    /** Column in the line, from 1; 0 when it is not known. */
    public int column() {
        return column;
    }

    /** What is wrong with it. */
    public String reason() {
        return reason;
    }
}
