package io.serai.hub.api;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

import io.serai.crm.CrmStore;
import io.serai.crm.Journaled;
import io.serai.crm.Parked;
import io.serai.crm.ParkedItems;
import io.serai.crm.ParkedWork;
import io.serai.hub.parked.Replay;
import io.serai.hub.web.Body;
import io.serai.hub.web.Caller;
import io.serai.hub.web.Json;
import io.serai.hub.web.Problem;
import io.serai.mapping.CanonicalSchemas;

/** What waits for a person, and what the person does about it. A spoke sees what it has sent itself; only operators act. */
@RestController
final class ParkedController {
    private static final int LONGEST_SHOWN = 64 << 10;
    private static final int MOST_SHOWN = 100;
    private static final int USUAL = 100;
    private static final int MOST = 500;

    /** Others go on with it. */
    private static final Replay.Result RETRYING = new Replay.Result("retrying", null, null);
    /** There was nothing left to do, and the item is closed. */
    private static final Replay.Result SETTLED = new Replay.Result("settled", null, null);

    private final CrmStore store;
    private final Replay replay;
    private final CanonicalSchemas schemas;

    ParkedController(CrmStore store, Replay replay, CanonicalSchemas schemas) {
        this.store = store;
        this.replay = replay;
        this.schemas = schemas;
    }

    // ---- reading

    @GetMapping("/api/parked")
    void list(HttpServletRequest request, HttpServletResponse response) throws IOException {
        boolean resolvedToo = "true".equals(Paging.text(request, "resolved"));
        ParkedItems.Question question = new ParkedItems.Question(Paging.text(request, "kind"), spoke(request),
                Paging.text(request, "cause"), !resolvedToo);
        Answer.page(response, store.parked().list(question, Paging.cursor(request), Paging.limit(request)),
                ParkedController::view);
    }

    @GetMapping("/api/parked/causes")
    void causes(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("items", store.parked().causes(spoke(request)).stream().map(ParkedController::view).toList());
        Answer.json(response, 200, document);
    }

    @GetMapping("/api/parked/{id}")
    void read(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Caller caller = Caller.of(request);
        Parked parked = store.parked().find(Paging.id(id))
                .filter(found -> caller.operator() || caller.spoke().equals(found.spoke()))
                .orElseThrow(Paging::notFound);
        Map<String, Object> view = view(parked);
        view.put("actions", caller.operator() ? store.parkedWork().actions(parked) : List.of());
        view.put("waiting", store.parked().waiting(parked, MOST_SHOWN));
        view.put("history", store.parked().history(parked).stream().map(ParkedController::view).toList());
        if (parked.message() != null) {
            store.parkedWork().journaled(parked.message()).ifPresent(kept -> view.put("content", view(kept)));
        }
        Answer.json(response, 200, view);
    }

    /** The spoke to narrow a list to; null for all. */
    private static String spoke(HttpServletRequest request) {
        Caller caller = Caller.of(request);
        return caller.operator() ? Paging.text(request, "spoke") : caller.spoke();
    }

    // ---- acting

    @PostMapping("/api/parked/{id}/{action}")
    void act(@PathVariable("id") String id, @PathVariable("action") String action, HttpServletRequest request,
            HttpServletResponse response) throws IOException {
        String by = operator(request);
        UUID item = Paging.id(id);
        Map<String, Object> said = said(request);
        try {
            Answer.json(response, 200, view(item, action, carryOut(item, action, said, by)));
        } catch (ParkedWork.NotPossible not) {
            throw problem(not);
        }
    }

