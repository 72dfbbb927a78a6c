package io.serai.connector.soap;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;

import io.serai.connector.Json;
import io.serai.connector.MalformedException;
import io.serai.connector.Xml;

/** The two versions of SOAP, document/literal wrapped. */
enum Envelope {
    SOAP_11("http://schemas.xmlsoap.org/soap/envelope/"), SOAP_12("http://www.w3.org/2003/05/soap-envelope");

    private static final XMLOutputFactory OUTPUT = XMLOutputFactory.newDefaultFactory();

    private final String namespace;

    Envelope(String namespace) {
        this.namespace = namespace;
    }

    String contentType(String action) {
        return this == SOAP_11
                ? "text/xml; charset=utf-8"
                : "application/soap+xml; charset=utf-8; action=\"" + action
                        + "\"";
    }

    byte[] write(String operation, String operationNamespace, boolean qualified, Map<String, Object> body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
        try {
            XMLStreamWriter writer = OUTPUT.createXMLStreamWriter(bytes, StandardCharsets.UTF_8.name());
            writer.writeStartDocument(StandardCharsets.UTF_8.name(), "1.0");
            writer.writeStartElement("soap", "Envelope", namespace);
            writer.writeNamespace("soap", namespace);
            writer.writeStartElement("soap", "Body", namespace);
            if (qualified) {
                Xml.element(writer, operation, body, operationNamespace);
            } else {
                writer.writeStartElement("m", operation, operationNamespace);
                writer.writeNamespace("m", operationNamespace);
                for (Map.Entry<String, Object> entry : body.entrySet()) {
                    Xml.element(writer, entry.getKey(), entry.getValue(), null);
                }
                writer.writeEndElement();
            }
            writer.writeEndDocument();
            writer.close();
            return bytes.toByteArray();
        } catch (XMLStreamException e) {
            throw new IllegalArgumentException("The record cannot be written as XML", e);
        }
    }

    /**
     * What is in the Body: the answer's element, or {@code Fault}.
     *
     * @throws MalformedException when it is no envelope, e.g. the HTML page of a proxy
     */
    static Map<?, ?> body(byte[] xml) throws MalformedException {
        if (Xml.read(xml) instanceof Map<?, ?> envelope && Json.at(envelope, "/Body") instanceof Map<?, ?> body) {
            return body;
        }
        throw new MalformedException("This is no SOAP envelope with a body.", null);
    }

    /** True when the fault says that the request itself is wrong, in either version's words. */
    static boolean callersFault(Map<?, ?> fault) {
        String code = Json.textAt(fault, "/faultcode");
        if (code == null) {
            code = Json.textAt(fault, "/Code/Value");
        }
        if (code == null) {
            return false;
        }
        // SOAP 1.1 (4.4.1) narrows a code down behind a dot: s:Client.Authentication.
        String general = code.strip().substring(code.strip().indexOf(':') + 1).split("\\.", 2)[0];
        return general.equals("Client") || general.equals("Sender");
    }
}
