package io.serai.hub.api;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
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
import io.serai.crm.Reconciliation;
import io.serai.crm.SpokeStatus;
import io.serai.crm.Spokes;
import io.serai.hub.crm.Reconciler;
import io.serai.hub.web.Caller;
import io.serai.hub.web.Problem;

/** The configured spokes, how they fare and how far behind they are. Never their settings. */
@RestController
final class SpokesController {
    private static final int MOST_DIFFERENCES = 500;

    private final Connectors connectors;
    private final CrmStore store;
    private final Reconciler reconciler;

    SpokesController(Connectors connectors, CrmStore store, Reconciler reconciler) {
        this.connectors = connectors;
        this.store = store;
        this.reconciler = reconciler;
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
        Spoke spoke = forOperator(name, request);
        store.spokes().resume(spoke.name());
        Answer.json(response, 200, view(spoke, store.spokes().status()));
    }

    /** Begins to compare what the spoke really holds with what the hub believes. */
    @PostMapping("/api/spokes/{name}/reconcile")
    void reconcile(@PathVariable("name") String name, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Spoke spoke = forOperator(name, request);
        if (reconciler.entities(spoke.name()).isEmpty()) {
            throw Problem.invalid("name",
                    "Nothing is kept in step with " + spoke.name() + ", so there is nothing to compare.");
        }
        String repair = Paging.text(request, "repair");
        if (repair != null && !repair.equals("true") && !repair.equals("false")) {
            throw Problem.invalid("repair", "repair must be true or false.");
        }
        reconciler.begin(spoke.name(), "true".equals(repair));
        Answer.json(response, 202, Map.of("items", runs(spoke.name())));
    }

    @GetMapping("/api/spokes/{name}/reconcile")
    void reconciled(@PathVariable("name") String name, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Answer.json(response, 200, Map.of("items", runs(forOperator(name, request).name())));
    }

    private Spoke forOperator(String name, HttpServletRequest request) {
        return connectors.spokes().find(name).filter(_ -> Caller.of(request).operator()).orElseThrow(Paging::notFound);
    }

    /** Of the records compared latest, how many held what they should, from 0 to 1; null when none was. */
    private Double inStep(String spoke) {
        double inStep = Reconciliation.Run.inStep(store.reconciliation().runs(), spoke);
        return Double.isNaN(inStep) ? null : inStep;
    }

    private List<Map<String, Object>> runs(String spoke) {
        return store.reconciliation().runs().stream().filter(run -> run.spoke().equals(spoke)).map(this::view).toList();
    }

    private Map<String, Object> view(Reconciliation.Run run) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("entity", run.entity());
        view.put("state", run.runs() ? "running" : "done");
        view.put("repairs", run.repairs());
        view.put("startedAt", run.startedAt());
        view.put("endedAt", run.endedAt());
        view.put("checked", run.checked());
        view.put("inStep", run.inStep());
        view.put("untold", run.untold());
        view.put("problem", run.problem());
        view.put("differences", store.reconciliation().differences(run.spoke(), run.entity(), MOST_DIFFERENCES).stream()
                .map(SpokesController::view).toList());
        return view;
    }

    private static Map<String, Object> view(Reconciliation.Difference difference) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", difference.id());
        view.put("externalId", difference.externalId().isEmpty() ? null : difference.externalId());
        view.put("field", difference.field().isEmpty() ? null : difference.field());
        view.put("why", difference.why().toLowerCase(Locale.ROOT));
        view.put("problem", difference.problem());
        view.put("repaired", difference.repaired());
        view.put("at", difference.at());
        return view;
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
        view.put("inStep", inStep(spoke.name()));
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
