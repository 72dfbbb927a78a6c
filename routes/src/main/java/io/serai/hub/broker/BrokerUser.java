package io.serai.hub.broker;

import java.util.Set;

/**
 * Somebody who may use the embedded broker.
 *
 * @param sends addresses it may send to
 * @param receives addresses it may receive from
 */
public record BrokerUser(String name, String password, Set<String> sends, Set<String> receives) {
    /** Says who, never with what. */
    @Override
    public String toString() {
        return "BrokerUser[" + name + "]";
    }
}
