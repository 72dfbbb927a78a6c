package io.serai.hub.web;

import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

import io.serai.connector.webhook.Webhooks;

/** Where spokes send their webhooks. Who it is says the signature, which the connector verifies over the bytes. */
@RestController
final class HooksController {
    private final Webhooks webhooks;
    private final Strangers strangers;

    HooksController(Webhooks webhooks, Strangers strangers) {
        this.webhooks = webhooks;
        this.strangers = strangers;
    }

    @PostMapping("/hooks/{spoke}")
    void receive(@PathVariable("spoke") String spoke, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Map<String, String> headers = new HashMap<>();
        for (String name : Collections.list(request.getHeaderNames())) {
            headers.put(name, request.getHeader(name));
        }
        headers.put("traceparent", Trace.of(request));
        Webhooks.Answer answer;
        try (Strangers.Share memory = strangers.share()) {
            answer = webhooks.receive(spoke, headers, () -> Body.read(request, memory::take));
        }
        response.setStatus(answer.status());
        if (answer.contentType() != null) {
            response.setContentType(answer.contentType());
        }
        response.setContentLength(answer.body().length);
        response.getOutputStream().write(answer.body());
    }
}
