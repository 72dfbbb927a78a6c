package io.serai.bench;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/** Posts customers at a steady pace, whatever the answers do, and asks the sink when each came. */
final class Pace {
    static final int PER_SECOND = 50;

    private Pace() {}

    /**
     * Times in milliseconds.
     *
     * @param fromSending to the sink, from the moment the request went out
     * @param fromAnswer to the sink, from the hub's answer; 0 when the sink knew first
     */
    record Result(int messages, Percentiles fromSending, Percentiles fromAnswer) {}

    record Percentiles(double p50, double p95, double max) {
        static Percentiles of(double[] values) {
            double[] sorted = values.clone();
            Arrays.sort(sorted);
            return new Percentiles(at(sorted, 0.50), at(sorted, 0.95), sorted[sorted.length - 1]);
        }

        private static double at(double[] sorted, double share) {
            return sorted[(int) Math.ceil(share * sorted.length) - 1];
        }
    }

    private record Sent(String email, long at, long answered) {}

    static Result run(Hub hub, Sink sink, int seconds) throws Exception {
        int count = PER_SECOND * seconds;
        long first = People.share(People.SHARE);
        sink.note();
        List<Sent> all;
        try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            long begun = System.nanoTime();
            List<Future<Sent>> sent = IntStream.range(0, count).mapToObj(i -> {
                long due = begun + i * 1_000_000_000L / PER_SECOND;
                while (System.nanoTime() < due) {
                    LockSupport.parkNanos(due - System.nanoTime());
                }
                return clients.submit(post(client, hub, People.of(first + i)));
            }).toList();
            all = new java.util.ArrayList<>();
            for (Future<Sent> future : sent) {
                all.add(future.get());
            }
        }
        String last = all.getLast().email();
        Wait.until("the sink has everything", Duration.ofSeconds(30), Duration.ofMillis(20),
                () -> sink.arrival(last) != null && all.stream().allMatch(one -> sink.arrival(one.email()) != null));
        return new Result(count,
                Percentiles.of(all.stream().mapToDouble(one -> millis(sink.arrival(one.email()) - one.at())).toArray()),
                Percentiles.of(all.stream()
                        .mapToDouble(one -> Math.max(0, millis(sink.arrival(one.email()) - one.answered())))
                        .toArray()));
    }

    private static double millis(long nanos) {
        return nanos / 1e6;
    }

    private static Callable<Sent> post(HttpClient client, Hub hub, People one) {
        return () -> {
            HttpRequest request = HttpRequest.newBuilder(URI.create(hub.url() + "/api/customers"))
                    .header("Authorization", "Bearer " + hub.key()).header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(one.json())).build();
            long at = System.nanoTime();
            HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
            if (response.statusCode() != 201) {
                throw new IllegalStateException("The hub answers " + response.statusCode() + ": " + response.body());
            }
            return new Sent(one.email(), at, System.nanoTime());
        };
    }
}
