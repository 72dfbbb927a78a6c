package io.serai.crm;

import java.util.List;
import java.util.Optional;

import io.serai.crm.plan.Survivorship;

/** What the store must know of the configured hub. */
public record Settings(int tenant, List<SpokeProfile> spokes, Survivorship survivorship) {

    public Optional<SpokeProfile> profile(String spoke, String entity) {
        return spokes.stream().filter(p -> p.spoke().equals(spoke) && p.entity().equals(entity)).findFirst();
    }

    /** Who has to hear of changes to this entity. */
    public List<SpokeProfile> listeners(String entity) {
        return spokes.stream().filter(p -> p.entity().equals(entity))
                .filter(p -> p.out() == SpokeProfile.Flow.OUT || p.out() == SpokeProfile.Flow.UPDATE).toList();
    }

    /** Whether a spoke is given the records that it lacks. */
    boolean creates(String spoke, String entity) {
        return profile(spoke, entity).map(profile -> profile.out() == SpokeProfile.Flow.OUT).orElse(false);
    }

    /** Who makes the records of this entity, invoices or credit notes. */
    Optional<SpokeProfile> issuer(String entity) {
        return spokes.stream().filter(p -> p.entity().equals(entity) && p.out() == SpokeProfile.Flow.ISSUE).findFirst();
    }

    int rank(String spoke, String entity) {
        return profile(spoke, entity).map(SpokeProfile::rank).orElse(DEFAULT_RANK);
    }

    private static final int DEFAULT_RANK = 50;
}
