package io.serai.connector.soap;

import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import io.serai.connector.Connector;
import io.serai.connector.MalformedException;
import io.serai.connector.Operation;
import io.serai.connector.Section;
import io.serai.connector.http.Errors;
import io.serai.connector.http.Transport;

/** One spoke's SOAP service: its contract and the operation that stands for each verb and entity. */
record SoapSpoke(String endpoint, String namespace, Envelope envelope, String action, Contract contract, Errors errors,
        String idempotencyHeader, Map<String, Map<Operation, Verb>> objects, Transport transport) {

    /**
     * @param set elements that the connector fills in beside what the mapping says, e.g. the record's id
     * @param id where the answer holds the record's id; null when it does not
     * @param revision likewise
     * @param record where the answer holds the record as it now is; null when it does not
     */
    record Verb(String operation, Map<String, String> set, String id, String revision, String record) {}

    static SoapSpoke of(Connector connector, Section definition, Transport transport) {
        Section soap = definition.needed("soap");
        String namespace = soap.text("namespace");
        if (!soap.text("endpoint").matches("https?://[^/]+.*")) {
            throw soap.refuse("endpoint", "'" + soap.text("endpoint")
                    + "' is no address; it must begin with http:// or https://");
        }
        Path wsdl = connector.folder().resolve(soap.text("contract")).normalize();
        if (!wsdl.startsWith(connector.folder().normalize())) {
            throw soap.refuse("contract", "the contract must lie in the connector's own folder");
        }
        Contract contract;
        try {
            contract = Contract.read(wsdl, namespace);
        } catch (MalformedException e) {
            throw soap.refuse("contract", wsdl.getFileName() + ": " + e.getMessage());
        }
        Envelope envelope = switch (soap.text("version", "1.1")) {
            case "1.1" -> Envelope.SOAP_11;
            case "1.2" -> Envelope.SOAP_12;
            default -> throw soap.notYet("version", "\"1.1\", \"1.2\"");
        };
        Map<String, Map<Operation, Verb>> objects = new LinkedHashMap<>();
        definition.named("objects").forEach((entity, object) -> {
            Map<Operation, Verb> verbs = new EnumMap<>(Operation.class);
            object.named("operations").forEach((word, section) -> verbs.put(Operation.valueOf(word.toUpperCase(
                    Locale.ROOT)), verb(section, contract)));
            objects.put(entity, verbs);
        });
        Optional<Section> idempotency = definition.section("idempotency");
        idempotency.filter(section -> !Set.of("none", "header").contains(section.text("kind"))).ifPresent(
                section -> {
                    throw section.notYet("kind", "none, header");
                });
        return new SoapSpoke(soap.text("endpoint"), namespace, envelope, soap.text("action", ""), contract, Errors.of(
                definition),
                idempotency.filter(section -> section.text("kind").equals("header")).map(section -> section.text(
                        "name", "Idempotency-Key")).orElse(null),
                objects, transport);
    }

    private static Verb verb(Section section, Contract contract) {
        String operation = section.text("operation");
        if (!contract.declares(operation)) {
            throw section.refuse("operation", "the contract declares no element '" + operation + "'");
        }
        section.pairsAsWritten("set").forEach((name, value) -> {
            if (value.startsWith("{") && !SoapOutlet.HOLES.contains(value)) {
                throw section.refuse("set",
                        "'" + value + "' for " + name + " is nothing that can be filled in; there are "
                                + String.join(", ", SoapOutlet.HOLES));
            }
        });
        return new Verb(operation, section.pairs("set"), section.text("id", null), section.text("revision", null),
                section
                        .text("record", null));
    }
}
