package io.serai.hub.api;

import java.util.UUID;
import java.util.regex.Pattern;

import jakarta.servlet.http.HttpServletRequest;

import io.serai.hub.web.Problem;

/** What callers write into addresses: ids, cursors, limits. */
final class Paging {
    private static final int USUAL = 50;
    private static final int MOST = 500;
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,4}");
    private static final Pattern ID = Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
    private static final Pattern SEQUENCE = Pattern.compile("[0-9]{1,18}");
    private static final int LONGEST = 500;

    private Paging() {}

    /** How many are wanted on a page. */
    static int limit(HttpServletRequest request) {
        String limit = request.getParameter("limit");
        if (limit == null) {
            return USUAL;
        }
        int number = NUMBER.matcher(limit).matches() ? Integer.parseInt(limit) : 0;
        if (number < 1 || number > MOST) {
            throw Problem.invalid("limit", "limit must be a whole number from 1 to " + MOST + ".");
        }
        return number;
    }

    /** Where to go on in a list: the id of what came last; null at the beginning. */
    static String cursor(HttpServletRequest request) {
        return cursor(request, ID);
    }

    /** Where to go on in the log of changes: the number of the last one; null at the beginning. */
    static String sequence(HttpServletRequest request) {
        return cursor(request, SEQUENCE);
    }

    private static String cursor(HttpServletRequest request, Pattern form) {
        String cursor = request.getParameter("cursor");
        if (cursor != null && cursor.isEmpty()) {
            return null;
        }
        if (cursor != null && !form.matcher(cursor).matches()) {
            throw Problem.invalid("cursor", "cursor must be the next of the page before.");
        }
        return cursor;
    }

    /**
     * A parameter of bounded length; null when it is absent. One that is empty is a mistake of whoever filled it in: taken for
     * absent, a list that was to be narrowed would answer with everybody.
     */
    static String text(HttpServletRequest request, String name) {
        String value = request.getParameter(name);
        if (value != null && (value.length() > LONGEST || value.indexOf(0) >= 0)) {
            throw Problem.invalid(name, name + " is longer than " + LONGEST + " characters or holds NUL.");
        }
        if (value != null && value.isBlank()) {
            throw Problem.invalid(name, name + " is empty. Give it a value, or leave it out.");
        }
        return value;
    }

    /** An id in the path; one that is no UUID belongs to nobody. */
    static UUID id(String text) {
        try {
            return UUID.fromString(text);
        } catch (IllegalArgumentException notAnId) {
            throw notFound();
        }
    }

    static Problem notFound() {
        return new Problem(404, "not-found", "There is nothing with this id.");
    }
}
