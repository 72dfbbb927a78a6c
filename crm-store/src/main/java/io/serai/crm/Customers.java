package io.serai.crm;

import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import io.serai.crm.Outcome.State;
import io.serai.crm.plan.Matching;
import io.serai.crm.plan.Merge;
import io.serai.crm.plan.Source;
import io.serai.crm.plan.Unheard;

/** What a message that speaks of a customer does: one whom the hub knows learns something, anyone else is a new one. */
final class Customers {
    private final Workspace workspace;
    private final Loading loading;
    private final Recognition recognition;
    private final Words words;
    private final Conflicts conflicts;

    Customers(Workspace workspace, Loading loading, Recognition recognition, Words words, Conflicts conflicts) {
        this.workspace = workspace;
        this.loading = loading;
        this.recognition = recognition;
        this.words = words;
        this.conflicts = conflicts;
    }

    /**
     * What a spoke says of a customer, by itself or with a sale.
     *
     * @param at where the message says it
     */
    Effect take(String spoke, Map<String, Object> said, Source source, String at) throws SQLException {
        String externalId = Said.id(said);
        String revision = Said.revision(said);
        Map<String, Object> theirs = Said.withoutSource(said);
        theirs.remove("id");
        resolveMembership(spoke, theirs);
        LinkRow link = workspace.link(spoke, "customer", externalId);
        if (link == null && Said.deleted(said)) {
            return new Effect(State.IGNORED, null, Effect.found("nobody known", List.of()), null);
        }
        if (link != null) {
            return words.linked(link, theirs, revision, Said.deleted(said), source);
        }
        Matching.Verdict verdict = recognition.of(said, theirs);
        GoldenRow golden = verdict.match() == null ? null : workspace.golden(verdict.match());
        boolean known = golden != null;
        String how = known ? "matched" : "new";
        if (!known) {
            requireSomeName(theirs, at);
            theirs.putIfAbsent("kind", theirs.get("organizationName") != null && theirs.get("name") == null
                    ? "organization"
                    : "person");
            golden = workspace.create(Entity.CUSTOMER, Identifiers.next(workspace.now()), Map.of(), source);
        }
        GoldenRow matched = golden;
        LinkRow awaited = known && externalId != null ? loading.awaited(spoke, golden) : null;
        boolean inPassing = externalId == null && known && !at.equals("/");
        Merge.Result result = inPassing
                ? words.merge("customer").fill(theirs, golden.document, golden.provenance(), source)
                : awaited != null && awaited.ours != null
                        ? words.merge("customer").applyToUnanswered(awaited.ours, theirs, golden.document,
                                golden.provenance(), source, () -> loading.since(awaited))
                        : awaited != null || loading.perhapsMade(spoke, golden)
                                ? words.merge("customer").applyToWritten(null, null, theirs, Unheard.NOTHING,
                                        false, null, golden.document, golden.provenance(), source,
                                        () -> awaited == null ? loading.ever(matched) : loading.since(awaited))
                                : words.merge("customer").apply(null, null, theirs, golden.document,
                                        golden.provenance(), source);
        boolean changed = !known || !result.changed().isEmpty();
        if (changed) {
            workspace.change(golden, result.golden(), result.changed(), source, known ? "updated" : "created",
                    externalId);
        }
        workspace.note(golden);
        if (externalId != null) {
            LinkRow own = awaited == null ? workspace.newLink(spoke, golden, externalId) : awaited;
            own.externalId = externalId;
            workspace.hold(own, golden, result.base(), result.ours(), revision);
        }
        conflicts.park(result, golden, source);
        recognition.parkPossible(golden, verdict.possible(), source);
        return new Effect(changed ? State.APPLIED : State.UNCHANGED, golden, Effect.found(how, result.changed()), null);
    }

    /** Makes the organization that a customer is said to belong to the hub's own. @throws Refused when it is not known */
    void resolveMembership(String spoke, Map<String, Object> customer) {
        Map<String, Object> organization = Said.document(customer.get("memberOf"));
        if (organization == null) {
            return;
        }
        UUID id = Said.uuid(organization.get("id"));
        if (id == null && organization.get("externalId") instanceof String externalId) {
            LinkRow link = workspace.link(spoke, "customer", externalId);
            if (link == null) {
                throw new Refused("customer", "/memberOf/externalId", "The organization \"" + externalId
                        + "\" is not known. Send the organization before its members.", "unknown-reference",
                        new Awaited("customer", externalId));
            }
            id = link.entityId;
        } else if (id != null && workspace.golden(id) == null) {
            throw new Refused("customer", "/memberOf/id", "There is no organization " + id + ".", "unknown-reference");
        } else if (id != null) {
            id = workspace.golden(id).id;
        }
        customer.put("memberOf", id == null ? null : Map.of("id", id.toString()));
    }

    private static void requireSomeName(Map<String, Object> customer, String at) {
        Map<String, Object> name = Said.document(customer.get("name"));
        boolean named = customer.get("organizationName") != null
                || name != null && (name.get("family") != null || name.get("given") != null)
                || customer.get("emails") instanceof List<?> emails && !emails.isEmpty()
                || customer.get("phones") instanceof List<?> phones && !phones.isEmpty();
        if (!named) {
            throw new Refused("customer", at.equals("/") ? "/name" : at + "/name",
                    "The customer is new and has neither a name nor an e-mail address nor a phone number. Give at least one of them.",
                    "invalid");
        }
    }

    /** Who bought. Null when an order that is known already does not say. */
    UUID buyer(String spoke, Map<String, Object> customer, GoldenRow order, Source source) throws SQLException {
        if (customer == null) {
            if (order == null) {
                throw new Refused("order", "/customer",
                        "The order names no customer. Give the customer's id or at least an e-mail address.",
                        "invalid");
            }
            return null;
        }
        UUID named = named("order", spoke, customer);
        return named != null ? named : take(spoke, customer, source, "/customer").golden().id;
    }

    /**
     * The customer whom a document names by nothing but an id, the hub's or the spoke's. Null when it describes them.
     *
     * @param document what names them
     * @throws Refused when nobody is known by that id
     */
    UUID named(String document, String spoke, Map<String, Object> customer) {
        UUID id = Said.uuid(customer.get("id"));
        if (id != null) {
            GoldenRow golden = workspace.golden(id);
            if (golden == null) {
                throw new Refused(document, "/customer/id", "There is no customer " + id + ".", "unknown-reference");
            }
            return golden.id;
        }
        if (!customer.keySet().equals(Set.of("source"))) {
            return null;
        }
        String externalId = Said.id(customer);
        LinkRow link = workspace.link(spoke, "customer", externalId);
        if (link == null) {
            throw new Refused(document, "/customer/source/id", "The customer \"" + externalId
                    + "\" is not known. Send the customer first, or send it within the " + document + ".",
                    "unknown-reference", new Awaited("customer", externalId));
        }
        return link.entityId;
    }
}
