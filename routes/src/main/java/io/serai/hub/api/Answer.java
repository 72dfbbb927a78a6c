package io.serai.hub.api;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

import jakarta.servlet.http.HttpServletResponse;

import io.serai.crm.Page;
import io.serai.hub.web.Json;

/** Writes JSON, past the converters: what is answered is plain Java already. */
final class Answer {
    private Answer() {}

    static void json(HttpServletResponse response, int status, Object document) throws IOException {
        bytes(response, status, "application/json", Json.write(document));
    }

    static void bytes(HttpServletResponse response, int status, String contentType, byte[] bytes) throws IOException {
        response.setStatus(status);
        response.setContentType(contentType);
        response.setContentLength(bytes.length);
        response.getOutputStream().write(bytes);
    }

    static <T> void page(HttpServletResponse response, Page<T> page, Function<T, Map<String, Object>> view)
            throws IOException {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("items", page.items().stream().map(view).toList());
        document.put("next", page.next());
        json(response, 200, document);
    }
}
