package io.serai.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import com.sun.net.httpserver.HttpServer;

/** A fault suite whose faults do not happen proves nothing. */
class ProxyTest {
    private final AtomicInteger asked = new AtomicInteger();
    private HttpServer server;
    private Proxy wire;

    @BeforeEach
    void open() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            asked.incrementAndGet();
            exchange.sendResponseHeaders(200, 2);
            exchange.getResponseBody().write("ok".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            exchange.close();
        });
        server.start();
        wire = new Proxy(server.getAddress().getPort());
    }

    @AfterEach
    void close() throws IOException {
        wire.close();
        server.stop(0);
    }

    private String ask() throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = client.send(
                    HttpRequest.newBuilder(URI.create(wire.url())).timeout(Duration.ofMillis(700))
                            .POST(HttpRequest.BodyPublishers.ofString("{}")).build(),
                    HttpResponse.BodyHandlers.ofString());
            return answer.statusCode() + " " + answer.body();
        }
    }

    @Test
    void carriesWhatItIsNotToldToSpoil() throws Exception {
        assertThat(ask()).isEqualTo("200 ok");
        assertThat(wire.struck()).isZero();
    }

    @Test
    void losesTheReplyOfARequestThatWasCarriedOut() {
        wire.all(new Proxy.Fate.LoseReply());
        assertThatThrownBy(this::ask).isInstanceOf(IOException.class);
        assertThat(asked).hasPositiveValue();
    }

    @Test
    void swallowsBothWaysOrOnlyTheReply() {
        wire.all(new Proxy.Fate.Swallow());
        assertThatThrownBy(this::ask).isInstanceOf(HttpTimeoutException.class);
        assertThat(asked).hasValue(0);
        wire.all(new Proxy.Fate.OneWay());
        assertThatThrownBy(this::ask).isInstanceOf(HttpTimeoutException.class);
        assertThat(asked).hasValue(1);
    }

    @Test
    void answersSomethingElseWithOrWithoutAsking() throws Exception {
        wire.all(new Proxy.Fate.Instead(Proxy.http(502, "", "no")));
        assertThat(ask()).isEqualTo("502 no");
        assertThat(asked).hasValue(1);
        wire.all(new Proxy.Fate.Canned(Proxy.http(429, "", "slow"), null));
        assertThat(ask()).isEqualTo("429 slow");
        assertThat(asked).hasValue(1);
    }

    @Test
    void deliversARequestLongAfterItsSenderHasGivenUp() {
        CountDownLatch gate = new CountDownLatch(1);
        wire.all(new Proxy.Fate.Held(gate));
        assertThatThrownBy(this::ask).isInstanceOf(HttpTimeoutException.class);
        assertThat(asked).hasValue(0);
        gate.countDown();
        Wait.until("it has arrived", Duration.ofSeconds(5), () -> asked.get() == 1);
    }
}
