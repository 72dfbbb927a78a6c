package io.serai.crm;

import java.sql.SQLException;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import io.serai.crm.plan.MatchKey;
import io.serai.crm.plan.Matching;
import io.serai.crm.plan.Source;

/** Tells whether a customer is one whom the hub knows, and asks a person where that is possible and not certain. */
final class Recognition {
    private final Workspace workspace;
    private final Loading loading;
    /** By what each customer document that arrived is found. */
    private final Map<Map<String, Object>, Set<MatchKey>> keysSaid = new IdentityHashMap<>();

    Recognition(Workspace workspace, Loading loading) {
        this.workspace = workspace;
        this.loading = loading;
    }

    /** Notes by what a customer is found that arrived, where that is worked out already. */
    void keys(Map<String, Object> said, Set<MatchKey> keys) {
        keysSaid.put(said, keys);
    }

    /** Who a customer may be that is linked with nobody. @param said the document as it arrived. @param theirs its values */
    Matching.Verdict of(Map<String, Object> said, Map<String, Object> theirs) throws SQLException {
        return match(theirs, keysSaid.computeIfAbsent(said, MatchKey::of), null);
    }

    /** A customer who is found by something else from now on may turn out to be another one, too. */
    void lookAgain(GoldenRow golden, Set<String> changed, Source source) throws SQLException {
        if (golden.entity == Entity.CUSTOMER && touchesKeys(changed)) {
            Matching.Verdict verdict = match(golden.document, golden.keys(), golden.id);
            Set<UUID> possible = new LinkedHashSet<>(verdict.possible());
            if (verdict.match() != null) {
                possible.add(verdict.match());
            }
            parkPossible(golden, possible, source);
        }
    }

    private static boolean touchesKeys(Set<String> changed) {
        return changed.stream().anyMatch(Set.of("emails", "phones", "identifiers")::contains);
    }

    private Matching.Verdict match(Map<String, Object> customer, Set<MatchKey> keysOfCustomer, UUID except)
            throws SQLException {
        Map<UUID, Set<MatchKey>> shared = new LinkedHashMap<>();
        for (MatchKey key : keysOfCustomer) {
            for (UUID id : workspace.withKey(key)) {
                if (!id.equals(except)) {
                    shared.computeIfAbsent(id, _ -> new LinkedHashSet<>()).add(key);
                }
            }
        }
        if (shared.isEmpty()) {
            return new Matching.Verdict(null, Set.of());
        }
        loading.goldens(Entity.CUSTOMER, shared.keySet());
        Map<UUID, Matching.Candidate> candidates = new LinkedHashMap<>();
        shared.forEach((id, keys) -> {
            GoldenRow golden = workspace.golden(id);
            // A key may have been given up earlier in this batch.
            keys.retainAll(golden.keys());
            boolean together = belongsTo(customer, id) || belongsTo(golden.document, except);
            if (!keys.isEmpty() && !together) {
                candidates.put(id, new Matching.Candidate(id, golden.document, keys));
            }
        });
        return Matching.decide(customer, candidates);
    }

    /** Whoever belongs to an organization is not that organization, whatever both are found by. */
    private static boolean belongsTo(Map<String, Object> customer, UUID organization) {
        Map<String, Object> memberOf = Said.document(customer.get("memberOf"));
        return memberOf != null && organization != null && organization.equals(Said.uuid(memberOf.get("id")));
    }

    /** Asks whether a customer is the same as one of others. */
    void parkPossible(GoldenRow golden, Set<UUID> possible, Source source) {
        for (UUID other : possible) {
            List<String> pair = List.of(golden.id.toString(), other.toString()).stream().sorted().toList();
            Refusal why = new Refusal("crm:customer", null,
                    "Customers " + pair.getFirst() + " and " + pair.getLast()
                            + " may be the same. The hub keeps them apart until a person decides.",
                    "possible-duplicate");
            workspace.park("POSSIBLE_DUPLICATE", "possible-duplicate:" + String.join(":", pair), "possible duplicate",
                    source.spoke(), "customer", golden.id, source.message(), why, Map.of("other", other.toString()));
        }
    }
}
