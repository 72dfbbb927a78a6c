package io.serai.connector;

import java.util.Optional;

/**
 * A protocol family: http, soap, files, queue, mail. Implementations are found with {@link java.util.ServiceLoader}
 * (name them in {@code META-INF/services/io.serai.connector.Protocol}) and made once per {@link Connectors}.
 */
public interface Protocol extends AutoCloseable {
    /** The word in {@code protocol:} of a connector.yaml. */
    String name();

    /** Called once, before anything is asked of it. */
    default void start(Services services) {}

    /**
     * Reads the whole definition, without connecting anywhere, and ends with {@link Section#finish()}.
     *
     * @throws BadFileException for what this protocol cannot do
     */
    void check(Connector connector, Section definition);

    /** What receives for the entity; empty when the connector declares none. Each call makes a new one. */
    Optional<Inlet> inlet(Spoke spoke, String entity);

    /** What writes the entity; empty when the connector declares none. */
    Optional<Outlet> outlet(Spoke spoke, String entity);

    /** Whether {@link #inlet} asks for a list, which begins with the first record when the hub has no cursor. */
    default boolean lists(Spoke spoke, String entity) {
        return false;
    }

    /** How many requests this process has sent to the spoke since it started; 0 where nobody counts. */
    default long requests(Spoke spoke) {
        return 0;
    }

    /**
     * Reads a message of the journal once more, as it was read when it came.
     *
     * @return the record, as in {@link Item}
     * @throws MalformedException when it cannot be read
     * @throws ConnectorException when the spoke had to be asked for the record and did not answer
     */
    default Object read(Spoke spoke, Kept message) throws MalformedException, ConnectorException {
        throw new MalformedException("What came by " + message.protocol()
                + " cannot be read again: its sender was told what was wrong, and sends it anew.", null);
    }

    @Override
    default void close() {}
}
