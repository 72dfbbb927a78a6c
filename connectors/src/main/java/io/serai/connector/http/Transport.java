package io.serai.connector.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLHandshakeException;

import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

import io.serai.connector.ConnectorException;
import io.serai.connector.ErrorClass;
import io.serai.connector.Json;
import io.serai.connector.Limits;
import io.serai.connector.Section;
import io.serai.connector.Spoke;
import io.serai.connector.Terms;

/** Sends requests to one spoke: within its limits and time-outs, following no redirect, reading no more than 2 MiB. */
public final class Transport implements AutoCloseable {
    /** A quota may be gone until tomorrow; nobody asks for longer. */
    private static final Duration LONGEST_WAIT = Duration.ofDays(1);
    private static final TimeValue LONGEST_KEPT = TimeValue.ofMinutes(5);
    private static final int MOST_CONNECTIONS = 10_000;
    /** The header fields that are lists, of those that connectors look at. */
    private static final Set<String> LISTS = Set.of("link");

    private final String spoke;
    private final Limits limits;
    private final InstantSource clock;
    private final CloseableHttpClient http;
    private final Map<String, String> headers;
    private final Authentication authentication;
    private final Duration longest;
    private final ScheduledThreadPoolExecutor watch;

    private Transport(String spoke, Limits limits, InstantSource clock, Timeouts timeouts, Map<String, String> headers,
            Authentication authentication) {
        this.spoke = spoke;
        this.limits = limits;
        this.clock = clock;
        this.http = client(timeouts);
        this.headers = headers;
        this.authentication = authentication;
        this.longest = timeouts.connect().plus(timeouts.read());
        this.watch = new ScheduledThreadPoolExecutor(1, Thread.ofVirtual().name("http-" + spoke).factory());
        this.watch.setRemoveOnCancelPolicy(true);
    }

    private static CloseableHttpClient client(Timeouts timeouts) {
        ConnectionConfig connections = ConnectionConfig.custom()
                .setConnectTimeout(Timeout.of(timeouts.connect())).setSocketTimeout(Timeout.of(timeouts.read()))
                .setTimeToLive(LONGEST_KEPT).setValidateAfterInactivity(TimeValue.ofSeconds(1)).build();
        // How many there are at a time is the business of the limits.
        return HttpClients.custom()
                .setConnectionManager(
                        PoolingHttpClientConnectionManagerBuilder.create().setMaxConnTotal(MOST_CONNECTIONS)
                                .setMaxConnPerRoute(MOST_CONNECTIONS).setDefaultConnectionConfig(connections).build())
                .setDefaultRequestConfig(RequestConfig.custom().setProtocolUpgradeEnabled(false).build())
                .setUserAgent("Serai").disableRedirectHandling().disableAutomaticRetries().disableCookieManagement()
                .disableAuthCaching()
                // A compressed answer of a few bytes can unpack to gigabytes.
                .disableContentCompression().build();
    }

    /** Reads {@code auth:}, {@code limits:}, {@code timeouts:} and {@code headers:} of a definition. Opens no connection yet. */
    public static Transport of(Section definition, Spoke spoke, InstantSource clock) {
        return new Transport(spoke.name(), Limits.of(definition, clock, spoke.name()), clock, Timeouts.of(definition),
                definition.pairs("headers"), Authentication.of(definition));
    }

    /** Reads what {@link #of} reads, to see that it can be read. */
    public static void check(Section definition, InstantSource clock) {
        Timeouts.of(definition);
        Authentication.of(definition);
        definition.pairs("headers");
        Limits.of(definition, clock, "check");
        Terms.of(definition, "customer");
    }

    /**
     * Sends a request and reads the whole answer, whatever its status.
     *
     * @param title names the request in messages, without anything of the record
     * @param body null for none
     * @param create true when carrying the request out twice would make two records: a lost answer is then
     *     {@link ErrorClass#UNKNOWN} instead of {@link ErrorClass#TRANSIENT}
     * @throws ConnectorException when there is no answer, or the spoke may not be asked now
     */
    public Answer send(String title, String method, URI uri, Map<String, String> headers, byte[] body, boolean create)
            throws ConnectorException {
        Authentication.Header sign = authentication.header(this);
        Answer answer = exchange(title, method, uri, sign.with(headers), body, create);
        if (answer.status() == 401 && authentication.renews()) {
            // A token may be taken back before its time. With a new one it is tried once more, and not again.
            Authentication.Header fresh = authentication.renewed(this, sign);
            return exchange(title, method, uri, fresh.with(headers), body, create);
        }
        return answer;
    }

