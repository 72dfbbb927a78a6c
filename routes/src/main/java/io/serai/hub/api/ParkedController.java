package io.serai.hub.api;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

import io.serai.crm.CrmStore;
import io.serai.crm.Parked;
import io.serai.crm.ParkedItems;
import io.serai.hub.web.Caller;

/** What waits for a person. A spoke sees what it has sent itself. */
@RestController
final class ParkedController {
    private final CrmStore store;

    ParkedController(CrmStore store) {
        this.store = store;
    }

    @GetMapping("/api/parked")
    void list(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Caller caller = Caller.of(request);
        String spoke = caller.operator() ? Paging.text(request, "spoke") : caller.spoke();
        boolean resolvedToo = "true".equals(Paging.text(request, "resolved"));
        ParkedItems.Question question = new ParkedItems.Question(Paging.text(request, "kind"), spoke, !resolvedToo);
        Answer.page(response, store.parked().list(question, Paging.cursor(request), Paging.limit(request)),
                ParkedController::view);
    }

    @GetMapping("/api/parked/{id}")
    void read(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Caller caller = Caller.of(request);
        Parked parked = store.parked().find(Paging.id(id))
                .filter(found -> caller.operator() || caller.spoke().equals(found.spoke()))
                .orElseThrow(Paging::notFound);
        Answer.json(response, 200, view(parked));
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
}
