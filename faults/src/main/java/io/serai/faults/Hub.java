package io.serai.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** A hub as a process of its own; killed and started again it keeps ports and data. */
final class Hub implements AutoCloseable {
    private final Build build;
    private final Path data;
    private final Path log;
    private final Map<String, String> environment = new LinkedHashMap<>();
    private final int port = Http.freePort();
    private final int management = Http.freePort();
    private final int broker = Http.freePort();
    private Child process;

    Hub(String name, Build build, Path folder, Map<String, String> environment) throws IOException {
        this.build = build;
        this.data = folder.resolve(name);
        this.log = folder.resolve(name + ".log");
        Files.createDirectories(data);
        this.environment.putAll(environment);
        this.environment.putAll(Map.of("SERAI_DATA", data.toString(),
                "SERAI_PORT", Integer.toString(port), "SERAI_MANAGEMENT_PORT", Integer.toString(management)));
        if (!environment.containsKey("BROKER_URL")) {
            this.environment.put("SERAI_BROKER_PORT", Integer.toString(broker));
        }
    }

    void launch() throws IOException {
        Files.deleteIfExists(data.resolve("sandbox.env"));
        process = Child.start("the hub", log, build.hub("io.serai.hub.HubApplication"), environment);
    }

    void awaitReady() {
        Wait.until("the hub is ready, see " + log, Wait.LONG, () -> {
            process.requireAlive();
            return Files.exists(data.resolve("sandbox.env"))
                    && Http.get(management() + "/health/readiness").status() == 200;
        });
    }

    void start() throws IOException {
        launch();
        awaitReady();
    }

    boolean ready() throws Exception {
        return process.alive() && Http.get(management() + "/health/readiness").status() == 200;
    }

    void kill() {
        process.kill();
    }

    void freeze() throws Exception {
        process.signal("STOP");
    }

    void thaw() throws Exception {
        process.signal("CONT");
    }

    /** SIGTERM; how long it took, or null when it had to be killed after a minute. */
    Duration stop() throws Exception {
        return stop(Duration.ofSeconds(60));
    }

    /** As {@link #stop()}, with another patience. */
    Duration stop(Duration longest) throws Exception {
        long begin = System.nanoTime();
        process.signal("TERM");
        if (!process.ends(longest)) {
            process.kill();
            return null;
        }
        return Duration.ofNanos(System.nanoTime() - begin);
    }

    String url() {
        return "http://127.0.0.1:" + port;
    }

    int port() {
        return port;
    }

    private String management() {
        return "http://127.0.0.1:" + management + "/actuator";
    }

    Path data() {
        return data;
    }

    Path log() {
        return log;
    }

    String brokerUrl() {
        return "tcp://127.0.0.1:" + broker;
    }

    /** What the hub wrote down for scripts, such as its key. */
    String address(String name) throws IOException {
        return Files.readAllLines(data.resolve("sandbox.env")).stream().filter(line -> line.startsWith(name + "="))
                .findFirst().orElseThrow(() -> new IOException("no " + name + " yet")).substring(name.length() + 1);
    }

    /** Its metrics by name; those with labels are added up. */
    Map<String, Double> figures() throws Exception {
        Map<String, Double> figures = new HashMap<>();
        Http.get(management() + "/prometheus").text().lines().filter(line -> !line.startsWith("#")).forEach(line -> {
            int end = line.indexOf('{') >= 0 ? line.indexOf('{') : line.indexOf(' ');
            figures.merge(line.substring(0, end), Double.valueOf(line.substring(line.lastIndexOf(' ') + 1)),
                    Double::sum);
        });
        return figures;
    }

    @Override
    public void close() {
        if (process != null && process.alive()) {
            process.kill();
        }
    }
}
