package io.serai.connector.files;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

import io.serai.connector.Json;
import io.serai.connector.MalformedException;

/** The rows of a file with one JSON object a line. */
final class JsonRows implements Rows {
    private final Lines lines;
    private final int largestRow;

    private JsonRows(Lines lines, int largestRow) {
        this.lines = lines;
        this.largestRow = largestRow;
    }

    static JsonRows open(Path file, Survey survey, int largestRow) throws IOException, UnreadableFile {
        survey.encoding(StandardCharsets.UTF_8);
        return new JsonRows(Lines.open(file, survey.mark(), largestRow), largestRow);
    }

    @Override
    public Row next() throws IOException {
        Lines.Line line = lines.next();
        while (line != null && line.blank()) {
            line = lines.next();
        }
        return line == null ? null : row(line);
    }

    private Row row(Lines.Line line) {
        if (line.cut()) {
            return Row.bad(line.number(), line.text(), null,
                    "The row is longer than %d bytes; only its start is kept.".formatted(largestRow), "too-large");
        }
        try {
            Lines.decode(line.text(), StandardCharsets.UTF_8);
        } catch (CharacterCodingException e) {
            return Row.bad(line.number(), line.text(), null, "The row has bytes that are no characters in UTF-8.",
                    "malformed");
        }
        try {
            if (Json.read(line.text()) instanceof Map<?, ?> body) {
                return Row.good(line.number(), named(body), line.text());
            }
            return Row.bad(line.number(), line.text(), null, "The line must hold one JSON object.", "malformed");
        } catch (MalformedException e) {
            return Row.bad(line.number(), line.text(), null, e.getMessage(), "malformed");
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> named(Map<?, ?> body) {
        return (Map<String, Object>) body;
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
