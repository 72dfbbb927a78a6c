package io.serai.mapping;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;

/**
 * Tries a mapping on a sample: {@code map [--dir FOLDER] [--with BINDINGS.json] <system>/<name> <sample file or ->}.
 * Prints the result as JSON and, for a mapping to canonical, whether it is valid and if not, which path is wrong and
 * why. Ends with 0 when all is well, 1 when the sample cannot be mapped or the result is not valid, 2 when the command
 * cannot be carried out.
 */
public final class MapCommand {
    private static final int WELL = 0;
    private static final int REFUSED = 1;
    private static final int MISUSED = 2;
    private static final String USAGE = """
            Usage: map [--dir FOLDER] [--with BINDINGS.json] <system>/<name> <sample file>
              --dir FOLDER          the folder of the mappings (default: mappings)
              --with BINDINGS.json  variables for the mapping, such as {"operation": "update"}
              <sample file>         JSON for a JSONata mapping, XML for an XSLT one; - reads standard input""";

    /** What keeps the command from being carried out. */
    private static final class Misuse extends RuntimeException {
        private static final long serialVersionUID = 1;

        Misuse(String sentence) {
            super(sentence);
        }
    }

    private final InputStream in;
    private final PrintStream out;
    private final PrintStream err;

    MapCommand(InputStream in, PrintStream out, PrintStream err) {
        this.in = in;
        this.out = out;
        this.err = err;
    }

    /** Runs the command; the folder of the mappings may also be given as the system property {@code serai.mappings}. */
    public static void main(String[] arguments) {
        var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        var err = new PrintStream(System.err, true, StandardCharsets.UTF_8);
        System.exit(new MapCommand(System.in, out, err).run(arguments));
    }

    int run(String... arguments) {
        try {
            return carriedOut(arguments);
        } catch (Misuse | BadMappingException e) {
            err.println(e.getMessage());
            return MISUSED;
        }
    }

    private int carriedOut(String... arguments) {
        var folder = Path.of(System.getProperty("serai.mappings", "mappings"));
        Map<String, Object> bindings = Map.of();
        var words = new ArrayList<String>();
        for (var i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--help", "-h" -> {
                    out.println(USAGE);
                    return WELL;
                }
                case "--dir" -> folder = Path.of(following(arguments, ++i));
                case "--with" -> bindings = bindings(Path.of(following(arguments, ++i)));
                default -> words.add(arguments[i]);
            }
        }
        if (words.size() != 2) {
            throw new Misuse(USAGE);
        }
        var mappings = Mappings.load(folder);
        return tried(mapping(mappings, words.getFirst()), sample(words.getLast()), words.getLast(), bindings,
                mappings.schemas());
    }

    private static String following(String[] arguments, int index) {
        if (index >= arguments.length) {
            throw new Misuse("After " + arguments[index - 1] + " there must be a file or folder.\n" + USAGE);
        }
        return arguments[index];
    }

    private static Mapping mapping(Mappings mappings, String name) {
        if (!mappings.names().contains(name)) {
            throw new Misuse("There is no mapping \"" + name + "\". There are:\n  "
                    + String.join("\n  ", new TreeSet<>(mappings.names())));
        }
        return mappings.mapping(name);
    }

    private byte[] sample(String file) {
        try {
            return file.equals("-") ? in.readAllBytes() : Files.readAllBytes(Path.of(file));
        } catch (IOException e) {
            throw new Misuse("The sample " + file + " cannot be read; give a file, or - for standard input.");
        }
    }

    private static Map<String, Object> bindings(Path file) {
        try {
            if (JsonText.parse(Files.readAllBytes(file)) instanceof Map<?, ?> map) {
                var bindings = new LinkedHashMap<String, Object>();
                map.forEach((key, value) -> bindings.put(String.valueOf(key), value));
                return bindings;
            }
            throw new Misuse(file + " must hold a JSON object.");
        } catch (IOException e) {
            throw new Misuse(file + " cannot be read.");
        } catch (JacksonException e) {
            throw new Misuse(file + " is no JSON (line " + e.getLocation().getLineNr() + ", column "
                    + e.getLocation().getColumnNr() + "): "
                    + e.getOriginalMessage());
        }
    }

    private int tried(Mapping mapping, byte[] sample, String file, Map<String, Object> bindings,
            CanonicalSchemas schemas) {
        Object result;
        try {
            result = mapping.apply(sample, bindings);
        } catch (MappingException e) {
            err.println(mapping.label() + " cannot map " + (file.equals("-") ? "standard input" : file) + " ("
                    + e.code() + ")");
            err.println("  " + (e.field() == null ? "" : e.field() + ": ") + e.problem());
            if (e.place() != null) {
                err.println("  at " + e.place());
            }
            return REFUSED;
        }
        out.println(result instanceof String text ? text : JsonText.pretty(result));
        return mapping.entity() == null ? WELL : judged(mapping.entity(), result, schemas);
    }

    private int judged(String entity, Object result, CanonicalSchemas schemas) {
        if (!(result instanceof Map<?, ?> map)) {
            out.println("not a " + entity + ": the mapping gives no object");
            return REFUSED;
        }
        @SuppressWarnings("unchecked")
        List<Problem> problems = schemas.validate(entity, (Map<String, Object>) map);
        if (problems.isEmpty()) {
            out.println("valid " + entity);
            return WELL;
        }
        out.println("not a valid " + entity + ":");
        problems.forEach(problem -> out.println("  " + problem.where() + ": " + problem.problem()));
        return REFUSED;
    }
}
