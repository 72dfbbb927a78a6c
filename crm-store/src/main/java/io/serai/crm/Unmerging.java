package io.serai.crm;

import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

import io.serai.crm.Corrections.Case;
import io.serai.crm.Corrections.Taken;
import io.serai.crm.Corrections.Undecided;
import io.serai.crm.plan.MatchKey;
import io.serai.crm.plan.Matching;
import io.serai.crm.plan.Parting;
import io.serai.crm.plan.Provenance;
import io.serai.crm.plan.Source;

/** Parts two customers that were merged, and sorts what came since to the one whose record said it. */
final class Unmerging {
    private final Corrections corrections;
    private final Case work;
    private final Merged merge;
    private final GoldenRow kept;

    /** @param kept the customer that absorbed the other, as it is now */
    Unmerging(Corrections corrections, Case work, Merged merge, GoldenRow kept) {
        this.corrections = corrections;
        this.work = work;
        this.merge = merge;
        this.kept = kept;
    }

    /** A merge as it was written down. */
    record Merged(UUID id, UUID kept, UUID absorbed, Map<String, Object> keptBefore,
            Map<String, Object> absorbedBefore, Map<String, Object> document, long version,
            Map<String, Object> moved, Instant at) {

        List<String> moved(String what) {
            return moved.get(what) instanceof List<?> ids ? ids.stream().map(Object::toString).toList() : List.of();
        }
    }

    /** The merge that a customer was absorbed in; else those in which it absorbed others. */
    static List<Merged> merges(Session session, UUID id) throws SQLException {
        List<Merged> found = new ArrayList<>();
        new Statements().read("""
                select id, kept, absorbed, kept_before::text, absorbed_before::text, merged::text, version, moved::text,
                  at from customer_merge where unmerged_at is null and (absorbed = ? or kept = ?) order by at, id
                """, row -> found.add(new Merged(row.getObject(1, UUID.class), row.getObject(2, UUID.class),
                row.getObject(3, UUID.class), Json.document(row.getString(4)), Json.document(row.getString(5)),
                Json.document(row.getString(6)), row.getLong(7), Json.document(row.getString(8)),
                Goldens.instant(row, 9))), id, id).execute(session);
        List<Merged> absorbedIn = found.stream().filter(merge -> merge.absorbed().equals(id)).toList();
        return absorbedIn.isEmpty() ? found : absorbedIn;
    }

    /** Which of the two later messages spoke of. */
    private record Owners(UUID absorbed, Set<List<String>> kept, Set<List<String>> parted) {

        /** Null when nobody can tell. @param named the spoke's own id of the customer, or the hub's */
        Boolean parted(String spoke, String named) {
            if (named == null) {
                return null;
            }
            if (named.equals(absorbed.toString()) || parted.contains(List.of(spoke, named))) {
                return true;
            }
            return kept.contains(List.of(spoke, named)) ? false : null;
        }
    }

    /** @param parted takes what came of it */
    Taken part(Corrections.Parted[] parted) throws SQLException {
        Workspace workspace = work.workspace();
        Session session = work.turn().session();
        List<String> links = new ArrayList<>();
        Owners owners = owners(links);
        List<Undecided> undecided = new ArrayList<>();
        Parting parting = replay(owners, undecided);

        long version = kept.version + 1;
        Map<String, Object> document = Corrections.soundMembership(work, parting.kept().document());
        Set<String> fields = Corrections.differing(kept.document, document);
        kept.provenance(parting.kept().provenance());
        workspace.change(kept, document, fields, work.source(), "unmerged", null);
        Map<String, Object> theirs = Corrections.soundMembership(work, parting.absorbed().document());
        Set<String> all = new LinkedHashSet<>(theirs.keySet());
        all.addAll(document(merge.absorbedBefore()).keySet());
        GoldenRow back = workspace.bringBack(merge.absorbed(), version - 1, theirs, all,
                parting.absorbed().provenance(),
                work.source());
        Corrections.touch(work.turn(), back);
        corrections.give(work, kept.id, back.id, links, version);
        for (Entity entity : Corrections.BELONGINGS) {
            List<GoldenRow> returning = new ArrayList<>();
            Set<String> came = Set.copyOf(merge.moved(entity.word()));
            Map<UUID, Created> later = later(session, entity, kept.id, merge.at());
            for (GoldenRow golden : work.loading().belongings(entity, kept.id)) {
                Created created = later.get(golden.id);
                Boolean named = created == null ? null : owners.parted(created.spoke(), created.customer());
                if (came.contains(golden.id.toString()) || Boolean.TRUE.equals(named)) {
                    returning.add(golden);
                } else if (created != null && named == null && entity != Entity.CUSTOMER) {
                    undecided.add(new Undecided(entity.word(), golden.id, golden.version, Set.of(), created.spoke(),
                            created.message(), golden.createdAt));
                }
            }
            returning.removeIf(golden -> golden == back);
            Corrections.move(work, returning, kept.id, back.id, "unmerged");
        }
        Corrections.tellApart(work, kept.id, back.id);
        work.last().write("update customer_merge set unmerged_at = ? where id = ?", workspace.now(),
                merge.id()).write("update customer set created_at = ?::timestamptz where id = ?",
                        merge.absorbedBefore().get("createdAt"), back.id);
        parted[0] = new Corrections.Parted(null, back.id, back.version, undecided);
        return Taken.done(kept, fields);
    }

