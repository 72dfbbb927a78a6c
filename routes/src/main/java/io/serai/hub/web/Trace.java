package io.serai.hub.web;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

import jakarta.servlet.ServletRequest;
import org.slf4j.MDC;

/** W3C trace context: taken from the caller, or begun here, and passed on with everything the request causes. */
public final class Trace {
    /** Name of the trace id in log lines. */
    public static final String KEY = "trace";

    private static final Pattern VALID = Pattern
            .compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");
    private static final String ATTRIBUTE = Trace.class.getName();
    private static final int ID_AT = 3;
    private static final int ID_END = 35;

    private Trace() {}

    /** The {@code traceparent} to pass on with what this request causes. */
    public static String of(ServletRequest request) {
        return (String) request.getAttribute(ATTRIBUTE);
    }

    static void begin(ServletRequest request, String received) {
        String traceparent = received != null && VALID.matcher(received).matches() ? received : fresh();
        request.setAttribute(ATTRIBUTE, traceparent);
        MDC.put(KEY, traceparent.substring(ID_AT, ID_END));
    }

    private static String fresh() {
        HexFormat hex = HexFormat.of();
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return "00-" + hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong() | 1) + "-"
                + hex.toHexDigits(random.nextLong() | 1) + "-00";
    }
}
