package io.serai.sandbox;

import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * A SOAP message, 1.1 or 1.2.
 *
 * @param envelope namespace of the envelope, which says the version
 * @param id of the message by WS-Addressing; null when it has none
 * @param operation local name of the element in the body
 * @param content its children: text, null when nil, a Map when there are elements inside, a List when repeated
 */
record Soap(String envelope, String id, String namespace, String operation, Map<String, Object> content) {
    static final String SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/";
    static final String SOAP_12 = "http://www.w3.org/2003/05/soap-envelope";
    private static final String ADDRESSING = "http://www.w3.org/2005/08/addressing";
    private static final String INSTANCE = "http://www.w3.org/2001/XMLSchema-instance";
    private static final int MAX_DEPTH = 20;
    private static final XMLInputFactory READERS = readers();

    private static XMLInputFactory readers() {
        XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        factory.setProperty(XMLInputFactory.IS_COALESCING, true);
        return factory;
    }

    static Soap read(byte[] xml) {
        try {
            XMLStreamReader reader;
            synchronized (READERS) {
                reader = READERS.createXMLStreamReader(new ByteArrayInputStream(xml));
            }
            return read(reader);
        } catch (XMLStreamException malformed) {
            throw malformed("The XML is malformed at line " + (malformed.getLocation() == null
                    ? "?"
                    : malformed.getLocation().getLineNumber()) + "; send a well-formed SOAP envelope.");
        }
    }

    private static RefusedException malformed(String message) {
        return new RefusedException(400, "MALFORMED", message);
    }

    private static Soap read(XMLStreamReader reader) throws XMLStreamException {
        next(reader);
        String envelope = reader.getNamespaceURI();
        if (!reader.getLocalName().equals("Envelope") || !SOAP_11.equals(envelope) && !SOAP_12.equals(envelope)) {
            throw malformed("The root element is not a SOAP 1.1 or 1.2 Envelope.");
        }
        String id = null;
        while (next(reader)) {
            if (reader.getLocalName().equals("Header")) {
                while (next(reader)) {
                    boolean messageId = reader.getLocalName().equals("MessageID")
                            && ADDRESSING.equals(reader.getNamespaceURI());
                    Object value = value(reader, 0);
                    id = messageId && value instanceof String text ? text.strip() : id;
                }
            } else if (reader.getLocalName().equals("Body") && next(reader)) {
                String namespace = reader.getNamespaceURI();
                String operation = reader.getLocalName();
                Object content = value(reader, 0);
                return new Soap(envelope, id, namespace == null ? "" : namespace, operation, map(content));
            }
        }
        throw malformed("The envelope has no Body with an element inside.");
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object content) {
        return content instanceof Map<?, ?> ? (Map<String, Object>) content : Map.of();
    }

    /** Goes to the next child element; false at the end of the element it is in. */
    private static boolean next(XMLStreamReader reader) throws XMLStreamException {
        while (reader.hasNext()) {
            switch (reader.next()) {
                case XMLStreamConstants.START_ELEMENT :
                    return true;
                case XMLStreamConstants.END_ELEMENT :
                    return false;
                case XMLStreamConstants.DTD :
                    throw malformed("A document type is not accepted; send the envelope without it.");
                default :
            }
        }
        return false;
    }

    private static Object value(XMLStreamReader reader, int depth) throws XMLStreamException {
        if (depth > MAX_DEPTH) {
            throw malformed("The elements are nested too deep.");
        }
        boolean nil = List.of("true", "1").contains(String.valueOf(reader.getAttributeValue(INSTANCE, "nil")));
        StringBuilder text = new StringBuilder();
        Map<String, Object> children = new LinkedHashMap<>();
        for (int event = reader.next(); event != XMLStreamConstants.END_ELEMENT; event = reader.next()) {
            if (event == XMLStreamConstants.START_ELEMENT) {
                add(children, reader.getLocalName(), value(reader, depth + 1));
            } else if (event == XMLStreamConstants.CHARACTERS || event == XMLStreamConstants.CDATA) {
                text.append(reader.getText());
            } else if (event == XMLStreamConstants.ENTITY_REFERENCE) {
                throw malformed("Entities are not accepted.");
            }
        }
        return nil ? null : children.isEmpty() ? text.toString() : children;
    }

