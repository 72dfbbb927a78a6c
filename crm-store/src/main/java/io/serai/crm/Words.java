package io.serai.crm;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import io.serai.crm.Outcome.State;
import io.serai.crm.plan.Merge;
import io.serai.crm.plan.Rung;
import io.serai.crm.plan.Source;

/**
 * What a spoke's word about a record that is linked does to the golden record: which of it is news, and which is late, said
 * before, or an echo of what the hub wrote.
 */
final class Words {
    private final Workspace workspace;
    private final Loading loading;
    private final Settings settings;
    private final Recognition recognition;
    private final Conflicts conflicts;
    private final Map<String, Merge> merges = new HashMap<>();
    /** What was no news, by spoke and by what told. */
    private final Map<String, List<Set<Rung>>> suppressed = new HashMap<>();

    Words(Workspace workspace, Loading loading, Settings settings, Recognition recognition, Conflicts conflicts) {
        this.workspace = workspace;
        this.loading = loading;
        this.settings = settings;
        this.recognition = recognition;
        this.conflicts = conflicts;
    }

    /** What makes one record of what several spokes say. */
    Merge merge(String entity) {
        return merges.computeIfAbsent(entity,
                _ -> new Merge(entity, settings.survivorship(), spoke -> settings.rank(spoke, entity)));
    }

    /**
     * A spoke speaks of a record that is linked.
     *
     * @param theirs its values; what is no news because a write has overtaken it is taken out
     * @param revision null when it gives none
     */
    Effect linked(LinkRow link, Map<String, Object> theirs, String revision, boolean deleted, Source source)
            throws SQLException {
        GoldenRow golden = workspace.golden(link.entityId);
        boolean overtaken = Revisions.older(revision, link.revision) && !link.unheard.isNothing()
                && !Revisions.repeats(revision, link.unheard.heard());
        if (Revisions.older(revision, link.revision) && !overtaken) {
            return new Effect(State.STALE, golden, echo(link, List.of(), Set.of(Rung.REVISION)), null);
        }
        if (deleted) {
            return gone(link, golden);
        }
        boolean known = revision != null && revision.equals(link.revision);
        if (overtaken) {
            theirs.keySet().removeAll(link.unheard.before().keySet());
        }
        Merge.Result result = merge(link.entity).applyToWritten(link.base, link.ours, theirs, link.unheard,
                mayBeEarlier(link, revision, source), link.writtenAt, golden.document, golden.provenance(), source,
                () -> loading.since(link));
        link.unheard = revision == null ? result.unheard() : result.unheard().heard(revision);
        if (!result.changed().isEmpty()) {
            workspace.change(golden, result.golden(), result.changed(), source, "updated", link.externalId);
        }
        workspace.note(golden);
        if (link.gone) {
            link.gone = false;
            workspace.resolve(Missing.subject(link.spoke, link.id));
        }
        workspace.hold(link, golden, result.base(), result.ours(), overtaken ? null : revision);
        conflicts.park(result, golden, source);
        recognition.lookAgain(golden, result.changed(), source);
        Set<Rung> rungs = EnumSet.noneOf(Rung.class);
        rungs.addAll(result.echoes());
        if (overtaken || known && result.changed().isEmpty()) {
            rungs.add(Rung.REVISION);
        }
        if (rungs.isEmpty() && result.changed().isEmpty()) {
            rungs.add(Rung.VALUES);
        }
        return new Effect(result.changed().isEmpty() ? State.UNCHANGED : State.APPLIED, golden,
                echo(link, result.changed(), rungs), null);
    }

    /**
     * Whether {@code source} may have said it before the hub's last write. Where the answer to that told a revision, it is
     * known; else a spoke is given some time to have its say.
     */
    private static boolean mayBeEarlier(LinkRow link, String revision, Source source) {
        boolean known = revision != null && link.revision != null && !link.revision.equals(link.unheard.heard());
        return !known && link.writtenAt != null && source.at().isBefore(link.writtenAt.plus(Lanes.SETTLING));
    }

    /** A spoke deleted its record. @param link null when the hub never knew it: then its end is nobody's business */
    Effect gone(LinkRow link, GoldenRow golden) {
        if (link == null) {
            return new Effect(State.IGNORED, null, Effect.found("nobody known", List.of()), null);
        }
        workspace.gone(link);
        return new Effect(State.PARKED, golden, Effect.found("linked", List.of()),
                new Missing(link.spoke, link.entity, link.externalId).why("crm:" + link.entity, settings));
    }

    /**
     * What became of a record's word that was no news, or not all of it: by which rungs that was known, and after which
     * version was written.
     */
    private Map<String, Object> echo(LinkRow link, Collection<String> changed, Set<Rung> rungs) {
        Map<String, Object> finding = new LinkedHashMap<>(Effect.found("linked", changed));
        if (!rungs.isEmpty()) {
            suppressed.computeIfAbsent(link.spoke, _ -> new ArrayList<>()).add(rungs);
            finding.put("echo", rungs.stream().map(Rung::words).collect(Collectors.joining(" and ")));
            if (link.writtenAt != null) {
                finding.put("write", link.synced);
            }
        }
        return finding;
    }

    /** Adds what was no news to what is counted; for when all of it is stored. */
    void count(Suppressions suppressions) {
        suppressed.forEach((spoke, words) -> words.forEach(rungs -> suppressions.add(spoke, rungs)));
    }
}
