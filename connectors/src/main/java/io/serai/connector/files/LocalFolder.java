package io.serai.connector.files;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A drop folder on this machine. Links are not followed: who may drop a file may not make the hub read another one. */
public final class LocalFolder implements DropFolder, DropFolder.Visit {
    private final Path folder;

    public LocalFolder(Path folder) {
        this.folder = folder;
    }

    @Override
    public String place() {
        return folder.toString();
    }

    @Override
    public void open() throws IOException {
        Files.createDirectories(folder.resolve("done"));
        Files.createDirectories(folder.resolve("rejected"));
    }

    @Override
    public Visit visit() throws IOException {
        open();
        return this;
    }

    @Override
    public List<Dropped> list() throws IOException {
        List<Dropped> found = new ArrayList<>();
        try (var entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                look(entry.getFileName().toString()).ifPresent(found::add);
            }
        }
        return found;
    }

    @Override
    public Optional<Dropped> look(String name) throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(folder.resolve(name), BasicFileAttributes.class,
                    LinkOption.NOFOLLOW_LINKS);
            return attributes.isRegularFile()
                    ? Optional.of(new Dropped(name, attributes.size(), attributes.lastModifiedTime().toInstant()))
                    : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public Path fetch(Dropped file) {
        return folder.resolve(file.name());
    }

    @Override
    public void release(Path fetched) {}

    @Override
    public boolean exists(String target) {
        return Files.exists(folder.resolve(target), LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public Path draft(String target) {
        Path path = folder.resolve(target);
        return path.resolveSibling("." + path.getFileName() + ".tmp");
    }

    @Override
    public void publish(Path draft, String target) throws IOException {
        force(draft);
        Path path = folder.resolve(target);
        Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        force(path.getParent());
    }

    @Override
    public void move(String name, String target) throws IOException {
        Path path = folder.resolve(target);
        Files.move(folder.resolve(name), path, StandardCopyOption.ATOMIC_MOVE);
        force(path.getParent());
        force(folder);
    }

    @Override
    public void remove(String name) throws IOException {
        Files.deleteIfExists(folder.resolve(name));
    }

    @Override
    public void close() {}

    /** A directory can be forced too: that keeps its names. */
    static void force(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
