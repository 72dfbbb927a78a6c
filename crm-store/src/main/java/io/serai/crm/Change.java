package io.serai.crm;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/**
 * A golden record went to a version.
 *
 * @param sequence rises in the order of commits
 * @param fields the top-level fields that changed, with their values afterwards; null where a field was cleared; for a
 *        customer that was merged into another {@code mergedInto}; empty when erased
 * @param message the message that caused it; for what an accounting system answered, the invoice's id
 * @param reason created, updated, edited, requested, issued, invoiced, paid, part paid, merged, unmerged, restored, erased
 */
public record Change(long sequence, String entity, UUID id, long version, Map<String, Object> fields, String spoke,
        UUID message, String reason, Instant at) {}
