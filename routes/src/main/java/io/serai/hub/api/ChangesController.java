package io.serai.hub.api;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

import io.serai.crm.Change;
import io.serai.crm.CrmStore;

/** The change log: every golden record's every version, and why. */
@RestController
final class ChangesController {
    private final CrmStore store;

    ChangesController(CrmStore store) {
        this.store = store;
    }

    @GetMapping("/api/changes")
    void list(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Answer.page(response, store.changes().list(Paging.sequence(request), Paging.limit(request),
                Paging.text(request, "entity")), ChangesController::view);
    }

    static Map<String, Object> view(Change change) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("sequence", change.sequence());
        view.put("entity", change.entity());
        view.put("id", change.id());
        view.put("version", change.version());
        view.put("fields", change.fields());
        view.put("spoke", change.spoke());
        view.put("message", change.message());
        view.put("reason", change.reason());
        view.put("at", change.at());
        return view;
    }
}
