package io.serai.connector;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

import javax.xml.XMLConstants;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import javax.xml.stream.XMLStreamWriter;

/**
 * XML from outside to plain Java and back. An element is a Map of its children by local name, attributes as
 * {@code "@name"}; an element with nothing but text is a String; text beside attributes is {@code "#text"}; an element
 * that repeats is a List; {@code xsi:nil="true"} is null, which is not the same as an absent element. Names are matched
 * without their namespace, as old systems change prefixes and versions at will.
 *
 * <p>
 * A DTD is refused, so there are no entities to expand or fetch. Limits: 2 MiB (except for streams, whose reader sees one
 * record at a time), 50 levels, 200,000 elements and attributes per record, 1,000 attributes per element.
 */
public final class Xml {
    private static final int MAX_BYTES = 2 * 1024 * 1024;
    private static final int MAX_DEPTH = 50;
    private static final int MAX_NODES = 200_000;
    private static final int MAX_ATTRIBUTES = 1_000;
    private static final XMLInputFactory INPUT = input();
    private static final XMLOutputFactory OUTPUT = XMLOutputFactory.newDefaultFactory();

    private Xml() {}

    /**
     * Reads a document; the root element's name is not part of the result.
     *
     * @return Map, String or null
     * @throws MalformedException when it is not well-formed, has a DTD or exceeds a limit
     */
    public static Object read(byte[] xml) throws MalformedException {
        if (xml.length > MAX_BYTES) {
            throw new MalformedException("This is larger than " + MAX_BYTES + " bytes; send less at a time.", null);
        }
        try (Reading reading = new Reading(new ByteArrayInputStream(xml))) {
            Object value = reading.element(reading.root());
            reading.end();
            return value;
        }
    }

    /**
     * Reads the children of the root one by one, so that a file of any length takes the memory of one record. The
     * iterator throws {@link Unreadable} when the rest cannot be read. Closing closes the stream.
     */
    public static Records records(InputStream xml) throws MalformedException {
        return new Records(new Reading(xml));
    }

