package io.serai.connector;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Fills in {@code ${NAME}}, {@code ${NAME:default}} and {@code ${file:/path}} in a spoke's file; remembers the first that has no value. */
final class Values {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{(?:file:([^}]+)|([A-Z][A-Z0-9_]*)(?::([^}]*))?)}");

    private final YamlFile file;
    private final Function<String, String> environment;
    private String unset;

    Values(YamlFile file, Function<String, String> environment) {
        this.file = file;
        this.environment = environment;
    }

    /** The value with its variables filled in; null for null. */
    String fill(String pointer, Object value) {
        if (value == null) {
            return null;
        }
        String text = value.toString();
        Matcher matcher = VARIABLE.matcher(text);
        String filled = matcher.replaceAll(found -> Matcher.quoteReplacement(variable(found.group(1), found.group(2),
                found.group(3))));
        if (VARIABLE.matcher(text).replaceAll("").contains("${")) {
            throw file.refuse(pointer, "write ${NAME}, ${NAME:default} or ${file:/path}, not '" + text + "'");
        }
        return filled;
    }

    /** Why the spoke must be off; empty when every variable had a value. */
    Optional<String> unset() {
        return Optional.ofNullable(unset);
    }

    private String variable(String path, String name, String fallback) {
        if (path != null) {
            try {
                return Files.readString(Path.of(path)).strip();
            } catch (IOException e) {
                return missing("the file " + path + " cannot be read");
            }
        }
        String value = environment.apply(name);
        if (value != null && !value.isEmpty()) {
            return value;
        }
        return fallback != null ? fallback : missing(name + " is not set");
    }

    private String missing(String reason) {
        if (unset == null) {
            unset = reason;
        }
        return "";
    }
}
