package io.serai.hub.soap;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.List;
import java.util.Map;
import java.util.Random;

import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamReader;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.Schema;
import javax.xml.validation.SchemaFactory;

import org.junit.jupiter.api.Test;
import org.xml.sax.SAXException;

class ContractTest {
    private static final String NAMESPACES = " xmlns=\"urn:serai:customers:v1\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";

    private final Contract contract = Contract.read("/wsdl/customers.xsd");

    @Test
    void keepsAbsentClearedAndGivenApart() throws Exception {
        Map<String, Object> customer = customer("<id>1</id><kind>person</kind><givenName>Anna</givenName>"
                + "<familyName xsi:nil=\"true\"/><email xsi:nil=\"true\"/><phone>+41441234567</phone>");
        assertThat(customer).containsEntry("givenName", "Anna").containsEntry("familyName", null)
                .containsEntry("email", List.of()).containsEntry("phone", List.of("+41441234567"))
                .doesNotContainKey("vatId");
    }

    /** The reader of our own must never let pass what the schema forbids, nor refuse what it allows. */
    @Test
    void agreesWithTheValidatorOfTheJdk() throws Exception {
        SchemaFactory factory = SchemaFactory.newDefaultInstance();
        Schema schema = factory.newSchema(getClass().getResource("/wsdl/customers.xsd"));
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int valid = 0;
        for (int i = 0; i < 20_000; i++) {
            String document = new Documents(random).make();
            boolean theirs = theirs(schema, document);
            assertThat(ours(document)).as("seed %d: %s", seed, document).isEqualTo(theirs);
            valid += theirs ? 1 : 0;
        }
        assertThat(valid).isBetween(1_000, 19_000);
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> customer(String content) throws Exception {
        XMLStreamReader reader = reader(
                "<upsertCustomer" + NAMESPACES + "><customer>" + content + "</customer></upsertCustomer>");
        return (Map<String, Object>) ((Map<String, Object>) Reading.read(reader, contract.shape("upsertCustomer")))
                .get("customer");
    }

    private boolean ours(String document) throws Exception {
        XMLStreamReader reader = reader(document);
        try {
            Reading.read(reader, contract.shape(reader.getLocalName()));
            return true;
        } catch (Refused refused) {
            assertThat(refused.field()).startsWith("/");
            assertThat(refused.getMessage()).endsWith(".");
            return false;
        }
    }

    private static boolean theirs(Schema schema, String document) throws Exception {
        try {
            schema.newValidator().validate(new StreamSource(new StringReader(document)));
            return true;
        } catch (SAXException invalid) {
            return false;
        }
    }

    private static XMLStreamReader reader(String document) throws Exception {
        XMLStreamReader reader = XMLInputFactory.newFactory().createXMLStreamReader(new StringReader(document));
        reader.nextTag();
        return reader;
    }

    /** Messages that are mostly right: elements in order, now and then one too many, missing, misplaced or odd. */
    private static final class Documents {
        private static final List<String> CUSTOMER = List.of("id", "revision", "kind", "prefix", "givenName",
                "familyName", "organizationName", "email", "phone", "address", "vatId", "language", "currency",
                "status", "tag");
        private static final List<String> ORDER = List.of("number", "customerId", "customer", "placedAt", "paid",
                "paidAt", "currency", "line", "total");
        /**
         * Seventeen characters outside the basic plane: the JDK counts each as two where the schema means one (XML Schema
         * part 2, 4.3.3), so no limit of the contract may lie between the two counts.
         */
        private static final String PAIRS = "\uD83D\uDE00".repeat(17);
        private static final List<String> VALUES = List.of("person", "organization", "Anna", "", "a@b.ch", "CHF",
                "de-CH", "active", "2026-03-01T09:30:00Z", "2026-02-30T09:30:00Z", "true", "1", " 12.50 ", "12.50",
                "12.", "x".repeat(101), "x".repeat(255), PAIRS, "no mail", "billing");

        private final Random random;

        private Documents(Random random) {
            this.random = random;
        }

        private String make() {
            return switch (random.nextInt(3)) {
                case 0 -> "<upsertCustomer" + NAMESPACES + "><customer>" + elements(CUSTOMER)
                        + "</customer></upsertCustomer>";
                case 1 -> "<submitOrder" + NAMESPACES + "><order>" + elements(ORDER) + "</order></submitOrder>";
                default -> "<getCustomer" + NAMESPACES + ">" + elements(List.of("id", "ownId")) + "</getCustomer>";
            };
        }

        private String elements(List<String> names) {
            StringBuilder text = new StringBuilder();
            for (String name : names) {
                boolean needed = List.of("id", "kind", "number", "customerId", "paid", "currency", "line", "total")
                        .contains(name) && !(names.size() == 2 && name.equals("id"));
                int count = one(40) ? 2 : needed ? one(60) ? 0 : 1 : one(3) ? 1 : 0;
                for (int i = 0; i < count; i++) {
                    text.append(element(one(150) ? "status" : name));
                }
            }
            return text.toString();
        }

        private String element(String name) {
            if (one(40)) {
                return "<" + name + " xsi:nil=\"true\"/>";
            }
            return "<" + name + (one(300) ? " odd=\"1\"" : "") + ">" + content(name) + "</" + name + ">";
        }

        private String content(String name) {
            if (one(60)) {
                return VALUES.get(random.nextInt(VALUES.size()));
            }
            return switch (name) {
                case "customer" -> elements(CUSTOMER);
                case "address" -> elements(List.of("use", "line", "city", "region", "postalCode", "country"));
                case "line" -> one(3)
                        ? "Street 1"
                        : "<description>Tea</description><quantity>2</quantity>"
                                + "<unitPrice>4.50</unitPrice>";
                case "kind" -> "person";
                case "email" -> "anna@example.org";
                case "language" -> "de";
                case "currency" -> "CHF";
                case "status" -> "active";
                case "use" -> "home";
                case "paid" -> "true";
                case "placedAt", "paidAt" -> "2026-03-01T09:30:00Z";
                case "total" -> "9.00";
                default -> "text";
            };
        }

        private boolean one(int in) {
            return random.nextInt(in) == 0;
        }
    }
}
