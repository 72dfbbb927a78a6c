package io.serai.crm;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Why a field says what it says.
 *
 * @param field the path that was asked for
 * @param values what it says now, value by value, with who said it and who lost; empty when it says nothing
 * @param history each version that changed it, oldest first
 */
public record Explanation(String field, List<FieldOrigin> values, List<Change> history) {

    /**
     * The field went to another value.
     *
     * @param mapping how the message was read; null when it was not mapped
     * @param values the path of each value at or below the field, and the value; empty when it was cleared
     */
    public record Change(long version, Instant at, String reason, String spoke, UUID message, String mapping,
            Map<String, Object> values) {}
}
