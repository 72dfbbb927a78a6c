package io.serai.connector;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A part of a connector.yaml with the spoke's settings filled in for {@code ${name}}. It remembers what was read:
 * {@link #finish()} refuses whatever nobody asked for, so that no line of a file is silently without effect.
 */
public final class Section {
    private static final Pattern SETTING = Pattern.compile("\\$\\{([a-z][a-z0-9_]*)}");

    private final YamlFile file;
    private final String pointer;
    private final Map<String, Object> content;
    private final Map<String, String> settings;
    private final Set<String> read;

    Section(YamlFile file, Map<String, String> settings) {
        this(file, settings, Map.of());
    }

    /** @param limits stand above what the file says under that key */
    Section(YamlFile file, Map<String, String> settings, Map<String, Object> limits) {
        this(file, "", with(file.content(), limits), settings, ConcurrentHashMap.newKeySet());
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> with(Map<String, Object> content, Map<String, Object> limits) {
        if (limits.isEmpty()) {
            return content;
        }
        Map<String, Object> both = new LinkedHashMap<>();
        if (content.get("limits") instanceof Map<?, ?> own) {
            both.putAll((Map<String, Object>) own);
        }
        both.putAll(limits);
        Map<String, Object> whole = new LinkedHashMap<>(content);
        whole.put("limits", both);
        return whole;
    }

    private Section(YamlFile file, String pointer, Map<String, Object> content, Map<String, String> settings,
            Set<String> read) {
        this.file = file;
        this.pointer = pointer;
        this.content = content;
        this.settings = settings;
        this.read = read;
    }

    /** True when the file says something for this key, be it null. */
    public boolean has(String key) {
        return content.containsKey(key);
    }

    public Set<String> keys() {
        return content.keySet();
    }

    /** @throws BadFileException when it is absent */
    public String text(String key) {
        return find(key).orElseThrow(() -> refuse(key, "'" + key + "' is missing here"));
    }

    /** @param fallback used when absent; may be null */
    public String text(String key, String fallback) {
        return find(key).orElse(fallback);
    }

    public Optional<String> find(String key) {
        return Optional.ofNullable(scalar(key)).map(Object::toString);
    }

    public int number(String key, int fallback) {
        Optional<String> text = find(key);
        try {
            return text.map(Integer::parseInt).orElse(fallback);
        } catch (NumberFormatException e) {
            throw refuse(key, "'" + key + "' must be a whole number, not '" + text.orElseThrow() + "'");
        }
    }

    public boolean flag(String key, boolean fallback) {
        Optional<String> text = find(key);
        return switch (text.orElse(Boolean.toString(fallback))) {
            case "true" -> true;
            case "false" -> false;
            default -> throw refuse(key, "'" + key + "' must be true or false, not '" + text.orElseThrow() + "'");
        };
    }

    /** Durations are written as in ISO 8601: {@code PT30S}, {@code PT2M}. None is negative. */
    public Duration duration(String key, Duration fallback) {
        Optional<String> text = find(key);
        try {
            Optional<Duration> duration = text.map(Duration::parse);
            if (duration.isEmpty()) {
                return fallback;
            }
            if (!duration.get().isNegative()) {
                return duration.get();
            }
        } catch (DateTimeParseException e) {
            // Said below, like what is negative.
        }
        throw refuse(key, "'" + key + "' must be a duration such as PT30S, not '" + text.orElseThrow() + "'");
    }

    /** The pause between two of what is done again and again. */
    public Duration every(Duration fallback) {
        Duration every = duration("every", fallback);
        if (every.isZero()) {
            throw refuse("every", "'every' must be longer than nothing, such as PT1S");
        }
        return every;
    }

    /** @throws BadFileException when it is less than one */
    public int atLeastOne(String key, int fallback) {
        int number = number(key, fallback);
        if (number < 1) {
            throw refuse(key, "'" + key + "' must be 1 or more, not " + number);
        }
        return number;
    }

    public Optional<Pattern> pattern(String key) {
        try {
            return find(key).map(Pattern::compile);
        } catch (PatternSyntaxException e) {
            throw refuse(key, "'" + key + "' is no regular expression: " + e.getDescription() + " at character "
                    + (e.getIndex() + 1));
        }
    }

    /** A list of scalars; one scalar is a list of one, an absent key an empty list. */
    public List<String> texts(String key) {
        Object value = content.get(key);
        markAll(child(key));
        if (value == null) {
            return List.of();
        }
        List<?> list = value instanceof List<?> many ? many : List.of(value);
        return list.stream().map(element -> fill(key, String.valueOf(element))).toList();
    }

    /** A mapping of scalars in the order of the file; an absent key is an empty mapping. */
    public Map<String, String> pairs(String key) {
        Map<String, String> pairs = new LinkedHashMap<>();
        mapping(key).forEach((name, value) -> pairs.put(name, fill(key, String.valueOf(value))));
        markAll(child(key));
        return pairs;
    }

    /** As {@link #text(String)}, but with no setting filled in: fit for messages, since a setting may be secret. */
    public String asWritten(String key) {
        return String.valueOf(content.get(key));
    }

    /** As {@link #pairs(String)}, but with no setting filled in. */
    public Map<String, String> pairsAsWritten(String key) {
        Map<String, String> pairs = new LinkedHashMap<>();
        mapping(key).forEach((name, value) -> pairs.put(name, String.valueOf(value)));
        return pairs;
    }

    public Optional<Section> section(String key) {
        return has(key) ? Optional.of(inner(child(key), mapping(key))) : Optional.empty();
    }

    /** @throws BadFileException when it is absent */
    public Section needed(String key) {
        return section(key).orElseThrow(() -> refuse(key, "'" + key + "' is missing here"));
    }

    /** A list of sections; an absent key is an empty list. */
    public List<Section> list(String key) {
        List<Section> sections = new ArrayList<>();
        read.add(child(key));
        if (content.get(key) instanceof List<?> list) {
            for (int i = 0; i < list.size(); i++) {
                sections.add(inner(child(key) + "/" + i, asMap(list.get(i), key)));
            }
        }
        return sections;
    }

    /** Sections by name, in the order of the file; an absent key is an empty mapping. */
    public Map<String, Section> named(String key) {
        Map<String, Section> sections = new LinkedHashMap<>();
        Map<String, Object> inner = mapping(key);
        for (Map.Entry<String, Object> entry : inner.entrySet()) {
            sections.put(entry.getKey(),
                    inner(child(key) + "/" + escape(entry.getKey()), asMap(entry.getValue(), key)));
        }
        return sections;
    }

    /** A complaint about the value of a key, with file and line, to be thrown by the caller. */
    public BadFileException refuse(String key, String reason) {
        return file.refuse(child(key), reason);
    }

    /** The complaint for a variant that the schema knows and the engine does not. */
    public BadFileException notYet(String key, String implemented) {
        return refuse(key,
                "'" + key + ": " + content.get(key) + "' is not implemented yet; implemented: " + implemented);
    }

    /** @throws BadFileException for the first line of this section that nothing has read */
    public void finish() {
        for (String known : file.lines().keySet()) {
            if (known.startsWith(pointer + "/") && !read.contains(known)) {
                throw file.refuse(known, "'" + known.substring(1).replace('/', '.')
                        + "' is not implemented for this protocol yet; remove it");
            }
        }
    }

    private Object scalar(String key) {
        Object value = content.get(key);
        read.add(child(key));
        if (value instanceof Map || value instanceof List) {
            throw refuse(key, "'" + key + "' must be a single value");
        }
        return value instanceof String text ? fill(key, text) : value;
    }

    private String fill(String key, String text) {
        Matcher matcher = SETTING.matcher(text);
        return matcher.replaceAll(match -> {
            String value = settings.get(match.group(1));
            if (value == null) {
                throw refuse(key, "${" + match.group(1) + "} is not among the settings of this connector: "
                        + new TreeSet<>(settings.keySet()));
            }
            return Matcher.quoteReplacement(value);
        });
    }

    private Map<String, Object> mapping(String key) {
        read.add(child(key));
        return content.get(key) == null ? Map.of() : asMap(content.get(key), key);
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> asMap(Object value, String key) {
        if (value instanceof Map<?, ?> map) {
            return (Map<String, Object>) map;
        }
        throw refuse(key, "'" + key + "' must be a mapping");
    }

    private Section inner(String at, Map<String, Object> inner) {
        read.add(at);
        return new Section(file, at, inner, settings, read);
    }

    private void markAll(String at) {
        read.add(at);
        file.lines().keySet().stream().filter(known -> known.startsWith(at + "/")).forEach(read::add);
    }

    private String child(String key) {
        return pointer + "/" + escape(key);
    }

    private static String escape(String key) {
        return key.replace("~", "~0").replace("/", "~1");
    }
}
