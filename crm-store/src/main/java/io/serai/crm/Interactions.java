package io.serai.crm;

import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

import io.serai.crm.Outcome.State;
import io.serai.crm.plan.Source;

/** What a message does that speaks of an interaction with a customer, or of an opportunity that may come of it. */
final class Interactions {
    private final Workspace workspace;
    private final Recognition recognition;
    private final Customers customers;
    private final Words words;

    Interactions(Workspace workspace, Recognition recognition, Customers customers, Words words) {
        this.workspace = workspace;
        this.recognition = recognition;
        this.customers = customers;
        this.words = words;
    }

    /** A lead makes its customer known; anything else that is said by somebody unknown is nobody's business. */
    Effect interaction(Arrival arrival, Source source) throws SQLException {
        Map<String, Object> said = arrival.document();
        String externalId = Said.id(said);
        LinkRow link = workspace.link(arrival.spoke(), "interaction", externalId);
        if (link != null) {
            return new Effect(State.UNCHANGED, workspace.golden(link.entityId), Effect.found("linked", List.of()),
                    null);
        }
        if (Said.deleted(said)) {
            return words.gone(null, null);
        }
        Map<String, Object> customer = Said.document(said.get("customer"));
        if (customer == null) {
            throw new Refused("interaction", "/customer", "The interaction names no customer.", "invalid");
        }
        UUID known = customers.named("interaction", arrival.spoke(), customer);
        if (known == null && "lead".equals(said.get("kind"))) {
            known = customers.take(arrival.spoke(), customer, source, "/customer").golden().id;
        } else if (known == null) {
            LinkRow own = workspace.link(arrival.spoke(), "customer", Said.id(customer));
            known = own != null ? own.entityId : recognition.of(customer, Said.withoutSource(customer)).match();
        }
        if (known == null) {
            return new Effect(State.IGNORED, null, Effect.found("nobody known", List.of()), null);
        }
        return append(Entity.INTERACTION, arrival.spoke(), said, externalId, known, source);
    }

    Effect opportunity(Arrival arrival, Source source) throws SQLException {
        Map<String, Object> said = arrival.document();
        String externalId = Said.id(said);
        LinkRow link = workspace.link(arrival.spoke(), "opportunity", externalId);
        if (link != null) {
            Map<String, Object> theirs = Said.withoutSource(said);
            theirs.remove("customer");
            return words.linked(link, theirs, Said.revision(said), Said.deleted(said), source);
        }
        if (Said.deleted(said)) {
            return words.gone(null, null);
        }
        UUID customer = customers.buyer(arrival.spoke(), Said.document(said.get("customer")), null, source);
        return append(Entity.OPPORTUNITY, arrival.spoke(), said, externalId, customer, source);
    }

    private Effect append(Entity entity, String spoke, Map<String, Object> said, String externalId, UUID customer,
            Source source) {
        Map<String, Object> document = Said.withoutSource(said);
        document.put("customer", Map.of("id", customer.toString()));
        document.values().removeIf(Objects::isNull);
        GoldenRow golden = workspace.create(entity, Identifiers.next(workspace.now()), Map.of(), source);
        workspace.change(golden, document, document.keySet(), source, "created", externalId);
        if (externalId != null) {
            workspace.hold(workspace.newLink(spoke, golden, externalId), golden, document, document,
                    Said.revision(said));
        }
        return new Effect(State.APPLIED, golden, Effect.found("new", document.keySet()), null);
    }
}
