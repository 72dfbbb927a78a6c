package io.serai.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.serai.mapping.Folder.Example;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every mapping must keep to. The subjects are found by folder: a new mapping is under test from its first commit. */
class MappingContractTest {
    static List<Example> examples() {
        return Folder.examples();
    }

    static List<Example> mappable() {
        return Folder.examples().stream().filter(example -> Files.exists(example.beside("out.json"))).toList();
    }

    static List<Example> toCanonical() {
        return mappable().stream().filter(example -> Folder.MAPPINGS.mapping(example.name()).entity() != null).toList();
    }

    static List<Example> fromCanonical() {
        return mappable().stream().filter(example -> example.mapping().endsWith("-from-canonical")).toList();
    }

    static Set<String> mappings() {
        return Folder.MAPPINGS.names();
    }

    @ParameterizedTest
    @MethodSource("mappings")
    void everyMappingHasExamples(String name) {
        assertThat(mappable().stream().map(Example::name).filter(name::equals))
                .as("examples of %s that can be mapped", name).hasSizeGreaterThanOrEqualTo(2);
    }

    @Test
    void everyExampleFileBelongsToAMappingAndACase() {
        var known = examples().stream().collect(Collectors.toMap(Example::in, example -> example));
        for (var file : Folder.exampleFiles()) {
            var parts = file.getFileName().toString().split("\\.");
            assertThat(parts).as("%s is named <case>.<mapping>.<in|out|with|problem>.<json|xml>", file).hasSize(4);
            var name = file.getParent().getParent().getFileName() + "/" + parts[1];
            assertThat(Folder.MAPPINGS.names()).as("the mapping of %s", file).contains(name);
            assertThat(parts[2]).as("kind of %s", file).isIn("in", "out", "with", "problem");
            assertThat(known.keySet()).as("the input of %s", file)
                    .anyMatch(in -> in.getParent().equals(file.getParent())
                            && in.getFileName().toString().startsWith(parts[0] + "." + parts[1] + ".in."));
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void mapsEveryExampleAsWritten(Example example) {
        var mapping = Folder.MAPPINGS.mapping(example.name());
        if (Files.exists(example.beside("out.json"))) {
            assertThat(example.beside("problem.json")).doesNotExist();
            assertThat(mapping.apply(example.input(), example.bindings()))
                    .isEqualTo(JsonText.parse(Folder.bytes(example.beside("out.json"))));
        } else {
            assertThat(example.beside("problem.json")).as("result or problem of %s", example).exists();
            assertThat(problem(mapping, example))
                    .isEqualTo(JsonText.parse(Folder.bytes(example.beside("problem.json"))));
        }
    }

    private static Map<String, Object> problem(Mapping mapping, Example example) {
        var problem = new LinkedHashMap<String, Object>();
        Object result;
        try {
            result = mapping.apply(example.input(), example.bindings());
        } catch (MappingException e) {
            problem.put("field", e.field());
            problem.put("problem", e.problem());
            problem.put("code", e.code());
            return problem;
        }
        var problems = Folder.MAPPINGS.schemas().validate(mapping.entity(), Folder.object(result));
        assertThat(problems).as("%s is expected to be refused", example).isNotEmpty();
        problem.put("field", problems.getFirst().field());
        problem.put("problem", problems.getFirst().problem());
        problem.put("code", MappingException.INVALID);
        return problem;
    }

    @ParameterizedTest
    @MethodSource("toCanonical")
    void givesAValidCanonicalDocument(Example example) {
        var mapping = Folder.MAPPINGS.mapping(example.name());
        var document = Folder.object(mapping.apply(example.input(), example.bindings()));
        assertThat(Folder.MAPPINGS.schemas().validate(mapping.entity(), document)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("toCanonical")
    void neverClearsAListWithNull(Example example) {
        var document = Folder
                .object(Folder.MAPPINGS.mapping(example.name()).apply(example.input(), example.bindings()));
        for (var list : List.of("emails", "phones", "addresses", "identifiers", "tags", "lines")) {
            assertThat(!document.containsKey(list) || document.get(list) instanceof List)
                    .as("%s is absent or a list", list).isTrue();
        }
    }

    /** Nothing but the names of records and what is told of the invoice comes from anywhere but the fields that changed. */
    @ParameterizedTest
    @MethodSource("fromCanonical")
    void saysNothingAboutFieldsThatDidNotChange(Example example) {
        var keys = Set.of("customerNumber", "number", "reference", "orderNumber", "invoiceNumber", "note_attributes",
                "to", "subject", "text", "status");
        var bindings = new LinkedHashMap<String, Object>(example.bindings());
        if (bindings.containsKey("changed")) {
            var result = Folder.object(Folder.MAPPINGS.mapping(example.name()).apply(Map.of(), bindings));
            assertThat(result.keySet()).isSubsetOf(keys);
        }
    }

    @Test
    void doesNotChangeTheRecordItMaps() {
        for (var example : mappable()) {
            if (example.in().toString().endsWith(".json")) {
                var record = JsonText.parse(example.input());
                var bindings = example.bindings();
                Folder.MAPPINGS.mapping(example.name()).apply(record, bindings);
                assertThat(record).isEqualTo(JsonText.parse(example.input()));
                assertThat(bindings).isEqualTo(example.bindings());
            }
        }
    }

    @Test
    void refusesWhatIsNoJson() {
        var mapping = Folder.MAPPINGS.mapping("shopify/customer-to-canonical");
        var refused = catchThrowableOfType(MappingException.class,
                () -> mapping.apply("{\"id\": 1,\n \"email\" \"x\"}", Map.of()));
        assertThat(refused.code()).isEqualTo(MappingException.MALFORMED);
        assertThat(refused.problem()).contains("line 2, column");
    }
}
