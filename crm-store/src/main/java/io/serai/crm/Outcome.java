package io.serai.crm;

import java.util.UUID;

/**
 * What became of an arrival; given only after the commit.
 *
 * @param messageId its row in the journal
 * @param id the golden record; null when there is none
 * @param version the golden record's version afterwards; null when there is none
 * @param refusal why, when parked, waiting, rejected or in conflict
 */
public record Outcome(State state, UUID messageId, UUID id, Long version, Refusal refusal) {

    public enum State {
        /** The golden record changed. */
        APPLIED,
        /** Nothing new in it: an echo or a repeat. */
        UNCHANGED,
        /** This event was here before; the other fields repeat the first answer. */
        DUPLICATE,
        /** Older than what the spoke said before. */
        STALE,
        /** Nothing to do with anybody we know. */
        IGNORED,
        /** Stored; a person must look at it. */
        PARKED,
        /** Stored in the journal only: the sender has to mend it and send again. */
        REJECTED,
        /** The edit expected another version. */
        CONFLICT,
        /** The edited record does not exist. */
        NOT_FOUND,
        /** Stored; an earlier message about the same record is parked, and this one is taken in after it. */
        WAITING,
        /** A person has decided that it is not taken in. */
        DISCARDED
    }
}
