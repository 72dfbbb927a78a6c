package io.serai.hub.api;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.stereotype.Component;

import io.serai.crm.Arrival;
import io.serai.crm.CrmStore;
import io.serai.crm.Edit;
import io.serai.crm.Outcome;
import io.serai.crm.Refusal;
import io.serai.hub.web.Body;
import io.serai.hub.web.Caller;
import io.serai.hub.web.Json;
import io.serai.hub.web.Problem;
import io.serai.hub.web.Trace;
import io.serai.mapping.CanonicalSchemas;

/** Takes canonical documents in by REST: read, check, store, answer. What was refused is in the journal as well. */
@Component
final class Intake {
    private static final int LONGEST_KEY = 255;

    private final CrmStore store;
    private final CanonicalSchemas schemas;
    private final InstantSource clock;

    private final MeterRegistry meters;
    private final ConcurrentMap<Counted, Counter> counted = new ConcurrentHashMap<>();

    /** What one counter counts. */
    private record Counted(String spoke, String entity, Outcome.State state) {}

    Intake(CrmStore store, CanonicalSchemas schemas, InstantSource clock, MeterRegistry meters) {
        this.meters = meters;
        this.store = store;
        this.schemas = schemas;
        this.clock = clock;
    }

    /**
     * Stores what the caller says and answers after the commit.
     *
     * @param edit the golden record that the body is a merge patch of; null for what the caller says of its own record
     * @param location where the record can be read, its id to follow
     */
    void take(HttpServletRequest request, HttpServletResponse response, String entity, Edit edit, String location)
            throws IOException {
        byte[] body = Body.read(request, edit == null ? "application/json" : "application/merge-patch+json");
        Message message = new Message(Caller.of(request).spoke(), entity, key(request), body, request, edit);
        Map<String, Object> document = document(message);
        List<io.serai.mapping.Problem> flaws = schemas.validate(entity, document);
        if (!flaws.isEmpty()) {
            throw invalid(message, flaws);
        }
        reply(response, store(message, document, null), location);
    }

    /** One request, with what the journal has to know of it. */
    private record Message(String spoke, String entity, String key, byte[] body, HttpServletRequest request,
            Edit edit) {}

    @SuppressWarnings("unchecked")
    private Map<String, Object> document(Message message) {
        String wrong;
        try {
            if (Json.read(message.body) instanceof Map<?, ?> map) {
                return (Map<String, Object>) map;
            }
            wrong = "The body must be a JSON object.";
        } catch (Json.Malformed malformed) {
            wrong = malformed.getMessage();
        }
        Outcome outcome = store(message, null, new Refusal(step(message), null, wrong, "malformed"));
        throw new Problem(400, "malformed", wrong, List.of(new Problem.Flaw("", wrong)))
                .journaled(outcome.messageId());
    }

    private Problem invalid(Message message, List<io.serai.mapping.Problem> flaws) {
        io.serai.mapping.Problem first = flaws.getFirst();
        Outcome outcome = store(message, null,
                new Refusal(step(message), first.field(), first.problem(), "invalid"));
        List<Problem.Flaw> errors = flaws.stream().map(flaw -> new Problem.Flaw(flaw.field(), flaw.problem())).toList();
        return new Problem(422, "invalid", "The document does not keep the schema of \"" + message.entity + "\".",
                errors).journaled(outcome.messageId());
    }

    private Outcome store(Message message, Map<String, Object> document, Refusal refusal) {
        Arrival arrival = new Arrival(message.spoke, message.entity, message.key, "rest",
                message.request.getContentType(), message.body, clock.instant(), document, refusal, null,
                Trace.of(message.request), refusal == null ? message.edit : null);
        Outcome outcome = store.ingest().ingest(List.of(arrival)).getFirst();
        counted.computeIfAbsent(new Counted(message.spoke, message.entity, outcome.state()), this::counter).increment();
        return outcome;
    }

    /** The same figure that {@code crm:} counts for the routes. */
    private Counter counter(Counted what) {
        return Counter.builder("serai.messages").description("What became of what spokes said").tag("spoke", what.spoke)
                .tag("entity", what.entity).tag("outcome", what.state.name().toLowerCase(Locale.ROOT)).register(meters);
    }

