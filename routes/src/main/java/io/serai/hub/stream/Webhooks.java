package io.serai.hub.stream;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

import javax.net.ssl.SSLException;

import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.routing.RoutingSupport;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

import io.serai.crm.SubscriberTurn;

/**
 * Tells subscribers by HTTP, one request for each change, signed as Standard Webhooks wants it. The next one is only sent
 * when the one before was taken. The JDK's client cannot be told which address to connect to; this one can.
 */
final class Webhooks implements Channel {
    private static final int SAME_HOST = 20;
    private static final int ALL = 100;
    private static final int LONGEST_LINE = 8 << 10;
    private static final int MOST_HEADERS = 100;
    private static final int LONGEST_BODY = 64 << 10;
    /** Answers that speak of the sender or of the moment and not of what was sent. */
    private static final Set<Integer> NOT_OF_THE_EVENT = Set.of(401, 403, 404, 405, 407, 408, 421, 425, 426);

    private final Duration call;
    private final Guard guard;
    private final InstantSource clock;
    private CloseableHttpClient client;
    private final ScheduledExecutorService deadlines = Executors
            .newSingleThreadScheduledExecutor(Thread.ofPlatform().daemon().name("webhook-deadlines").factory());

    /** @param call the most that one request may take, from the first look at the address to the end of the answer */
    Webhooks(Guard guard, InstantSource clock, Duration call) {
        this.call = call;
        this.guard = guard;
        this.clock = clock;
    }

    /** Made when it is needed: reading the certificates of this world takes its time, and most starts do not. */
    private synchronized CloseableHttpClient client() {
        if (client == null) {
            client = HttpClients.custom()
                    .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create().setDnsResolver(guard)
                            .setMaxConnPerRoute(SAME_HOST).setMaxConnTotal(ALL)
                            .setConnectionFactory(ManagedHttpClientConnectionFactory.builder().http1Config(Http1Config
                                    .custom().setMaxLineLength(LONGEST_LINE).setMaxHeaderCount(MOST_HEADERS).build())
                                    .build())
                            .setDefaultSocketConfig(SocketConfig.custom().setSoTimeout(Timeout.of(call)).build())
                            .setDefaultConnectionConfig(
                                    ConnectionConfig.custom().setConnectTimeout(Timeout.ofSeconds(5))
                                            .setSocketTimeout(Timeout.of(call)).setTimeToLive(TimeValue.ofMinutes(1))
                                            .setValidateAfterInactivity(TimeValue.ofSeconds(1)).build())
                            .build())
                    .setDefaultRequestConfig(RequestConfig.custom().setResponseTimeout(Timeout.of(call))
                            .setConnectionRequestTimeout(Timeout.of(call)).setProtocolUpgradeEnabled(false).build())
                    .disableRedirectHandling().disableAutomaticRetries().disableCookieManagement().disableAuthCaching()
                    .disableContentCompression().setUserAgent("serai").build();
        }
        return client;
    }

    @Override
    public Told tell(SubscriberTurn turn, List<CloudEvent> events, BooleanSupplier time) {
        for (int i = 0; i < events.size(); i++) {
            if (!time.getAsBoolean()) {
                return new Told(i, null);
            }
            Trouble trouble = send(turn.subscriber().url(), turn.secrets(), events.get(i));
            if (trouble != null) {
                return new Told(i, trouble);
            }
        }
        return Told.all(events);
    }

    /** @return null when it was taken */
    Trouble send(String url, List<byte[]> secrets, CloudEvent event) {
        URI uri;
        try {
            uri = guard.address(url);
        } catch (Guard.Forbidden forbidden) {
            return Trouble.unwell("Its url " + forbidden.getMessage() + ".");
        }
        HttpPost request = new HttpPost(uri);
        Instant now = clock.instant();
        request.setHeader("webhook-id", event.id());
        request.setHeader("webhook-timestamp", Long.toString(now.getEpochSecond()));
        request.setHeader("webhook-signature", Signature.of(secrets, event.id(), now, event.body()));
        request.setEntity(new ByteArrayEntity(event.body(), ContentType.create(CloudEvent.CONTENT_TYPE)));
        AtomicBoolean late = new AtomicBoolean();
        // Time-outs of the socket begin anew with every byte; somebody who sends one a second would hold us for ever.
        ScheduledFuture<?> deadline = deadlines.schedule(() -> {
            late.set(true);
            request.cancel();
        }, call.toMillis(), TimeUnit.MILLISECONDS);
        try {
            ClassicHttpResponse response = client().executeOpen(RoutingSupport.determineHost(request), request, null);
            Trouble trouble = judged(response);
            passOver(request, response);
            return trouble;
        } catch (IOException | HttpException | RuntimeException failed) {
            return Trouble.unwell(late.get()
                    ? "It did not answer within " + call.toSeconds() + " seconds."
                    : reason(failed));
        } finally {
            deadline.cancel(false);
        }
    }

    /** What an answer means. */
    private Trouble judged(ClassicHttpResponse response) {
        int status = response.getCode();
        if (status / 100 == 2) {
            return null;
        }
        Duration pause = pause(response.getFirstHeader("Retry-After"));
        String problem = "It answered " + status + ".";
        return switch (status) {
            case 410 -> new Trouble(Trouble.Kind.GONE, "It answered 410: it wants to be told no more.", null);
            case 429 -> new Trouble(Trouble.Kind.BUSY, problem, pause);
            case 503 -> new Trouble(pause == null ? Trouble.Kind.UNWELL : Trouble.Kind.BUSY, problem, pause);
            default -> {
                if (status / 100 == 3) {
                    yield Trouble.unwell("It answered " + status
                            + ", a redirect, which is not followed. Give its final address as url.");
                }
                yield status / 100 == 4 && !NOT_OF_THE_EVENT.contains(status)
                        ? new Trouble(Trouble.Kind.REFUSED, problem, pause)
                        : new Trouble(Trouble.Kind.UNWELL, problem, pause);
            }
        };
    }

    /** What the answer says is nobody's business, but a connection is only used again when all was read; it may have no end. */
    private static void passOver(HttpPost request, ClassicHttpResponse response) {
        try (response) {
            HttpEntity body = response.getEntity();
            if (body != null && body.getContent().readNBytes(LONGEST_BODY).length == LONGEST_BODY) {
                request.cancel();
            }
        } catch (IOException broken) {
            // The status was there already.
        }
    }

    private Duration pause(Header retryAfter) {
        if (retryAfter == null) {
            return null;
        }
        String value = retryAfter.getValue().strip();
        try {
            Duration asked = value.matches("\\d{1,6}")
                    ? Duration.ofSeconds(Long.parseLong(value))
                    : Duration.between(clock.instant(),
                            Instant.from(ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)));
            return asked.isNegative() ? Duration.ZERO : asked;
        } catch (DateTimeException notATime) {
            return null;
        }
    }

    private static String reason(Exception failed) {
        return switch (failed) {
            case Guard.Refused refused -> "Its host " + refused.getMessage() + ".";
            case UnknownHostException _ -> "Its host has no address.";
            case ConnectException _ -> "It cannot be reached.";
            case SocketTimeoutException _ -> "It did not answer in time.";
            case SSLException tls -> "There is no secure connection to it: " + tls.getMessage();
            default -> "The connection broke: " + failed.getClass().getSimpleName() + ".";
        };
    }

    @Override
    public synchronized void close() {
        deadlines.shutdownNow();
        if (client != null) {
            client.close(CloseMode.IMMEDIATE);
        }
    }
}
