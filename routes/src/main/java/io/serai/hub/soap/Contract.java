package io.serai.hub.soap;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;

import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * The contract's schema, compiled to tables. It understands the part of XML Schema that the contract is written in and
 * refuses any other construct, so that no rule of the contract can go unchecked.
 */
final class Contract {
    static final String NAMESPACE = "urn:serai:customers:v1";

    private static final String SCHEMA = XMLConstants.W3C_XML_SCHEMA_NS_URI;

    private final Map<String, Element> types = new HashMap<>();
    private final Map<String, Element> elements = new HashMap<>();
    private final Map<String, Shape.Content> compiled = new HashMap<>();
    private final Map<String, Shape> shapes = new HashMap<>();

    private Contract(Element schema) {
        for (Element child : children(schema)) {
            switch (child.getLocalName()) {
                case "element" -> elements.put(child.getAttribute("name"), child);
                case "complexType", "simpleType" -> types.put(child.getAttribute("name"), child);
                default -> throw unknown(child);
            }
        }
        elements.forEach((name, element) -> {
            if (!name.endsWith("Response")) {
                shapes.put(name, shape(element));
            }
        });
    }

    static Contract read(String resource) {
        try (InputStream stream = Contract.class.getResourceAsStream(resource)) {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultNSInstance();
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            return new Contract(factory.newDocumentBuilder().parse(stream).getDocumentElement());
        } catch (IOException | SAXException | ParserConfigurationException e) {
            throw new IllegalStateException("The contract " + resource + " cannot be read", e);
        }
    }

    /** What the body's element must look like; null when the contract has no such element. */
    Shape shape(String element) {
        return shapes.get(element);
    }

    private Shape shape(Element element) {
        return new Shape(element.getAttribute("name"), "true".equals(element.getAttribute("nillable")),
                content(element));
    }

    private Shape.Content content(Element element) {
        String type = element.getAttribute("type");
        if (type.isEmpty()) {
            return members(only(element, "complexType"));
        }
        if (type.startsWith("xs:")) {
            return new Shape.Text(builtIn(type));
        }
        String name = type.substring(type.indexOf(':') + 1);
        Shape.Content known = compiled.get(name);
        if (known == null) {
            Element definition = types.get(name);
            known = "simpleType".equals(definition.getLocalName())
                    ? new Shape.Text(rules(definition))
                    : members(definition);
            compiled.put(name, known);
        }
        return known;
    }

    private Shape.Content members(Element complexType) {
        List<Shape.Place> places = new ArrayList<>();
        for (Element child : children(complexType)) {
            switch (child.getLocalName()) {
                case "sequence" -> children(child).forEach(member -> places.add(place(member)));
                case "choice" -> places.add(place(child));
                default -> throw unknown(child);
            }
        }
        return new Shape.Children(List.copyOf(places));
    }

    private Shape.Place place(Element member) {
        int least = occurs(member, "minOccurs");
        int most = occurs(member, "maxOccurs");
        return switch (member.getLocalName()) {
            case "element" -> new Shape.Place(List.of(shape(member)), least, most);
            case "choice" -> new Shape.Place(children(member).stream().map(this::alternative).toList(), least, most);
            default -> throw unknown(member);
        };
    }

    private Shape alternative(Element element) {
        if (!"element".equals(element.getLocalName()) || occurs(element, "minOccurs") != 1
                || occurs(element, "maxOccurs") != 1) {
            throw unknown(element);
        }
        return shape(element);
    }

    private static int occurs(Element element, String attribute) {
        String value = element.getAttribute(attribute);
        if (value.isEmpty()) {
            return 1;
        }
        return value.equals("unbounded") ? Integer.MAX_VALUE : Integer.parseInt(value);
    }

    private static List<Shape.Rule> rules(Element simpleType) {
        Element restriction = only(simpleType, "restriction");
        List<Shape.Rule> rules = new ArrayList<>(builtIn(restriction.getAttribute("base")));
        List<String> values = new ArrayList<>();
        int least = 0;
        int most = Integer.MAX_VALUE;
        for (Element facet : children(restriction)) {
            String value = facet.getAttribute("value");
            switch (facet.getLocalName()) {
                case "minLength" -> least = Integer.parseInt(value);
                case "maxLength" -> most = Integer.parseInt(value);
                case "pattern" -> rules.add(new Shape.Matches(Pattern.compile(value)));
                case "enumeration" -> values.add(value);
                default -> throw unknown(facet);
            }
        }
        if (!values.isEmpty()) {
            rules.add(new Shape.OneOf(List.copyOf(values)));
        }
        if (least > 0 || most < Integer.MAX_VALUE) {
            rules.addFirst(new Shape.Length(least, most));
        }
        return List.copyOf(rules);
    }

    private static List<Shape.Rule> builtIn(String type) {
        return switch (type) {
            case "xs:string" -> List.of();
            case "xs:decimal" -> List.of(Shape.Kind.DECIMAL);
            case "xs:long" -> List.of(Shape.Kind.LONG);
            case "xs:boolean" -> List.of(Shape.Kind.BOOLEAN);
            case "xs:dateTime" -> List.of(Shape.Kind.DATE_TIME);
            default -> throw new IllegalStateException("The contract uses the type " + type + ", which nobody checks");
        };
    }

    private static Element only(Element parent, String name) {
        List<Element> children = children(parent);
        if (children.size() != 1 || !name.equals(children.getFirst().getLocalName())) {
            throw unknown(parent);
        }
        return children.getFirst();
    }

    private static List<Element> children(Element parent) {
        List<Element> children = new ArrayList<>();
        for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && SCHEMA.equals(element.getNamespaceURI())
                    && !"annotation".equals(element.getLocalName())) {
                children.add(element);
            }
        }
        return children;
    }

    private static IllegalStateException unknown(Element element) {
        return new IllegalStateException("The contract uses <" + element.getTagName() + " name=\""
                + element.getAttribute("name") + "\"> in a way that nobody checks");
    }
}
