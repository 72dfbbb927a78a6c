package io.serai.crm;

import java.util.UUID;

/**
 * Names the parked or waiting message that an arrival is once more. It keeps its place in the journal, and is taken in once
 * however often it is tried.
 *
 * @param by who wants it: the name of an API key, or {@link #HUB}
 */
public record Retry(UUID message, String by) {
    /** The hub itself, when what was missing is there or the message's turn has come. */
    public static final String HUB = "hub";
}
