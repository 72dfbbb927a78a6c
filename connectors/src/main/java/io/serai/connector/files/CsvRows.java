package io.serai.connector.files;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.StringArrayHandler;

/**
 * The rows of a CSV file. The file is cut into records here, not in the CSV reader, for two reasons: a row's bytes are kept as
 * they came, and a quote that is opened and never closed costs its own row instead of the rest of the file.
 */
final class CsvRows implements Rows {
    /** A quoted cell may have this many line breaks; a quote still open then is taken for a slip of the pen. */
    private static final int MOST_LINES = 200;

    private final Lines lines;
    private final Charset encoding;
    private final char delimiter;
    private final List<String> columns;
    private final List<String> required;
    private final byte[] header;
    private final int largestRow;
    private final CsvReader.CsvReaderBuilder parser;
    /** Whether the file is one of {@link Rejects}, put right and dropped again. */
    private final boolean again;
    private final Deque<Lines.Line> ahead = new ArrayDeque<>();

    private CsvRows(Lines lines, Charset encoding, char delimiter, List<String> columns, List<String> required,
            byte[] header, int largestRow) {
        this.lines = lines;
        this.encoding = encoding;
        this.delimiter = delimiter;
        this.columns = columns;
        this.required = required;
        this.header = header;
        this.largestRow = largestRow;
        this.parser = parser(delimiter);
        int own = columns.size() - Rejects.COLUMNS.size();
        this.again = own > 0 && columns.subList(own, columns.size()).equals(Rejects.COLUMNS)
                && beforeReasons(header) >= 0;
    }

    static CsvRows open(Path file, Format.Csv format, Survey survey, int largestRow)
            throws IOException, UnreadableFile {
        Charset encoding = survey.encoding(format.encoding());
        Lines lines = Lines.open(file, survey.mark(), largestRow);
        try {
            Lines.Line first = lines.next();
            while (first != null && first.blank()) {
                first = lines.next();
            }
            if (first == null) {
                throw new UnreadableFile("malformed",
                        "The file has no header row; the first row must name the columns.");
            }
            String text = headerText(first, encoding);
            char delimiter = format.delimiter() != null ? format.delimiter() : delimiter(text);
            List<String> columns = columns(text, delimiter, format);
            return new CsvRows(lines, encoding, delimiter, columns, format.required(), first.text(), largestRow);
        } catch (IOException | UnreadableFile | RuntimeException e) {
            lines.close();
            throw e;
        }
    }

    char delimiter() {
        return delimiter;
    }

    Charset encoding() {
        return encoding;
    }

    /** The header row as it stands in the file, without the columns that {@link Rejects} adds. */
    byte[] header() {
        return again ? Arrays.copyOf(header, beforeReasons(header)) : header.clone();
    }

    /** A row as it stands in the file, without the cells in those columns. */
    byte[] bare(byte[] row) {
        int before = again ? beforeReasons(row) : -1;
        return before < 0 || !numbered(row, before) ? row : Arrays.copyOf(row, before);
    }

    /** Counted from the end, since what stands before may have a quote that is not closed; -1 when there are not as many cells. */
    private int beforeReasons(byte[] text) {
        int end = text.length;
        for (int i = 0; i < Rejects.COLUMNS.size() && end >= 0; i++) {
            end = beforeLastCell(text, end);
        }
        return end;
    }

    /** The place of the delimiter before the last cell. */
    private int beforeLastCell(byte[] text, int end) {
        int at = end - 1;
        if (at < 0 || text[at] != '"') {
            while (at >= 0 && text[at] != delimiter && text[at] != '"') {
                at--;
            }
        } else {
            at--;
            while (at >= 0 && (text[at] != '"' || at > 0 && text[at - 1] == '"')) {
                at -= text[at] == '"' ? 2 : 1;
            }
            at--;
        }
        return at >= 0 && text[at] == delimiter ? at : -1;
    }

