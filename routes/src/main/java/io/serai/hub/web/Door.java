package io.serai.hub.web;

import java.io.IOException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Every request passes here, and nothing of it is parsed before the caller is known. One filter instead of a chain of
 * them: this is the hot path.
 */
public final class Door implements Filter {
    /** Name of the spoke in log lines. */
    public static final String SPOKE = "spoke";

    private static final Logger LOG = LoggerFactory.getLogger(Door.class);

    private final Callers callers;
    private final MeterRegistry meters;
    private final ManagementPort management;
    private final ConcurrentMap<String, Timer> timers = new ConcurrentHashMap<>();

    Door(Callers callers, MeterRegistry meters, ManagementPort management) {
        this.callers = callers;
        this.meters = meters;
        this.management = management;
    }

    @Override
    public void doFilter(ServletRequest servletRequest, ServletResponse servletResponse, FilterChain chain)
            throws IOException, ServletException {
        HttpServletRequest request = (HttpServletRequest) servletRequest;
        HttpServletResponse response = (HttpServletResponse) servletResponse;
        long begun = System.nanoTime();
        Area area = Area.of(request, management.received(request));
        Trace.begin(request, request.getHeader("traceparent"));
        try {
            response.setHeader("X-Content-Type-Options", "nosniff");
            response.setHeader("Cache-Control", "no-store");
            response.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
            response.setHeader("Referrer-Policy", "no-referrer");
            enter(area, request, response, chain);
        } catch (Problem problem) {
            answer(area, problem, request, response);
        } catch (IOException | ServletException | RuntimeException e) {
            LOG.error("{} {} failed", request.getMethod(), area, e);
            answer(area, new Problem(500, "internal",
                    "The hub failed at this and cannot say that it stored it. Send it again, and tell the operator the correlation id."),
                    request, response);
        } finally {
            measure(request, response, area, begun);
            MDC.remove(Trace.KEY);
            MDC.remove(SPOKE);
        }
    }

    private void enter(Area area, HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        switch (area) {
            case OPEN, HOOKS, MANAGEMENT -> chain.doFilter(request, response);
            case API -> {
                signOn(request, response);
                chain.doFilter(request, response);
            }
            case SOAP -> {
                signOn(request, response);
                chain.doFilter(new BufferedRequest(request, Body.read(request)), response);
            }
            case NONE -> throw new Problem(404, "not-found", "There is nothing here.");
        }
    }

    private void signOn(HttpServletRequest request, HttpServletResponse response) {
        Caller caller = callers.find(request.getHeader("Authorization"), request.getHeader("serai-key"));
        if (caller == null) {
            response.setHeader("WWW-Authenticate", "Basic realm=\"Serai\", charset=\"UTF-8\"");
            throw new Problem(401, "not-signed-on",
                    "Sign on with an API key (Authorization: Bearer or serai-key) or with HTTP Basic.");
        }
        caller.enter(request);
        MDC.put(SPOKE, caller.spoke());
    }

    private static void answer(Area area, Problem problem, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        if (problem.status() == 413 || problem.status() == 408) {
            // What is left of the body is not worth reading.
            response.setHeader("Connection", "close");
        }
        if (area == Area.SOAP) {
            SoapRefusal.write(problem, request, response);
        } else {
            problem.write(response);
        }
    }

    private void measure(HttpServletRequest request, HttpServletResponse response, Area area, long begun) {
        Object pattern = request.getAttribute("org.springframework.web.servlet.HandlerMapping.bestMatchingPattern");
        String uri = pattern == null ? area.name : pattern.toString();
        int status = response.getStatus();
        String method = request.getMethod();
        String key = method + ' ' + uri + ' ' + status;
        Timer timer = timers.get(key);
        if (timer == null) {
            // Methods are whatever a caller invents; they must not fill the memory.
            String known = Area.METHODS.contains(method) ? method : "OTHER";
            timer = timers.computeIfAbsent(known + ' ' + uri + ' ' + status,
                    k -> Timer.builder("http.server.requests").tag("method", known).tag("uri", uri)
                            .tag("status", Integer.toString(status)).tag("outcome", outcome(status))
                            .tag("exception", "none").tag("error", "none").register(meters));
        }
        timer.record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
    }

    private static String outcome(int status) {
        return switch (status / 100) {
            case 2 -> "SUCCESS";
            case 3 -> "REDIRECTION";
            case 4 -> "CLIENT_ERROR";
            case 5 -> "SERVER_ERROR";
            default -> "UNKNOWN";
        };
    }
}
