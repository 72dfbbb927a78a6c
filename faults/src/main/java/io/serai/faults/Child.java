package io.serai.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A process that the suite started and may stop, freeze or kill. None outlives the suite. */
final class Child implements AutoCloseable {
    private static final Set<Child> ALL = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> ALL.forEach(Child::kill)));
    }

    private final String name;
    private final Path log;
    private final Process process;

    private Child(String name, Path log, Process process) {
        this.name = name;
        this.log = log;
        this.process = process;
    }

    static Child start(String name, Path log, List<String> command, Map<String, String> environment)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        Child child = new Child(name, log, builder.start());
        ALL.add(child);
        return child;
    }

    private long pid() {
        return process.pid();
    }

    List<Long> pids() {
        return Stream.concat(Stream.of(pid()), process.descendants().map(ProcessHandle::pid)).toList();
    }

    boolean alive() {
        return process.isAlive();
    }

    void requireAlive() {
        if (!alive()) {
            throw new IllegalStateException(name + " has ended:\n" + lastWords());
        }
    }

    private String lastWords() {
        try {
            List<String> lines = Files.readAllLines(log);
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 15), lines.size()));
        } catch (IOException unreadable) {
            return "see " + log;
        }
    }

    /** Without a word, and with all its children: as if the power went. */
    void kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        try {
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                throw new IllegalStateException(name + " survived kill -9");
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        ALL.remove(this);
    }

    /** @param word TERM, STOP, CONT or INT */
    void signal(String word) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + word, Long.toString(pid())).start().waitFor();
    }

    boolean ends(Duration longest) throws InterruptedException {
        return process.waitFor(longest.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() throws Exception {
        if (alive()) {
            signal("CONT");
            signal("TERM");
            if (!ends(Duration.ofSeconds(15))) {
                kill();
            }
        }
        ALL.remove(this);
    }
}
