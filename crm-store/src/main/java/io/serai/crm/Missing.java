package io.serai.crm;

import java.util.Map;
import java.util.UUID;

/** A record that the hub knows in a spoke and that the spoke has no more: what a person is asked then. */
record Missing(String spoke, String entity, String externalId) {
    static final String CODE = "deleted";

    /** One and the same question, whether the hub looked for the record or wanted to write it. */
    static String subject(String spoke, long lane) {
        return "missing:" + spoke + ":" + lane;
    }

    /** For what the spoke itself did not tell. */
    void park(Workspace workspace, Settings settings, long lane, UUID entityId) {
        workspace.park("CONFLICT", subject(spoke, lane), spoke + " has no record any more", spoke, entity, entityId,
                null, why("connector:" + spoke + "/" + entity, settings), Map.of("externalId", externalId));
    }

    Refusal why(String step, Settings settings) {
        return new Refusal(step, null, "Spoke " + spoke + " has no record " + externalId
                + " any more. Nothing is written to it until the spoke speaks of it again. "
                + (settings.creates(spoke, entity)
                        ? "Have it made again (recreate), or discard this and leave it so."
                        : "See whether the " + entity + " is inactive, and discard this."),
                CODE);
    }
}
