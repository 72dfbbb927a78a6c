package io.serai.connector;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** A folder of connectors and one of spokes that a test fills, and the connectors made of them. */
public final class Workshop {
    public final SettableClock clock = new SettableClock();
    public final Forgetful polls = new Forgetful();
    private final Path folder;

    public Workshop(Path folder) {
        this.folder = folder;
        try {
            Files.createDirectories(folder.resolve("connectors"));
            Files.createDirectories(folder.resolve("spokes"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Workshop connector(String name, String yaml) {
        return write("connectors/" + name + "/connector.yaml", yaml);
    }

    public Workshop spoke(String name, String yaml) {
        return write("spokes/" + name + ".yaml", yaml);
    }

    public Workshop write(String file, String content) {
        try {
            Files.createDirectories(folder.resolve(file).getParent());
            Files.writeString(folder.resolve(file), content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    public Spokes spokes(Map<String, String> environment) {
        return Spokes.load(folder.resolve("connectors"), folder.resolve("spokes"), environment::get);
    }

    public Connectors open() {
        return new Connectors(spokes(Map.of()), clock, polls, type -> Optional.empty());
    }

    /** One spoke of the test's own connectors. */
    public Spoke spoke(String name) {
        try {
            Path alone = Files.createDirectories(folder.resolve("alone-" + name));
            Files.copy(folder.resolve("spokes/" + name + ".yaml"), alone.resolve(name + ".yaml"));
            return Spokes.load(folder.resolve("connectors"), alone, variable -> null).find(name).orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The connectors of this repository with the given spokes. */
    public Connectors real(Map<String, String> environment) {
        return new Connectors(Spokes.load(Path.of("").toAbsolutePath(), folder.resolve("spokes"),
                (Function<String, String>) environment::get), clock, polls, type -> Optional.empty());
    }
}
