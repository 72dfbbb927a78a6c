package io.serai.hub.soap;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import javax.xml.XMLConstants;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * Reads an element into plain Java and checks it on the way: element names become keys, an element that may repeat
 * becomes a list, {@code xsi:nil} becomes null, and in a list the empty list. What is absent stays absent.
 */
final class Reading {
    private static final String INSTANCE = XMLConstants.W3C_XML_SCHEMA_INSTANCE_NS_URI;
    private static final int QUOTED = 60;

    private final XMLStreamReader reader;
    private final StringBuilder path = new StringBuilder();

    private Reading(XMLStreamReader reader) {
        this.reader = reader;
    }

    /** Reads the element at which the reader stands, and leaves the reader at its end. */
    static Object read(XMLStreamReader reader, Shape shape) throws XMLStreamException, Refused {
        Reading reading = new Reading(reader);
        reading.path.append('/').append(shape.name());
        return reading.element(shape);
    }

    private Object element(Shape shape) throws XMLStreamException, Refused {
        if (isNil()) {
            if (!shape.nillable()) {
                throw refused("This element cannot be cleared (xsi:nil); give a value or leave it out.");
            }
            if (!text().isEmpty()) {
                throw refused("An element that is cleared (xsi:nil) must be empty.");
            }
            return null;
        }
        return switch (shape.content()) {
            case Shape.Text text -> value(text);
            case Shape.Children children -> children(children);
        };
    }

    private boolean isNil() throws Refused {
        boolean nil = false;
        for (int i = 0; i < reader.getAttributeCount(); i++) {
            String namespace = reader.getAttributeNamespace(i);
            String name = reader.getAttributeLocalName(i);
            if (namespace == null || namespace.isEmpty()) {
                throw refused("The attribute " + name + " is not known here; remove it.");
            }
            if (INSTANCE.equals(namespace) && "nil".equals(name)) {
                String value = reader.getAttributeValue(i).strip();
                nil = value.equals("true") || value.equals("1");
            }
        }
        return nil;
    }

    private Object value(Shape.Text text) throws XMLStreamException, Refused {
        String value = text();
        if (!text.rules().isEmpty() && text.rules().getFirst() instanceof Shape.Kind) {
            // XML Schema ignores white space around everything but strings.
            value = value.strip();
        }
        for (Shape.Rule rule : text.rules()) {
            String wrong = rule.refuses(value);
            if (wrong != null) {
                throw refused(quoted(value) + " " + wrong + ".");
            }
            if (rule == Shape.Kind.BOOLEAN) {
                return value.equals("true") || value.equals("1");
            }
        }
        return value;
    }

    private Map<String, Object> children(Shape.Children children) throws XMLStreamException, Refused {
        Map<String, Object> values = new LinkedHashMap<>();
        List<Shape.Place> places = children.places();
        int at = 0;
        int count = 0;
        while (true) {
            int event = reader.next();
            if (event == XMLStreamConstants.START_ELEMENT) {
                String name = reader.getLocalName();
                Shape shape = null;
                if (!Contract.NAMESPACE.equals(reader.getNamespaceURI())) {
                    throw refusedAt(name, "The element <" + name + "> must be in the namespace " + Contract.NAMESPACE
                            + ".");
                }
                while (at < places.size()) {
                    Shape.Place place = places.get(at);
                    shape = place.choice(name);
                    if (shape != null) {
                        break;
                    }
                    if (count < place.least()) {
                        throw missing(place, "before <" + name + ">");
                    }
                    at++;
                    count = 0;
                }
                if (shape == null) {
                    throw refusedAt(name, unexpected(places, name));
                }
                Shape.Place place = places.get(at);
                count++;
                if (count > place.most()) {
                    throw refusedAt(name, place.repeats()
                            ? "There are more than " + place.most() + " of <" + name + ">; send fewer."
                            : "There is a second " + place.names() + "; send one.");
                }
                member(values, shape, place, count);
            } else if (event == XMLStreamConstants.END_ELEMENT) {
                for (; at < places.size(); at++, count = 0) {
                    if (count < places.get(at).least()) {
                        throw missing(places.get(at), "here");
                    }
                }
                return values;
            } else if (isText(event) && !reader.getText().isBlank()) {
                throw refused("There is text between the elements: " + quoted(reader.getText().strip()) + ".");
            }
        }
    }

    @SuppressWarnings("unchecked")
    private void member(Map<String, Object> values, Shape shape, Shape.Place place, int count)
            throws XMLStreamException, Refused {
        int length = path.length();
        path.append('/').append(shape.name());
        if (place.repeats()) {
            path.append('[').append(count).append(']');
            List<Object> list = (List<Object>) values.computeIfAbsent(shape.name(), name -> new ArrayList<>());
            Object value = element(shape);
            if (value != null) {
                list.add(value);
            }
        } else {
            values.put(shape.name(), element(shape));
        }
        path.setLength(length);
    }

    private static String unexpected(List<Shape.Place> places, String name) {
        boolean known = places.stream().anyMatch(place -> place.choice(name) != null);
        return known
                ? "The element <" + name + "> is out of order; the order is "
                        + String.join(", ", places.stream().map(Shape.Place::names).toList()) + "."
                : "The element <" + name + "> is not known here; remove it or correct its name.";
    }

    private String text() throws XMLStreamException, Refused {
        String only = null;
        StringBuilder several = null;
        while (true) {
            int event = reader.next();
            if (event == XMLStreamConstants.END_ELEMENT) {
                return several != null ? several.toString() : only == null ? "" : only;
            }
            if (event == XMLStreamConstants.START_ELEMENT) {
                throw refused("The element <" + reader.getLocalName() + "> stands where a plain value is expected.");
            }
            if (isText(event)) {
                String text = reader.getText();
                if (only == null) {
                    only = text;
                } else {
                    if (several == null) {
                        several = new StringBuilder(only);
                    }
                    several.append(text);
                }
            }
        }
    }

    private static boolean isText(int event) {
        return event == XMLStreamConstants.CHARACTERS || event == XMLStreamConstants.CDATA
                || event == XMLStreamConstants.SPACE || event == XMLStreamConstants.ENTITY_REFERENCE;
    }

    private Refused missing(Shape.Place place, String where) {
        return new Refused(path + "/" + place.choices().getFirst().name(),
                "The element " + place.names() + " is missing " + where + "; give it.");
    }

    private Refused refusedAt(String child, String problem) {
        return new Refused(path + "/" + child, problem);
    }

    private Refused refused(String problem) {
        return new Refused(path.toString(), problem);
    }

    private static String quoted(String value) {
        return "\"" + (value.length() > QUOTED ? value.substring(0, QUOTED - 1) + "…" : value) + "\"";
    }
}
