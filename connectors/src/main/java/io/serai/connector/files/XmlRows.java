package io.serai.connector.files;

import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

import javax.xml.XMLConstants;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import javax.xml.stream.XMLStreamWriter;

import io.serai.connector.MalformedException;
import io.serai.connector.Xml;

/**
 * The records of an XML file. A first pass makes sure that the file is well-formed to its end, since after a mistake in the
 * middle nobody can say where the next record starts; then each record is read by itself. Its bytes for the journal are written
 * anew (without namespaces), as a streaming reader does not keep them.
 */
final class XmlRows implements Rows {
    private static final XMLInputFactory READERS = readers();
    private static final XMLOutputFactory WRITERS = XMLOutputFactory.newDefaultFactory();
    private static final int DEEPEST = 50;
    private static final int MOST_ELEMENTS = 2_000;
    /** No tag, comment or attribute value needs more bytes than this. */
    private static final int LARGEST_PIECE = 1 << 20;

    private final Guard guard;
    private final XMLStreamReader reader;
    private final String element;
    private final int largestRow;
    private long number;

    private XmlRows(Guard guard, XMLStreamReader reader, String element, int largestRow) {
        this.guard = guard;
        this.reader = reader;
        this.element = element;
        this.largestRow = largestRow;
    }

    static XmlRows open(Path file, Format.Xml format, int largestRow) throws IOException, UnreadableFile {
        try (XmlRows rehearsal = start(file, format, largestRow)) {
            rehearsal.requireWellFormed();
        } catch (XMLStreamException e) {
            throw unreadable(e);
        }
        try {
            return start(file, format, largestRow);
        } catch (XMLStreamException e) {
            throw unreadable(e);
        }
    }

    private static XmlRows start(Path file, Format.Xml format, int largestRow) throws IOException, XMLStreamException {
        var guard = new Guard(Files.newInputStream(file));
        try {
            return new XmlRows(guard, READERS.createXMLStreamReader(guard), format.element(), largestRow);
        } catch (XMLStreamException | RuntimeException e) {
            guard.close();
            throw e;
        }
    }

    private static XMLInputFactory readers() {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        factory.setProperty(XMLInputFactory.IS_COALESCING, false);
        factory.setXMLResolver((publicId, systemId, base, namespace) -> {
            throw new XMLStreamException("External entities are not read");
        });
        return factory;
    }

    private static UnreadableFile unreadable(XMLStreamException e) {
        return new UnreadableFile("malformed",
                "The file is not well-formed XML: wrong at line %d, column %d.".formatted(
                        e.getLocation() == null ? 0 : e.getLocation().getLineNumber(),
                        e.getLocation() == null ? 0 : e.getLocation().getColumnNumber()));
    }

    private void requireWellFormed() throws XMLStreamException, UnreadableFile {
        int depth = 0;
        while (reader.hasNext()) {
            int event = advance();
            if (event == XMLStreamConstants.DTD) {
                throw new UnreadableFile("malformed", "The file has a DOCTYPE; document types are not accepted.");
            } else if (event == XMLStreamConstants.START_ELEMENT && ++depth > DEEPEST) {
                throw new UnreadableFile("too-large", "The elements are nested deeper than %d.".formatted(DEEPEST));
            } else if (event == XMLStreamConstants.END_ELEMENT) {
                depth--;
            }
        }
    }

    private int advance() throws XMLStreamException {
        guard.rest();
        return reader.next();
    }

    @Override
    public Row next() throws IOException {
        try {
            while (reader.hasNext()) {
                if (advance() == XMLStreamConstants.START_ELEMENT && reader.getLocalName().equals(element)) {
                    return row();
                }
            }
            return null;
        } catch (XMLStreamException e) {
            throw new IOException("The file changed while it was read", e);
        }
    }

