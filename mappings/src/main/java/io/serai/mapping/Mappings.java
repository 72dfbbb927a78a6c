package io.serai.mapping;

import com.dashjoin.jsonata.JException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.regex.Pattern;

/** The mappings of a folder, each compiled once and shared by all threads. */
public final class Mappings {
    /** The folder of the schemas that everybody maps to. */
    static final String CANONICAL = "canonical";
    private static final String JSONATA = ".jsonata";
    private static final String XSLT = ".xslt";
    /** Folders beside the systems that hold none. */
    private static final Set<String> NO_SYSTEMS = Set.of(CANONICAL, "src", "target");

    private static final Pattern USES = Pattern.compile("\\$mapped\\s*\\(\\s*[\"']([^\"']+)[\"']");

    private final SortedMap<String, Mapping> mappings = new TreeMap<>();
    private final CanonicalSchemas schemas;

    private Mappings(CanonicalSchemas schemas) {
        this.schemas = schemas;
    }

    /**
     * Compiles every {@code <system>/<name>.jsonata} and {@code <system>/<name>.xslt} of a folder.
     *
     * @throws BadMappingException when a file cannot be used: names file, line, column and reason
     */
    public static Mappings load(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new BadMappingException(folder, 0, 0, "There is no such folder of mappings.", null);
        }
        var files = files(folder);
        // The XSLT compiler alone takes as long to wake as all the rest, so it does so beside it.
        var stylesheets = new TreeMap<String, CompletableFuture<Mapping>>();
        files.forEach((name, file) -> {
            if (file.toString().endsWith(XSLT)) {
                stylesheets.put(name, CompletableFuture.supplyAsync(() -> stylesheet(name, file)));
            }
        });
        var mappings = new Mappings(CanonicalSchemas.in(folder.resolve(CANONICAL)));
        files.keySet().stream().filter(name -> !stylesheets.containsKey(name))
                .forEach(name -> mappings.compile(name, files, new ArrayDeque<>()));
        stylesheets.forEach((name, stylesheet) -> mappings.mappings.put(name, compiled(stylesheet)));
        return mappings;
    }

    private static Mapping compiled(CompletableFuture<Mapping> stylesheet) {
        try {
            return stylesheet.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof BadMappingException bad ? bad : e;
        }
    }

    private static SortedMap<String, Path> files(Path folder) {
        var found = new TreeMap<String, Path>();
        try (var systems = Files.list(folder)) {
            for (var system : systems.filter(Files::isDirectory).filter(Mappings::mayHoldMappings).sorted().toList()) {
                try (var files = Files.list(system)) {
                    for (var file : files.filter(Files::isRegularFile).sorted().toList()) {
                        var fileName = file.getFileName().toString();
                        var kind = fileName.endsWith(JSONATA) ? JSONATA : fileName.endsWith(XSLT) ? XSLT : null;
                        if (kind != null && found.put(
                                system.getFileName() + "/" + fileName.substring(0, fileName.length() - kind.length()),
                                file) != null) {
                            throw new BadMappingException(file, 0, 0,
                                    "The mapping is there twice, in JSONata and in XSLT; remove one.", null);
                        }
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("The mappings in " + folder + " cannot be read.", e);
        }
        return found;
    }

    private static boolean mayHoldMappings(Path folder) {
        var name = folder.getFileName().toString();
        return !name.startsWith(".") && !NO_SYSTEMS.contains(name);
    }

    private static Mapping stylesheet(String name, Path file) {
        var source = source(file);
        return XsltMapping.compiled(name, version(source, List.of()), file, source);
    }

    /** Compiles a mapping after those it uses. */
    private Mapping compile(String name, Map<String, Path> files, Deque<String> users) {
        var known = mappings.get(name);
        if (known != null) {
            return known;
        }
        var file = files.get(name);
        var source = source(file);
        users.push(name);
        var used = used(file, source, files, users);
        users.pop();
        var mapping = compiled(name, file, source, used);
        mappings.put(name, mapping);
        return mapping;
    }

    private static String source(Path file) {
        try {
            return Files.readString(file);
        } catch (CharacterCodingException e) {
            throw new BadMappingException(file, 0, 0, "The file is not UTF-8 text; save it as UTF-8.", e);
        } catch (IOException e) {
            throw new BadMappingException(file, 0, 0, "The file cannot be read.", e);
        }
    }

    private Map<String, Mapping> used(Path file, String source, Map<String, Path> files, Deque<String> users) {
        var used = new TreeMap<String, Mapping>();
        var calls = USES.matcher(source);
        while (calls.find()) {
            var name = calls.group(1);
            var position = Position.of(source, calls.start());
            if (!files.containsKey(name)) {
                throw new BadMappingException(file, position.line(), position.column(),
                        "It uses the mapping " + name + ", which is not there.", null);
            }
            if (files.get(name).toString().endsWith(XSLT)) {
                throw new BadMappingException(file, position.line(), position.column(),
                        "It uses the mapping " + name + ", which is XSLT; only JSONata can be used.", null);
            }
            if (users.contains(name)) {
                throw new BadMappingException(file, position.line(), position.column(),
                        "It uses the mapping " + name + ", which uses this one.", null);
            }
            used.put(name, compile(name, files, users));
        }
        return used;
    }

    private static Mapping compiled(String name, Path file, String source, Map<String, Mapping> used) {
        try {
            return new JsonataMapping(name, version(source, used.values()), source, used);
        } catch (JException e) {
            var position = Position.of(source, e.getLocation());
            throw new BadMappingException(file, position.line(), position.column(), e.getMessage() + ".", e);
        } catch (RuntimeException e) {
            throw new BadMappingException(file, 0, 0, "The expression cannot be read: " + e.getMessage() + ".", e);
        }
    }

    private static String version(String source, Collection<Mapping> used) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            digest.update(source.getBytes(StandardCharsets.UTF_8));
            used.forEach(mapping -> digest.update(mapping.version().getBytes(StandardCharsets.UTF_8)));
            return HexFormat.of().formatHex(digest.digest()).substring(0, 12);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * One mapping.
     *
     * @param name system and file, such as {@code shopify/customer-to-canonical}
     * @throws IllegalArgumentException when there is none of that name; names those there are
     */
    public Mapping mapping(String name) {
        var mapping = mappings.get(name);
        if (mapping == null) {
            throw new IllegalArgumentException("There is no mapping \"" + name + "\"; there "
                    + (mappings.isEmpty()
                            ? "are none."
                            : "are " + String.join(", ", mappings.keySet()) + "."));
        }
        return mapping;
    }

    /** The names of all mappings. */
    public Set<String> names() {
        return Set.copyOf(mappings.keySet());
    }

    /** The schemas their results are held against. */
    public CanonicalSchemas schemas() {
        return schemas;
    }
}
