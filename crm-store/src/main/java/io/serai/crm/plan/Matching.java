package io.serai.crm.plan;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** Decides whether a customer that nobody has linked yet is one we know. Pure. */
public final class Matching {
    private Matching() {}

    /** A golden customer that shares a key. */
    public record Candidate(UUID id, Map<String, Object> document, Set<MatchKey> shared) {}

    /**
     * @param match the customer it is; null when it is nobody we know
     * @param possible customers it might be: a person has to decide
     */
    public record Verdict(UUID match, Set<UUID> possible) {}

    /**
     * Official numbers weigh more than e-mail, e-mail more than phone; name and address never decide. A person and an
     * organization that share an address or a number are never taken for one without being asked.
     */
    public static Verdict decide(Map<String, Object> customer, Map<UUID, Candidate> candidates) {
        Party party = Party.of(customer);
        Map<UUID, Integer> strength = new LinkedHashMap<>();
        Set<UUID> possible = new LinkedHashSet<>();
        Set<String> identifiers = schemes(customer);
        for (Candidate candidate : candidates.values()) {
            Party other = Party.of(candidate.document());
            int best = candidate.shared().stream().filter(key -> key.kind().decides())
                    .filter(key -> !doubtful(key.kind(), party, other))
                    .mapToInt(key -> strength(key.kind())).max().orElse(0);
            boolean otherNumbers = best > 0 && best < strength(MatchKey.Kind.IDENTIFIER)
                    && contradictingNumbers(identifiers, schemes(candidate.document()));
            if (best > 0 && !otherNumbers) {
                strength.put(candidate.id(), best);
            } else if (otherNumbers || candidate.shared().stream().anyMatch(key -> key.kind().decides())
                    || party.resembles(other)) {
                possible.add(candidate.id());
            }
        }
        UUID match = strength.entrySet().stream()
                .max(Map.Entry.<UUID, Integer>comparingByValue().thenComparing(Map.Entry.comparingByKey()))
                .map(Map.Entry::getKey).orElse(null);
        if (match != null) {
            possible.addAll(strength.keySet());
            possible.remove(match);
        }
        return new Verdict(match, possible);
    }

    /** Whether what two share may be shared by two: a family's phone, the e-mail address of a firm and of whoever works there. */
    private static boolean doubtful(MatchKey.Kind kind, Party one, Party other) {
        return switch (kind) {
            case EMAIL -> one.otherKind(other);
            case PHONE -> one.contradicts(other);
            case IDENTIFIER, BLOCK -> false;
        };
    }

    private static int strength(MatchKey.Kind kind) {
        return switch (kind) {
            case IDENTIFIER -> 3;
            case EMAIL -> 2;
            case PHONE -> 1;
            case BLOCK -> 0;
        };
    }

    /** {@code scheme:value} of every official number. */
    private static Set<String> schemes(Map<String, Object> customer) {
        Set<String> values = new LinkedHashSet<>();
        MatchKey.of(customer).stream().filter(key -> key.kind() == MatchKey.Kind.IDENTIFIER)
                .forEach(key -> values.add(key.value()));
        return values;
    }

    private static boolean contradictingNumbers(Set<String> one, Set<String> other) {
        for (String value : one) {
            String scheme = value.substring(0, value.indexOf(':') + 1);
            if (!other.contains(value) && other.stream().anyMatch(theirs -> theirs.startsWith(scheme))) {
                return true;
            }
        }
        return false;
    }
}
