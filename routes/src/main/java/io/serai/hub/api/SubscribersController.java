package io.serai.hub.api;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

import io.serai.crm.ChangeEvent;
import io.serai.crm.CrmStore;
import io.serai.crm.Subscriber;
import io.serai.crm.Subscribers;
import io.serai.hub.stream.ChangeStream;
import io.serai.hub.web.Body;
import io.serai.hub.web.Caller;
import io.serai.hub.web.Json;
import io.serai.hub.web.Problem;
import io.serai.mapping.CanonicalSchemas;

/** Who follows the change log, and how each fares. For operators: whoever subscribes hears of every customer. */
@RestController
final class SubscribersController {
    private static final int MOST = 100;
    private static final int MOST_NAMED = 50;
    /** Stands in log lines. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}");
    private static final Duration OLD_SECRET = Duration.ofDays(1);
    private static final Duration OLDEST_SECRET = Duration.ofDays(7);

    private final Subscribers subscribers;
    private final ChangeStream stream;
    private final InstantSource clock;

    SubscribersController(CrmStore store, ChangeStream stream, InstantSource clock) {
        this.subscribers = store.subscribers();
        this.stream = stream;
        this.clock = clock;
    }

    @GetMapping("/api/subscribers")
    void list(HttpServletRequest request, HttpServletResponse response) throws IOException {
        requireOperator(request);
        Answer.json(response, 200,
                Map.of("items", subscribers.list().stream().map(SubscribersController::view).toList()));
    }

    @GetMapping("/api/subscribers/{id}")
    void read(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        requireOperator(request);
        Answer.json(response, 200, view(find(id)));
    }

    @PostMapping("/api/subscribers")
    void create(HttpServletRequest request, HttpServletResponse response) throws IOException {
        requireOperator(request);
        Map<String, Object> body = body(request, "application/json", "name", "url", "entities", "spokes", "full",
                "from", "since");
        Long after = body.containsKey("from") || body.containsKey("since") ? after(body) : null;
        byte[] secret = ChangeStream.newSecret();
        UUID id = subscribers.add(name(body), url(body), follows(body, Subscriber.Follows.EVERYTHING),
                secret, after, MOST)
                .orElseThrow(() -> new Problem(409, "not-unique", "Another subscriber has this name, or there are "
                        + MOST + " already; choose another name, or delete one that nobody needs."));
        stream.ring();
        Map<String, Object> view = view(find(id.toString()));
        view.put("secret", ChangeStream.text(secret));
        response.setHeader("Location", "/api/subscribers/" + id);
        Answer.json(response, 201, view);
    }

    @PatchMapping("/api/subscribers/{id}")
    void change(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        requireOperator(request);
        Subscriber before = find(id);
        Map<String, Object> body = body(request, "application/merge-patch+json", "name", "url", "entities", "spokes",
                "full", "enabled");
        boolean webhook = before.kind() == Subscriber.Kind.WEBHOOK;
        if (!webhook && (body.containsKey("name") || body.containsKey("url"))) {
            throw Problem.invalid(body.containsKey("name") ? "/name" : "/url",
                    "This subscriber is made by the hub's configuration and has no name or url of its own.");
        }
        Boolean enabled = flag(body, "enabled", null);
        if (!subscribers.change(before.id(), body.containsKey("name") ? name(body) : before.name(),
                body.containsKey("url") ? url(body) : before.url(), follows(body, before.follows()))) {
            throw new Problem(409, "not-unique", "Another subscriber has this name; choose another one.");
        }
        if (Boolean.TRUE.equals(enabled)) {
            subscribers.enable(before.id());
        } else if (Boolean.FALSE.equals(enabled)) {
            subscribers.disable(before.id(), "An operator has disabled it.");
        }
        stream.ring();
        Answer.json(response, 200, view(find(id)));
    }

    @DeleteMapping("/api/subscribers/{id}")
    void delete(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response) {
        requireOperator(request);
        requireWebhook(find(id));
        subscribers.remove(Paging.id(id));
        response.setStatus(204);
    }

    @PostMapping("/api/subscribers/{id}/secret")
    void rotate(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        requireOperator(request);
        Subscriber subscriber = find(id);
        requireWebhook(subscriber);
        Map<String, Object> body = body(request, "application/json", "oldValidFor");
        byte[] secret = ChangeStream.newSecret();
        subscribers.rotate(subscriber.id(), secret, clock.instant().plus(oldValidFor(body)));
        Map<String, Object> view = view(find(id));
        view.put("secret", ChangeStream.text(secret));
        Answer.json(response, 200, view);
    }

    @PostMapping("/api/subscribers/{id}/replay")
    void replay(@PathVariable("id") String id, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        requireOperator(request);
        Subscriber subscriber = find(id);
        Map<String, Object> body = body(request, "application/json", "from", "since", "only");
        if (body.containsKey("only")) {
            requireWebhook(subscriber);
            ChangeEvent event = subscribers.event(sequence(body, "only"))
                    .orElseThrow(() -> Problem.invalid("/only", "There is no change with this number."));
            stream.send(subscriber, event).ifPresent(problem -> {
                throw new Problem(502, "not-taken", "The subscriber did not take it. " + problem);
            });
        } else {
            subscribers.move(subscriber.id(), after(body));
            stream.ring();
        }
        Answer.json(response, 200, view(find(id)));
    }

    private static void requireOperator(HttpServletRequest request) {
        if (!Caller.of(request).operator()) {
            throw new Problem(403, "not-allowed", "Subscribers are the operator's business; use the hub's own key.");
        }
    }

    private static void requireWebhook(Subscriber subscriber) {
        if (subscriber.kind() != Subscriber.Kind.WEBHOOK) {
            throw new Problem(409, "configured",
                    "This subscriber is made by the hub's configuration. It can be disabled, or switched off there.");
        }
    }

    private Subscriber find(String id) {
        return subscribers.find(Paging.id(id)).orElseThrow(Paging::notFound);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> body(HttpServletRequest request, String mediaType, String... fields)
            throws IOException {
        Object read;
        try {
            read = Json.read(Body.read(request, mediaType));
        } catch (Json.Malformed malformed) {
            throw new Problem(400, "malformed", malformed.getMessage());
        }
        if (!(read instanceof Map<?, ?> body)) {
            throw new Problem(400, "malformed", "The body must be a JSON object.");
        }
        for (Object field : body.keySet()) {
            if (!Set.of(fields).contains(field)) {
                throw Problem.invalid("/" + field, "There is no such field here; there is " + String.join(", ", fields)
                        + ".");
            }
        }
        return (Map<String, Object>) body;
    }

    private static String name(Map<String, Object> body) {
        Object name = body.get("name");
        if (!(name instanceof String text) || !NAME.matcher(text).matches()) {
            throw Problem.invalid("/name", "name must begin with a letter or digit and have up to 100 letters, digits, "
                    + "spaces, dots, hyphens and underscores.");
        }
        return text;
    }

    private String url(Map<String, Object> body) {
        Object url = body.get("url");
        if (!(url instanceof String text)) {
            throw Problem.invalid("/url", "url is missing; write it as https://host/path.");
        }
        stream.flaw(text).ifPresent(flaw -> {
            throw Problem.invalid("/url", "url " + flaw + ".");
        });
        return text;
    }

    private static Subscriber.Follows follows(Map<String, Object> body, Subscriber.Follows before) {
        List<String> entities = texts(body, "entities", before.entities());
        if (!CanonicalSchemas.ENTITIES.containsAll(entities)) {
            throw Problem.invalid("/entities",
                    "entities may name " + String.join(", ", CanonicalSchemas.ENTITIES) + "; none means all.");
        }
        return new Subscriber.Follows(entities, texts(body, "spokes", before.spokes()),
                flag(body, "full", before.whole()));
    }

    private static List<String> texts(Map<String, Object> body, String field, List<String> before) {
        Object value = body.getOrDefault(field, before);
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof List<?> list) || list.size() > MOST_NAMED
                || !list.stream().allMatch(one -> one instanceof String text && NAME.matcher(text).matches())) {
            throw Problem.invalid("/" + field, field + " must be a list of up to " + MOST_NAMED + " names.");
        }
        return list.stream().map(String.class::cast).distinct().toList();
    }

    private static Boolean flag(Map<String, Object> body, String field, Boolean before) {
        Object value = body.getOrDefault(field, before);
        if (value != null && !(value instanceof Boolean) || value == null && before != null) {
            throw Problem.invalid("/" + field, field + " must be true or false.");
        }
        return (Boolean) value;
    }

    /** The last change that is taken for done. */
    private long after(Map<String, Object> body) {
        if (body.containsKey("from") == body.containsKey("since")) {
            throw Problem.invalid("/from", "Say either from, the number of the first change, or since, a time.");
        }
        if (body.containsKey("from")) {
            return sequence(body, "from") - 1;
        }
        try {
            return subscribers.before(Instant.parse(String.valueOf(body.get("since"))));
        } catch (DateTimeParseException notATime) {
            throw Problem.invalid("/since", "since must be a time such as 2026-05-01T08:00:00Z.");
        }
    }

