package io.serai.connector.files;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The rows of a file whose cells stand at fixed places. Editors cut trailing blanks off, so a line may be short. */
final class FixedWidthRows implements Rows {
    private final Lines lines;
    private final Format.FixedWidth format;
    private final Charset encoding;
    private final int width;
    private final int largestRow;

    private FixedWidthRows(Lines lines, Format.FixedWidth format, Charset encoding, int largestRow) {
        this.lines = lines;
        this.format = format;
        this.encoding = encoding;
        this.largestRow = largestRow;
        this.width = format.columns().stream().mapToInt(column -> column.from() + column.length() - 1).max().orElse(0);
    }

    static FixedWidthRows open(Path file, Format.FixedWidth format, Survey survey, int largestRow)
            throws IOException, UnreadableFile {
        Charset encoding = survey.encoding(format.encoding());
        return new FixedWidthRows(Lines.open(file, survey.mark(), largestRow), format, encoding, largestRow);
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
        String text;
        try {
            text = Lines.decode(line.text(), encoding);
        } catch (CharacterCodingException e) {
            return Row.bad(line.number(), line.text(), null,
                    "The row has bytes that are no characters in %s; save the file in one encoding."
                            .formatted(encoding),
                    "malformed");
        }
        if (text.stripTrailing().length() > width) {
            return Row.bad(line.number(), line.text(), null,
                    "The row has %d characters but its columns end at %d; check the columns before.".formatted(
                            text.stripTrailing().length(), width),
                    "malformed");
        }
        Map<String, Object> body = new LinkedHashMap<>(format.columns().size() * 2);
        for (Format.Column column : format.columns()) {
            String value = cell(text, column);
            if (column.required() && value.isBlank()) {
                return Row.bad(line.number(), line.text(), column.name(),
                        "The column %s must not be empty.".formatted(column.name()), "invalid");
            }
            body.put(column.name(), value);
        }
        return Row.good(line.number(), body, line.text());
    }

    private static String cell(String text, Format.Column column) {
        int from = Math.min(column.from() - 1, text.length());
        String value = text.substring(from, Math.min(from + column.length(), text.length()));
        if (column.trim() || column.zeros()) {
            value = value.strip();
        }
        if (column.zeros()) {
            int start = 0;
            while (start < value.length() - 1 && value.charAt(start) == '0') {
                start++;
            }
            value = value.substring(start);
        }
        return value;
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
