package io.serai.hub.soap;

import java.io.StringReader;
import java.util.List;
import java.util.Map;

import javax.xml.transform.Source;
import javax.xml.transform.stream.StreamSource;

/** Writes answers, one element after the other. */
final class Writing {
    private final StringBuilder text = new StringBuilder(512);

    Writing open(String element) {
        boolean root = text.isEmpty();
        text.append('<').append(element);
        if (root) {
            text.append(" xmlns=\"").append(Contract.NAMESPACE).append('"');
        }
        text.append('>');
        return this;
    }

    Writing close(String element) {
        text.append("</").append(element).append('>');
        return this;
    }

    /** Writes the element; nothing when there is no value. */
    Writing value(String element, Object value) {
        if (value != null) {
            open(element);
            escape(value.toString());
            close(element);
        }
        return this;
    }

    /** Writes one element for each member, with the value that stands in it under the key; null means the member itself. */
    Writing values(String element, Object list, String key) {
        if (list instanceof List<?> members) {
            for (Object member : members) {
                value(element, key != null && member instanceof Map<?, ?> map ? map.get(key) : member);
            }
        }
        return this;
    }

    Source source() {
        return new StreamSource(new StringReader(text.toString()));
    }

    private void escape(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '<' -> text.append("&lt;");
                case '>' -> text.append("&gt;");
                case '&' -> text.append("&amp;");
                case '\r' -> text.append("&#13;");
                default -> text.append(c < ' ' && c != '\t' && c != '\n' || c >= '\ufffe' ? '\ufffd' : c);
            }
        }
    }
}