    /** Null when the caller gave none: then it cannot repeat the request without saying it anew. */
    private static String key(HttpServletRequest request) {
        String key = request.getHeader("Idempotency-Key");
        if (key == null) {
            return null;
        }
        if (key.length() > 1 && key.startsWith("\"") && key.endsWith("\"")) {
            key = key.substring(1, key.length() - 1);
        }
        if (key.isBlank() || key.length() > LONGEST_KEY) {
            throw Problem.invalid("Idempotency-Key", "The key must have 1 to " + LONGEST_KEY + " characters.");
        }
        return key;
    }

    private static String step(Message message) {
        return "rest:" + message.spoke + "/" + message.entity;
    }

    private static void reply(HttpServletResponse response, Outcome outcome, String location) throws IOException {
        Refusal refusal = outcome.refusal();
        switch (outcome.state()) {
            case APPLIED, UNCHANGED, STALE, IGNORED, PARKED, WAITING, DISCARDED -> {
                if (refusal != null && "key-reuse".equals(refusal.code())) {
                    throw problem(422, outcome, "This Idempotency-Key was used with another body before.");
                }
            }
            case DUPLICATE -> {
                if (refusal != null) {
                    throw problem(422, outcome, refusal.problem());
                }
                response.setHeader("Idempotent-Replayed", "true");
            }
            case REJECTED -> throw problem(422, outcome, "The document cannot be used.");
            case CONFLICT -> throw problem(412, outcome,
                    "The record has changed since; read it again and send If-Match with its new version.");
            case NOT_FOUND -> throw Paging.notFound().journaled(outcome.messageId());
        }
        if (outcome.id() != null && outcome.version() != null) {
            response.setHeader("Location", location + outcome.id());
            response.setHeader("ETag", "\"" + outcome.version() + "\"");
        }
        Answer.bytes(response, status(outcome), "application/json", document(outcome));
    }

    private static int status(Outcome outcome) {
        if (outcome.state() == Outcome.State.PARKED || outcome.state() == Outcome.State.WAITING) {
            return 202;
        }
        boolean created = outcome.version() != null && outcome.version() == 1
                && (outcome.state() == Outcome.State.APPLIED || outcome.state() == Outcome.State.DUPLICATE);
        return created ? 201 : 200;
    }

    /** Written by hand: this is the answer of the hot path, and none of its usual values needs an escape. */
    private static byte[] document(Outcome outcome) {
        Refusal refusal = outcome.refusal();
        if (refusal != null) {
            Map<String, Object> document = new java.util.LinkedHashMap<>();
            document.put("id", outcome.id());
            document.put("version", outcome.version());
            document.put("state", state(outcome));
            document.put("messageId", outcome.messageId());
            document.put("code", refusal.code());
            document.put("field", refusal.field());
            document.put("problem", refusal.problem());
            return Json.write(document);
        }
        StringBuilder text = new StringBuilder(160).append('{');
        if (outcome.id() != null) {
            text.append("\"id\":\"").append(outcome.id()).append("\",");
        }
        if (outcome.version() != null) {
            text.append("\"version\":").append(outcome.version().longValue()).append(',');
        }
        text.append("\"state\":\"").append(state(outcome)).append("\",\"messageId\":\"").append(outcome.messageId())
                .append("\"}");
        return text.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String state(Outcome outcome) {
        return switch (outcome.state()) {
            case APPLIED -> "applied";
            case UNCHANGED -> "unchanged";
            case DUPLICATE -> "duplicate";
            default -> outcome.state().name().toLowerCase(Locale.ROOT);
        };
    }

    private static Problem problem(int status, Outcome outcome, String detail) {
        Refusal refusal = outcome.refusal();
        String code = refusal == null || refusal.code() == null ? "conflict" : refusal.code();
        List<Problem.Flaw> flaws = refusal == null || refusal.problem() == null
                ? List.of()
                : List.of(new Problem.Flaw(refusal.field() == null ? "" : refusal.field(), refusal.problem()));
        return new Problem(status, code, detail == null ? "The document cannot be used." : detail, flaws)
                .journaled(outcome.messageId());
    }
}
