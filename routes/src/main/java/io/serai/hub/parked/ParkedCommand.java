package io.serai.hub.parked;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.serai.hub.web.Json;

/**
 * Parked work from the command line, as a client of the hub's API. Ends with 0 when all is well, 1 when something is still
 * parked that should not be, 2 when the command could not be carried out.
 */
public final class ParkedCommand {
    private static final int WELL = 0;
    private static final int NOT_DONE = 1;
    private static final int MISUSED = 2;
    private static final Set<String> OPTIONS = Set.of("--data", "--cause", "--kind", "--spoke", "--reason", "--value",
            "--take", "--number", "--external-id", "--keep");
    private static final String USAGE = """
            ./serai parked                                        what is parked, by cause
            ./serai parked list [--cause TEXT] [--kind K] [--spoke S]   one by one, latest first
            ./serai parked show <id>                              the message, the step, the reason, what can be done
            ./serai parked content <id>                           the message alone, to edit it
            ./serai parked retry <id | --cause TEXT>              once more, with today's mapping
            ./serai parked edit <id> <file | -> [--document]      retry with this instead; --document: it is canonical
            ./serai parked discard <id | --cause TEXT> --reason TEXT
            ./serai parked choose <id | --cause TEXT> --take golden|theirs | --value JSON
            ./serai parked same <id> [--keep <customer>]          the two customers are one
            ./serai parked not-same <id | --cause TEXT>           they are not
            ./serai parked exists <id> --number N [--external-id ID]    the invoice is there: do not make it
            ./serai parked absent <id>                            it is not there: send it again
            ./serai parked recreate <id | --cause TEXT>           make the record again that the spoke has deleted
            The hub is found by SERAI_URL and SERAI_API_KEY, or else in <data>/sandbox.env (--data DIR, default data).""";

    private final Map<String, String> environment;
    private final InputStream in;
    private final PrintStream out;
    private final PrintStream err;
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

