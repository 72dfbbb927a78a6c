package io.serai.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import javax.xml.parsers.DocumentBuilderFactory;

import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.core.io.ClassPathResource;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

import io.serai.connector.Spoke;
import io.serai.connector.Spokes;
import io.serai.hub.stream.ChangeStream;

/** What deploy/ says fits what the hub does. */
class DeployTest {
    private static final Path DEPLOY = Path.of("../deploy");
    private static final Path SPOKES = Path.of("../routes/spokes");
    private static final Path SETTINGS = Path.of("src/main/resources/application.yaml");
    /** {@code ${NAME}}, {@code ${NAME:default}} of ours; {@code :-}, {@code :?} and {@code :+} of compose files. */
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z][A-Z0-9_]*)(?::([-?+]?)([^}]*))?}");
    private static final Pattern EXAMPLE = Pattern.compile("(#?)([A-Z][A-Z0-9_]*)=(.*)");

    /**
     * A variable of env.example.
     *
     * @param comment what stands above it
     * @param value null when it is commented out
     */
    private record Example(String comment, String value) {
        boolean says(String words) {
            return comment.contains(words);
        }
    }

    @Test
    void theBrokerBesideTheHubHasTheTopicOfEveryEntity() throws Exception {
        NodeList addresses = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(DEPLOY.resolve("artemis/broker.xml").toFile()).getElementsByTagName("address");
        Set<String> topics = IntStream.range(0, addresses.getLength()).mapToObj(i -> (Element) addresses.item(i))
                .filter(address -> address.getElementsByTagName("multicast").getLength() == 1)
                .map(address -> address.getAttribute("name")).collect(Collectors.toSet());
        assertThat(topics).isEqualTo(ChangeStream.topics(new HubSettings.Stream(true, "", "", false)));
    }

    @Test
    void theExampleListsEveryVariable() throws IOException {
        assertThat(examples().keySet()).containsAll(variables(SETTINGS));
        try (Stream<Path> spokes = Files.list(SPOKES)) {
            for (Path spoke : spokes.toList()) {
                assertThat(examples().keySet()).as(spoke.toString()).containsAll(variables(spoke));
            }
        }
    }

    @Test
    void composePassesOnEveryVariableOfTheExample() throws IOException {
        Map<String, String> hub = environment("compose.yaml");
        examples().forEach((name, example) -> {
            if (!example.says("Only for compose.yaml")) {
                assertThat(hub.getOrDefault(name, "").contains("${" + name + ":")).as(name)
                        .isNotEqualTo(example.says("Not for compose.yaml"));
            }
        });
        for (String file : List.of("compose.yaml", "sandbox.yaml")) {
            assertThat(examples().keySet()).as(file).containsAll(variables(DEPLOY.resolve(file)));
        }
    }

    @Test
    void anEmptyVariableIsOneThatIsNotSet() throws IOException {
        Map<String, Object> empty = new HashMap<>();
        variables(SETTINGS).forEach(name -> empty.put(name, ""));
        StandardEnvironment none = hub(Map.of());
        StandardEnvironment all = hub(empty);
        assertThat(settings(all)).isEqualTo(settings(none));
        assertThat(all.getProperty("logging.level.root")).isEqualTo("INFO");
        assertThat(settings(hub(Map.of("SERAI_TENANT", "7"))).tenant()).isEqualTo(7);
    }

    @Test
    void spokesAreOffUntilTheyHaveAnAddressAndTheSandboxSwitchesThemOn() throws IOException {
        Map<String, String> given = new HashMap<>();
        examples().forEach((name, example) -> {
            if (example.value() != null) {
                given.put(name, example.value());
            }
        });
        Map<String, String> hub = environment("compose.yaml");
        assertThat(on(hub, given)).containsExactly("finance", "nightly");
        assertThat(on(hub, Map.of("BOOKS_URL", "https://books.example", "BOOKS_TOKEN", "secret")))
                .containsExactly("books", "finance", "nightly");
        hub.putAll(environment("sandbox.yaml"));
        assertThat(on(hub, given)).containsExactly("books", "erp", "finance", "mailbox", "nightly", "shop");
    }

    @Test
    void composeMountsTheSettingsOfKafkaWhereTheHubLooksForThem() throws IOException {
        String named = environment("compose.yaml").get("KAFKA_SETTINGS");
        assertThat(filled(named, Map.of())).isEmpty();
        Map<String, String> given = Map.of("KAFKA_SETTINGS", "/etc/kafka.properties");
        assertThat(yaml("compose.yaml").at("/services/hub/volumes").valueStream())
                .anyMatch(volume -> filled(volume.path("source").asString(""), given).equals("/etc/kafka.properties")
                        && volume.path("target").asString("").equals(filled(named, given)));
    }

    @Test
    void aHubThatRanOutOfMemoryEndsAndIsStartedAgain() throws IOException {
        assertThat(Files.readAllLines(DEPLOY.resolve("jvm.options"))).contains("-XX:+ExitOnOutOfMemoryError");
        assertThat(yaml("compose.yaml").at("/services/hub/restart").asString()).isEqualTo("unless-stopped");
    }

    private static List<String> on(Map<String, String> compose, Map<String, String> given) {
        return Spokes.load(Path.of("../connectors"), SPOKES, name -> filled(compose.get(name), given)).on().stream()
                .map(Spoke::name).toList();
    }

    /** A hub's environment with these variables. */
    private static StandardEnvironment hub(Map<String, Object> variables) throws IOException {
        StandardEnvironment environment = new StandardEnvironment();
        MutablePropertySources sources = environment.getPropertySources();
        String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
        sources.replace(name, new SystemEnvironmentPropertySource(name, variables));
        HubApplication.leaveOutEmpty(sources);
        new YamlPropertySourceLoader().load("application", new ClassPathResource("application.yaml"))
                .forEach(sources::addLast);
        return environment;
    }

    private static HubSettings settings(StandardEnvironment environment) {
        return Binder.get(environment).bind("serai", HubSettings.class).get();
    }

    /** What compose makes of a value. */
    private static String filled(String value, Map<String, String> given) {
        Function<MatchResult, String> one = found -> {
            String set = given.getOrDefault(found.group(1), "");
            return switch (found.group(2)) {
                case "-" -> set.isEmpty() ? found.group(3) : set;
                case "+" -> set.isEmpty() ? "" : found.group(3);
                default -> set;
            };
        };
        return VARIABLE.matcher(value).replaceAll(found -> Matcher.quoteReplacement(one.apply(found)));
    }

    private static Map<String, Example> examples() throws IOException {
        Map<String, Example> examples = new LinkedHashMap<>();
        StringBuilder comment = new StringBuilder();
        for (String line : Files.readAllLines(DEPLOY.resolve("env.example"))) {
            Matcher variable = EXAMPLE.matcher(line);
            if (variable.matches()) {
                Example before = examples.put(variable.group(2), new Example(comment.toString(),
                        variable.group(1).isEmpty() ? variable.group(3) : null));
                assertThat(before).as(variable.group(2) + " stands there once").isNull();
                comment.setLength(0);
            } else {
                comment.append(line).append('\n');
            }
            if (line.isEmpty()) {
                comment.setLength(0);
            }
        }
        return examples;
    }

    /** The hub's, as a compose file says it. */
    private static Map<String, String> environment(String file) throws IOException {
        Map<String, String> environment = new HashMap<>();
        yaml(file).at("/services/hub/environment").propertyStream()
                .forEach(variable -> environment.put(variable.getKey(), variable.getValue().asString()));
        return environment;
    }

    private static Set<String> variables(Path file) throws IOException {
        return VARIABLE.matcher(Files.readString(file)).results().map(found -> found.group(1))
                .collect(Collectors.toCollection(HashSet::new));
    }

    private static JsonNode yaml(String file) throws IOException {
        return new YAMLMapper().readTree(Files.readString(DEPLOY.resolve(file)));
    }
}