    private static long sequence(Map<String, Object> body, String field) {
        if (body.get(field) instanceof Number number && number.longValue() > 0
                && Stream.of(Integer.class, Long.class).anyMatch(type -> type.isInstance(number))) {
            return number.longValue();
        }
        throw Problem.invalid("/" + field, field + " must be the number of a change, 1 or more.");
    }

    private static Duration oldValidFor(Map<String, Object> body) {
        try {
            Duration wanted = body.get("oldValidFor") == null
                    ? OLD_SECRET
                    : Duration.parse(String.valueOf(body.get("oldValidFor")));
            if (!wanted.isNegative() && wanted.compareTo(OLDEST_SECRET) <= 0) {
                return wanted;
            }
        } catch (DateTimeParseException notADuration) {
            // Said below.
        }
        throw Problem.invalid("/oldValidFor",
                "oldValidFor says how long the old secret stays valid: a duration up to 7 days, such as PT24H.");
    }

    private static Map<String, Object> view(Subscriber subscriber) {
        boolean disabled = subscriber.state() == Subscriber.State.DISABLED;
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("id", subscriber.id());
        view.put("kind", subscriber.kind().name().toLowerCase(Locale.ROOT));
        view.put("name", subscriber.name());
        view.put("url", subscriber.url());
        view.put("entities", subscriber.follows().entities());
        view.put("spokes", subscriber.follows().spokes());
        view.put("full", subscriber.follows().whole());
        view.put("state", disabled ? "disabled" : subscriber.failingSince() != null ? "failing" : "active");
        view.put("position", subscriber.position());
        view.put("behind", subscriber.behind());
        view.put("behindSince", subscriber.behindSince());
        view.put("attempts", subscriber.attempts());
        view.put("setAside", subscriber.setAside());
        view.put("failingSince", subscriber.failingSince());
        view.put("problem", subscriber.problem());
        view.put("lastTaken", subscriber.takenAt());
        view.put("nextTry", disabled ? null : subscriber.nextTryAt());
        view.put("oldSecretValidUntil", subscriber.oldSecretUntil());
        view.put("createdAt", subscriber.createdAt());
        return view;
    }
}
