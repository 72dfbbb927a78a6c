package io.serai.connector.files;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What comes back to the person who dropped a file: the rows that were not taken, as they were, each with its reason. A CSV file
 * gets three more columns, so it can be put right and dropped again, as often as it takes; with other formats the reasons lie
 * beside the rows. Nothing is written until the first row is rejected, and nothing appears before it is whole.
 */
final class Rejects implements Closeable {
    /** What a rejected CSV file has in addition. */
    static final List<String> COLUMNS = List.of("row", "field", "reason");
    private static final String LINE = "\r\n";

    private final DropFolder.Visit visit;
    private final String target;
    private final Charset encoding;
    private final char delimiter;
    private final CsvRows csv;
    /** In XML records need an element around them. */
    private final boolean xml;
    private final String rowsTarget;
    private Path draft;
    private Path rowsDraft;
    private OutputStream reasons;
    private OutputStream rows;
    private long count;

    /** @param base e.g. {@code rejected/customers.csv.20260101T000000Z-1a2b3c4d} */
    Rejects(DropFolder.Visit visit, String base, Format format, Rows source) {
        this.visit = visit;
        this.csv = source instanceof CsvRows rows ? rows : null;
        this.xml = source instanceof XmlRows;
        if (csv != null) {
            this.target = base + ".csv";
            this.rowsTarget = null;
            this.encoding = csv.encoding();
            this.delimiter = csv.delimiter();
        } else {
            this.target = base + ".reasons.csv";
            this.rowsTarget = base + "." + format.suffix();
            this.encoding = StandardCharsets.UTF_8;
            this.delimiter = ';';
        }
    }

    long count() {
        return count;
    }

    void add(Row row, String field, String reason) throws IOException {
        if (reasons == null) {
            begin();
        }
        if (csv != null) {
            reasons.write(csv.bare(row.received()));
            reasons.write(text(String.valueOf(delimiter)));
        } else {
            rows.write(row.received());
            rows.write('\n');
        }
        reasons.write(text(row.number() + String.valueOf(delimiter) + cell(field) + delimiter + cell(reason) + LINE));
        count++;
    }

    private void begin() throws IOException {
        draft = visit.draft(target);
        reasons = new BufferedOutputStream(Files.newOutputStream(draft), 1 << 16);
        if (csv != null) {
            reasons.write(csv.header());
            reasons.write(text(String.valueOf(delimiter)));
        } else {
            rowsDraft = visit.draft(rowsTarget);
            rows = new BufferedOutputStream(Files.newOutputStream(rowsDraft), 1 << 16);
            rows.write(text(xml ? "<rejected>\n" : ""));
        }
        reasons.write(text(String.join(String.valueOf(delimiter), COLUMNS) + LINE));
    }

    /** Makes the rejected rows appear; does nothing when there are none. */
    void publish() throws IOException {
        if (reasons == null) {
            return;
        }
        reasons.close();
        if (rows != null) {
            rows.write(text(xml ? "</rejected>\n" : ""));
            rows.close();
            visit.publish(rowsDraft, rowsTarget);
        }
        visit.publish(draft, target);
        draft = null;
        rowsDraft = null;
    }

    /** A spreadsheet would run a cell that starts with one of these; an apostrophe in front makes it text. */
    private String cell(String value) {
        if (value == null || value.isEmpty()) {
            return "";
        }
        String plain = value.replaceAll("\\p{Cntrl}+", " ").strip();
        String safe = !plain.isEmpty() && "=+-@".indexOf(plain.charAt(0)) >= 0 ? "'" + plain : plain;
        return safe.indexOf(delimiter) >= 0 || safe.indexOf('"') >= 0 ? '"' + safe.replace("\"", "\"\"") + '"' : safe;
    }

    private byte[] text(String text) throws IOException {
        ByteBuffer bytes = encoding.newEncoder().onUnmappableCharacter(CodingErrorAction.REPLACE)
                .onMalformedInput(CodingErrorAction.REPLACE).encode(CharBuffer.wrap(text));
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return copy;
    }

    @Override
    public void close() throws IOException {
        try {
            if (reasons != null) {
                reasons.close();
            }
            if (rows != null) {
                rows.close();
            }
        } finally {
            if (draft != null) {
                Files.deleteIfExists(draft);
            }
            if (rowsDraft != null) {
                Files.deleteIfExists(rowsDraft);
            }
        }
    }
}
