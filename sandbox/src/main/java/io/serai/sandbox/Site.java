package io.serai.sandbox;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The HTTP server of one system. Doors stand open (the sandbox is for looking and trying); the API is guarded and gets the
 * faults the system was told to have.
 */
final class Site implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Site.class.getName());
    private static final int MAX_BODY = 2 * 1024 * 1024;

    static {
        // Without it every answer on a kept-alive connection may wait 40 ms for the client's delayed ACK.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    interface Handler {
        Answer handle(Request request);
    }

    /** Refuses who may not come in. */
    interface Guard {
        void check(Request request);
    }

    private enum Kind {
        /** For watching and steering: there even when the system plays dead. */
        WATCH,
        /** For the people of the company: shut when the system is down. */
        DOOR,
        /** For programs: guarded, and subject to all faults. */
        API
    }

    private record Route(Kind kind, String method, Pattern path, Handler handler) {}

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Route> routes = new ArrayList<>();
    private final Faults faults;
    private final Guard guard;
    private final BiFunction<Request, RefusedException, Answer> refusals;
    private final Runnable afterwards;

    /**
     * @param refusals how this system says no
     * @param afterwards runs on the request's thread when it is answered
     */
    Site(InetSocketAddress address, Faults faults, Guard guard,
            BiFunction<Request, RefusedException, Answer> refusals, Runnable afterwards) throws IOException {
        this.faults = faults;
        this.guard = guard;
        this.refusals = refusals;
        this.afterwards = afterwards;
        try {
            this.server = HttpServer.create(address, 0);
        } catch (BindException taken) {
            threads.close();
            throw new IOException("Port " + address.getPort() + " is taken; choose another.", taken);
        }
        server.setExecutor(threads);
        server.createContext("/", this::serve);
    }

    void watch(String method, String path, Handler handler) {
        add(Kind.WATCH, method, path, handler);
    }

    void door(String method, String path, Handler handler) {
        add(Kind.DOOR, method, path, handler);
    }

    void api(String method, String path, Handler handler) {
        add(Kind.API, method, path, handler);
    }

    private void add(Kind kind, String method, String path, Handler handler) {
        String expression = path.replace(".", "\\.").replaceAll("\\{(\\w+)}", "(?<$1>[^/]+?)");
        routes.add(new Route(kind, method, Pattern.compile(expression), handler));
    }

    void open() {
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            Request request = request(exchange, new byte[0], Map.of());
            Answer answer;
            try {
                byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY + 1);
                request = request(exchange, body, Map.of());
                if (body.length > MAX_BODY) {
                    throw new RefusedException(413, "too_large", "The body is larger than " + MAX_BODY + " bytes.");
                }
                answer = answer(request);
            } catch (RefusedException refused) {
                answer = refusals.apply(request, refused);
            } catch (RuntimeException e) {
                LOG.log(Level.ERROR, "Could not answer " + request.method() + " " + request.path(), e);
                answer = refusals.apply(request, new RefusedException(500, "internal", "Something broke here."));
            }
            if (answer != null) {
                send(exchange, answer);
            }
        } finally {
            afterwards.run();
        }
    }

    /** The answer, or null when the connection is to be cut instead. */
    private Answer answer(Request request) {
        String origin = request.header("Origin");
        if (origin != null && !origin.equals("http://" + request.header("Host"))) {
            throw new RefusedException(403, "foreign_page", "Pages of other sites may not use the sandbox.");
        }
        boolean known = false;
        for (Route route : routes) {
            Matcher path = route.path.matcher(request.path());
            if (path.matches()) {
                known = true;
                if (route.method.equals(request.method())) {
                    return answer(route, with(request, path));
                }
            }
        }
        throw known
                ? new RefusedException(405, "method_not_allowed", request.method() + " is not possible here.")
                : RefusedException.unknown("The page " + request.path());
    }

    private Answer answer(Route route, Request request) {
        if (route.kind == Kind.WATCH) {
            return route.handler.handle(request);
        }
        if (faults.down()) {
            return null;
        }
        if (route.kind == Kind.DOOR) {
            return route.handler.handle(request);
        }
        faults.delay();
        guard.check(request);
        int failure = faults.fail();
        if (failure > 0) {
            Answer answer = refusals.apply(request, new RefusedException(failure, "told_to_fail", "Told to fail."));
            return failure == 429 || failure == 503
                    ? answer.with("Retry-After", Long.toString(faults.retryAfterSeconds()))
                    : answer;
        }
        Answer answer = route.handler.handle(request);
        boolean stored = !request.method().equals("GET") && answer.status() < 300;
        return stored && faults.loseAnswer() ? null : answer;
    }

    private static Request with(Request request, Matcher path) {
        Map<String, String> variables = new LinkedHashMap<>();
        path.namedGroups().keySet().forEach(name -> variables.put(name, path.group(name)));
        return new Request(request.method(), request.path(), request.query(), variables, request.headers(),
                request.body());
    }

    private static Request request(HttpExchange exchange, byte[] body, Map<String, String> variables) {
        URI uri = exchange.getRequestURI();
        Map<String, String> query = new LinkedHashMap<>();
        if (uri.getRawQuery() != null) {
            for (String pair : uri.getRawQuery().split("&")) {
                int equals = pair.indexOf('=');
                query.put(decode(equals < 0 ? pair : pair.substring(0, equals)),
                        equals < 0 ? "" : decode(pair.substring(equals + 1)));
            }
        }
        return new Request(exchange.getRequestMethod(), uri.getPath(), query, variables, exchange.getRequestHeaders(),
                body);
    }

    private static String decode(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException malformed) {
            return text;
        }
    }

    private static void send(HttpExchange exchange, Answer answer) throws IOException {
        answer.headers().forEach(exchange.getResponseHeaders()::set);
        exchange.getResponseHeaders().set("Content-Type", answer.contentType());
        exchange.sendResponseHeaders(answer.status(), answer.length());
        try (OutputStream out = exchange.getResponseBody()) {
            answer.content().writeTo(out);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdown();
    }
}
