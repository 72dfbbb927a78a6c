package io.serai.connector.files;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A folder into which others drop files, on this machine or on another. */
interface DropFolder {
    /** Where the folder is, for operators; without credentials. */
    String place();

    /** Before the first look, and without asking another machine: once the hub is ready, files can be dropped. */
    default void open() throws IOException {}

    Visit visit() throws IOException;

    /** A plain file in the folder itself. */
    record Dropped(String name, long size, Instant modified) {}

    /** One look into the folder. Targets are relative to it, e.g. {@code done/a.csv}, and their names chosen by the hub. */
    interface Visit extends Closeable {
        List<Dropped> list() throws IOException;

        /** The file as it is now; empty when it is gone. */
        Optional<Dropped> look(String name) throws IOException;

        /** The content in a local file, which is only read and then released. */
        Path fetch(Dropped file) throws IOException;

        void release(Path fetched) throws IOException;

        boolean exists(String target) throws IOException;

        /** A local file in which to prepare the target. */
        Path draft(String target) throws IOException;

        /** Makes a finished draft appear as the target, whole and safe against a power cut; replaces an older one. */
        void publish(Path draft, String target) throws IOException;

        void move(String name, String target) throws IOException;

        /** Takes away a marker, or a target that was published for nothing; does nothing when it is gone. */
        void remove(String name) throws IOException;
    }
}
