package io.serai.hub.api;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

import io.serai.crm.Corrections;
import io.serai.crm.CrmStore;
import io.serai.crm.Edit;
import io.serai.crm.Outcome;
import io.serai.hub.web.Body;
import io.serai.hub.web.Caller;
import io.serai.hub.web.Json;
import io.serai.hub.web.Problem;

/** What operators put right: two customers that are one, one that is two, a value that should not have lost. */
@RestController
final class CorrectionsController {
    private final Corrections corrections;

    CorrectionsController(CrmStore store) {
        this.corrections = store.corrections();
    }

    @PostMapping("/api/customers/{id}/merge")
    void merge(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        String by = operator(request);
        UUID absorb = other(request, "absorb");
        answer(response, corrections.merge(Paging.id(id), absorb, by), Map.of());
    }

    @PostMapping("/api/customers/{id}/tell-apart")
    void tellApart(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        String by = operator(request);
        UUID other = other(request, "other");
        answer(response, corrections.tellApart(Paging.id(id), other, by), Map.of());
    }

    @PostMapping("/api/customers/{id}/unmerge")
    void unmerge(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Corrections.Parted parted = corrections.unmerge(Paging.id(id), operator(request));
        Map<String, Object> more = new LinkedHashMap<>();
        if (parted.parted() != null) {
            more.put("parted", Map.of("id", parted.parted(), "version", parted.version()));
            more.put("undecided", parted.undecided().stream().map(CorrectionsController::view).toList());
        }
        answer(response, parted.outcome(), more);
    }

    private static Map<String, Object> view(Corrections.Undecided one) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("entity", one.entity());
        view.put("id", one.id());
        view.put("version", one.version());
        view.put("fields", one.fields());
        view.put("spoke", one.spoke());
        view.put("message", one.message());
        view.put("at", one.at());
        return view;
    }

    @PostMapping("/api/customers/{id}/restore")
    void restore(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        String by = operator(request);
        Edit edit = new Edit(Paging.id(id), CustomersController.expected(request.getHeader("If-Match")));
        Map<?, ?> body = body(request, Set.of("field", "message", "version"));
        if (!(body.get("field") instanceof String field) || !field.startsWith("/") || field.length() < 2) {
            throw Problem.invalid("/field", "Give the field as its path, such as \"/name/family\".");
        }
        boolean byVersion = body.get("version") instanceof Integer;
        if (byVersion == body.get("message") instanceof String) {
            throw Problem.invalid("/message",
                    "Say which earlier value is meant: the message that said it, or a version as a whole number.");
        }
        Corrections.Earlier earlier = new Corrections.Earlier(field, byVersion ? null : uuid(body, "message"),
                byVersion ? ((Integer) body.get("version")).longValue() : null);
        answer(response, corrections.restore(edit, earlier, by), Map.of());
    }

    /** Corrections reach beyond what any one spoke knows. */
    static String operator(HttpServletRequest request) {
        Caller caller = Caller.of(request);
        if (!caller.operator()) {
            throw new Problem(403, "not-allowed", "This is for operators: sign on with the hub's own key.");
        }
        return caller.spoke();
    }

    private static UUID other(HttpServletRequest request, String name) throws IOException {
        return uuid(body(request, Set.of(name)), name);
    }

    private static UUID uuid(Map<?, ?> body, String name) {
        try {
            return UUID.fromString(String.valueOf(body.get(name)));
        } catch (IllegalArgumentException notAnId) {
            throw Problem.invalid("/" + name, "Give \"" + name + "\" as an id (a UUID).");
        }
    }

    static Map<?, ?> body(HttpServletRequest request, Set<String> known) throws IOException {
        try {
            if (!(Json.read(Body.read(request, "application/json")) instanceof Map<?, ?> body)) {
                throw Problem.invalid("", "The body must be a JSON object.");
            }
            for (Object field : body.keySet()) {
                if (!known.contains(field)) {
                    throw Problem.invalid("/" + field, "There is no such field here; known are "
                            + known.stream().sorted().toList() + ".");
                }
            }
            return body;
        } catch (Json.Malformed malformed) {
            throw new Problem(400, "malformed", malformed.getMessage());
        }
    }

    private static void answer(HttpServletResponse response, Outcome outcome, Map<String, Object> more)
            throws IOException {
        if (outcome.refusal() != null) {
            int status = switch (outcome.state()) {
                case NOT_FOUND -> 404;
                case CONFLICT -> 409;
                default -> 422;
            };
            String field = outcome.refusal().field();
            throw new Problem(status, outcome.refusal().code(), outcome.refusal().problem(), field == null
                    ? List.of()
                    : List.of(new Problem.Flaw(field, outcome.refusal().problem()))).journaled(outcome.messageId());
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("id", outcome.id());
        document.put("version", outcome.version());
        document.put("state", outcome.state().name().toLowerCase(Locale.ROOT));
        document.put("messageId", outcome.messageId());
        document.putAll(more);
        response.setHeader("Location", "/api/customers/" + outcome.id());
        response.setHeader("ETag", "\"" + outcome.version() + "\"");
        Answer.json(response, 200, document);
    }
}
