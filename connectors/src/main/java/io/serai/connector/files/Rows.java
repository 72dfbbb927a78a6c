package io.serai.connector.files;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/** The records of one file, read one after the other. */
interface Rows extends Closeable {
    /** The next record, or null after the last. */
    Row next() throws IOException;

    static Rows open(Path file, Format format, Survey survey, int largestRow) throws IOException, UnreadableFile {
        return switch (format) {
            case Format.Csv csv -> CsvRows.open(file, csv, survey, largestRow);
            case Format.FixedWidth fixed -> FixedWidthRows.open(file, fixed, survey, largestRow);
            case Format.JsonLines ignored -> JsonRows.open(file, survey, largestRow);
            case Format.Xml xml -> XmlRows.open(file, xml, largestRow);
        };
    }
}
