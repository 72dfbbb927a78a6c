package io.serai.connector;

/** Writes one entity to one spoke. Safe for use by many threads. */
public interface Outlet extends AutoCloseable {
    Reply send(Delivery delivery) throws ConnectorException;

    @Override
    default void close() {}
}
