package io.serai.connector.http;

import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;

import io.serai.connector.ConnectorException;
import io.serai.connector.Delivery;
import io.serai.connector.Section;

/**
 * One kind of request, as a connector.yaml declares it.
 *
 * @param wrap where the record stands in the request's body
 * @param record where the record stands in the answer
 * @param readBack whether the record has to be read after the write because the answer does not hold it
 * @param idInAnswer where the answer holds the record's id when it does not hold the record; null: where a record holds it
 */
record Call(String method, Template path, Map<String, Template> query, String wrap, String record, boolean readBack,
        String idInAnswer) {

    static Call read(Section section, String method) {
        Map<String, Template> query = new LinkedHashMap<>();
        Map<String, String> written = section.pairsAsWritten("query");
        section.pairs("query").forEach((name, value) -> query.put(name, template(section, "query", value, written.get(
                name))));
        section.find("read").filter(when -> !when.equals("after_write")).ifPresent(when -> {
            throw section.notYet("read", "after_write");
        });
        return new Call(section.text("method", method), template(section, "path", section.text("path"),
                section.asWritten("path")), query,
                section.text("wrap",
                        ""),
                section.text("record", ""), section.has("read"), section.text("id", null));
    }

    private static Template template(Section section, String key, String text, String written) {
        Template.unknownHole(written).ifPresent(hole -> {
            throw section.refuse(key,
                    "'{" + hole + "}' in '" + written + "' is nothing that can be filled in; there are"
                            + " {id}, {reference}, {revision} and {/pointer} into the record");
        });
        return new Template(text, written);
    }

    URI uri(String base, Delivery delivery) throws ConnectorException {
        StringBuilder uri = new StringBuilder(base).append(path.path(delivery));
        char separator = uri.indexOf("?") < 0 ? '?' : '&';
        for (Map.Entry<String, Template> entry : query.entrySet()) {
            uri.append(separator).append(Template.encode(entry.getKey())).append('=').append(entry.getValue().query(
                    delivery));
            separator = '&';
        }
        return URI.create(uri.toString());
    }

    /** What it does, without anything of the record: fit for messages. */
    String title() {
        return method + " " + path;
    }
}