    private static void add(Map<String, Object> children, String name, Object value) {
        if (!children.containsKey(name)) {
            children.put(name, value);
        } else if (children.get(name) instanceof List<?> several) {
            List<Object> more = new ArrayList<>(several);
            more.add(value);
            children.put(name, more);
        } else {
            List<Object> two = new ArrayList<>();
            two.add(children.get(name));
            two.add(value);
            children.put(name, two);
        }
    }

    /** The child's text, null when absent or nil. */
    String text(String child) {
        return content.get(child) instanceof String text ? text.strip() : null;
    }

    /**
     * An envelope with one element in its body.
     *
     * @param id for WS-Addressing; null for none
     * @param content text, null (written as nil), Map or List, as {@link #read} gives it
     */
    static String write(String envelope, String id, String namespace, String operation, Map<String, Object> content) {
        StringBuilder xml = new StringBuilder(start(envelope));
        if (id != null) {
            xml.append("<soap:Header><wsa:MessageID xmlns:wsa=\"").append(ADDRESSING).append("\">")
                    .append(escape(id)).append("</wsa:MessageID></soap:Header>");
        }
        xml.append("<soap:Body><").append(operation).append(" xmlns=\"").append(namespace)
                .append("\" xmlns:xsi=\"").append(INSTANCE).append("\">");
        content.forEach((name, value) -> element(xml, name, value));
        return xml.append("</").append(operation).append("></soap:Body></soap:Envelope>").toString();
    }

    private static String start(String envelope) {
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soap:Envelope xmlns:soap=\"" + envelope + "\">";
    }

    private static void element(StringBuilder xml, String name, Object value) {
        switch (value) {
            case null -> xml.append('<').append(name).append(" xsi:nil=\"true\"/>");
            case List<?> several -> several.forEach(one -> element(xml, name, one));
            case Map<?, ?> children -> {
                xml.append('<').append(name).append('>');
                children.forEach((child, inner) -> element(xml, child.toString(), inner));
                xml.append("</").append(name).append('>');
            }
            default -> xml.append('<').append(name).append('>').append(escape(value.toString())).append("</")
                    .append(name).append('>');
        }
    }

    /** A fault in the version of the request, its detail naming code and field. */
    static String fault(String envelope, boolean callersFault, String message, String namespace, String code,
            String field) {
        String detail = "<fault xmlns=\"" + namespace + "\"><code>" + escape(code) + "</code>"
                + (field == null ? "" : "<field>" + escape(field) + "</field>") + "<message>" + escape(message)
                + "</message></fault>";
        String fault = SOAP_12.equals(envelope)
                ? "<soap:Code><soap:Value>soap:" + (callersFault ? "Sender" : "Receiver")
                        + "</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang=\"en\">" + escape(message)
                        + "</soap:Text></soap:Reason><soap:Detail>" + detail + "</soap:Detail>"
                : "<faultcode>soap:" + (callersFault ? "Client" : "Server") + "</faultcode><faultstring>"
                        + escape(message) + "</faultstring><detail>" + detail + "</detail>";
        return start(envelope) + "<soap:Body><soap:Fault>" + fault + "</soap:Fault></soap:Body></soap:Envelope>";
    }

    boolean isFault() {
        return operation.equals("Fault") && namespace.equals(envelope);
    }

    /** Whether a fault says that the same message would be refused again. */
    boolean blamesTheCaller() {
        Object code = content.get("Code") instanceof Map<?, ?> code12 ? code12.get("Value") : content.get("faultcode");
        return code instanceof String text && (text.endsWith("Client") || text.endsWith("Sender"));
    }

    private static String escape(String text) {
        return Page.escape(text.replaceAll("[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\uFFFE\\uFFFF]", ""));
    }
}