    /** Whoever puts a row right may have taken the reason away, and then the last cells are the row's own. */
    private boolean numbered(byte[] row, int before) {
        int end = before + 1;
        while (end < row.length && row[end] != delimiter) {
            end++;
        }
        return new String(row, before + 1, end - before - 1, StandardCharsets.ISO_8859_1).matches("\"?\\d+\"?");
    }

    @Override
    public Row next() throws IOException {
        for (;;) {
            Lines.Line first = line();
            if (first == null) {
                return null;
            }
            if (first.cut()) {
                return Row.bad(first.number(), first.text(), null,
                        "The row is longer than %d bytes; only its start is kept.".formatted(largestRow), "too-large");
            }
            Row row = first.blank() ? null : record(first);
            if (row != null) {
                return row;
            }
        }
    }

    /** Null for a row that has no value at all, as spreadsheets leave them at the end. */
    private Row record(Lines.Line first) throws IOException {
        List<Lines.Line> taken = new ArrayList<>(List.of(first));
        byte[] text = first.text();
        if (open(first.text(), Place.START) == Place.QUOTED) {
            text = join(taken);
            if (text == null) {
                giveBack(taken);
                return Row.bad(first.number(), first.text(), null,
                        "A quote is opened and not closed; double the quotes inside a cell.", "malformed");
            }
        }
        Row row = parse(first.number(), text);
        if (row != null && row.flaw() != null && taken.size() > 1 && standsAlone(taken.get(1))) {
            giveBack(taken);
            return Row.bad(first.number(), first.text(), null,
                    "A quote is opened and not closed before the next row; double the quotes inside a cell.",
                    "malformed");
        }
        return row;
    }

    private Row parse(long number, byte[] text) {
        String decoded;
        try {
            decoded = Lines.decode(text, encoding);
        } catch (CharacterCodingException e) {
            return Row.bad(number, text, null,
                    "The row has bytes that are no characters in %s; save the file in one encoding."
                            .formatted(encoding),
                    "malformed");
        }
        String[] cells;
        try {
            cells = parser.ofSingleCsvRecord(StringArrayHandler.of(), decoded);
        } catch (CsvParseException e) {
            return Row.bad(number, text, null,
                    "The row cannot be split into cells: check its quotes; double the quotes inside a cell.",
                    "malformed");
        }
        if (Arrays.stream(cells).allMatch(String::isBlank)) {
            return null;
        }
        if (cells.length != columns.size()) {
            return Row.bad(number, text, null,
                    "The row has %d cells but the header row has %d; quote cells that hold the delimiter \"%s\"."
                            .formatted(cells.length, columns.size(), delimiter == '\t' ? "tab" : delimiter),
                    "malformed");
        }
        Map<String, Object> body = new LinkedHashMap<>(columns.size() * 2);
        for (int i = 0; i < cells.length; i++) {
            if (!columns.get(i).isEmpty()) {
                body.put(columns.get(i), plain(cells[i]));
            }
        }
        for (String column : required) {
            if (body.get(column) instanceof String value && value.isBlank()) {
                return Row.bad(number, text, column, "The column %s must not be empty.".formatted(column), "invalid");
            }
        }
        return Row.good(number, body, text);
    }

    /** Spreadsheets write {@code ="00123"} to keep leading zeros. */
    private static String plain(String cell) {
        return cell.length() > 3 && cell.startsWith("=\"") && cell.endsWith("\"")
                ? cell.substring(2, cell.length() - 1)
                : cell;
    }

    private byte[] join(List<Lines.Line> taken) throws IOException {
        var text = new ByteArrayOutputStream();
        Place place = Place.START;
        Lines.Line line = taken.getFirst();
        for (;;) {
            text.write(line.text());
            place = open(line.text(), place);
            if (place != Place.QUOTED) {
                return text.toByteArray();
            }
            text.writeBytes(line.end().getBytes(StandardCharsets.US_ASCII));
            line = taken.size() < MOST_LINES && text.size() < largestRow ? line() : null;
            if (line == null) {
                return null;
            }
            taken.add(line);
            if (line.cut()) {
                return null;
            }
        }
    }

