package io.serai.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import io.serai.crm.canonical.CreditNote;
import io.serai.crm.canonical.Customer;
import io.serai.crm.canonical.IdentifiedBy;
import io.serai.crm.canonical.Interaction;
import io.serai.crm.canonical.Invoice;
import io.serai.crm.canonical.Opportunity;
import io.serai.crm.canonical.Order;
import io.serai.crm.canonical.Payment;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What mappings promise (the schemas) and what the store merges by (the records) is one and the same form. */
class CanonicalShapesTest {
    private static final Map<String, Class<? extends Record>> RECORDS = Map.of("customer", Customer.class, "order",
            Order.class, "invoice", Invoice.class, "credit-note", CreditNote.class, "payment", Payment.class,
            "opportunity", Opportunity.class,
            "interaction", Interaction.class);
    private static final JsonMapper JSON = new JsonMapper();

    @ParameterizedTest
    @ValueSource(strings = {"customer", "order", "invoice", "credit-note", "payment", "opportunity", "interaction"})
    void theSchemaHasTheFieldsOfTheRecord(String entity) throws IOException {
        compare("/" + entity, RECORDS.get(entity), new Schema(entity + ".schema.json", null));
    }

    private static void compare(String at, Class<?> record, Schema schema) throws IOException {
        Set<String> inSchema = schema.properties();
        inSchema.remove("source"); // which record of the spoke it is: the link keeps that
        Set<String> inRecord = Arrays.stream(record.getRecordComponents()).map(RecordComponent::getName)
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(inSchema).as("fields of %s", at).isEqualTo(inRecord);
        for (RecordComponent component : record.getRecordComponents()) {
            Schema field = schema.property(component.getName());
            String path = at + "/" + component.getName();
            if (component.getType() == List.class) {
                Class<?> element = (Class<?>) ((ParameterizedType) component.getGenericType())
                        .getActualTypeArguments()[0];
                IdentifiedBy identity = component.getAnnotation(IdentifiedBy.class);
                Schema elements = field.resolved().elements();
                if (identity != null && identity.value().length > 0) {
                    assertThat(elements.required()).as("identity of %s", path).contains(identity.value());
                }
                if (element.isRecord()) {
                    compare(path, element, elements);
                }
            } else if (component.getType().isRecord()) {
                compare(path, component.getType(), field);
            }
        }
    }

    /** A place in a schema file. */
    private record Schema(String file, JsonNode node) {

        Schema resolved() throws IOException {
            JsonNode here = node == null ? read(file) : node;
            if (!here.has("$ref")) {
                return new Schema(file, here);
            }
            String[] reference = here.get("$ref").asString().split("#", 2);
            String target = reference[0].isEmpty() ? file : reference[0];
            JsonNode found = read(target);
            if (reference.length > 1 && !reference[1].isEmpty()) {
                found = found.at(reference[1]);
            }
            return new Schema(target, found).resolved();
        }

        Set<String> properties() throws IOException {
            Set<String> names = new TreeSet<>();
            Iterator<String> fields = resolved().node().path("properties").propertyNames().iterator();
            fields.forEachRemaining(names::add);
            return names;
        }

        Schema property(String name) throws IOException {
            Schema here = resolved();
            return new Schema(here.file(), here.node().path("properties").path(name)).resolved();
        }

        Schema elements() throws IOException {
            return new Schema(file, node.path("items")).resolved();
        }

        Set<String> required() {
            Set<String> names = new TreeSet<>();
            node.path("required").forEach(name -> names.add(name.asString()));
            return names;
        }

        private static JsonNode read(String file) throws IOException {
            return JSON.readTree(Files.readString(Path.of("..", "mappings", "canonical", file)));
        }
    }
}
