package io.serai.crm;

import java.math.BigDecimal;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;

/** In which order a spoke said what it said, as far as it tells. */
final class Revisions {
    private Revisions() {}

    /** Numbers compare as numbers, anything else (RFC 3339 times among them) as text. Unknown is never older. */
    static boolean older(String revision, String known) {
        if (revision == null || known == null || revision.equals(known)) {
            return false;
        }
        try {
            return new BigDecimal(revision).compareTo(new BigDecimal(known)) < 0;
        } catch (NumberFormatException notNumbers) {
            try {
                return OffsetDateTime.parse(revision).toInstant()
                        .isBefore(OffsetDateTime.parse(known).toInstant());
            } catch (DateTimeParseException notTimes) {
                return false;
            }
        }
    }

    /** Whether a revision says nothing newer than one that was heard. */
    static boolean repeats(String revision, String heard) {
        return heard != null && (revision.equals(heard) || older(revision, heard));
    }
}
