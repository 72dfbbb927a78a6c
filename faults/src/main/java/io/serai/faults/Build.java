package io.serai.faults;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A hub that can be run: the product's own, or a mutant of it.
 *
 * @param home the folder with routes, connectors, mappings and deploy
 * @param classPath what the hub's JVM is given
 * @param learned what the JVM learned of the hub's classes at an earlier start, which makes this one quick; null for a
 *        hub of other classes
 */
record Build(Path home, List<String> classPath, Path learned) {
    /** Where the launcher lays out the hub's jars. */
    private static final String JARS = "routes/target/serai/lib";

    /** The one that this suite was built with. */
    static Build own() {
        Path home = Path.of("").toAbsolutePath();
        while (!Files.exists(home.resolve("deploy/jvm.options"))) {
            home = home.getParent();
            if (home == null) {
                throw new IllegalStateException("Start this within the project's folder.");
            }
        }
        String path = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return new Build(home, List.of(path.split(File.pathSeparator)), null);
    }

    /** The same hub as the launcher runs it: from its jars alone, and quick to start once it has learned how. */
    Build fromJars() {
        return new Build(home, classPath, home.resolve("routes/target/serai/hub.aot"));
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** A JVM with the product's own options, for a main class. */
    List<String> hub(String main) throws IOException {
        List<String> command = new ArrayList<>(List.of(java()));
        Files.readAllLines(home.resolve("deploy/jvm.options")).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#")).forEach(command::add);
        // A hub that is killed every few seconds never gets as far as what the second compiler is good for.
        command.add("-XX:TieredStopAtLevel=1");
        if (learned == null) {
            command.addAll(List.of("-cp", String.join(File.pathSeparator, classPath)));
        } else {
            command.addAll(List.of((Files.exists(learned) ? "-XX:AOTCache=" : "-XX:AOTCacheOutput=") + learned, "-cp",
                    home.resolve(JARS) + "/*"));
        }
        command.add(main);
        return command;
    }

    /** A small JVM for one of the suite's or the company's own programs. */
    List<String> program(String main, String... arguments) {
        List<String> command = new ArrayList<>(List.of(java(), "-Xmx160m", "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1", "-cp", String.join(File.pathSeparator, classPath), main));
        command.addAll(List.of(arguments));
        return command;
    }
}
