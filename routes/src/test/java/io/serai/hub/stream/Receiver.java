package io.serai.hub.stream;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import com.standardwebhooks.Webhook;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Somebody else's program that takes webhooks. It believes only what is signed, by the library that Standard Webhooks gives to
 * receivers, and keeps what it took in the order in which it came.
 */
final class Receiver implements AutoCloseable {
    final byte[] secret = ChangeStream.newSecret();
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Event> taken = new ArrayList<>();
    private volatile Manner manner = _ -> 204;
    private volatile List<byte[]> secrets = List.of(secret);

    /** How it answers what is properly signed. */
    interface Manner {
        /** @return the status; 0 when it has answered by itself */
        int answer(Event event) throws Exception;
    }

    /** One request. */
    record Event(String id, String signature, String contentType, String host, JsonNode body, HttpExchange exchange) {
        long sequence() {
            return body.path("data").path("sequence").asLong();
        }

        String customer() {
            return body.path("subject").asString();
        }

        long version() {
            return body.path("data").path("version").asLong();
        }
    }

    Receiver() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.createContext("/", this::handle);
        server.setExecutor(threads);
        server.start();
    }

    private void handle(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String id = header(exchange, "webhook-id");
        String signature = header(exchange, "webhook-signature");
        Event event = new Event(id, signature, header(exchange, "Content-Type"), header(exchange, "Host"),
                JsonMapper.shared().readTree(body), exchange);
        try {
            List<String> given = Arrays.asList(signature.split(" "));
            for (byte[] known : secrets) {
                String expected = new Webhook(ChangeStream.text(known)).sign(id,
                        Long.parseLong(header(exchange, "webhook-timestamp")),
                        new String(body, StandardCharsets.UTF_8));
                if (!given.contains(expected)) {
                    answer(exchange, 401);
                    return;
                }
            }
            int status = manner.answer(event);
            if (status / 100 == 2) {
                synchronized (taken) {
                    taken.add(event);
                }
            }
            if (status != 0) {
                answer(exchange, status);
            }
        } catch (Exception e) {
            exchange.close();
        }
    }

    private static void answer(HttpExchange exchange, int status) throws IOException {
        exchange.sendResponseHeaders(status, -1);
        exchange.close();
    }

    private static String header(HttpExchange exchange, String name) {
        return exchange.getRequestHeaders().getFirst(name);
    }

    void behaves(Manner other) {
        manner = other;
    }

    /** Wants to see a signature by each of these. */
    void knows(byte[]... known) {
        secrets = List.of(known);
    }

    int port() {
        return server.getAddress().getPort();
    }

    String url() {
        return "http://localhost:" + port() + "/hook";
    }

    List<Event> taken() {
        synchronized (taken) {
            return List.copyOf(taken);
        }
    }

    List<Long> sequences() {
        return taken().stream().map(Event::sequence).toList();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