    /** What keeps the command from being carried out; a full sentence. */
    private static final class Misuse extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Misuse(String sentence) {
            super(sentence, null, false, false);
        }
    }

    /** @param words what is no option, the command first */
    private record Line(List<String> words, Map<String, String> options, boolean document) {

        static Line of(String... arguments) {
            List<String> words = new ArrayList<>();
            Map<String, String> options = new HashMap<>();
            boolean document = false;
            for (int i = 0; i < arguments.length; i++) {
                if (arguments[i].equals("--document")) {
                    document = true;
                } else if (OPTIONS.contains(arguments[i])) {
                    if (i + 1 == arguments.length) {
                        throw new Misuse("After " + arguments[i] + " there must be a value.");
                    }
                    options.put(arguments[i], arguments[++i]);
                } else if (arguments[i].startsWith("--")) {
                    throw new Misuse("./serai parked does not know " + arguments[i] + ".\n" + USAGE);
                } else {
                    words.add(arguments[i]);
                }
            }
            return new Line(words, options, document);
        }

        String command() {
            return words.isEmpty() ? "causes" : words.getFirst();
        }

        String word(int index, String what) {
            if (words.size() <= index) {
                throw new Misuse("./serai parked " + command() + " needs " + what + ".\n" + USAGE);
            }
            return words.get(index);
        }

        String id() {
            return URLEncoder.encode(word(1, "the id of what is parked"), StandardCharsets.UTF_8);
        }
    }

    ParkedCommand(Map<String, String> environment, InputStream in, PrintStream out, PrintStream err) {
        this.environment = environment;
        this.in = in;
        this.out = out;
        this.err = err;
    }

    public static void main(String[] arguments) {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        System.exit(new ParkedCommand(System.getenv(), System.in, out, err).run(arguments));
    }

    int run(String... arguments) {
        try {
            Line line = Line.of(arguments);
            if (line.command().equals("help")) {
                out.println(USAGE);
                return WELL;
            }
            return carriedOut(line, new Hub(addresses(line.options().getOrDefault("--data", "data"))));
        } catch (Misuse misuse) {
            err.println(misuse.getMessage());
            return MISUSED;
        }
    }

    private int carriedOut(Line line, Hub hub) {
        Map<String, Object> body = new LinkedHashMap<>();
        switch (line.command()) {
            case "causes" -> causes(hub);
            case "list" -> list(line, hub);
            case "show" -> show(hub.get("/api/parked/" + line.id()));
            case "content" -> out.print(content(hub.get("/api/parked/" + line.id())));
            case "retry", "not-same", "absent", "recreate" -> {
                return act(line, hub, body);
            }
            case "discard" -> {
                put(body, "reason", line.options().get("--reason"));
                return act(line, hub, body);
            }
            case "edit" -> {
                byte[] file = file(line.word(2, "a file with the edited message"));
                body.put(line.document() ? "document" : "body",
                        line.document() ? json(file) : new String(file, StandardCharsets.UTF_8));
                return act(line, hub, body);
            }
            case "choose" -> {
                put(body, "take", line.options().get("--take"));
                if (line.options().containsKey("--value")) {
                    body.put("value", json(line.options().get("--value").getBytes(StandardCharsets.UTF_8)));
                }
                return act(line, hub, body);
            }
            case "same" -> {
                put(body, "keep", line.options().get("--keep"));
                return act(line, hub, body);
            }
            case "exists" -> {
                put(body, "number", line.options().get("--number"));
                put(body, "externalId", line.options().get("--external-id"));
                return act(line, hub, body);
            }
            default -> throw new Misuse("There is no ./serai parked " + line.command() + ".\n" + USAGE);
        }
        return WELL;
    }

    private static void put(Map<String, Object> body, String name, String value) {
        if (value != null) {
            body.put(name, value);
        }
    }

    // ---- looking

    private void causes(Hub hub) {
        List<Map<String, Object>> causes = items(hub.get("/api/parked/causes"));
        if (causes.isEmpty()) {
            out.println("Nothing is parked.");
        }
        for (Map<String, Object> cause : causes) {
            out.printf("%s × %s   %s%n", cause.get("count"), cause.get("kind"), cause.get("cause"));
            out.printf("    %s … %s, for instance %s%n", cause.get("first"), cause.get("last"), cause.get("example"));
            out.printf("    %s%n", cause.get("problem"));
        }
    }

    private void list(Line line, Hub hub) {
        StringBuilder question = new StringBuilder("/api/parked?limit=200");
        for (String option : List.of("--cause", "--kind", "--spoke")) {
            if (line.options().containsKey(option)) {
                question.append('&').append(option.substring(2)).append('=')
                        .append(URLEncoder.encode(line.options().get(option), StandardCharsets.UTF_8));
            }
        }
        for (Map<String, Object> item : items(hub.get(question.toString()))) {
            out.printf("%s  %s  %-18s %s %s: %s%n", item.get("id"), item.get("at"), item.get("kind"),
                    item.get("spoke"), item.get("entity"), item.get("problem"));
        }
    }

    private void show(Map<String, Object> item) {
        for (String field : List.of("kind", "cause", "spoke", "entity", "entityId", "message", "step", "field",
                "problem", "detail", "at", "resolvedAt")) {
            if (item.get(field) != null) {
                out.printf("%-12s %s%n", field, item.get(field));
            }
        }
        if (item.get("waiting") instanceof List<?> waiting && !waiting.isEmpty()) {
            out.printf("%-12s %d later messages of the same record%n", "waiting", waiting.size());
        }
        if (item.get("history") instanceof List<?> history) {
            history.forEach(deed -> out.printf("%-12s %s%n", "done", deed));
        }
        if (item.get("actions") instanceof List<?> actions) {
            out.printf("%-12s %s%n", "possible", actions.isEmpty() ? "nothing" : actions);
        }
        if (item.get("content") instanceof Map<?, ?> content) {
            out.printf("%-12s %s, %s bytes%s%n", "content", content.get("contentType"), content.get("size"),
                    content.get("editedAs") == null ? "" : ", edited");
            if (content.get("text") != null) {
                out.println();
                out.println(content.get("text"));
            }
        }
    }

    private static String content(Map<String, Object> item) {
        if (item.get("content") instanceof Map<?, ?> content && content.get("text") != null) {
            return content.get("text").toString();
        }
        throw new Misuse("This has no message that can be shown as text; fetch it with GET /api/messages/"
                + item.get("message") + "/received.");
    }

    // ---- acting

    private int act(Line line, Hub hub, Map<String, Object> body) {
        String cause = line.options().get("--cause");
        return cause == null ? one(line, hub, body) : all(line, hub, body, cause);
    }

    private int one(Line line, Hub hub, Map<String, Object> body) {
        Map<String, Object> answer = hub.post("/api/parked/" + line.id() + "/" + line.command(), body);
        out.println(answer.get("outcome") + (answer.get("problem") == null ? "" : ": " + answer.get("problem")));
        return answer.get("problem") == null ? WELL : NOT_DONE;
    }

    private int all(Line line, Hub hub, Map<String, Object> body, String cause) {
        body.put("cause", cause);
        put(body, "kind", line.options().get("--kind"));
        int done = 0;
        int left = 0;
        Object next;
        do {
            Map<String, Object> answer = hub.post("/api/parked/causes/" + line.command(), body);
            List<Map<String, Object>> problems = items(Map.of("items", answer.get("problems")));
            problems.forEach(problem -> err.println(problem.get("id") + ": " + problem.get("problem")));
            done += ((Number) answer.get("done")).intValue();
            left += problems.size();
            next = answer.get("next");
            body.put("after", next);
        } while (next != null);
        out.println(done + " done, " + left + " still parked");
        return left == 0 ? WELL : NOT_DONE;
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> items(Map<String, Object> page) {
        return (List<Map<String, Object>>) page.get("items");
    }

    private byte[] file(String name) {
        try {
            return name.equals("-") ? in.readAllBytes() : Files.readAllBytes(Path.of(name));
        } catch (IOException unreadable) {
            throw new Misuse("The file " + name + " cannot be read; give a file, or - for standard input.");
        }
    }

    private static Object json(byte[] text) {
        try {
            return Json.read(text);
        } catch (Json.Malformed malformed) {
            throw new Misuse("This is not JSON: " + malformed.getMessage());
        }
    }

    // ---- the hub

    private Map<String, String> addresses(String data) {
        Map<String, String> addresses = new HashMap<>();
        Path file = Path.of(data).resolve("sandbox.env");
        if (!environment.containsKey("SERAI_URL") || !environment.containsKey("SERAI_API_KEY")) {
            try {
                for (String line : Files.readAllLines(file)) {
                    int equals = line.indexOf('=');
                    if (equals > 0) {
                        addresses.put(line.substring(0, equals), line.substring(equals + 1));
                    }
                }
            } catch (IOException unreadable) {
                throw new Misuse("No hub is known: there is no " + file
                        + ". Start one, name its folder with --data, or set SERAI_URL and SERAI_API_KEY.");
            }
        }
        addresses.putAll(environment);
        return addresses;
    }

    private final class Hub {
        private final Map<String, String> addresses;

        Hub(Map<String, String> addresses) {
            this.addresses = addresses;
        }

        Map<String, Object> get(String path) {
            return send(HttpRequest.newBuilder().GET(), path);
        }

        Map<String, Object> post(String path, Map<String, Object> body) {
            return send(HttpRequest.newBuilder().header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(Json.write(body))), path);
        }

        @SuppressWarnings("unchecked")
        private Map<String, Object> send(HttpRequest.Builder request, String path) {
            String url = addresses.get("SERAI_URL");
            try {
                HttpResponse<byte[]> response = http.send(request.uri(URI.create(url + path))
                        .timeout(Duration.ofMinutes(5)).header("serai-key", addresses.get("SERAI_API_KEY")).build(),
                        HttpResponse.BodyHandlers.ofByteArray());
                Map<String, Object> answer = (Map<String, Object>) Json.read(response.body());
                if (response.statusCode() != 200) {
                    throw new Misuse("The hub answers " + response.statusCode() + ": " + answer.get("detail"));
                }
                return answer;
            } catch (IOException | Json.Malformed silent) {
                throw new Misuse("The hub at " + url + " does not answer as expected; does it run?");
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
                throw new Misuse("Interrupted.");
            }
        }
    }
}
