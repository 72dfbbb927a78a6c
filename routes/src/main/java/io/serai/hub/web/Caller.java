package io.serai.hub.web;

import jakarta.servlet.ServletRequest;

/**
 * Who is calling: a spoke, or an operator with the hub's own key.
 *
 * @param spoke in whose name the caller writes
 * @param operator whether the caller may see what every spoke sent
 */
public record Caller(String spoke, boolean operator) {
    /** The name under which operators and their programs write. */
    public static final String OPERATOR = "api";

    private static final String ATTRIBUTE = Caller.class.getName();

    /** The caller that the door let in with this request. */
    public static Caller of(ServletRequest request) {
        return (Caller) request.getAttribute(ATTRIBUTE);
    }

    void enter(ServletRequest request) {
        request.setAttribute(ATTRIBUTE, this);
    }
}
