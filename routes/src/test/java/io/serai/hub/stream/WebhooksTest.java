package io.serai.hub.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.WireMock;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import com.standardwebhooks.Webhook;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import io.serai.crm.Change;
import io.serai.crm.ChangeEvent;
import io.serai.hub.stream.Channel.Trouble;
import io.serai.hub.stream.Channel.Trouble.Kind;

/** One request and what its answer means. */
class WebhooksTest {
    private static final CloudEvent EVENT = CloudEvent.of(1, new ChangeEvent("7-0123456789abcdef",
            new Change(7, "customer", UUID.randomUUID(), 2, Map.of("language", "de"), "erp", null, "updated",
                    Instant.parse("2026-03-01T10:00:00Z"))),
            null);

    private final InstantSource clock = Clock.systemUTC();
    private final Guard guard = new Guard(true, InetAddress::getAllByName);
    private final Webhooks webhooks = new Webhooks(guard, clock, Duration.ofSeconds(2));
    private final Receiver receiver = new Receiver();

    @AfterEach
    void close() {
        webhooks.close();
        receiver.close();
    }

    @ParameterizedTest
    @CsvSource({"200,", "202,", "204,", "301, UNWELL", "307, UNWELL", "400, REFUSED", "401, UNWELL", "404, UNWELL",
            "408, UNWELL", "409, REFUSED", "410, GONE", "413, REFUSED", "422, REFUSED", "429, BUSY", "500, UNWELL",
            "502, UNWELL", "503, UNWELL"})
    void tellsAnEventThatIsRefusedFromAReceiverThatIsUnwell(int status, Kind kind) {
        receiver.behaves(_ -> status);
        Trouble trouble = send();
        assertThat(trouble == null ? null : trouble.kind()).isEqualTo(kind);
    }

    @Test
    void leavesAReceiverAloneForAsLongAsItAsks() {
        receiver.behaves(event -> {
            event.exchange().getResponseHeaders().add("Retry-After", "120");
            return 503;
        });
        assertThat(send()).isEqualTo(new Trouble(Kind.BUSY, "It answered 503.", Duration.ofSeconds(120)));
        receiver.behaves(event -> {
            event.exchange().getResponseHeaders().add("Retry-After", DateTimeFormatter.RFC_1123_DATE_TIME
                    .format(clock.instant().plusSeconds(300).atOffset(ZoneOffset.UTC)));
            return 429;
        });
        assertThat(send().pause()).isBetween(Duration.ofSeconds(280), Duration.ofSeconds(300));
    }

    @Test
    void whatItSendsIsBelievedByTheLibraryThatReceiversUse() throws Exception {
        WireMockServer office = new WireMockServer(
                WireMockConfiguration.options().dynamicPort().bindAddress("127.0.0.1"));
        office.start();
        try {
            office.stubFor(WireMock.post("/hook")
                    .willReturn(WireMock.ok()));
            byte[] secret = ChangeStream.newSecret();
            assertThat(webhooks.send(office.baseUrl() + "/hook", List.of(secret, ChangeStream.newSecret()), EVENT))
                    .isNull();
            var request = office.getAllServeEvents().getFirst().getRequest();
            Map<String, List<String>> headers = Map.of("webhook-id", List.of(request.getHeader("webhook-id")),
                    "webhook-timestamp", List.of(request.getHeader("webhook-timestamp")), "webhook-signature",
                    List.of(request.getHeader("webhook-signature")));
            new Webhook(ChangeStream.text(secret)).verify(request.getBodyAsString(), headers);
        } finally {
            office.stop();
        }
    }

    /** The socket's own time-out would begin anew with every byte. */
    @Test
    @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void givesUpOnAnAnswerThatTrickles() {
        try (Trickle trickle = new Trickle()) {
            long begun = System.nanoTime();
            Trouble trouble = webhooks.send("http://localhost:" + trickle.port() + "/", List.of(receiver.secret),
                    EVENT);
            assertThat(trouble).isEqualTo(Trouble.unwell("It did not answer within 2 seconds."));
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
        }
    }

    /** A success is one, however long the talk after it. */
    @Test
    void doesNotListenToAnAnswerWithoutEnd() {
        receiver.behaves(event -> {
            event.exchange().sendResponseHeaders(200, 0);
            try (OutputStream body = event.exchange().getResponseBody()) {
                while (true) {
                    body.write(new byte[8192]);
                }
            }
        });
        assertThat(send()).isNull();
    }

    @Test
    void wantsACertificateThatCanBeTrusted() {
        WireMockServer stranger = new WireMockServer(
                WireMockConfiguration.options().httpDisabled(true).dynamicHttpsPort()
                        .bindAddress("127.0.0.1"));
        stranger.start();
        try {
            Trouble trouble = webhooks.send("https://localhost:" + stranger.httpsPort() + "/hook",
                    List.of(receiver.secret), EVENT);
            assertThat(trouble.kind()).isEqualTo(Kind.UNWELL);
            assertThat(trouble.problem()).contains("no secure connection");
            assertThat(stranger.getAllServeEvents()).isEmpty();
        } finally {
            stranger.stop();
        }
    }

    @Test
    void looksAtTheAddressWithEveryConnectionAndGoesToNoneThatIsNotPublic() {
        Guard rebinding = new Guard(true, host -> new InetAddress[]{InetAddress.ofLiteral("127.0.0.1")});
        try (Webhooks other = new Webhooks(rebinding, clock, Duration.ofSeconds(2))) {
            Trouble trouble = other.send("https://receiver.example:" + receiver.port() + "/", List.of(receiver.secret),
                    EVENT);
            assertThat(trouble.problem()).isEqualTo(
                    "Its host receiver.example has an address that is not public; changes are only sent to the open internet.");
        }
    }

    @Test
    void saysThatNobodyIsThere() {
        receiver.close();
        assertThat(send()).isEqualTo(Trouble.unwell("It cannot be reached."));
    }

    private Trouble send() {
        return webhooks.send(receiver.url(), List.of(receiver.secret), EVENT);
    }

    /** Sends a header that never ends, a byte at a time. */
    private static final class Trickle implements AutoCloseable {
        private final ServerSocket socket = open();
        private volatile boolean running = true;

        private Trickle() {
            Thread.ofVirtual().start(() -> {
                try (var accepted = socket.accept()) {
                    accepted.getOutputStream().write("HTTP/1.1 200 OK\r\nslow: ".getBytes(StandardCharsets.US_ASCII));
                    while (running) {
                        accepted.getOutputStream().write('a');
                        accepted.getOutputStream().flush();
                        LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
                    }
                } catch (IOException cutOff) {
                    // As it should be.
                }
            });
        }

        private static ServerSocket open() {
            try {
                return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        int port() {
            return socket.getLocalPort();
        }

        @Override
        public void close() {
            running = false;
            try {
                socket.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
