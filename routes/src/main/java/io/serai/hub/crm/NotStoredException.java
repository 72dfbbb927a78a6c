package io.serai.hub.crm;

import io.serai.crm.Outcome;

/** What a route brought is in the journal, but not in the golden records. */
public final class NotStoredException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotStoredException(Outcome outcome) {
        super(outcome.refusal().step() + ": "
                + (outcome.refusal().field() == null ? "" : outcome.refusal().field() + ": ")
                + outcome.refusal().problem() + " (message " + outcome.messageId() + ")");
    }
}
