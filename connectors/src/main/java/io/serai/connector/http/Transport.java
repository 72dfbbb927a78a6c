package io.serai.connector.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.client.ClientHttpResponse;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.web.client.ResourceAccessException;
import org.springframework.web.client.RestClient;

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

    private final String spoke;
    private final Limits limits;
    private final InstantSource clock;
    private final HttpClient http;
    private final RestClient client;
    private final Authentication authentication;

    private Transport(String spoke, Limits limits, InstantSource clock, HttpClient http, RestClient client,
            Authentication authentication) {
        this.spoke = spoke;
        this.limits = limits;
        this.clock = clock;
        this.http = http;
        this.client = client;
        this.authentication = authentication;
    }

    /** Reads {@code auth:}, {@code limits:}, {@code timeouts:} and {@code headers:} of a definition. Opens no connection yet. */
    public static Transport of(Section definition, Spoke spoke, InstantSource clock, ExecutorService executor) {
        Timeouts timeouts = Timeouts.of(definition);
        Authentication authentication = Authentication.of(definition);
        HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).followRedirects(
                HttpClient.Redirect.NEVER).connectTimeout(timeouts.connect()).executor(executor).build();
        JdkClientHttpRequestFactory factory = new JdkClientHttpRequestFactory(http, executor);
        factory.setReadTimeout(timeouts.read());
        // A compressed answer of a few bytes can unpack to gigabytes.
        factory.enableCompression(false);
        RestClient.Builder builder = RestClient.builder().requestFactory(factory);
        definition.pairs("headers").forEach(builder::defaultHeader);
        return new Transport(spoke.name(), Limits.of(definition, clock, spoke.name()), clock, http, builder.build(),
                authentication);
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
    public Answer send(String title, String method, URI uri, Consumer<HttpHeaders> headers, byte[] body, boolean create)
            throws ConnectorException {
        Authentication.Header sign = authentication.header(this);
        Answer answer = exchange(title, method, uri, headers.andThen(sign::write), body, create);
        if (answer.status() == 401 && authentication.renews()) {
            // A token may be taken back before its time. With a new one it is tried once more, and not again.
            Authentication.Header fresh = authentication.renewed(this, sign);
            return exchange(title, method, uri, headers.andThen(fresh::write), body, create);
        }
        return answer;
    }

    /** As {@link #send}, without signing on. */
    Answer exchange(String title, String method, URI uri, Consumer<HttpHeaders> headers, byte[] body, boolean create)
            throws ConnectorException {
        ErrorClass lost = create ? ErrorClass.UNKNOWN : ErrorClass.TRANSIENT;
        try (Limits.Permit permit = limits.enter()) {
            RestClient.RequestBodySpec request = client.method(HttpMethod.valueOf(method)).uri(uri).headers(headers);
            if (body != null) {
                request.body(body);
            }
            return request.exchange((sent, response) -> answer(response));
        } catch (TooLargeException e) {
            throw new ConnectorException(lost, spoke + " answered " + title + " with more than " + Json.MAX_BYTES
                    + " bytes", e);
        } catch (ResourceAccessException e) {
            throw unanswered(title, e.getCause(), lost);
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

    private static Answer answer(ClientHttpResponse response) throws IOException {
        try (InputStream stream = response.getBody()) {
            byte[] body = stream.readNBytes(Json.MAX_BYTES + 1);
            if (body.length > Json.MAX_BYTES) {
                throw new TooLargeException();
            }
            return new Answer(response.getStatusCode().value(), response.getHeaders(), body);
        }
    }

    private ConnectorException unanswered(String title, Throwable cause, ErrorClass lost) {
        if (cause instanceof HttpConnectTimeoutException || cause instanceof ConnectException
                || cause instanceof UnresolvedAddressException) {
            return new ConnectorException(ErrorClass.TRANSIENT, spoke + " cannot be reached (" + title + ")", cause);
        }
        if (cause instanceof HttpTimeoutException || Thread.currentThread().isInterrupted()) {
            return new ConnectorException(lost, spoke + " did not answer " + title + " in time", cause);
        }
        return new ConnectorException(lost, spoke + " broke the connection during " + title, cause);
    }

    @Override
    public void close() {
        http.shutdownNow();
    }

    private static final class TooLargeException extends RuntimeException {}

    private record Timeouts(Duration connect, Duration read) {
        static Timeouts of(Section definition) {
            return definition.section("timeouts").map(section -> new Timeouts(section.duration("connect", Duration
                    .ofSeconds(2)), section.duration("read", Duration.ofSeconds(10))))
                    .orElse(new Timeouts(Duration.ofSeconds(
                            2), Duration.ofSeconds(10)));
        }
    }
}
