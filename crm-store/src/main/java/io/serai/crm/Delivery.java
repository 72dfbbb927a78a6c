package io.serai.crm;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * A claimed lane: one write that brings a spoke's record to the golden record's present state.
 *
 * @param lane the link's id
 * @param fence proves that the claim still stands when its result is recorded
 * @param externalId the record's id in the spoke; null when it has to be created there
 * @param revision the spoke's last known revision; may be null
 * @param version the golden version that is delivered
 * @param patch the fields to write: all that the spoke carries for a create, the changed ones else
 * @param reference the hub's reference for the record in the spoke: the golden record's id, or the one that an unanswered
 *        create was said under before two customers were made one
 * @param golden the whole golden document with {@code id} and {@code version}; customers it refers to carry the
 *        spoke's own id as {@code externalId}
 * @param attempt counts from 1
 * @param held the golden values that stand for what the spoke holds when this is claimed, or that it is told to create
 * @param unread whether the record was found in the spoke and what it holds was not taken in yet: it is to be read, and
 *        recorded as {@link DeliveryResult.Kind#ADOPT}, before anything is written to it
 * @param remade how often people have had the record made again
 * @param notBefore when it may be sent, by the pace that the spoke allows
 * @param traceparent W3C trace context of the message that caused the latest change; null when it had none
 */
public record Delivery(long lane, long fence, String spoke, String entity, UUID id, String externalId,
        String revision, long version, UUID reference, Map<String, Object> patch, Map<String, Object> golden,
        int attempt, Map<String, Object> held, boolean unread, int remade, String traceparent, Instant notBefore) {

    public boolean creates() {
        return externalId == null;
    }

    /** The same for the record that its lane belongs to now. */
    Delivery now(UUID other) {
        return new Delivery(lane, fence, spoke, entity, other, externalId, revision, version, reference, patch, golden,
                attempt, held, unread, remade, traceparent, notBefore);
    }

    /** The top-level fields that are written. */
    public List<String> changed() {
        return List.copyOf(patch.keySet());
    }

    /**
     * The same for every attempt to create the record, and another one when people have it made again: under the first, a
     * spoke may answer with the record that it has deleted. Null for an update. An update repeated does no harm, but one that a
     * spoke takes for a repeat does, when another one came in between: from a process that was frozen, or before a restore.
     */
    public UUID idempotencyKey() {
        return creates()
                ? Identifiers.named("delivery", spoke, entity, reference,
                        remade == 0 ? "create" : "create again " + remade)
                : null;
    }
}