    private boolean standsAlone(Lines.Line line) {
        if (open(line.text(), Place.START) == Place.QUOTED) {
            return false;
        }
        Row row = parse(line.number(), line.text());
        return row != null && row.flaw() == null;
    }

    private void giveBack(List<Lines.Line> taken) {
        for (int i = taken.size() - 1; i > 0; i--) {
            ahead.addFirst(taken.get(i));
        }
    }

    private Lines.Line line() throws IOException {
        return ahead.isEmpty() ? lines.next() : ahead.removeFirst();
    }

    private enum Place {
        START, PLAIN, QUOTED, QUOTE_IN_QUOTED
    }

    /** Where in a cell the text ends. Quote, delimiter and line break are the same bytes in both encodings. */
    private Place open(byte[] text, Place start) {
        Place place = start;
        for (byte b : text) {
            place = switch (place) {
                case START -> b == '"' ? Place.QUOTED : b == delimiter ? Place.START : Place.PLAIN;
                case PLAIN -> b == delimiter ? Place.START : Place.PLAIN;
                case QUOTED -> b == '"' ? Place.QUOTE_IN_QUOTED : Place.QUOTED;
                case QUOTE_IN_QUOTED -> b == '"' ? Place.QUOTED : b == delimiter ? Place.START : Place.PLAIN;
            };
        }
        return place;
    }

    private static String headerText(Lines.Line line, Charset encoding) throws UnreadableFile {
        if (line.cut()) {
            throw new UnreadableFile("too-large", "The header row is too long; is this a text file with line breaks?");
        }
        try {
            return Lines.decode(line.text(), encoding);
        } catch (CharacterCodingException e) {
            throw new UnreadableFile("malformed",
                    "The header row has bytes that are no characters in " + encoding + ".");
        }
    }

    private static char delimiter(String header) {
        char best = ';';
        long most = 0;
        for (char candidate : new char[]{';', ',', '\t'}) {
            long count = header.chars().filter(c -> c == candidate).count();
            if (count > most) {
                most = count;
                best = candidate;
            }
        }
        return best;
    }

    private static List<String> columns(String header, char delimiter, Format.Csv format) throws UnreadableFile {
        String[] cells;
        try {
            cells = parser(delimiter).ofSingleCsvRecord(StringArrayHandler.of(), header);
        } catch (CsvParseException e) {
            throw new UnreadableFile("malformed", "The header row cannot be read: check its quotes.");
        }
        List<String> columns = new ArrayList<>();
        for (String cell : cells) {
            String name = cell.strip();
            columns.add(format.columns().stream().filter(name::equalsIgnoreCase).findFirst().orElse(name));
        }
        var seen = new HashSet<String>();
        for (String column : columns) {
            if (!column.isEmpty() && !seen.add(column)) {
                throw new UnreadableFile("malformed", "The header row names the column %s twice.".formatted(column));
            }
        }
        if (seen.isEmpty() || !format.columns().isEmpty() && format.columns().stream().noneMatch(seen::contains)) {
            throw new UnreadableFile("malformed",
                    "The file has no header row; the first row must name the columns%s.".formatted(format.columns()
                            .isEmpty() ? "" : " (" + String.join(", ", format.columns()) + ")"));
        }
        List<String> missing = format.required().stream().filter(name -> !seen.contains(name)).toList();
        if (!missing.isEmpty()) {
            throw new UnreadableFile("malformed", "The header row lacks the required column%s %s."
                    .formatted(missing.size() > 1 ? "s" : "", String.join(", ", missing)));
        }
        return columns;
    }

    private static CsvReader.CsvReaderBuilder parser(char delimiter) {
        return CsvReader.builder().fieldSeparator(delimiter).skipEmptyLines(false);
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
