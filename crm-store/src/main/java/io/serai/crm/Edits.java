package io.serai.crm;

import java.sql.SQLException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.serai.crm.Outcome.State;
import io.serai.crm.plan.Merge;
import io.serai.crm.plan.Source;

/** What a person's edit of a golden record does. */
final class Edits {
    private final Workspace workspace;
    private final Loading loading;
    private final Customers customers;
    private final Sales sales;
    private final Words words;
    private final Recognition recognition;

    Edits(Workspace workspace, Loading loading, Customers customers, Sales sales, Words words,
            Recognition recognition) {
        this.workspace = workspace;
        this.loading = loading;
        this.customers = customers;
        this.sales = sales;
        this.words = words;
        this.recognition = recognition;
    }

    Effect take(Arrival arrival, Source source) throws SQLException {
        if (Entity.of(arrival.entity()) == Entity.ORDER) {
            loading.sale(arrival.edit().id());
        } else {
            loading.goldens(Entity.of(arrival.entity()), List.of(arrival.edit().id()));
        }
        GoldenRow golden = workspace.golden(arrival.edit().id());
        if (golden == null || !golden.entity.word().equals(arrival.entity())) {
            return new Effect(State.NOT_FOUND, null, Map.of(), new Refusal("crm:" + arrival.entity(), "/id",
                    "There is no " + arrival.entity() + " " + arrival.edit().id() + ".", "unknown-reference"));
        }
        Long expected = arrival.edit().expectedVersion();
        if (expected != null && expected != golden.version) {
            return new Effect(State.CONFLICT, golden, Map.of(), new Refusal("crm:" + arrival.entity(), null,
                    "The record is at version " + golden.version + ", not " + expected
                            + ". Read it again and repeat the edit.",
                    "conflict"));
        }
        Map<String, Object> patch = Said.withoutSource(arrival.document());
        if (golden.entity == Entity.CUSTOMER) {
            customers.resolveMembership(arrival.spoke(), patch);
        } else {
            patch.remove("customer");
        }
        if (golden.entity == Entity.ORDER) {
            sales.requireEditable(golden, patch);
        }
        Set<String> decided = new LinkedHashSet<>();
        for (String field : patch.keySet()) {
            golden.provenance().thaw(field).forEach(path -> {
                workspace.resolve(Conflicts.frozen(golden, path));
                decided.add(field);
            });
        }
        Merge.Result result = words.merge(arrival.entity()).apply(golden.document, golden.document, patch,
                golden.document, golden.provenance(), source);
        decided.addAll(result.changed());
        if (decided.isEmpty()) {
            return new Effect(State.UNCHANGED, golden, Effect.found("edit", List.of()), null);
        }
        workspace.change(golden, result.golden(), decided, source, "edited", null);
        recognition.lookAgain(golden, result.changed(), source);
        if (golden.entity == Entity.ORDER) {
            sales.edited(golden, source);
        }
        return new Effect(State.APPLIED, golden, Effect.found("edit", decided), null);
    }
}
