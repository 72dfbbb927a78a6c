package io.serai.mapping;

import com.dashjoin.jsonata.Jsonata;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The functions a mapping may use beside JSONata's own; the README lists them. All keep to one rule: what is absent
 * stays absent and null stays null.
 */
final class Functions {
    /** A function of values that are there; {@code rest} are the further arguments, null where absent or null. */
    private interface OfValue {
        Object of(Object value, String... rest);
    }

    private static final Map<String, Jsonata.JFunction> ALL = new LinkedHashMap<>();

    static {
        define("trimmed", 1, (value, rest) -> orNull(Texts.trimmed(text(value))));
        define("text", 1, (value, rest) -> text(value));
        define("parts", 2, (value, rest) -> Texts.parts(text(value), rest[0] == null ? "," : rest[0]));
        define("money", 2, (value, rest) -> orNull(Decimals.money(value, text(value), rest[0])));
        define("decimal", 2, (value, rest) -> orNull(Decimals.decimal(value, text(value), rest[0])));
        define("total", 1, (value, rest) -> Decimals.total(list(value)));
        define("times", 3, (value, rest) -> orNull(Decimals.times(value, text(value), rest[0], rest[1])));
        define("e164", 2, (value, rest) -> orNull(Phones.e164(value, text(value), rest[0])));
        define("country", 1, (value, rest) -> orNull(Countries.alpha2(value, text(value))));
        define("language", 1, (value, rest) -> orNull(Languages.tag(value, text(value))));
        define("currency", 1, (value, rest) -> orNull(Languages.currency(value, text(value))));
        define("date", 2, (value, rest) -> orNull(Moments.date(value, text(value), rest[0])));
        define("instant", 3, (value, rest) -> orNull(Moments.instant(value, text(value), rest[0], rest[1])));
        ALL.put("labels", new Jsonata.JFunction((input, arguments) -> labels(arguments), null));
        define("table", 1, (value, rest) -> Labels.inTable(text(value)));
        define("plainText", 1, (value, rest) -> orNull(Labels.plainText(text(value))));
        define("withoutNulls", 1, (value, rest) -> withoutNulls(value));
        ALL.put("list", new Jsonata.JFunction((input, arguments) -> list(arguments), null));
        ALL.put("required", new Jsonata.JFunction((input, arguments) -> required(arguments), null));
        ALL.put("attempt", new Jsonata.JFunction((input, arguments) -> attempt(arguments), null));
        // A mapping says the same about the same record every time: on that rests that an echo is seen as one.
        for (var name : List.of("now", "millis", "random", "shuffle")) {
            refuse(name, "$" + name
                    + " gives another result each time, and a mapping must not; take the time from the record.");
        }
        refuse("eval", "$eval runs text from a record as a program; write the expression into the mapping.");
    }

    private Functions() {}

    /** @param used what $mapped may call */
    static void registerIn(Jsonata expression, Map<String, Mapping> used) {
        ALL.forEach(expression::registerFunction);
        expression.registerFunction("mapped", new Jsonata.JFunction((input, given) -> {
            var record = given.size() < 2 ? null : given.get(1);
            if (record == null || record == Jsonata.NULL_VALUE) {
                return record;
            }
            var mapping = used.get(String.valueOf(given.getFirst()));
            if (mapping == null) {
                throw new IllegalCall(
                        "$mapped takes the name of the mapping as a text, such as $mapped(\"shopify/customer-to-canonical\", customer).");
            }
            return mapping.apply(record, Map.of());
        }, null));
    }

    private static void define(String name, int arguments, OfValue function) {
        ALL.put(name, new Jsonata.JFunction((input, given) -> {
            var value = given.isEmpty() ? null : given.getFirst();
            if (value == null || value == Jsonata.NULL_VALUE) {
                return value;
            }
            var rest = new String[arguments - 1];
            for (var i = 0; i < rest.length; i++) {
                var argument = i + 1 < given.size() ? given.get(i + 1) : null;
                rest[i] = argument == null || argument == Jsonata.NULL_VALUE ? null : text(argument);
            }
            return function.of(value, rest);
        }, null));
    }

