package io.serai.mapping;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;

/** What web forms put into mails: values behind labels, as lines or as an HTML table of two columns. */
final class Labels {
    private static final int MOST = 200;
    private static final int LONGEST_LABEL = 60;
    private static final List<String> BREAKS = List.of("<br", "<BR", "</p", "</P", "</div", "</DIV", "</tr", "</TR",
            "</li", "</LI", "</h");

    private Labels() {}

    /**
     * Values by label in lower case. A line without a label belongs to the value above it; of a label that comes twice the
     * first counts.
     *
     * @param free labels of free text, where sentences may hold a colon
     * @param known the only labels that end a free text
     */
    static Map<String, Object> inText(String text, Set<String> free, Set<String> known) {
        var lines = new LinkedHashMap<String, StringJoiner>();
        String label = null;
        for (var line : (Iterable<String>) text.lines()::iterator) {
            var found = label(line, label, free, known);
            if (found != null && lines.size() < MOST && !lines.containsKey(found)) {
                label = found;
                lines.put(label, new StringJoiner("\n").add(line.substring(line.indexOf(':') + 1)));
            } else if (label != null) {
                lines.get(label).add(line.stripTrailing());
            }
        }
        var values = new LinkedHashMap<String, Object>();
        lines.forEach((name, value) -> values.put(name, orEmpty(Texts.trimmed(value.toString()))));
        return values;
    }

    /** The label that a line begins with; null when it has none, or belongs to the free text above it. */
    private static String label(String line, String above, Set<String> free, Set<String> known) {
        var colon = line.indexOf(':');
        var found = colon < 0 ? null : label(line.substring(0, colon));
        return above != null && free.contains(above) && !known.contains(found) ? null : found;
    }

    private static String orEmpty(String text) {
        return text == null ? "" : text;
    }

    /** The same from the rows of a table; what has fewer than two cells is passed over. */
    static Map<String, Object> inTable(String html) {
        var values = new LinkedHashMap<String, Object>();
        var lower = lower(html);
        var row = lower.indexOf("<tr");
        while (row >= 0 && values.size() < MOST) {
            var next = lower.indexOf("<tr", row + 3);
            var end = next < 0 ? html.length() : next;
            var first = cell(html, lower, row, end);
            var second = first == null ? null : cell(html, lower, first.end, end);
            if (second != null) {
                var text = first.text.endsWith(":") ? first.text.substring(0, first.text.length() - 1) : first.text;
                var label = label(text);
                if (label != null) {
                    values.putIfAbsent(label, second.text);
                }
            }
            row = next;
        }
        return values;
    }

    private record Cell(String text, int end) {}

    private static Cell cell(String html, String lower, int from, int to) {
        var open = first(lower, from, to, "<td", "<th");
        var start = open < 0 ? 0 : html.indexOf('>', open) + 1;
        if (start == 0 || start > to) {
            return null;
        }
        // Mail programs leave closing tags out.
        var close = first(lower, start, to, "</td", "</th", "<td", "<th");
        var end = close < 0 ? to : close;
        return new Cell(text(html.substring(start, end)), end);
    }

    /** ASCII alone in lower case, so that every character keeps its place. */
    private static String lower(String html) {
        var lower = html.toCharArray();
        for (var i = 0; i < lower.length; i++) {
            if (lower[i] >= 'A' && lower[i] <= 'Z') {
                lower[i] += 'a' - 'A';
            }
        }
        return new String(lower);
    }

    private static int first(String text, int from, int to, String... words) {
        var first = -1;
        for (var word : words) {
            var at = text.indexOf(word, from, to);
            if (at >= 0 && (first < 0 || at < first)) {
                first = at;
            }
        }
        return first;
    }

    /** HTML as plain text; null when nothing is left. */
    static String plainText(String html) {
        return Texts.trimmed(text(html));
    }

    private static String text(String html) {
        var text = new StringBuilder();
        var tag = false;
        for (var i = 0; i < html.length(); i++) {
            var c = html.charAt(i);
            var at = i;
            if (c == '<') {
                tag = true;
                if (BREAKS.stream().anyMatch(tagName -> html.startsWith(tagName, at))) {
                    text.append('\n');
                }
            } else if (c == '>') {
                tag = false;
            } else if (!tag) {
                text.append(c);
            }
        }
        var plain = text.toString().replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">")
                .replace("&quot;", "\"").replace("&#39;", "'")
                .replace("&amp;", "&");
        return orEmpty(Texts.trimmed(plain));
    }

    /** A label is short and made of words; "https" or a time of day before a colon is none. */
    private static String label(String text) {
        var trimmed = Texts.trimmed(text);
        if (trimmed == null || trimmed.length() > LONGEST_LABEL || trimmed.chars().noneMatch(Character::isLetter)
                || trimmed.startsWith(">")) {
            return null;
        }
        var lower = trimmed.toLowerCase(Locale.ROOT);
        return lower.equals("http") || lower.equals("https") || lower.indexOf('.') >= 0 ? null : lower;
    }
}
