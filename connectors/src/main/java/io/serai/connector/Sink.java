package io.serai.connector;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Where an inlet hands over what arrived. */
public interface Sink {
    /** Property of an exchange whose beginner does not wait for it: {@code crm:} may go on with the route when it has stored. */
    String NOBODY_WAITS = "nobodyWaits";

    /**
     * Hands the items to the route and returns when all of them are committed: one outcome per item, in order.
     *
     * @throws Exception when nothing could be stored; the caller must then not acknowledge
     */
    List<Outcome> accept(List<Item> items) throws Exception;

    /**
     * Hands over a message that the hub has in its journal, parked or waiting, once more; it keeps its place there.
     *
     * @param message the journal's id of it
     * @param by who wants it
     * @throws Exception when nothing could be stored
     */
    default Outcome retry(Item item, String message, String by) throws Exception {
        throw new UnsupportedOperationException("Nothing is tried again here.");
    }

    /**
     * As {@link #accept}, and returns as soon as the route has read the items: while they are stored, the next ones can be
     * prepared. What is submitted first is stored first.
     */
    default CompletableFuture<List<Outcome>> submit(List<Item> items) {
        try {
            return CompletableFuture.completedFuture(accept(items));
        } catch (Exception notStored) {
            return CompletableFuture.failedFuture(notStored);
        }
    }
}