    private static void refuse(String name, String sentence) {
        ALL.put(name, new Jsonata.JFunction((input, given) -> {
            throw new IllegalCall(sentence);
        }, null));
    }

    /** The mapping, not the record, is at fault. */
    static final class IllegalCall extends com.dashjoin.jsonata.JException {
        private static final long serialVersionUID = 1;

        IllegalCall(String sentence) {
            super("D3137", -1, sentence);
        }
    }

    private static Object orNull(String text) {
        return text == null ? Jsonata.NULL_VALUE : text;
    }

    /** The exact text of a scalar: a number without exponent and without loss. */
    private static String text(Object value) {
        return switch (value) {
            case String text -> text;
            case Number number -> Decimals.plain(number);
            case Boolean truth -> truth.toString();
            case List<?> list ->
                throw new Refused(list, "There are " + list.size() + " values where one is expected; send one.");
            default -> throw new Refused(value,
                    "There is an object where a text or a number is expected; send its value alone.");
        };
    }

    private static List<?> list(Object value) {
        return value instanceof List<?> list ? list : List.of(value);
    }

    /** $list(value, function): a list in any case, since XML cannot tell one element from a list of one. */
    private static Object list(List<?> arguments) throws Throwable {
        var value = arguments.isEmpty() ? null : arguments.getFirst();
        if (value == null) {
            return null;
        }
        var result = new com.dashjoin.jsonata.Utils.JList<Object>();
        for (var item : value == Jsonata.NULL_VALUE ? List.of() : list(value)) {
            if (item == null || item == Jsonata.NULL_VALUE) {
                continue;
            }
            var mapped = arguments.size() > 1
                    ? com.dashjoin.jsonata.Functions.funcApply(arguments.get(1), List.of(item, result.size()))
                    : item;
            if (mapped != null && mapped != Jsonata.NULL_VALUE) {
                result.add(mapped);
            }
        }
        return result;
    }

    /** $labels(text, free, known): the values behind labels. */
    private static Object labels(List<?> arguments) {
        var value = arguments.isEmpty() ? null : arguments.getFirst();
        return value == null || value == Jsonata.NULL_VALUE
                ? value
                : Labels.inText(text(value), names(arguments, 1), names(arguments, 2));
    }

    private static Set<String> names(List<?> arguments, int index) {
        var names = new HashSet<String>();
        if (index < arguments.size() && arguments.get(index) != null) {
            list(arguments.get(index)).forEach(name -> names.add(text(name)));
        }
        return names;
    }

    /** $required(value, name): the value, trimmed; refused when there is none. */
    private static Object required(List<?> arguments) {
        var value = arguments.isEmpty() ? null : arguments.getFirst();
        var name = arguments.size() < 2 ? "value" : String.valueOf(arguments.get(1));
        var text = value == null || value == Jsonata.NULL_VALUE ? null : Texts.trimmed(text(value));
        if (text == null) {
            throw new Refused(value, "/" + Pointers.escaped(name),
                    "The " + name + " is missing; without it the record cannot be told from others.");
        }
        return text;
    }

    /** $attempt(function): its result, or null where it refuses a value; for free text that nobody promised to be well formed. */
    private static Object attempt(List<?> arguments) throws Throwable {
        try {
            return arguments.isEmpty()
                    ? null
                    : com.dashjoin.jsonata.Functions.funcApply(arguments.getFirst(), List.of());
        } catch (Refused e) {
            return Jsonata.NULL_VALUE;
        }
    }

    private static Object withoutNulls(Object value) {
        if (value instanceof Map<?, ?> map) {
            var kept = new LinkedHashMap<Object, Object>();
            map.forEach((key, member) -> {
                if (member != null && member != Jsonata.NULL_VALUE) {
                    kept.put(key, withoutNulls(member));
                }
            });
            return kept;
        }
        if (value instanceof List<?> list) {
            var kept = new ArrayList<Object>(list.size());
            list.forEach(member -> kept.add(withoutNulls(member)));
            return kept;
        }
        return value;
    }
}
