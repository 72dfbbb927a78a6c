package io.serai.hub.api;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

import io.serai.connector.Connectors;
import io.serai.connector.Health;
import io.serai.connector.Spoke;
import io.serai.crm.CrmStore;
import io.serai.crm.SpokeStatus;
import io.serai.crm.Spokes;
import io.serai.hub.web.Caller;

/** The configured spokes, how they fare and how far behind they are. Never their settings. */
@RestController
final class SpokesController {
    private final Connectors connectors;
    private final CrmStore store;

    SpokesController(Connectors connectors, CrmStore store) {
        this.connectors = connectors;
        this.store = store;
    }

    @GetMapping("/api/spokes")
    void list(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Caller caller = Caller.of(request);
        List<SpokeStatus> status = store.spokes().status();
        List<Map<String, Object>> items = new ArrayList<>();
        for (Spoke spoke : connectors.spokes().all()) {
            if (caller.operator() || caller.spoke().equals(spoke.name())) {
                items.add(view(spoke, status));
            }
        }
        Answer.json(response, 200, Map.of("items", items));
    }

    @GetMapping("/api/spokes/{name}")
    void read(@PathVariable("name") String name, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Caller caller = Caller.of(request);
        Spoke spoke = connectors.spokes().find(name)
                .filter(found -> caller.operator() || caller.spoke().equals(found.name()))
                .orElseThrow(Paging::notFound);
        Answer.json(response, 200, view(spoke, store.spokes().status()));
    }

    /** A person says that the spoke is well again: all processes go on at once. */
    @PostMapping("/api/spokes/{name}/resume")
    void resume(@PathVariable("name") String name, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Spoke spoke = connectors.spokes().find(name).filter(_ -> Caller.of(request).operator())
                .orElseThrow(Paging::notFound);
        store.spokes().resume(spoke.name());
        Answer.json(response, 200, view(spoke, store.spokes().status()));
    }

    private Map<String, Object> view(Spoke spoke, List<SpokeStatus> status) {
        Health health = connectors.health(spoke.name());
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("spoke", spoke.name());
        view.put("connector", spoke.connector().name());
        view.put("mappings", spoke.mappings());
        view.put("rank", spoke.rank());
        view.put("flows", spoke.flows());
        view.put("on", spoke.off().isEmpty());
        view.put("off", spoke.off().orElse(null));
        view.put("well", health.well());
        view.put("lastSuccess", health.lastSuccess());
        view.put("lastFailure", health.lastFailure());
        view.put("reason", health.well() ? null : health.reason());
        view.put("paused", store.spokes().pauses().stream().filter(pause -> pause.spoke().equals(spoke.name()))
                .findFirst().map(SpokesController::view).orElse(null));
        view.put("lanes", status.stream().filter(lane -> lane.spoke().equals(spoke.name()))
                .map(SpokesController::view).toList());
        return view;
    }

    private static Map<String, Object> view(Spokes.Pause pause) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("since", pause.since());
        view.put("until", pause.until());
        view.put("problem", pause.problem());
        return view;
    }

    private static Map<String, Object> view(SpokeStatus lane) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("entity", lane.entity());
        view.put("behind", lane.behind());
        view.put("parked", lane.parked());
        view.put("oldestBehindSince", lane.oldestBehindSince());
        view.put("lastDelivered", lane.lastDelivered());
        view.put("lastProblem", lane.lastProblem());
        return view;
    }
}
