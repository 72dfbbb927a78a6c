package io.serai.hub.api;

import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

import io.serai.crm.CrmStore;
import io.serai.crm.Message;
import io.serai.crm.Messages;
import io.serai.crm.Outcome;
import io.serai.crm.Refusal;

import io.serai.hub.web.Caller;
import io.serai.hub.web.Problem;

/** The journal: what came, exactly as it came, and what became of it. A spoke sees its own messages only. */
@RestController
final class MessagesController {
    private final CrmStore store;

    MessagesController(CrmStore store) {
        this.store = store;
    }

    @GetMapping("/api/messages")
    void list(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Caller caller = Caller.of(request);
        String spoke = caller.operator() ? Paging.text(request, "spoke") : caller.spoke();
        Messages.Question question = new Messages.Question(spoke, Paging.text(request, "entity"),
                state(Paging.text(request, "state")));
        Answer.page(response, store.messages().list(question, Paging.cursor(request), Paging.limit(request)),
                MessagesController::view);
    }

    private static Outcome.State state(String word) {
        for (Outcome.State state : Outcome.State.values()) {
            if (word == null || word.equalsIgnoreCase(state.name())) {
                return word == null ? null : state;
            }
        }
        throw Problem.invalid("state", "There is no such state. A message is one of: "
                + Arrays.toString(Outcome.State.values()).toLowerCase(Locale.ROOT) + ".");
    }

    @GetMapping("/api/messages/{id}")
    void read(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Message message = find(request, id);
        Map<String, Object> view = view(message);
        view.put("journey", message.journey().stream().map(MessagesController::view).toList());
        Answer.json(response, 200, view);
    }

    /** Handed out as bytes to be saved: nothing that a spoke sent may be taken for a page of ours. */
    @GetMapping("/api/messages/{id}/received")
    void received(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Message message = find(request, id);
        byte[] received = message.received() == null ? new byte[0] : message.received();
        response.setHeader("Content-Disposition", "attachment; filename=\"" + message.id() + "\"");
        Answer.bytes(response, 200, "application/octet-stream", received);
    }

    private Message find(HttpServletRequest request, String id) {
        Caller caller = Caller.of(request);
        return store.messages().find(Paging.id(id))
                .filter(message -> caller.operator() || message.spoke().equals(caller.spoke()))
                .orElseThrow(Paging::notFound);
    }

    private static Map<String, Object> view(Message message) {
        Refusal refusal = message.refusal();
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", message.id());
        view.put("spoke", message.spoke());
        view.put("entity", message.entity());
        view.put("protocol", message.protocol());
        view.put("eventId", message.eventId());
        view.put("contentType", message.contentType());
        view.put("receivedAt", message.receivedAt());
        view.put("state", message.state().toLowerCase(Locale.ROOT));
        view.put("entityId", message.entityId());
        view.put("version", message.version());
        view.put("mapping", message.mapping());
        view.put("traceparent", message.traceparent());
        if (refusal != null) {
            Map<String, Object> why = new LinkedHashMap<>();
            why.put("step", refusal.step());
            why.put("field", refusal.field());
            why.put("problem", refusal.problem());
            why.put("code", refusal.code());
            view.put("refusal", why);
        }
        return view;
    }

    private static Map<String, Object> view(Message.Step step) {
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("step", step.step());
        view.put("at", step.at());
        view.put("result", step.result());
        view.put("detail", step.detail());
        return view;
    }
}