    /**
     * Whose each record of the kept customer is. A record that the hub met after the merge is the absorbed one's when it would
     * have been recognised as that and not as the other.
     *
     * @param links takes the links of the absorbed one
     */
    private Owners owners(List<String> links) throws SQLException {
        Set<String> moved = Set.copyOf(merge.moved("links"));
        Map<UUID, Map<String, Object>> before = Map.of(merge.kept(), document(merge.keptBefore()), merge.absorbed(),
                document(merge.absorbedBefore()));
        Owners owners = new Owners(merge.absorbed(), new LinkedHashSet<>(), new LinkedHashSet<>());
        Set<String> ofOthers = new LinkedHashSet<>();
        for (Merged other : merges(work.turn().session(), merge.kept())) {
            if (!other.id().equals(merge.id())) {
                ofOthers.addAll(other.moved("links"));
            }
        }
        long newest = Long.parseLong(merge.moved("newestLink").getFirst());
        for (LinkRow link : work.loading().links(List.of(merge.kept()))) {
            boolean absorbed = moved.contains(link.id.toString())
                    || link.id > newest && !ofOthers.contains(link.id.toString()) && recognised(link, before);
            if (absorbed) {
                links.add(link.id.toString());
            }
            if (link.externalId != null) {
                (absorbed ? owners.parted() : owners.kept()).add(List.of(link.spoke, link.externalId));
                work.turn().touch(new Workspace.LinkKey(link.spoke, "customer", link.externalId));
            }
        }
        return owners;
    }

    private boolean recognised(LinkRow link, Map<UUID, Map<String, Object>> before) {
        if (link.base == null) {
            return false;
        }
        Set<MatchKey> keys = MatchKey.of(link.base);
        Map<UUID, Matching.Candidate> candidates = new LinkedHashMap<>();
        before.forEach((id, document) -> {
            Set<MatchKey> shared = new LinkedHashSet<>(MatchKey.of(document));
            shared.retainAll(keys);
            if (!shared.isEmpty()) {
                candidates.put(id, new Matching.Candidate(id, document, shared));
            }
        });
        Matching.Verdict verdict = Matching.decide(link.base, candidates);
        return merge.absorbed().equals(verdict.match()) && !verdict.possible().contains(merge.kept());
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> document(Map<String, Object> state) {
        return (Map<String, Object>) state.get("document");
    }

    @SuppressWarnings("unchecked")
    private static Provenance provenance(Map<String, Object> state) {
        return Provenance.of((Map<String, Object>) state.get("provenance"));
    }

    private record Step(long version, Map<String, Object> fields, String spoke, UUID message, String reason, Instant at,
            String customer) {}

    /** Makes every change since the merge again, on the one of the two that it belongs to. */
    private Parting replay(Owners owners, List<Undecided> undecided) throws SQLException {
        Session session = work.turn().session();
        List<Step> steps = new ArrayList<>();
        new Statements().read("""
                select c.version, c.fields::text, c.spoke, c.message, c.reason, c.at, m.finding ->> 'customer'
                from change c left join message m on m.id = c.message
                where c.entity_id = ? and c.version > ? order by c.version
                """, row -> steps.add(new Step(row.getLong(1), Json.document(row.getString(2)), row.getString(3),
                row.getObject(4, UUID.class), row.getString(5), Goldens.instant(row, 6), row.getString(7))), merge
                        .kept(),
                merge.version()).execute(session);
        Map<UUID, Merged> others = new LinkedHashMap<>();
        for (Merged other : merges(session, merge.kept())) {
            others.put(other.id(), other);
        }
        Parting parting = new Parting("customer", merge.document(), document(merge.keptBefore()),
                provenance(merge.keptBefore()), document(merge.absorbedBefore()), provenance(merge.absorbedBefore()),
                kept.document, kept.provenance());
        for (Step step : steps) {
            Merged other = others.get(step.message());
            if (other != null) {
                // Whoever parts these two one day must not bring back what belongs to the one that goes now.
                work.last().write("update customer_merge set kept_before = ?::json where id = ?",
                        Json.text(Corrections.state(parting.kept().document(), parting.kept().provenance(),
                                other.keptBefore().get("createdAt"))),
                        other.id());
            }
            Boolean parted = owners.parted(step.spoke(), step.customer());
            parting.again(step.fields(), new Source(step.spoke(), step.message(), null, step.at()),
                    Boolean.TRUE.equals(parted) ? parting.absorbed() : parting.kept());
            if (parted == null && !step.reason().equals("merged") && !step.reason().equals("unmerged")) {
                undecided.add(new Undecided("customer", kept.id, step.version(), step.fields().keySet(), step.spoke(),
                        step.message(), step.at()));
            }
        }
        return parting;
    }

    /** @param customer what the message that made the record called its customer; null when it gave no id */
    private record Created(String spoke, UUID message, String customer) {}

    /** The records of a customer that were made since. An invoice and a credit note go with their order. */
    private static Map<UUID, Created> later(Session session, Entity entity, UUID customer, Instant since)
            throws SQLException {
        Map<UUID, Created> created = new LinkedHashMap<>();
        if (entity == Entity.CUSTOMER) {
            return created;
        }
        String source = entity.issued() ? "t.sales_order" : "t.id";
        new Statements().read("""
                select t.id, c.spoke, c.message, m.finding ->> 'customer' from %s t
                left join change c on c.entity_id = %s and c.version = 1
                left join message m on m.id = c.message
                where t.customer = ? and t.created_at >= ?
                """.formatted(entity.table(), source),
                row -> created.put(row.getObject(1, UUID.class), new Created(
                        Objects.requireNonNullElse(row.getString(2), ""), row.getObject(3, UUID.class),
                        row.getString(4))),
                customer, since).execute(session);
        return created;
    }
}
