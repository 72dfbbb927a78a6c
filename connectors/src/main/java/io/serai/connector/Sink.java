package io.serai.connector;

import java.util.List;

/** Where an inlet hands over what arrived. */
public interface Sink {
    /**
     * Hands the items to the route and returns when all of them are committed: one outcome per item, in order.
     *
     * @throws Exception when nothing could be stored; the caller must then not acknowledge
     */
    List<Outcome> accept(List<Item> items) throws Exception;
}
