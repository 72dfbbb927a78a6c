package io.serai.crm;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * Where a field's value came from.
 *
 * @param field path of the value; elements of lists by what identifies them, e.g. {@code /emails/anna@example.org/use}
 * @param rule first, only (nobody else had changed it), newest, ranking or restored
 * @param lost values that lost against it, latest first
 */
public record FieldOrigin(String field, Object value, String spoke, UUID message, String mapping, Instant at,
        String rule, List<LostValue> lost) {

    /** A value that was replaced or refused. */
    public record LostValue(Object value, String spoke, UUID message, Instant at) {}
}