    /** The same for all of one cause, so many at a time. One that it cannot be done for does not keep it from the others. */
    @PostMapping("/api/parked/causes/{action}")
    void actOnCause(@PathVariable("action") String action, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        String by = operator(request);
        if (!List.of("retry", "discard", "choose", "not-same", "recreate").contains(action)) {
            throw Paging.notFound();
        }
        Map<String, Object> said = said(request);
        String cause = text(said, "cause");
        if (cause == null) {
            throw Problem.invalid("/cause", "Name the cause, as GET /api/parked/causes has it.");
        }
        int limit = limit(said);
        UUID after = said.get("after") == null ? null : Paging.id(text(said, "after"));
        List<Parked> items = store.parked().of(cause, text(said, "kind"), after, limit);
        List<Map<String, Object>> problems = new ArrayList<>();
        for (Parked parked : items) {
            Map<String, Object> problem = problem(parked, action, said, by);
            if (problem != null) {
                problems.add(problem);
            }
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("action", action);
        document.put("tried", items.size());
        document.put("done", items.size() - problems.size());
        document.put("next", items.size() < limit ? null : items.getLast().id());
        document.put("problems", problems);
        Answer.json(response, 200, document);
    }

    /** Null when it was done. */
    private Map<String, Object> problem(Parked parked, String action, Map<String, Object> said, String by) {
        String problem;
        try {
            problem = carryOut(parked.id(), action, said, by).problem();
        } catch (ParkedWork.NotPossible not) {
            if (not.code().equals("invalid")) {
                throw problem(not); // what is wrong with the request is wrong for all
            }
            problem = not.getMessage();
        } catch (Problem invalidHere) {
            problem = invalidHere.getMessage();
        }
        if (problem == null) {
            return null;
        }
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", parked.id());
        view.put("problem", problem);
        return view;
    }

    private Replay.Result carryOut(UUID id, String action, Map<String, Object> said, String by) {
        ParkedWork work = store.parkedWork();
        switch (action) {
            case "retry" -> {
                Parked parked = work.require(id, action);
                if (ParkedWork.isMessage(parked)) {
                    return replay.again(parked.message(), by);
                }
                return work.retry(id, by) ? RETRYING : SETTLED;
            }
            case "edit" -> {
                Parked parked = work.require(id, action);
                edit(parked, said, by);
                return replay.again(parked.message(), by);
            }
            case "discard" -> work.discard(id, text(said, "reason"), by);
            case "choose" -> work.choose(id, choice(id, said), by);
            case "same" -> work.same(id, said.get("keep") == null ? null : Paging.id(text(said, "keep")), by);
            case "not-same" -> work.notSame(id, by);
            case "exists" -> work.exists(id, text(said, "number"), text(said, "externalId"), by);
            case "absent" -> work.absent(id, by);
            case "recreate" -> {
                return work.recreate(id, by) ? RETRYING : SETTLED;
            }
            default -> throw Paging.notFound();
        }
        return new Replay.Result("done", null, null);
    }

    private void edit(Parked parked, Map<String, Object> said, String by) {
        if (said.get("body") instanceof String body && !said.containsKey("document")) {
            store.parkedWork().edit(parked.id(), body.getBytes(StandardCharsets.UTF_8), "body", by);
        } else if (said.get("document") instanceof Map<?, ?> document && !said.containsKey("body")) {
            requireValid(parked.entity(), document);
            store.parkedWork().edit(parked.id(), Json.write(document), "document", by);
        } else {
            throw new ParkedWork.NotPossible("invalid", "Give either \"body\", the message as text in the spoke's own "
                    + "form, or \"document\", a canonical " + parked.entity() + ".");
        }
    }

    private ParkedWork.Choice choice(UUID id, Map<String, Object> said) {
        Object take = said.get("take");
        if (said.containsKey("value") == (take != null)
                || take != null && !List.of("golden", "theirs").contains(take)) {
            throw new ParkedWork.NotPossible("invalid",
                    "Give either \"value\", or \"take\" as \"golden\" or \"theirs\".");
        }
        Object value = take == null
                ? said.get("value")
                : store.parkedWork().require(id, "choose").detail().get(take);
        ParkedWork.Choice choice = store.parkedWork().choice(id, value);
        requireValid(choice.entity(), choice.patch());
        return choice;
    }

    @SuppressWarnings("unchecked")
    private void requireValid(String entity, Map<?, ?> document) {
        List<Problem.Flaw> flaws = schemas.validate(entity, (Map<String, Object>) document).stream()
                .map(flaw -> new Problem.Flaw(flaw.field(), flaw.problem())).toList();
        if (!flaws.isEmpty()) {
            throw new Problem(422, "invalid", flaws.getFirst().problem(), flaws);
        }
    }

    /** The name under which a deed is recorded. */
    private static String operator(HttpServletRequest request) {
        Caller caller = Caller.of(request);
        if (!caller.operator()) {
            throw new Problem(403, "not-allowed", "Only an operator's key may act on parked work.");
        }
        return caller.spoke();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> said(HttpServletRequest request) throws IOException {
        if (request.getContentLengthLong() == 0 || request.getContentLengthLong() < 0
                && request.getHeader("Transfer-Encoding") == null) {
            return Map.of();
        }
        try {
            if (Json.read(Body.read(request, "application/json")) instanceof Map<?, ?> map) {
                return (Map<String, Object>) map;
            }
        } catch (Json.Malformed malformed) {
            throw new Problem(400, "malformed", malformed.getMessage());
        }
        throw new Problem(400, "malformed", "The body must be a JSON object.");
    }

    private static String text(Map<String, Object> said, String field) {
        Object value = said.get(field);
        if (value != null && !(value instanceof String)) {
            throw Problem.invalid("/" + field, field + " must be a text.");
        }
        return (String) value;
    }

    private static int limit(Map<String, Object> said) {
        Object limit = said.getOrDefault("limit", USUAL);
        if (limit instanceof Integer number && number > 0 && number <= MOST) {
            return number;
        }
        throw Problem.invalid("/limit", "limit must be a whole number from 1 to " + MOST + ".");
    }

    private static Problem problem(ParkedWork.NotPossible not) {
        int status = switch (not.code()) {
            case "not-found" -> 404;
            case "resolved", "not-allowed" -> 409;
            case "not-available" -> 503;
            default -> 422;
        };
        return new Problem(status, not.code(), not.getMessage());
    }

    // ---- what is shown

    private static Map<String, Object> view(UUID id, String action, Replay.Result result) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", id);
        view.put("action", action);
        view.put("outcome", result.state());
        view.put("field", result.field());
        view.put("problem", result.problem());
        return view;
    }

    private static Map<String, Object> view(Parked parked) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", parked.id());
        view.put("kind", parked.kind());
        view.put("cause", parked.cause());
        view.put("spoke", parked.spoke());
        view.put("entity", parked.entity());
        view.put("entityId", parked.entityId());
        view.put("message", parked.message());
        view.put("step", parked.step());
        view.put("field", parked.field());
        view.put("problem", parked.problem());
        view.put("detail", parked.detail());
        view.put("at", parked.at());
        view.put("resolvedAt", parked.resolvedAt());
        return view;
    }

    private static Map<String, Object> view(ParkedItems.Cause cause) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("kind", cause.kind());
        view.put("cause", cause.cause());
        view.put("spokes", cause.spokes());
        view.put("count", cause.count());
        view.put("first", cause.first());
        view.put("last", cause.last());
        view.put("example", cause.example());
        view.put("problem", cause.problem());
        return view;
    }

    private static Map<String, Object> view(ParkedItems.Action action) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("action", action.action());
        view.put("by", action.by());
        view.put("at", action.at());
        view.put("outcome", action.outcome());
        view.put("note", action.note());
        view.put("editedAs", action.editedAs());
        return view;
    }

    /** The message as it would be tried now. Bytes that are no text are to be fetched from the journal. */
    private static Map<String, Object> view(Journaled kept) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("protocol", kept.protocol());
        view.put("contentType", kept.contentType());
        view.put("receivedAt", kept.receivedAt());
        view.put("editedAs", kept.editedAs());
        view.put("size", kept.content().length);
        view.put("text", shown(kept.content()));
        return view;
    }

    private static String shown(byte[] content) {
        try {
            return content.length > LONGEST_SHOWN
                    ? null
                    : StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
        } catch (CharacterCodingException binary) {
            return null;
        }
    }
}
