package io.serai.hub.web;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import jakarta.servlet.http.HttpServletResponse;
import org.slf4j.MDC;

/** An answer that says what was wrong, as RFC 9457 wants it. Thrown by whoever finds out, written by the door. */
public final class Problem extends RuntimeException {
    /**
     * One thing to mend.
     *
     * @param field JSON pointer into the body, or the name of a parameter or header
     */
    public record Flaw(String field, String problem) {}

    private final int status;
    private final String code;
    private final List<Flaw> flaws;
    private String messageId;

    /**
     * Names what went wrong.
     *
     * @param code short and stable, for programs
     * @param detail a full sentence for people
     */
    public Problem(int status, String code, String detail, List<Flaw> flaws) {
        super(detail, null, false, false);
        this.status = status;
        this.code = code;
        this.flaws = flaws;
    }

    public Problem(int status, String code, String detail) {
        this(status, code, detail, List.of());
    }

    /** Says under which id the journal keeps what was refused. */
    public Problem journaled(Object id) {
        this.messageId = id == null ? null : id.toString();
        return this;
    }

    public static Problem invalid(String field, String problem) {
        return new Problem(400, "invalid", problem, List.of(new Flaw(field, problem)));
    }

    public int status() {
        return status;
    }

    public String code() {
        return code;
    }

    /** Writes the answer; too late when it has been begun already. */
    public void write(HttpServletResponse response) throws IOException {
        if (response.isCommitted()) {
            return;
        }
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("type", "about:blank");
        body.put("title", title(status));
        body.put("status", status);
        body.put("code", code);
        body.put("detail", getMessage());
        if (!flaws.isEmpty()) {
            List<Map<String, Object>> errors = new ArrayList<>();
            for (Flaw flaw : flaws) {
                Map<String, Object> error = new LinkedHashMap<>();
                error.put("field", flaw.field());
                error.put("problem", flaw.problem());
                errors.add(error);
            }
            body.put("errors", errors);
        }
        if (messageId != null) {
            body.put("messageId", messageId);
        }
        String correlation = MDC.get(Trace.KEY);
        if (correlation != null) {
            body.put("correlationId", correlation);
        }
        byte[] bytes = Json.write(body);
        response.resetBuffer();
        response.setStatus(status);
        response.setContentType("application/problem+json");
        response.setCharacterEncoding(StandardCharsets.UTF_8);
        response.setContentLength(bytes.length);
        response.getOutputStream().write(bytes);
    }

    private static String title(int status) {
        return switch (status) {
            case 400 -> "Bad request";
            case 401 -> "Not signed on";
            case 403 -> "Not allowed";
            case 404 -> "Not found";
            case 405 -> "Method not allowed";
            case 406 -> "Not acceptable";
            case 408 -> "Too slow";
            case 409 -> "Conflict";
            case 412 -> "Changed in the meantime";
            case 413 -> "Too large";
            case 415 -> "Unsupported media type";
            case 422 -> "Invalid content";
            case 428 -> "Precondition required";
            case 429 -> "Too many requests";
            case 502 -> "Not taken";
            case 503 -> "Not available";
            default -> "Error";
        };
    }
}
