package io.serai.hub.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;

import io.serai.connector.Connectors;
import io.serai.connector.Spokes;
import io.serai.connector.webhook.Webhooks;

/** Callers of the webhooks' door whom nobody knows: none of these requests is signed. */
class HooksTest {
    private static final int MIB = 1 << 20;
    private static final int SMALL = 10 << 10;

    @TempDir
    Path folder;

    private Connectors connectors;
    private MockMvc door;

    @BeforeEach
    void open() throws IOException {
        Files.writeString(folder.resolve("shop.yaml"), """
                spoke: shop
                connector: shopify
                settings: {url: "http://127.0.0.1:1", token: nothing, hook_secret: nothing}
                flows: {customer: [in]}
                """);
        Spokes spokes = Spokes.load(Path.of("../connectors"), folder, Map.<String, String>of()::get);
        connectors = new Connectors(spokes, Clock.systemUTC(), (spoke, what, lease) -> Optional.empty(),
                type -> Optional.empty());
        door = MockMvcBuilders
                .standaloneSetup(new HooksController(new Webhooks(connectors, Clock.systemUTC()), new Strangers(MIB)))
                .setControllerAdvice(new Refusals()).build();
    }

    @AfterEach
    void close() {
        connectors.close();
    }

    @Test
    void whoSendsToNobodyIsAnsweredUnread() throws Exception {
        Arriving body = new Arriving(MIB, MIB);
        assertThat(send("nobody", body).getStatus()).isEqualTo(404);
        assertThat(body.arrived).isZero();
    }

    @Test
    void aBodyTakesTheMemoryOfWhatArrivesAndNotOfWhatItAnnounces() throws Exception {
        Arriving little = new Arriving(2 * MIB, 100);
        assertThat(send("shop", little).getStatus()).isEqualTo(401);
        assertThat(little.largestBuffer).isEqualTo(Body.FIRST);

        Arriving unannounced = new Arriving(-1, 3 * Body.FIRST);
        assertThat(send("shop", unannounced).getStatus()).isEqualTo(401);
        assertThat(unannounced.arrived).isEqualTo(3 * Body.FIRST);
    }

    @Test
    void strangersTogetherTakeNoMoreThanTheirRoomAndSmallBodiesComeThroughMeanwhile() throws Exception {
        Arriving large = new Arriving(MIB, MIB);
        large.pauseAt = MIB / 2;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            try {
                Future<MockHttpServletResponse> answer = threads.submit(() -> send("shop", large));
                assertThat(large.pausing.await(1, TimeUnit.MINUTES)).isTrue();

                MockHttpServletResponse refused = send("shop", new Arriving(MIB, MIB));
                assertThat(refused.getStatus()).isEqualTo(503);
                assertThat(refused.getHeader("Retry-After")).isEqualTo("5");
                assertThat(send("shop", new Arriving(SMALL, SMALL)).getStatus()).isEqualTo(401);

                large.goOn.countDown();
                assertThat(answer.get(1, TimeUnit.MINUTES).getStatus()).isEqualTo(401);
                assertThat(send("shop", new Arriving(MIB, MIB)).getStatus()).as("the room is free again")
                        .isEqualTo(401);
            } finally {
                large.goOn.countDown();
            }
        }
    }

    @Test
    void aBodyThatBreaksOffIsTheCallersFailureAndNotTheHubs() throws Exception {
        Arriving broken = new Arriving(MIB, 100);
        broken.breaks = true;
        assertThat(send("shop", broken).getStatus()).isEqualTo(408);
    }

    private MockHttpServletResponse send(String spoke, Arriving body) throws Exception {
        return door.perform(context -> new MockHttpServletRequest(context, "POST", "/hooks/" + spoke) {
            @Override
            public long getContentLengthLong() {
                return body.announced;
            }

            @Override
            public ServletInputStream getInputStream() {
                return body;
            }
        }).andReturn().getResponse();
    }

    /** A body on its way over the network. */
    private static final class Arriving extends ServletInputStream {
        private final int announced;
        private final int size;
        private final CountDownLatch pausing = new CountDownLatch(1);
        private final CountDownLatch goOn = new CountDownLatch(1);
        private int pauseAt = Integer.MAX_VALUE;
        private boolean breaks;
        private int arrived;
        private int largestBuffer;

        /** @param announced -1 for chunks. @param size what really comes */
        Arriving(int announced, int size) {
            this.announced = announced;
            this.size = size;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            largestBuffer = Math.max(largestBuffer, into.length);
            if (arrived >= pauseAt) {
                pauseAt = Integer.MAX_VALUE;
                pausing.countDown();
                await();
            }
            if (arrived == size) {
                if (breaks) {
                    throw new IOException("Connection reset");
                }
                return -1;
            }
            int count = Math.min(length, size - arrived);
            arrived += count;
            return count;
        }

        private void await() throws IOException {
            try {
                goOn.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }

        @Override
        public int read() {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean isFinished() {
            return arrived == size;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {
            throw new UnsupportedOperationException();
        }
    }
}
