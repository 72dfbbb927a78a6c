package io.serai.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Clients that post customers as fast as they are answered: Debian's wrk. */
final class Load {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final String wrk;
    private final Path script;

    /**
     * What clients saw.
     *
     * @param perSecond answers, every one of them a 2xx
     * @param clientCpu CPU milliseconds that wrk itself used for each request
     */
    record Result(long requests, double perSecond, double p50Millis, double p95Millis, double p99Millis,
            double maxMillis, double clientCpu) {}

    /** @param work where the script goes */
    Load(Path work) throws IOException {
        this.wrk = Program.find("wrk", "wrk");
        this.script = work.resolve("customers.lua");
        try (InputStream resource = Load.class.getResourceAsStream("customers.lua")) {
            Files.write(script, resource.readAllBytes());
        }
    }

    Result rest(Hub hub, int clients, int seconds) throws IOException, InterruptedException {
        return run("rest", hub.url() + "/api/customers", "Bearer " + hub.key(), clients, seconds);
    }

    Result soap(Hub hub, int clients, int seconds) throws IOException, InterruptedException {
        String signOn = Home.SOAP_USER + ":" + Home.SOAP_PASSWORD;
        return run("soap", hub.url() + "/soap/customers",
                "Basic " + Base64.getEncoder().encodeToString(signOn.getBytes(StandardCharsets.UTF_8)), clients,
                seconds);
    }

    private List<String> command(String url, int clients, int threads, int seconds) {
        return List.of(wrk, "-t" + threads, "-c" + clients, "-d" + seconds + "s", "--timeout", "10s", "-s",
                script.toString(), "--latency", url);
    }

    private Result run(String kind, String url, String authorization, int clients, int seconds)
            throws IOException, InterruptedException {
        int threads = Math.min(2, clients);
        Map<String, String> environment = new HashMap<>(
                Map.of("BENCH_KIND", kind, "BENCH_FIRST", Long.toString(People.share(People.SHARE)), "BENCH_SHARE",
                        Integer.toString(People.SHARE / threads), "BENCH_AUTHORIZATION", authorization));
        double before = Running.cpuSecondsOfEndedChildren();
        String output = Program.run(command(url, clients, threads, seconds), environment);
        double cpu = Running.cpuSecondsOfEndedChildren() - before;
        String line = output.lines().filter(text -> text.startsWith("RESULT ")).findFirst()
                .orElseThrow(() -> new IllegalStateException("wrk says:\n" + output));
        JsonNode result = JSON.readTree(line.substring("RESULT ".length()));
        for (String error : List.of("connect", "read", "write", "status", "timeout")) {
            if (result.get(error).asLong() > 0) {
                // Looking at every answer would cost too much while measuring.
                environment.put("BENCH_SHOW", "yes");
                throw new IllegalStateException("Not every " + kind + " request was answered with 2xx:\n" + output
                        + "One more second, to see an answer:\n"
                        + Program.run(command(url, clients, threads, 1), environment));
            }
        }
        long requests = result.get("requests").asLong();
        return new Result(requests, requests / (result.get("micros").asDouble() / 1e6),
                result.get("p50").asDouble() / 1e3, result.get("p95").asDouble() / 1e3,
                result.get("p99").asDouble() / 1e3, result.get("max").asDouble() / 1e3, 1e3 * cpu / requests);
    }
}
