package io.serai.hub.api;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

import io.serai.crm.CrmStore;
import io.serai.crm.Erasures;
import io.serai.hub.web.Problem;

/** What is held about a person, and that it goes on request. */
@RestController
final class ErasuresController {
    private final Erasures erasures;

    ErasuresController(CrmStore store) {
        this.erasures = store.erasures();
    }

    @GetMapping("/api/customers/{id}/export")
    void export(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        CorrectionsController.operator(request);
        Answer.json(response, 200, erasures.export(Paging.id(id)).orElseThrow(Paging::notFound));
    }

    @PostMapping("/api/customers/{id}/erase")
    void erase(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        UUID customer = Paging.id(id);
        Erasures.Erased erased = erasures.erase(customer, CorrectionsController.operator(request));
        if (erased.receipt() == null) {
            refuseErased(customer, erasures);
            String problem = erased.outcome().refusal().problem();
            String field = erased.outcome().refusal().field();
            boolean nobody = "unknown-reference".equals(erased.outcome().refusal().code());
            throw new Problem(nobody ? 404 : 409, erased.outcome().refusal().code(), problem,
                    List.of(new Problem.Flaw(field == null ? "" : field, problem)))
                    .journaled(erased.outcome().messageId());
        }
        response.setHeader("Location", "/api/erasures/" + erased.receipt().id());
        Answer.json(response, 200, view(erased.receipt()));
    }

    /** Says that a customer was erased, and where that is written down, when it was. */
    static void refuseErased(UUID customer, Erasures erasures) {
        erasures.of(customer).ifPresent(erasure -> {
            throw new Problem(410, "erased",
                    "This customer was erased; /api/erasures/" + erasure + " says what was done.");
        });
    }

    @GetMapping("/api/erasures/{id}")
    void read(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        CorrectionsController.operator(request);
        Answer.json(response, 200, view(erasures.receipt(Paging.id(id)).orElseThrow(Paging::notFound)));
    }

    @PostMapping("/api/erasures/{id}/lift")
    void lift(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        UUID erasure = Paging.id(id);
        String by = CorrectionsController.operator(request);
        Erasures.Receipt receipt = erasures.receipt(erasure).orElseThrow(Paging::notFound);
        if (receipt.liftedAt() == null) {
            erasures.lift(erasure, by);
        }
        Answer.json(response, 200, view(erasures.receipt(erasure).orElseThrow(Paging::notFound)));
    }

    private static Map<String, Object> view(Erasures.Receipt receipt) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", receipt.id());
        view.put("by", receipt.by());
        view.put("at", receipt.at());
        view.putAll(receipt.done());
        view.put("spokes", receipt.spokes().stream().map(ErasuresController::view).toList());
        view.put("liftedAt", receipt.liftedAt());
        return view;
    }

    private static Map<String, Object> view(Erasures.InSpoke one) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("spoke", one.spoke());
        view.put("externalId", one.externalId());
        view.put("state", one.state().toLowerCase(Locale.ROOT).replace('_', ' '));
        view.put("attempts", one.attempts());
        view.put("problem", one.problem());
        view.put("doneAt", one.doneAt());
        return view;
    }
}
