package io.serai.connector.files;

import java.nio.charset.Charset;
import java.util.List;

/** How the records of a file are written; a file's name suffix chooses it. */
public sealed interface Format {
    /** The end of the file names in this format, without the dot, lower case. */
    String suffix();

    /** Media type of one record. */
    String contentType();

    /**
     * Rows of cells under a header row.
     *
     * @param delimiter between two cells; null: found out from the header row ({@code ;}, {@code ,} or tab)
     * @param encoding UTF-8 or Windows-1252; null: found out from the bytes
     * @param columns the columns that are expected; empty: whatever the header row names
     * @param required columns that must be there and must not be empty in any row
     */
    record Csv(String suffix, Character delimiter, Charset encoding, List<String> columns,
            List<String> required) implements Format {
        @Override
        public String contentType() {
            return "text/csv";
        }
    }

    /**
     * One XML document with a repeated element.
     *
     * @param element local name of the element that is one record
     */
    record Xml(String suffix, String element) implements Format {
        @Override
        public String contentType() {
            return "application/xml";
        }
    }

    /** One JSON object a line, in UTF-8. */
    record JsonLines(String suffix) implements Format {
        @Override
        public String contentType() {
            return "application/json";
        }
    }

    /**
     * Lines whose cells stand at fixed places.
     *
     * @param encoding UTF-8 or Windows-1252; null: found out from the bytes
     */
    record FixedWidth(String suffix, Charset encoding, List<Column> columns) implements Format {
        @Override
        public String contentType() {
            return "text/plain";
        }
    }

    /**
     * One cell of a fixed-width line.
     *
     * @param from place of its first character, counted from 1
     * @param length in characters
     * @param trim take the blanks off both ends
     * @param zeros the value is padded with zeros on the left: take them off
     * @param required must not be blank
     */
    record Column(String name, int from, int length, boolean trim, boolean zeros, boolean required) {}
}