    private Row row() throws XMLStreamException {
        number++;
        var received = new ByteArrayOutputStream();
        var copy = new Copy(WRITERS.createXMLStreamWriter(received, StandardCharsets.UTF_8.name()));
        copy.element();
        copy.writer.flush();
        byte[] record = received.toByteArray();
        if (copy.full) {
            return Row.bad(number, record, null,
                    "The record is longer than %d characters or has more than %d elements; only its start is kept."
                            .formatted(largestRow, MOST_ELEMENTS),
                    "too-large");
        }
        try {
            if (Xml.read(record) instanceof Map<?, ?> body) {
                return Row.good(number, named(body), record);
            }
            return Row.bad(number, record, null,
                    "The element %s has no elements or attributes inside.".formatted(element), "malformed");
        } catch (MalformedException e) {
            return Row.bad(number, record, null, e.getMessage(), "malformed");
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> named(Map<?, ?> body) {
        return (Map<String, Object>) body;
    }

    @Override
    public void close() throws IOException {
        try {
            reader.close();
        } catch (XMLStreamException e) {
            throw new IOException(e);
        } finally {
            guard.close();
        }
    }

    /** Writes one element again, up to the limits; reads on to its end in any case. */
    private final class Copy {
        final XMLStreamWriter writer;
        boolean full;
        private int elements;
        private long size;

        Copy(XMLStreamWriter writer) {
            this.writer = writer;
        }

        void element() throws XMLStreamException {
            start();
            for (int depth = 1; depth > 0;) {
                switch (advance()) {
                    case XMLStreamConstants.START_ELEMENT -> {
                        depth++;
                        start();
                    }
                    case XMLStreamConstants.END_ELEMENT -> {
                        depth--;
                        if (!full) {
                            writer.writeEndElement();
                        }
                    }
                    case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA, XMLStreamConstants.SPACE -> {
                        if (room(reader.getTextLength())) {
                            writer.writeCharacters(reader.getText());
                        }
                    }
                    default -> {
                        // Comments and processing instructions say nothing about the record.
                    }
                }
            }
        }

        private void start() throws XMLStreamException {
            String name = reader.getLocalName();
            if (!room(name.length() * 2L + 5) || ++elements > MOST_ELEMENTS) {
                full = true;
                return;
            }
            writer.writeStartElement(name);
            boolean instance = false;
            Map<String, String> attributes = new LinkedHashMap<>();
            for (int i = 0; i < reader.getAttributeCount(); i++) {
                String value = reader.getAttributeValue(i);
                if (!room(reader.getAttributeLocalName(i).length() + value.length() + 4L)) {
                    return;
                }
                if (XMLConstants.W3C_XML_SCHEMA_INSTANCE_NS_URI.equals(reader.getAttributeNamespace(i))) {
                    if (!instance) {
                        writer.writeNamespace("xsi", XMLConstants.W3C_XML_SCHEMA_INSTANCE_NS_URI);
                        instance = true;
                    }
                    writer.writeAttribute("xsi", XMLConstants.W3C_XML_SCHEMA_INSTANCE_NS_URI,
                            reader.getAttributeLocalName(i), value);
                } else {
                    attributes.put(reader.getAttributeLocalName(i), value);
                }
            }
            // Without their namespaces two may have one name; the last one counts, as wherever XML is read.
            for (Map.Entry<String, String> attribute : attributes.entrySet()) {
                writer.writeAttribute(attribute.getKey(), attribute.getValue());
            }
        }

        private boolean room(long more) {
            size += more;
            full |= size > largestRow;
            return !full;
        }
    }

    /** Ends the reading when one piece of markup takes too many bytes; the parser would keep it whole in memory. */
    private static final class Guard extends FilterInputStream {
        private int since;

        Guard(InputStream in) {
            super(in);
        }

        void rest() {
            since = 0;
        }

        @Override
        public int read() throws IOException {
            int b = super.read();
            count(b < 0 ? 0 : 1);
            return b;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int read = super.read(buffer, offset, length);
            count(Math.max(read, 0));
            return read;
        }

        private void count(int read) throws IOException {
            since += read;
            if (since > LARGEST_PIECE) {
                throw new IOException("One tag, comment or value is longer than " + LARGEST_PIECE + " bytes");
            }
        }
    }
}
