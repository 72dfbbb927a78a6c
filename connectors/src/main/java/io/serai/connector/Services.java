package io.serai.connector;

import java.time.InstantSource;
import java.util.Optional;

/** What a protocol may ask of the hub it runs in. */
public interface Services {
    InstantSource clock();

    Polls polls();

    /** A bean of the hub's, e.g. a connection factory; empty when there is none. */
    <T> Optional<T> find(Class<T> type);

    /** The spoke has just done what was asked, or sent something. Producers and consumers of the component report by themselves. */
    void succeeded(Spoke spoke);

    /** The spoke did not do what was asked, e.g. a poll failed. The reason holds no secret and no payload. */
    void failed(Spoke spoke, String reason);
}
