package io.serai.connector;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One configured instance of a connector.
 *
 * @param name the spoke's name, as in {@code connector:<name>/customers}
 * @param mappings the folder in {@code mappings/} that speaks its language
 * @param settings the connector's settings with this spoke's values; secrets included, so never to be printed
 * @param access how the spoke signs on to the hub; null when it does not
 * @param flows entity to the standard routes that exist for it: in, out, update, issue
 * @param rank source ranking for survivorship; higher wins
 * @param limits what this account may ask for, where that differs from what the connector says
 * @param off why the spoke is switched off; empty when it is on
 */
public record Spoke(String name, Connector connector, String mappings, Map<String, String> settings, Access access,
        Map<String, Set<String>> flows, int rank, Map<String, Object> limits, Optional<String> off) {

    /** Credentials with which a spoke calls the hub; each may be null. */
    public record Access(String user, String password, String key) {
        /** Says who, never with what. */
        @Override
        public String toString() {
            return "Access[user=" + user + "]";
        }
    }

    /** The connector's definition with this spoke's settings filled in. */
    public Section definition() {
        return connector.definition(settings, limits);
    }

    /** What its system lets the hub do with records of the entity. */
    public Terms terms(String entity) {
        return Terms.of(definition(), entity);
    }

    /** True when the standard route exists for the entity. */
    public boolean flows(String entity, String direction) {
        return flows.getOrDefault(entity, Set.of()).contains(direction);
    }

    /** Names the spoke and leaves out its settings, which hold secrets. */
    @Override
    public String toString() {
        return "Spoke[" + name + ", connector=" + connector.name() + off.map(reason -> ", off: " + reason).orElse("")
                + "]";
    }
}
