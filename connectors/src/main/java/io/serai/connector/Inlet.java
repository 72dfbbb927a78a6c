package io.serai.connector;

/** Receives for one spoke and entity; opened and closed with the route. */
public interface Inlet extends AutoCloseable {
    void open(Sink sink) throws Exception;

    @Override
    void close();
}