    /** UTF-8, with an XML declaration. Null becomes an empty element with {@code xsi:nil="true"}, a List repeated elements. */
    public static byte[] write(String root, Object value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            XMLStreamWriter writer = OUTPUT.createXMLStreamWriter(bytes, StandardCharsets.UTF_8.name());
            writer.writeStartDocument(StandardCharsets.UTF_8.name(), "1.0");
            element(writer, root, value, null);
            writer.writeEndDocument();
            writer.close();
            return bytes.toByteArray();
        } catch (XMLStreamException e) {
            throw new IllegalArgumentException("The record cannot be written as XML: " + e.getMessage(), e);
        }
    }

    /** Writes one element and what is in it; a namespace, when given, becomes the default one of this element. */
    public static void element(XMLStreamWriter writer, String name, Object value, String namespace)
            throws XMLStreamException {
        if (value instanceof List<?> list) {
            for (Object one : list) {
                element(writer, name, one, namespace);
            }
            return;
        }
        writer.writeStartElement(name);
        if (namespace != null) {
            writer.writeDefaultNamespace(namespace);
        }
        switch (value) {
            case null -> {
                writer.writeNamespace("xsi", XMLConstants.W3C_XML_SCHEMA_INSTANCE_NS_URI);
                writer.writeAttribute("xsi", XMLConstants.W3C_XML_SCHEMA_INSTANCE_NS_URI, "nil", "true");
            }
            case Map<?, ?> map -> {
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    if (entry.getKey().toString().startsWith("@") && entry.getValue() != null) {
                        writer.writeAttribute(entry.getKey().toString().substring(1), text(entry.getValue()));
                    }
                }
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    String key = entry.getKey().toString();
                    if (key.equals("#text")) {
                        writer.writeCharacters(text(entry.getValue()));
                    } else if (!key.startsWith("@")) {
                        element(writer, key, entry.getValue(), null);
                    }
                }
            }
            default -> writer.writeCharacters(text(value));
        }
        writer.writeEndElement();
    }

    /** XML 1.0 has no place for most control characters; they are dropped, as every reader would refuse the document. */
    private static String text(Object value) {
        String text = value instanceof BigDecimal decimal && ExactNumbers.fits(decimal)
                ? decimal.toPlainString()
                : String.valueOf(value);
        for (int i = 0; i < text.length(); i++) {
            if (!allowed(text.charAt(i))) {
                return text.codePoints().filter(Xml::allowed).collect(StringBuilder::new,
                        StringBuilder::appendCodePoint, StringBuilder::append).toString();
            }
        }
        return text;
    }

    private static boolean allowed(int character) {
        return character >= 0x20 && character != 0xFFFE && character != 0xFFFF || character == '\t'
                || character == '\n' || character == '\r';
    }

    private static XMLInputFactory input() {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        factory.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, false);
        factory.setProperty(XMLInputFactory.IS_COALESCING, true);
        factory.setProperty("http://java.sun.com/xml/stream/properties/ignore-external-dtd", true);
        factory.setProperty(XMLConstants.ACCESS_EXTERNAL_DTD, "");
        return factory;
    }

    /** The records of a document, in order. */
    public static final class Records implements Iterator<Xml.Element>, AutoCloseable {
        private final Reading reading;
        private Xml.Element next;
        private boolean done;

        private Records(Reading reading) throws MalformedException {
            this.reading = reading;
            reading.root();
        }

        @Override
        public boolean hasNext() {
            if (next == null && !done) {
                try {
                    next = reading.child();
                    done = next == null;
                    if (done) {
                        reading.end();
                    }
                } catch (MalformedException e) {
                    done = true;
                    throw new Unreadable(e);
                }
            }
            return next != null;
        }

        @Override
        public Xml.Element next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            Xml.Element record = next;
            next = null;
            return record;
        }

        @Override
        public void close() {
            reading.close();
        }
    }

    /** One child of the root: its name, the line it begins on and what is in it. */
    public record Element(String name, long line, Object value) {}

    /** The rest of a stream of records cannot be read; the message is that of {@link MalformedException}. */
    public static final class Unreadable extends RuntimeException {
        private Unreadable(MalformedException cause) {
            super(cause.getMessage(), cause);
        }
    }

    private static final class Reading implements AutoCloseable {
        private final InputStream stream;
        private final XMLStreamReader reader;
        private int depth;
        private int nodes;

        Reading(InputStream stream) throws MalformedException {
            this.stream = stream;
            try {
                reader = INPUT.createXMLStreamReader(stream);
            } catch (XMLStreamException e) {
                throw malformed(e);
            }
        }

        /** Moves to the root element and answers its attributes as the beginning of its value. */
        Map<String, Object> root() throws MalformedException {
            int event = advance();
            while (event != XMLStreamConstants.START_ELEMENT) {
                if (event == XMLStreamConstants.DTD) {
                    throw new MalformedException("This document has a DTD, which the hub does not accept; remove it.",
                            null);
                }
                event = advance();
            }
            return attributes();
        }

        void end() throws MalformedException {
            while (more()) {
                advance();
            }
        }

        Xml.Element child() throws MalformedException {
            while (true) {
                int event = advance();
                if (event == XMLStreamConstants.END_ELEMENT) {
                    return null;
                }
                if (event == XMLStreamConstants.START_ELEMENT) {
                    nodes = 0;
                    String name = reader.getLocalName();
                    long line = reader.getLocation().getLineNumber();
                    return new Xml.Element(name, line, element(attributes()));
                }
            }
        }

        /** Reads from the start tag, whose attributes are given, to the end tag. */
        Object element(Map<String, Object> value) throws MalformedException {
            if (++depth > MAX_DEPTH) {
                throw new MalformedException("This is nested deeper than " + MAX_DEPTH + " levels.", null);
            }
            boolean nil = value.remove("@nil") instanceof String text && (text.equals("true") || text.equals("1"));
            StringBuilder text = new StringBuilder();
            int event = advance();
            while (event != XMLStreamConstants.END_ELEMENT) {
                if (event == XMLStreamConstants.START_ELEMENT) {
                    String name = reader.getLocalName();
                    add(value, name, element(attributes()));
                } else if (event == XMLStreamConstants.CHARACTERS || event == XMLStreamConstants.CDATA) {
                    text.append(reader.getTextCharacters(), reader.getTextStart(), reader.getTextLength());
                } else if (event == XMLStreamConstants.ENTITY_REFERENCE) {
                    throw new MalformedException("This document uses an entity that XML does not define.", null);
                }
                event = advance();
            }
            depth--;
            if (nil) {
                return null;
            }
            if (value.isEmpty()) {
                return text.toString();
            }
            if (!text.toString().isBlank()) {
                value.put("#text", text.toString().strip());
            }
            return value;
        }

        private static void add(Map<String, Object> value, String name, Object child) {
            if (!value.containsKey(name)) {
                value.put(name, child);
            } else if (value.get(name) instanceof Many many) {
                many.add(child);
            } else {
                Many many = new Many();
                many.add(value.get(name));
                many.add(child);
                value.put(name, many);
            }
        }

        private Map<String, Object> attributes() throws MalformedException {
            int count = reader.getAttributeCount();
            if (count > MAX_ATTRIBUTES || (nodes += 1 + count) > MAX_NODES) {
                throw new MalformedException("This has more than " + MAX_NODES + " elements and attributes.", null);
            }
            Map<String, Object> attributes = new LinkedHashMap<>();
            for (int i = 0; i < count; i++) {
                boolean instance = XMLConstants.W3C_XML_SCHEMA_INSTANCE_NS_URI.equals(reader.getAttributeNamespace(i));
                if (!instance || reader.getAttributeLocalName(i).equals("nil")) {
                    attributes.put("@" + reader.getAttributeLocalName(i), reader.getAttributeValue(i));
                }
            }
            return attributes;
        }

        private boolean more() throws MalformedException {
            try {
                return reader.hasNext();
            } catch (XMLStreamException e) {
                throw malformed(e);
            }
        }

        private int advance() throws MalformedException {
            try {
                return reader.next();
            } catch (XMLStreamException | NoSuchElementException e) {
                throw malformed(e);
            }
        }

        private MalformedException malformed(Exception e) {
            String where = e instanceof XMLStreamException at && at.getLocation() != null
                    ? " in line " + at.getLocation().getLineNumber() + ", column " + at.getLocation().getColumnNumber()
                    : "";
            return new MalformedException("This is not well-formed XML" + where + ".", e);
        }

        @Override
        public void close() {
            try {
                reader.close();
                stream.close();
            } catch (XMLStreamException | IOException e) {
                throw new IllegalStateException("The XML could not be closed", e);
            }
        }
    }

    /** A list made by repetition, told from a list that could be a value. */
    private static final class Many extends ArrayList<Object> {}
}
