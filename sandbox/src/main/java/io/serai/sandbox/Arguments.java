package io.serai.sandbox;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** {@code --name value} and {@code --flag} as given on the command line. */
final class Arguments {
    private static final Set<String> FLAGS = Set.of("traffic", "help");
    private static final List<String> VALUES = List.of("data", "bind", "port", "erp-port", "shop-port", "books-port",
            "mailbox-port", "smtp-port", "imap-port", "env", "hub", "hub-user", "every", "seed", "only");

    private final Map<String, String> given = new LinkedHashMap<>();

    Arguments(String... arguments) {
        for (int i = 0; i < arguments.length; i++) {
            String name = arguments[i].startsWith("--") ? arguments[i].substring(2) : "";
            if (FLAGS.contains(name)) {
                given.put(name, "");
            } else if (VALUES.contains(name) && i + 1 < arguments.length) {
                given.put(name, arguments[++i]);
            } else {
                throw new IllegalArgumentException(
                        arguments[i] + " is not an option, or its value is missing; see --help.");
            }
        }
    }

    boolean has(String name) {
        return given.containsKey(name);
    }

    String text(String name, String otherwise) {
        return given.getOrDefault(name, otherwise);
    }

    long number(String name, long otherwise) {
        try {
            return has(name) ? Long.parseLong(given.get(name)) : otherwise;
        } catch (NumberFormatException notANumber) {
            throw new IllegalArgumentException("--" + name + " wants a number, not " + given.get(name) + ".");
        }
    }
}
