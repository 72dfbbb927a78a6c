package io.serai.crm;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;

import io.serai.crm.plan.Unheard;

/** A spoke's record of a golden record as one transaction works on it: what both sides last agreed on, and what is owed. */
final class LinkRow {
    Long id;
    final String spoke;
    final String entity;
    String externalId;
    final UUID entityId;
    Map<String, Object> base;
    Map<String, Object> ours;
    String revision;
    long version;
    /** The version that the spoke was last known to hold. */
    long synced;
    Unheard unheard = Unheard.NOTHING;
    /** When it was last written to; null when it never was. */
    Instant writtenAt;
    /** Whether something may have been written to it without anybody knowing. */
    boolean unanswered;
    /** Whether the spoke has deleted it: then nothing is written to it until the spoke speaks of it again. */
    boolean gone;
    boolean inStep;
    boolean touched;

    LinkRow(Long id, String spoke, String entity, String externalId, UUID entityId) {
        this.id = id;
        this.spoke = spoke;
        this.entity = entity;
        this.externalId = externalId;
        this.entityId = entityId;
    }
}
