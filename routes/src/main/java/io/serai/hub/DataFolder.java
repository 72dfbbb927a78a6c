package io.serai.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The folder a hub keeps everything in. One hub at a time: the lock goes with the process, however it ends. */
public final class DataFolder implements AutoCloseable {
    private final Path path;
    private final FileChannel channel;

    private DataFolder(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /** Takes the folder, and makes it when there is none. Refuses when another hub has it. */
    public static DataFolder take(Path path) {
        try {
            Path folder = PrivateFile.folder(path.toAbsolutePath().normalize());
            FileChannel channel = FileChannel.open(folder.resolve("hub.lock"), StandardOpenOption.CREATE,
                    StandardOpenOption.WRITE);
            FileLock lock = lock(channel);
            if (lock == null) {
                channel.close();
                throw new StartRefused("Another hub is running with the data folder " + folder
                        + ". Stop it first, or give this one a folder of its own (SERAI_DATA).");
            }
            return new DataFolder(folder, channel);
        } catch (IOException e) {
            throw new StartRefused("The data folder " + path + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException sameProcess) {
            return null;
        }
    }

    public Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
