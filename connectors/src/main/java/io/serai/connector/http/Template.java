package io.serai.connector.http;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.serai.connector.ConnectorException;
import io.serai.connector.Delivery;
import io.serai.connector.ErrorClass;
import io.serai.connector.Json;

/** A path or query value with holes: {@code {id}} the record's id in the spoke, {@code {reference}} ours, {@code {/pointer}} a value of the record. */
final class Template {
    private static final Pattern HOLE = Pattern.compile("\\{(id|reference|revision|/[^}]*)}");
    private static final Pattern ANY_HOLE = Pattern.compile("(?<!\\$)\\{([\\w.-]*)}");

    private final String text;
    private final String written;
    private final List<String> parts = new ArrayList<>();

    /** @param written as it stands in the file, with no setting filled in: fit for messages, since a setting may be secret */
    Template(String text, String written) {
        this.text = text;
        this.written = written;
        Matcher matcher = HOLE.matcher(text);
        int from = 0;
        while (matcher.find()) {
            parts.add(text.substring(from, matcher.start()));
            parts.add(matcher.group(1));
            from = matcher.end();
        }
        parts.add(text.substring(from));
    }

    /** What stands in a hole that nothing fills; empty when every hole is known. */
    static Optional<String> unknownHole(String written) {
        return ANY_HOLE.matcher(written).results().filter(hole -> !HOLE.matcher(hole.group()).matches())
                .map(hole -> hole.group(1)).findFirst();
    }

    /** With every hole filled and percent-encoded; the rest stays as it is written. */
    String path(Delivery delivery) throws ConnectorException {
        return fill(delivery, Template::encode);
    }

    /** With every hole filled, and then all of it percent-encoded. */
    String query(Delivery delivery) throws ConnectorException {
        return encode(fill(delivery, UnaryOperator.identity()));
    }

    static String encode(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private String fill(Delivery delivery, UnaryOperator<String> encoding) throws ConnectorException {
        if (parts.size() == 1) {
            return text;
        }
        StringBuilder filled = new StringBuilder();
        for (int i = 0; i < parts.size(); i++) {
            filled.append(i % 2 == 0 ? parts.get(i) : encoding.apply(value(delivery, parts.get(i))));
        }
        return filled.toString();
    }

    private String value(Delivery delivery, String hole) throws ConnectorException {
        String value = switch (hole) {
            case "id" -> delivery.externalId();
            case "reference" -> delivery.reference();
            case "revision" -> delivery.revision();
            default -> Json.textAt(delivery.body(), hole);
        };
        if (value == null || value.isEmpty()) {
            throw new ConnectorException(ErrorClass.INVALID,
                    "The spoke cannot be asked: '" + written + "' needs {" + hole
                            + "}, and this record has none.",
                    0, null, hole.startsWith("/") ? hole : null, null);
        }
        return value;
    }

    @Override
    public String toString() {
        return written;
    }
}
