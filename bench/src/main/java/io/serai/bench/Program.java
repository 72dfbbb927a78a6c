package io.serai.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Programs of others that the benchmark runs to their end. */
final class Program {
    private static final Set<Process> UNDER_WAY = ConcurrentHashMap.newKeySet();

    private Program() {}

    /** The path of a program; also looks where Debian keeps PostgreSQL's. */
    static String find(String name, String install) throws IOException {
        for (String folder : System.getenv("PATH").split(":")) {
            if (Files.isExecutable(Path.of(folder, name))) {
                return Path.of(folder, name).toString();
            }
        }
        Path debian = Path.of("/usr/lib/postgresql");
        if (Files.isDirectory(debian)) {
            try (Stream<Path> versions = Files.list(debian)) {
                List<Path> found = versions.map(version -> version.resolve("bin").resolve(name))
                        .filter(Files::isExecutable).sorted().toList();
                if (!found.isEmpty()) {
                    return found.getLast().toString();
                }
            }
        }
        throw new IllegalArgumentException(
                "The benchmark needs " + name + ". Install it (Debian: apt install " + install + ").");
    }

    /** What it printed. */
    static String run(List<String> command, Map<String, String> environment) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        UNDER_WAY.add(process);
        try {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException(command.getFirst() + " failed:\n" + output.strip());
            }
            return output;
        } finally {
            process.destroy();
            UNDER_WAY.remove(process);
        }
    }

    /** Ends what is still under way. */
    static void stopAll() {
        UNDER_WAY.forEach(Process::destroy);
    }
}
