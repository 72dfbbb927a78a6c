package io.serai.crm;

import java.time.Instant;
import java.util.UUID;

/**
 * A spoke's record of an entity and how far behind it is.
 *
 * @param externalId the record's id in the spoke; null until it is created there
 * @param state SYNCED, BEHIND or PARKED
 * @param wanted the version it should hold
 * @param synced the version it holds
 */
public record Link(String spoke, String entity, String externalId, UUID entityId, String state, long wanted,
        long synced, int attempts, Instant nextTry, String problem, String revision) {}