    /** As {@link #send}, without signing on. */
    Answer exchange(String title, String method, URI uri, Map<String, String> headers, byte[] body, boolean create)
            throws ConnectorException {
        ErrorClass lost = create ? ErrorClass.UNKNOWN : ErrorClass.TRANSIENT;
        HttpUriRequestBase request = new HttpUriRequestBase(method, uri);
        this.headers.forEach(request::setHeader);
        headers.forEach(request::setHeader);
        if (body != null) {
            request.setEntity(new ByteArrayEntity(body, null));
        }
        try (Limits.Permit permit = limits.enter()) {
            // However little an answer brings at a time, it has to come to its end.
            Future<?> end = watch.schedule(request::cancel, longest.toMillis(), TimeUnit.MILLISECONDS);
            try {
                return http.execute(request, response -> answer(request, response));
            } finally {
                end.cancel(false);
            }
        } catch (TooLargeException e) {
            throw new ConnectorException(lost, spoke + " answered " + title + " with more than " + Json.MAX_BYTES
                    + " bytes", e.status, null, null, e);
        } catch (IOException e) {
            throw unanswered(title, e, request.isCancelled(), lost);
        }
    }

    /** How long the spoke asks us to wait; remembers it, so that nobody asks again before. */
    public Duration pause(Answer answer) {
        return limits.pause(retryAfter(answer));
    }

    /** How long the spoke asks to wait; null when it does not say. */
    public Duration retryAfter(Answer answer) {
        Duration asked = answer.header("Retry-After").map(this::retryAfter).orElse(null);
        if (asked == null || !asked.isPositive()) {
            return asked == null ? null : Duration.ZERO;
        }
        return asked.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : asked;
    }

    public String spoke() {
        return spoke;
    }

    InstantSource clock() {
        return clock;
    }

    /** How many requests this process has sent since it started. */
    public long requests() {
        return limits.requests();
    }

    private Duration retryAfter(String value) {
        try {
            return value.matches("\\d{1,6}")
                    ? Duration.ofSeconds(Long.parseLong(value))
                    : Duration.between(clock.instant(), Instant.from(ZonedDateTime.parse(value,
                            DateTimeFormatter.RFC_1123_DATE_TIME)));
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    private static Answer answer(HttpUriRequestBase request, ClassicHttpResponse response) throws IOException {
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (Header header : response.getHeaders()) {
            // Of a field that is a list, several lines are one list (RFC 9110, section 5.3).
            headers.merge(header.getName(), header.getValue(), (first, next) -> LISTS.contains(header.getName()
                    .toLowerCase(Locale.ROOT)) ? first + ", " + next : first);
        }
        if (response.getEntity() == null) {
            return new Answer(response.getCode(), headers, new byte[0]);
        }
        try (InputStream stream = response.getEntity().getContent()) {
            byte[] body = stream.readNBytes(Json.MAX_BYTES + 1);
            if (body.length > Json.MAX_BYTES) {
                request.cancel(); // else the rest would be read before the connection is used again
                throw new TooLargeException(response.getCode());
            }
            return new Answer(response.getCode(), headers, body);
        }
    }

    private ConnectorException unanswered(String title, IOException cause, boolean late, ErrorClass lost) {
        if (cause instanceof ConnectTimeoutException || cause instanceof ConnectException
                || cause instanceof UnknownHostException || cause instanceof NoRouteToHostException
                || cause instanceof SSLHandshakeException) {
            return new ConnectorException(ErrorClass.TRANSIENT, spoke + " cannot be reached (" + title + ")", cause);
        }
        if (late || cause instanceof InterruptedIOException || Thread.currentThread().isInterrupted()) {
            return new ConnectorException(lost, spoke + " did not answer " + title + " in time", cause);
        }
        return new ConnectorException(lost, spoke + " broke the connection during " + title, cause);
    }

    @Override
    public void close() {
        watch.shutdownNow();
        http.close(CloseMode.IMMEDIATE);
    }

    private static final class TooLargeException extends RuntimeException {
        private final int status;

        TooLargeException(int status) {
            this.status = status;
        }
    }

    private record Timeouts(Duration connect, Duration read) {
        static Timeouts of(Section definition) {
            return definition.section("timeouts").map(section -> new Timeouts(section.duration("connect", Duration
                    .ofSeconds(2)), section.duration("read", Duration.ofSeconds(10))))
                    .orElse(new Timeouts(Duration.ofSeconds(
                            2), Duration.ofSeconds(10)));
        }
    }
}
