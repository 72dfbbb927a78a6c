package io.serai.crm;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;

/** The hub's record of an entity: what all spokes together know. The version rises with every change. */
public record Golden(String entity, UUID id, long version, Map<String, Object> document, Instant createdAt,
        Instant updatedAt) {}
