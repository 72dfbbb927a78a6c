package io.serai.faults;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

import tools.jackson.databind.json.JsonMapper;

/** JSON over HTTP, and free ports. */
final class Http {
    static final JsonMapper JSON = JsonMapper.builder().build();
    private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5)).build();

    private Http() {}

    record Answer(int status, byte[] body) {

        @SuppressWarnings("unchecked")
        Map<String, Object> json() {
            return JSON.readValue(body, Map.class);
        }

        String text() {
            return new String(body, java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    static Answer get(String url, String... headers) throws IOException, InterruptedException {
        return send(request(url, headers).GET());
    }

    static Answer post(String url, byte[] body, String... headers) throws IOException, InterruptedException {
        return send(request(url, headers).POST(HttpRequest.BodyPublishers.ofByteArray(body)));
    }

    /** What a person of the company does; the system must agree. */
    static Map<String, Object> act(String url, Map<String, Object> fields) throws IOException, InterruptedException {
        Answer answer = post(url, JSON.writeValueAsBytes(fields), "Content-Type", "application/json");
        if (answer.status() / 100 != 2) {
            throw new IOException(url + " answers " + answer.status() + ": " + answer.text());
        }
        return answer.json();
    }

    private static HttpRequest.Builder request(String url, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(60));
        return headers.length == 0 ? request : request.headers(headers);
    }

    private static Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<byte[]> response = CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        return new Answer(response.statusCode(), response.body());
    }

    /** The entries of a system's ledger after one of them. */
    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> ledger(String url, long after) throws IOException, InterruptedException {
        return get(url + "/ledger?after=" + after).text().lines().filter(line -> !line.isBlank())
                .map(line -> (Map<String, Object>) JSON.readValue(line, Map.class)).toList();
    }

    /**
     * One that a server which is killed will find free when it comes back: outside the range from which systems give ports to
     * outgoing connections.
     */
    static int freePort() {
        while (true) {
            int port = ThreadLocalRandom.current().nextInt(10_000, 32_000);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException taken) {
                // Another one, then.
            }
        }
    }
}
