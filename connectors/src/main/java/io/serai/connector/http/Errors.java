package io.serai.connector.http;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

import io.serai.connector.ErrorClass;
import io.serai.connector.Json;
import io.serai.connector.Section;

/** What kind of failure an answer is: the connector's rules, those that look into the body first, then what statuses mean everywhere. */
public final class Errors {
    private final List<Rule> rules;
    private final String message;
    private final String field;
    private final String fields;

    private Errors(List<Rule> rules, String message, String field, String fields) {
        this.rules = rules;
        this.message = message;
        this.field = field;
        this.fields = fields;
    }

    /** One line of {@code errors:}; whatever is null matches everything. */
    private record Rule(Integer status, String header, String pointer, String equals, Pattern regex, String perItem,
            ErrorClass errorClass) {

        static Rule of(Section section) {
            String word = section.text("class");
            ErrorClass errorClass = Arrays.stream(ErrorClass.values()).filter(value -> value.name().equals(
                    word.toUpperCase(Locale.ROOT))).findFirst()
                    .orElseThrow(() -> section.notYet("class", Arrays
                            .toString(ErrorClass.values()).toLowerCase(Locale.ROOT)));
            return new Rule(section.has("status") ? section.number("status", 0) : null, section.text("header", null),
                    section.text("pointer", null), section.text("equals", null),
                    section.pattern("regex").orElse(null), section.text("per_item", null),
                    errorClass);
        }

        boolean readsBody() {
            return pointer != null;
        }

        boolean matches(Answer answer, Object json) {
            if (status != null && status != answer.status()) {
                return false;
            }
            if (pointer != null) {
                return perItem == null
                        ? matches(Json.textAt(json, pointer))
                        : Json.at(json, perItem) instanceof List<?> items
                                && items.stream().anyMatch(item -> matches(Json
                                        .textAt(item, pointer)));
            }
            return header == null || matches(answer.header(header).orElse(null));
        }

        private boolean matches(String value) {
            return value != null && (equals == null || equals.equals(value)) && (regex == null || regex.matcher(value)
                    .find());
        }
    }

    /** A failure and what the spoke says about it; field and problem may be null. */
    public record Failure(ErrorClass errorClass, String field, String problem) {}

    /** Reads {@code errors:} and {@code problem:} of a definition. */
    public static Errors of(Section definition) {
        List<Rule> rules = new ArrayList<>(definition.list("errors").stream().map(Rule::of).toList());
        rules.sort(Comparator.comparing(Rule::readsBody).reversed());
        Optional<Section> problem = definition.section("problem");
        return new Errors(rules, pointer(problem, "message"), pointer(problem, "field"), pointer(problem, "fields"));
    }

    private static String pointer(Optional<Section> problem, String key) {
        return problem.map(section -> section.text(key, null)).orElse(null);
    }

    /** Empty when the answer is a success. */
    Optional<Failure> failure(Answer answer, boolean create) {
        if (answer.ok() && rules.stream().noneMatch(Rule::readsBody)) {
            return Optional.empty();
        }
        Object json = answer.jsonIfAny();
        Optional<Failure> ruled = byRule(answer, json);
        return ruled.isPresent() || answer.ok() ? ruled : Optional.of(usual(answer, json, create));
    }

    /** What the connector's own rules say; empty when none matches. */
    public Optional<Failure> byRule(Answer answer, Object body) {
        return rules.stream().filter(rule -> rule.matches(answer, body)).findFirst().map(rule -> describe(rule
                .errorClass(), body));
    }

    /** What the status of an answer means everywhere. */
    public Failure usual(Answer answer, Object body, boolean create) {
        return describe(usual(answer.status(), create), body);
    }

    private static ErrorClass usual(int status, boolean create) {
        return switch (status) {
            case 429 -> ErrorClass.THROTTLED;
            case 401, 403, 407 -> ErrorClass.AUTH;
            case 404, 410 -> ErrorClass.GONE;
            case 409 -> ErrorClass.CONFLICT_DUPLICATE;
            case 412 -> ErrorClass.CONFLICT_VERSION;
            case 408, 425, 503 -> ErrorClass.TRANSIENT;
            default -> {
                if (status >= 500) {
                    // A gateway or a crash after the commit: the record may be there.
                    yield create ? ErrorClass.UNKNOWN : ErrorClass.TRANSIENT;
                }
                // A redirect is never followed; it is a wrong address or a sign-on page, not a fault of the record.
                yield status >= 400 ? ErrorClass.INVALID : ErrorClass.TRANSIENT;
            }
        };
    }

    /** A failure of a given class with what the body says about it. */
    public Failure describe(ErrorClass errorClass, Object json) {
        String text = message == null ? null : Json.textAt(json, message);
        if (field != null) {
            return new Failure(errorClass, Json.textAt(json, field), cut(text));
        }
        Object list = fields == null ? null : Json.at(json, fields);
        if (list instanceof Map<?, ?> map && !map.isEmpty()) {
            Map.Entry<?, ?> first = map.entrySet().iterator().next();
            Object problem = first.getValue() instanceof List<?> many && !many.isEmpty()
                    ? many.getFirst()
                    : first
                            .getValue();
            return new Failure(errorClass, first.getKey().toString(), cut(first.getKey() + " " + problem));
        }
        if (list instanceof List<?> many && !many.isEmpty()) {
            String field = Json.textAt(many.getFirst(), "/field");
            String problem = Json.textAt(many.getFirst(), "/problem");
            return new Failure(errorClass, field, cut(problem == null ? text : field + " " + problem));
        }
        return new Failure(errorClass, null, cut(list instanceof String plain ? plain : text));
    }

    /** A vendor's text is shown to operators: one line, and not a page. */
    private static String cut(String text) {
        if (text == null) {
            return null;
        }
        String line = text.replaceAll("\\p{Cntrl}+", " ").strip();
        return line.length() <= 300 ? line : line.substring(0, 300) + "…";
    }
}
