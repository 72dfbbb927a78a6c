package io.serai.crm.plan;

import java.util.Map;

/**
 * Which value survives when a spoke and somebody else changed the same field.
 *
 * @param policies entity to top-level field to policy; a field not named follows {@code newest}
 */
public record Survivorship(Map<String, Map<String, Policy>> policies) {

    /** Decides a field that both sides changed. */
    public enum Policy {
        /** The value that reached the hub last; spokes' clocks never decide. */
        NEWEST,
        /** The value of the spoke with the higher rank; between equals the newest. */
        RANKING,
        /** The hub's value stays and a person decides. */
        PARK
    }

    public static final Survivorship NEWEST_EVERYWHERE = new Survivorship(Map.of());

    Policy policy(String entity, String field) {
        return policies.getOrDefault(entity, Map.of()).getOrDefault(field, Policy.NEWEST);
    }
}
