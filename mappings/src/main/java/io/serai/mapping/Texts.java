package io.serai.mapping;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/** Texts as people type them. */
final class Texts {
    private Texts() {}

    /** Without blanks of any kind around it, invisible ones included; null when nothing is left. */
    static String trimmed(String text) {
        var start = 0;
        var end = text.length();
        while (start < end && blank(text.charAt(start))) {
            start++;
        }
        while (end > start && blank(text.charAt(end - 1))) {
            end--;
        }
        return start == end ? null : text.substring(start, end);
    }

    /** The trimmed parts between separators, empty ones left out, each once. */
    static List<String> parts(String text, String separator) {
        var parts = new LinkedHashSet<String>();
        var start = 0;
        while (start <= text.length()) {
            var end = text.indexOf(separator, start);
            var part = trimmed(text.substring(start, end < 0 ? text.length() : end));
            if (part != null) {
                parts.add(part);
            }
            if (end < 0) {
                break;
            }
            start = end + separator.length();
        }
        return new ArrayList<>(parts);
    }

    /** Blanks, no-break spaces, control characters, byte-order marks and zero-width spaces. */
    private static boolean blank(char c) {
        return c <= ' ' || Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\uFEFF' || c == '\u200B';
    }
}
