package io.serai.hub.api;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

import io.serai.crm.CrmStore;
import io.serai.crm.Explanation;
import io.serai.crm.FieldOrigin;
import io.serai.crm.Filter;
import io.serai.crm.Golden;
import io.serai.crm.Link;
import io.serai.crm.Page;

import io.serai.hub.web.Problem;

/** Reading golden records of every kind, how they came to be, and who else has them. */
@RestController
final class RecordsController {
    private static final String KINDS = "/api/{kind:customers|orders|invoices|credit-notes|payments|opportunities|interactions}";

    private final CrmStore store;
    private final Intake intake;

    RecordsController(CrmStore store, Intake intake) {
        this.store = store;
        this.intake = intake;
    }

    @PostMapping("/api/{kind:orders|payments|opportunities|interactions}")
    void create(@PathVariable("kind") String name, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Kind kind = Kind.of(name);
        intake.take(request, response, kind.entity, null, "/api/" + kind.plural + "/");
    }

    @GetMapping(KINDS)
    void list(@PathVariable("kind") String name, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Kind kind = Kind.of(name);
        Map<String, String> wanted = new LinkedHashMap<>();
        for (String filter : kind.filters) {
            String value = Paging.text(request, filter);
            if (value != null) {
                wanted.put(filter, value);
            }
        }
        if (wanted.containsKey("externalId") != wanted.containsKey("spoke")) {
            throw Problem.invalid("externalId", "externalId and spoke belong together; give both.");
        }
        Answer.page(response, list(kind, wanted, Paging.cursor(request), Paging.limit(request)),
                RecordsController::view);
    }

    @GetMapping(KINDS + "/{id}")
    void read(@PathVariable("kind") String name, @PathVariable("id") String id, HttpServletRequest request,
            HttpServletResponse response) throws IOException {
        Golden golden = golden(Kind.of(name), id, request, response);
        if (golden == null) {
            return;
        }
        String etag = "\"" + golden.version() + "\"";
        response.setHeader("ETag", etag);
        if (etag.equals(request.getHeader("If-None-Match"))) {
            response.setStatus(304);
            return;
        }
        Answer.json(response, 200, view(golden));
    }

    @GetMapping(KINDS + "/{id}/history")
    void history(@PathVariable("kind") String name, @PathVariable("id") String id, HttpServletRequest request,
            HttpServletResponse response) throws IOException {
        Kind kind = Kind.of(name);
        Golden golden = golden(kind, id, request, response);
        if (golden == null) {
            return;
        }
        UUID uuid = golden.id();
        items(response, store.changes().of(kind.entity, uuid), ChangesController::view);
    }

    @GetMapping(KINDS + "/{id}/origins")
    void origins(@PathVariable("kind") String name, @PathVariable("id") String id, HttpServletRequest request,
            HttpServletResponse response) throws IOException {
        Kind kind = Kind.of(name);
        Golden golden = golden(kind, id, request, response);
        if (golden == null) {
            return;
        }
        UUID uuid = golden.id();
        items(response, store.goldens().origins(kind.entity, uuid), RecordsController::view);
    }

    @GetMapping(KINDS + "/{id}/links")
    void links(@PathVariable("kind") String name, @PathVariable("id") String id, HttpServletRequest request,
            HttpServletResponse response) throws IOException {
        Kind kind = Kind.of(name);
        Golden golden = golden(kind, id, request, response);
        if (golden == null) {
            return;
        }
        UUID uuid = golden.id();
        items(response, store.goldens().links(kind.entity, uuid), RecordsController::view);
    }

    @GetMapping(KINDS + "/{id}/explain")
    void explain(@PathVariable("kind") String name, @PathVariable("id") String id, HttpServletRequest request,
            HttpServletResponse response) throws IOException {
        Kind kind = Kind.of(name);
        String field = Paging.text(request, "field");
        if (field == null || !field.startsWith("/") || field.length() < 2) {
            throw Problem.invalid("field", "Give the field as its path, such as /name/family.");
        }
        Golden golden = golden(kind, id, request, response);
        if (golden != null) {
            Answer.json(response, 200, view(store.goldens().explain(kind.entity, golden.id(), field)));
        }
    }

    private Page<Golden> list(Kind kind, Map<String, String> wanted, String cursor, int limit) {
        try {
            return store.goldens().list(kind.entity, new Filter(wanted), cursor, limit);
        } catch (IllegalArgumentException unusable) {
            throw new Problem(400, "invalid", unusable.getMessage());
        }
    }

    /** Null when the customer was merged into another one, to which the answer leads: for now, as they may be parted again. */
    private Golden golden(Kind kind, String id, HttpServletRequest request, HttpServletResponse response) {
        UUID asked = Paging.id(id);
        Optional<Golden> found = store.goldens().find(kind.entity, asked);
        if (found.isEmpty() && kind == Kind.CUSTOMERS) {
            ErasuresController.refuseErased(asked, store.erasures());
            UUID there = store.corrections().mergedInto(asked).orElseThrow(Paging::notFound);
            String query = request.getQueryString() == null ? "" : "?" + request.getQueryString();
            response.setStatus(307);
            response.setHeader("Location", request.getRequestURI().replace(id, there.toString()) + query);
            return null;
        }
        return found.orElseThrow(Paging::notFound);
    }

    private static <T> void items(HttpServletResponse response, List<T> items, Function<T, Map<String, Object>> view)
            throws IOException {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("items", items.stream().map(view).toList());
        Answer.json(response, 200, document);
    }

    private static Map<String, Object> view(Golden golden) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", golden.id());
        view.put("version", golden.version());
        golden.document().forEach(view::putIfAbsent);
        view.put("createdAt", golden.createdAt());
        view.put("updatedAt", golden.updatedAt());
        return view;
    }

    private static Map<String, Object> view(FieldOrigin origin) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("field", origin.field());
        view.put("value", origin.value());
        view.put("spoke", origin.spoke());
        view.put("message", origin.message());
        view.put("mapping", origin.mapping());
        view.put("at", origin.at());
        view.put("rule", origin.rule());
        view.put("lost", origin.lost().stream().map(RecordsController::view).toList());
        return view;
    }

    private static Map<String, Object> view(FieldOrigin.LostValue lost) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("value", lost.value());
        view.put("spoke", lost.spoke());
        view.put("message", lost.message());
        view.put("at", lost.at());
        return view;
    }

    private static Map<String, Object> view(Explanation explanation) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("field", explanation.field());
        view.put("values", explanation.values().stream().map(RecordsController::view).toList());
        view.put("history", explanation.history().stream().map(RecordsController::view).toList());
        return view;
    }

    private static Map<String, Object> view(Explanation.Change change) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("version", change.version());
        view.put("at", change.at());
        view.put("reason", change.reason());
        view.put("spoke", change.spoke());
        view.put("message", change.message());
        view.put("mapping", change.mapping());
        view.put("values", change.values());
        return view;
    }

    private static Map<String, Object> view(Link link) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("spoke", link.spoke());
        view.put("externalId", link.externalId());
        view.put("state", link.state());
        view.put("wanted", link.wanted());
        view.put("synced", link.synced());
        view.put("attempts", link.attempts());
        view.put("nextTry", link.nextTry());
        view.put("problem", link.problem());
        view.put("revision", link.revision());
        return view;
    }
}
