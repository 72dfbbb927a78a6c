package io.serai.faults;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.FileVisitResult;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Takes one protection away, in a copy of the sources, and plays the scenario that must notice. A patch in
 * {@code faults/mutants} begins with lines {@code # scenario: name [points]} and {@code # why: …}.
 */
final class Mutants {
    private static final Duration QUIET = Duration.ofMinutes(4);
    private static final List<String> MODULES = List.of("crm-store", "mappings", "connectors", "routes");
    private static final Set<String> LEFT_OUT = Set.of("target", "data", ".git", "node_modules", "bench", "sandbox",
            "faults");

    /** @param points null for the scenario's own */
    private record Mutant(Path patch, Scenario scenario, Integer points, String why) {

        static Mutant read(Path patch) throws IOException {
            String[] scenario = header(patch, "# scenario: ").split(" ");
            return new Mutant(patch, Scenarios.named(scenario[0]),
                    scenario.length > 1 ? Integer.valueOf(scenario[1]) : null, header(patch, "# why: "));
        }

        String name() {
            return patch.getFileName().toString().replace(".patch", "");
        }
    }

    private Mutants() {}

    static String header(Path patch, String begin) throws IOException {
        return Files.readAllLines(patch).stream().filter(line -> line.startsWith(begin)).findFirst()
                .orElseThrow(() -> new IOException(patch + " has no line \"" + begin + "…\""))
                .substring(begin.length());
    }

    /** True when every mutant of these scenarios was caught. */
    static boolean run(Path folder, List<Scenario> scenarios) throws Exception {
        Build own = Build.own();
        List<Mutant> mutants = new ArrayList<>();
        try (Stream<Path> patches = Files.list(own.home().resolve("faults/mutants"))) {
            for (Path patch : patches.filter(path -> path.toString().endsWith(".patch")).sorted().toList()) {
                mutants.add(Mutant.read(patch));
            }
        }
        StringBuilder table = new StringBuilder("| mutant | scenario | |\n| --- | --- | --- |\n");
        boolean all = true;
        for (Mutant mutant : mutants) {
            if (!scenarios.contains(mutant.scenario())) {
                continue;
            }
            System.out.println("\n--- mutant " + mutant.name() + ": " + mutant.why());
            String verdict;
            boolean caught = false;
            try {
                Build build = build(own, mutant, folder.toAbsolutePath().resolve("mutant"));
                Play.Result result = Faults.play(mutant.scenario().of(QUIET), 1,
                        mutant.points() == null ? mutant.scenario().points() : mutant.points(), build, folder);
                caught = result.played() && !result.held();
                verdict = caught
                        ? "caught: " + result.breaches().getFirst()
                        : result.played() ? "SURVIVED" : "COULD NOT BE PLAYED: " + result.breaches().getFirst();
            } catch (IOException broken) {
                verdict = "DOES NOT APPLY: " + broken.getMessage();
            }
            System.out.println("--- mutant " + mutant.name() + " " + verdict);
            all &= caught;
            table.append("| ").append(mutant.name()).append(" | ").append(mutant.scenario().name()).append(" | ")
                    .append(verdict.lines().findFirst().orElse("")).append(" |\n");
        }
        System.out.println("\n" + table);
        Files.writeString(folder.resolve("mutants.md"), table.toString());
        return all;
    }

    private static Build build(Build own, Mutant mutant, Path home) throws Exception {
        Postgres.delete(home);
        copy(own.home(), home);
        Process patch = new ProcessBuilder("patch", "-p1", "--batch", "--fuzz=0", "-i", mutant.patch().toString())
                .directory(home.toFile()).redirectErrorStream(true).start();
        String said = new String(patch.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        if (!patch.waitFor(60, TimeUnit.SECONDS) || patch.exitValue() != 0) {
            throw new IOException(said.strip());
        }
        Set<String> touched = new HashSet<>();
        Files.readAllLines(mutant.patch()).stream().filter(line -> line.startsWith("+++ b/"))
                .forEach(line -> touched.add(line.substring(6).split("/")[0]));
        List<String> classPath = new ArrayList<>(own.classPath());
        for (String module : MODULES) {
            if (touched.contains(module)) {
                int at = entry(classPath, own.home(), module);
                Path classes = home.resolve(module).resolve("classes");
                // What else the module's jar holds stays; only what is compiled anew lies over it.
                unpack(Path.of(classPath.get(at)), classes);
                compile(home.resolve(module), classes, own.classPath());
                classPath.set(at, classes.toString());
            }
        }
        return new Build(home, classPath, null);
    }

    /** Where on the class path a module is. */
    private static int entry(List<String> classPath, Path home, String module) throws IOException {
        for (int i = 0; i < classPath.size(); i++) {
            Path entry = Path.of(classPath.get(i)).toAbsolutePath();
            if (entry.getFileName().toString().startsWith("serai-" + module + "-")
                    || entry.equals(home.resolve(module).resolve("target/classes"))) {
                return i;
            }
        }
        throw new IOException(module + " is not on the class path");
    }

    private static void unpack(Path entry, Path classes) throws IOException {
        if (Files.isDirectory(entry)) {
            copy(entry, classes);
        } else {
            try (FileSystem jar = FileSystems.newFileSystem(entry)) {
                copy(jar.getPath("/"), classes);
            }
        }
    }

    private static void compile(Path module, Path classes, List<String> classPath) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null);
                Stream<Path> sources = Files.walk(module.resolve("src/main/java"))) {
            StringWriter said = new StringWriter();
            boolean compiled = compiler.getTask(said, files, null,
                    List.of("-proc:none", "-parameters", "-nowarn", "-d", classes.toString(), "-cp",
                            String.join(java.io.File.pathSeparator, classPath)),
                    null,
                    files.getJavaFileObjectsFromPaths(
                            sources.filter(path -> path.toString().endsWith(".java")).toList()))
                    .call();
            if (!compiled) {
                throw new IOException("it does not compile: " + said);
            }
        }
        if (Files.exists(module.resolve("src/main/resources"))) {
            copy(module.resolve("src/main/resources"), classes);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes) throws IOException {
                if (!path.equals(from) && LEFT_OUT.contains(path.getFileName().toString().replace("/", ""))) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                Files.createDirectories(to.resolve(from.relativize(path).toString()));
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) throws IOException {
                Files.copy(path, to.resolve(from.relativize(path).toString()), StandardCopyOption.REPLACE_EXISTING);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
