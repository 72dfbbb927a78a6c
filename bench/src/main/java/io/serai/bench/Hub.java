package io.serai.bench;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A hub in a process of its own, as the launcher would start it. */
final class Hub implements AutoCloseable {
    private static final List<String> OPTIONS = List.of("-Xmx256m", "-XX:+UseSerialGC",
            "-XX:+UseCompactObjectHeaders");

    private static final int LONGEST_LINE = 300;

    private final Process process;
    private final Path data;
    private final Path log;
    private final int port;
    private final Duration start;

    private Hub(Process process, Path data, Path log, int port, long begun) throws Exception {
        this.process = process;
        this.data = data;
        this.log = log;
        this.port = port;
        Cleanup.add(this::close);
        Wait.until("the hub answers, see " + log, Duration.ofSeconds(120), Duration.ofMillis(10), this::answers);
        this.start = Duration.ofNanos(System.nanoTime() - begun);
    }

    /**
     * Where a hub of the benchmark lives.
     *
     * @param root of the repository, with its build
     * @param work of the benchmark
     */
    record Place(Path root, Path work, List<String> further) {

        /** @param data the hub's own folder; its log stands beside it */
        Hub start(Path home, Path data, Map<String, String> environment) throws Exception {
            int port = freePort();
            Path log = work.resolve(data.getFileName() + ".log");
            ProcessBuilder builder = new ProcessBuilder(commandLine()).directory(root.toFile())
                    .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
            builder.environment().keySet().removeIf(name -> name.matches("(SERAI|DATABASE|BROKER)_.*"));
            builder.environment().putAll(Map.of("SERAI_HOME", home.toString(), "SERAI_DATA", data.toString(),
                    "SERAI_PORT", Integer.toString(port), "SERAI_MANAGEMENT_PORT", "0", "SERAI_POSTGRES_PROGRAMS",
                    work.resolve("programs").toString(), "INBOX_DIR", data.resolve("inbox").toString()));
            builder.environment().putAll(environment);
            long begun = System.nanoTime();
            return new Hub(builder.start(), data, log, port, begun);
        }

        private List<String> commandLine() throws IOException {
            List<String> words = new ArrayList<>();
            words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            Path shared = root.resolve("deploy/jvm.options");
            if (Files.exists(shared)) {
                Files.readAllLines(shared).stream().map(String::strip)
                        .filter(line -> !line.isEmpty() && !line.startsWith("#")).forEach(words::add);
            } else {
                words.addAll(OPTIONS);
            }
            // As the launcher does: what the JVM learns about our classes at the first start makes the later ones fast.
            Path cache = work.resolve("hub.aot");
            words.add((Files.exists(cache) ? "-XX:AOTCache=" : "-XX:AOTCacheOutput=") + cache);
            words.addAll(further);
            words.addAll(List.of("-cp", root.resolve("routes/target/serai/lib") + "/*",
                    "io.serai.hub.HubApplication"));
            return words;
        }
    }

    String url() {
        return "http://127.0.0.1:" + port;
    }

    /** Null until the hub has made it up. */
    String key() throws IOException {
        Path credentials = data.resolve("credentials.env");
        if (!Files.exists(credentials)) {
            return null;
        }
        return Files.readAllLines(credentials).stream().filter(line -> line.startsWith("SERAI_API_KEY="))
                .map(line -> line.substring("SERAI_API_KEY=".length())).findFirst().orElse(null);
    }

    Path inbox() {
        return data.resolve("inbox");
    }

    /** From the start of the process to its first answer to a caller who signed on. */
    Duration start() {
        return start;
    }

    double cpuSeconds() {
        return Running.cpuSeconds(process.pid());
    }

    /** Resident memory in MiB, now and at its highest. */
    double[] residentMebibytes() throws IOException {
        return Running.residentMebibytes(process.pid());
    }

    private boolean answers() throws IOException {
        if (!process.isAlive()) {
            throw new IllegalStateException(
                    "The hub ended with code " + process.exitValue() + ", see " + log + ":\n" + lastWords());
        }
        String key = key();
        if (key == null) {
            return false;
        }
        HttpURLConnection connection = (HttpURLConnection) URI.create(url() + "/api/spokes").toURL().openConnection();
        connection.setRequestProperty("Authorization", "Bearer " + key);
        connection.setReadTimeout(5_000);
        try {
            return connection.getResponseCode() == 200;
        } catch (IOException notYet) {
            return false;
        } finally {
            connection.disconnect();
        }
    }

    /** Waits until the hub has said where everything is, which it does when all of it runs. */
    void awaitReady() throws Exception {
        Wait.until("the hub is ready, see " + log, Duration.ofSeconds(60), Duration.ofMillis(50),
                () -> Files.exists(data.resolve("sandbox.env")));
    }

    private String lastWords() throws IOException {
        List<String> lines = Files.readAllLines(log);
        return lines.subList(Math.max(0, lines.size() - 15), lines.size()).stream()
                .map(line -> line.substring(0, Math.min(line.length(), LONGEST_LINE)))
                .collect(Collectors.joining("\n"));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() throws InterruptedException {
        if (process.isAlive()) {
            process.destroy();
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        }
    }
}
