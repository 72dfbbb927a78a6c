package io.serai.crm;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;

import io.serai.crm.plan.Source;

/**
 * One entry of the log of changes, and so of the audit trail.
 *
 * @param sequence 0, and hash null, until it is chained
 */
record ChangeRow(String entity, UUID id, long version, Map<String, Object> fields, Source source, String reason,
        long sequence, byte[] hash) {

    /** What the fields were is left out, so that they can be erased one day. */
    byte[] hash(byte[] previous, long number, Instant at) {
        String text = String.join("|", Long.toString(number), at.toString(), source.spoke(), reason, entity,
                id.toString(), Long.toString(version), String.valueOf(source.message()));
        return Identifiers.sha256(previous, text.getBytes(StandardCharsets.UTF_8));
    }

    ChangeRow chained(long number, byte[] link) {
        return new ChangeRow(entity, id, version, fields, source, reason, number, link);
    }
}
