package io.serai.crm;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

import io.serai.crm.plan.Comparison;
import io.serai.crm.plan.Comparison.Why;
import io.serai.crm.plan.Projection;

/**
 * Holds what a spoke really has against what the hub believes that it has, record by record, and says why they differ. A run
 * stands in the database with the place it has got to, so that any process can go on with it.
 */
public final class Reconciliation {
    private static final UUID FIRST = new UUID(0, 0);
    private static final int EARLIER = 20;
    private static final int SLICE = 256;
    /** Of the records that a spoke was never told of, as many are listed; all are counted. */
    private static final int MOST_UNTOLD_LISTED = 1000;
    /** So often a record is asked after in vain before the run goes on without it. */
    private static final int TRIES = 3;
    /** Each further one in a row takes twice as many tries, up to a quarter of an hour of them. */
    private static final int MOST_DOUBLINGS = 6;

    private final Transactions transactions;
    private final Settings settings;
    private final InstantSource clock;
    private final Ingest ingest;
    private final Runnable changed;

    Reconciliation(Transactions transactions, Settings settings, InstantSource clock, Ingest ingest,
            Runnable changed) {
        this.transactions = transactions;
        this.settings = settings;
        this.clock = clock;
        this.ingest = ingest;
        this.changed = changed;
    }

    /**
     * The latest run over a spoke's records of an entity.
     *
     * @param repairs whether differences are repaired, or only reported
     * @param endedAt null while it runs
     * @param asked requests that were sent for single records
     * @param checked records that were compared or cannot be read; those with a delivery on its way are passed over
     * @param inStep how many of them held what they should
     * @param untold golden records that the spoke should have and was never told of; counted after the comparison
     * @param problem why it does not get on, or why it ended early; null when all is well
     */
    public record Run(String spoke, String entity, boolean repairs, Instant startedAt, Instant endedAt, long asked,
            long checked, long inStep, long untold, String problem) {

        public boolean runs() {
            return endedAt == null;
        }

        /** Of the records that a spoke's runs looked at, how many held what they should, from 0 to 1; NaN when none was. */
        public static double inStep(List<Run> all, String spoke) {
            List<Run> own = all.stream().filter(run -> run.spoke().equals(spoke)).toList();
            return (double) own.stream().mapToLong(Run::inStep).sum()
                    / own.stream().mapToLong(run -> run.checked() + run.untold()).sum();
        }
    }

    /** What the hub believes of a record that is to be asked after. */
    public record Held(long lane, long fence, String spoke, String entity, UUID id, String externalId, String revision,
            Map<String, Object> base, Map<String, Object> ours, boolean quiet) {}

    /**
     * A difference that was found.
     *
     * @param externalId empty when the spoke was never told of the record
     * @param field empty when the whole record is missing or cannot be read
     * @param problem why it cannot be read; null for every other difference
     */
    public record Difference(UUID id, String externalId, String field, String why, String problem, boolean repaired,
            Instant at) {}

    /**
     * Begins a run from the first record; one that is under way is left alone, unless it only reports and this one is to
     * repair: then it ends there, and this one finds again what it has found. With repairs, the spoke's own list is read from
     * the beginning, too: what the hub never heard of comes in by the door that it always takes.
     *
     * @return false when one goes on
     */
    public boolean begin(String spoke, String entity, boolean repairs) {
        return transactions.run(session -> {
            List<String> begun = new ArrayList<>();
            new Statements()
                    .read("""
                            insert into reconcile (spoke, entity, repairs, state, started_at, after_entity, after_link)
                            values (?, ?, ?, 'RUNNING', ?, ?, 0)
                            on conflict (tenant, spoke, entity) do update set repairs = excluded.repairs, state = 'RUNNING',
                              started_at = excluded.started_at, ended_at = null, after_entity = excluded.after_entity,
                              after_link = 0, asked = 0, tries = 0, unreadable = 0, checked = 0, in_step = 0, untold = 0, problem = null
                            where reconcile.state = 'DONE' or excluded.repairs and not reconcile.repairs
                            returning spoke
                            """,
                            row -> begun.add(row.getString(1)), spoke, entity, repairs, clock.instant(), FIRST)
                    .execute(session);
            if (!begun.isEmpty()) {
                Statements statements = new Statements()
                        .write("delete from reconcile_difference where spoke = ? and entity = ?", spoke, entity);
                if (repairs) {
                    // Whoever reads just now loses the turn, and cannot set the cursor to where he got.
                    statements.write("""
                            update poll set cursor = null, read_at = null, fence = fence + 1, lease_until = ?
                            where spoke = ? and what = ?
                            """, clock.instant().minusMillis(1), spoke, entity);
                }
                statements.execute(session);
            }
            return !begun.isEmpty();
        });
    }

    /** The latest run of each spoke and entity that ever had one. */
    public List<Run> runs() {
        List<Run> runs = new ArrayList<>();
        transactions.run(session -> {
            new Statements()
                    .read("""
                            select spoke, entity, repairs, started_at, ended_at, asked, checked, in_step, untold, problem
                            from reconcile
                            order by tenant, spoke, entity
                            """,
                            row -> runs.add(new Run(row.getString(1), row.getString(2), row.getBoolean(3),
                                    Goldens.instant(row, 4), Goldens.instant(row, 5), row.getLong(6), row.getLong(7),
                                    row.getLong(8), row.getLong(9), row.getString(10))))
                    .execute(session);
            return null;
        });
        return runs;
    }

    /** What the latest run has found, in no order that means anything. */
    public List<Difference> differences(String spoke, String entity, int most) {
        List<Difference> found = new ArrayList<>();
        transactions.run(session -> {
            new Statements().read("""
                    select entity_id, external_id, field, why, problem, repaired, at from reconcile_difference
                    where spoke = ? and entity = ? order by tenant, spoke, entity, entity_id, external_id, field limit ?
                    """, row -> found.add(new Difference(row.getObject(1, UUID.class), row.getString(2),
                    row.getString(3), row.getString(4), row.getString(5), row.getBoolean(6), Goldens.instant(row, 7))),
                    spoke,
                    entity,
                    most).execute(session);
            return null;
        });
        return found;
    }

    /** Whether the run is still the latest one, and has not ended. */
    public boolean goesOn(Run run) {
        return runs().stream().anyMatch(latest -> latest.runs() && latest.spoke().equals(run.spoke())
                && latest.entity().equals(run.entity()) && latest.startedAt().equals(run.startedAt()));
    }

    /** The next record to ask after; empty when all have been asked after, or another run has begun. */
    public Optional<Held> next(Run run) {
        List<Held> found = new ArrayList<>();
        transactions.run(session -> {
            new Statements()
                    .read("""
                            select l.id, l.fence, l.entity_id, l.external_id, l.revision, l.base::text,
                              coalesce(l.ours, l.base)::text, l.state = 'SYNCED' and l.lease_until is null
                            from reconcile r join link l on l.entity_id >= r.after_entity and l.spoke = r.spoke
                              and l.entity = r.entity and l.external_id is not null
                              and (l.entity_id, l.id) > (r.after_entity, r.after_link)
                            where r.spoke = ? and r.entity = ? and r.started_at = ? order by l.tenant, l.entity_id, l.spoke, l.id limit 1
                            """,
                            row -> found.add(new Held(row.getLong(1), row.getLong(2), run.spoke(), run.entity(),
                                    row.getObject(3, UUID.class), row.getString(4), row.getString(5),
                                    Json.document(row.getString(6)),
                                    Json.document(row.getString(7)), row.getBoolean(8))),
                            run.spoke(), run.entity(), run.startedAt())
                    .execute(session);
            return null;
        });
        return found.stream().findFirst();
    }

    /**
     * Compares a record and repairs what differs, if that is wanted: an edit that nobody heard of is taken in like any
     * message, a lost write is written again, other words are noted, and of a missing record a person is told.
     *
     * @param theirs what the spoke says it holds (canonical); null when it has no such record
     */
    public void compare(Run run, Held held, Map<String, Object> theirs, String revision) {
        boolean edited = transactions.write(turn -> {
            Session session = turn.session();
            boolean[] same = new boolean[1];
            List<Map<String, Object>> earlier = new ArrayList<>();
            new Statements().read("""
                    select fence = ? and state = 'SYNCED' and lease_until is null and exists (select from reconcile r
                      where r.spoke = ? and r.entity = ? and r.started_at = ?), base::text
                    from link where entity_id = ? and spoke = ? and id = ?
                    """, row -> same[0] = row.getBoolean(1)
                    && Objects.equals(Json.document(row.getString(2)), held.base()), held.fence(), held.spoke(),
                    held.entity(), run.startedAt(), held.id(), held.spoke(), held.lane()).read("""
                            select fields::text from change where entity_id = ? order by tenant, entity_id, version desc
                            limit ?
                            """, row -> earlier.add(Json.document(row.getString(1))), held.id(), EARLIER)
                    .execute(session);
            Workspace workspace = new Workspace(settings, clock.instant());
            Statements statements = new Statements();
            Map<String, Why> differences = Map.of();
            if (same[0]) {
                differences = differences(held, theirs, revision, earlier);
                note(run, held, theirs, differences, workspace, statements, turn);
            }
            statements.write("""
                    update reconcile set after_entity = ?, after_link = ?, asked = asked + 1, tries = 0, unreadable = 0,
                      checked = checked + ?, in_step = in_step + ?, problem = null
                    where spoke = ? and entity = ? and started_at = ?
                    """, held.id(), held.lane(), same[0] ? 1 : 0, same[0] && differences.isEmpty() ? 1 : 0,
                    held.spoke(), held.entity(), run.startedAt());
            turn.commit(workspace.write(turn).and(statements));
            return run.repairs() && differences.containsValue(Why.EDITED);
        });
        if (edited) {
            byte[] received = Json.text(theirs).getBytes(StandardCharsets.UTF_8);
            ingest.ingest(List.of(new Arrival(held.spoke(), held.entity(), "reconciled " + held.externalId() + " "
                    + run.startedAt(), "poll", "application/json", received, clock.instant(), theirs, null, null, null,
                    null)));
        }
        changed.run();
    }

    private Map<String, Why> differences(Held held, Map<String, Object> theirs, String revision,
            List<Map<String, Object>> earlier) {
        if (theirs == null) {
            return Map.of("", Why.MISSING);
        }
        SpokeProfile profile = settings.profile(held.spoke(), held.entity()).orElseThrow();
        // What the golden record says now is no earlier value: where the latest change set a field, the ones before count.
        List<Map<String, Object>> past = new ArrayList<>();
        Map<String, Object> seen = new LinkedHashMap<>();
        for (Map<String, Object> fields : earlier) {
            Map<String, Object> before = new LinkedHashMap<>(fields);
            before.keySet().removeIf(field -> seen.putIfAbsent(field, true) == null);
            past.add(before);
        }
        return Comparison.of(held.entity(), profile::carries, held.base() == null ? Map.of() : held.base(),
                held.ours() == null ? Map.of() : held.ours(), theirs,
                revision != null && revision.equals(held.revision()), past);
    }

    private static void list(Statements statements, Columns differences) {
        statements.write("""
                insert into reconcile_difference (spoke, entity, entity_id, external_id, field, why, repaired, at)
                select spoke, entity, entity_id::uuid, external_id, field, why, repaired::boolean, at::timestamptz
                from (select unnest(?) spoke, unnest(?) entity, unnest(?) entity_id, unnest(?) external_id,
                  unnest(?) field, unnest(?) why, unnest(?) repaired, unnest(?) at) d on conflict do nothing
                """, differences.arrays());
    }

    private void note(Run run, Held held, Map<String, Object> theirs, Map<String, Why> differences,
            Workspace workspace, Statements statements, Turn turn) throws SQLException {
        Columns found = new Columns();
        differences.forEach((field, why) -> found.add(held.spoke(), held.entity(), held.id(), held.externalId(), field,
                why, run.repairs(), clock.instant()));
        if (!found.isEmpty()) {
            list(statements, found);
        }
        if (!run.repairs()) {
            return;
        }
        if (differences.containsValue(Why.MISSING)) {
            new Missing(held.spoke(), held.entity(), held.externalId()).park(workspace, settings, held.lane(),
                    held.id());
            turn.touch(new Workspace.LinkKey(held.spoke(), held.entity(), held.externalId()));
            turn.touch(held.id());
            Columns gone = new Columns();
            gone.add(held.spoke(), held.entity(), held.externalId());
            Writing.gone(statements, gone);
        }
        Map<String, Object> reworded = new LinkedHashMap<>();
        Map<String, Object> lost = new LinkedHashMap<>();
        differences.forEach((field, why) -> {
            if (why == Why.LOST) {
                lost.put(field, theirs.get(field));
            } else if (why == Why.REWORDED) {
                reworded.put(field, theirs.get(field));
            }
        });
        if (!reworded.isEmpty() || !lost.isEmpty()) {
            Map<String, Object> ours = Projection.over(held.entity(), held.ours(), lost);
            reworded.putAll(lost);
            Map<String, Object> base = Projection.over(held.entity(), held.base(), reworded);
            turn.touch(new Workspace.LinkKey(held.spoke(), held.entity(), held.externalId()));
            turn.touch(held.id());
            statements.write("""
                    update link set base = ?::json, ours = nullif(?, '')::json, unheard = null, state = ?, attempts = 0,
                      behind_since = case when ? = 'BEHIND' then ?::timestamptz end, next_try_at = ?
                    where entity_id = ? and spoke = ? and id = ?
                    """, Json.text(base), ours.equals(base) ? "" : Json.text(ours),
                    lost.isEmpty() ? "SYNCED" : "BEHIND",
                    lost.isEmpty() ? "SYNCED" : "BEHIND", clock.instant(), clock.instant(),
                    held.id(), held.spoke(), held.lane());
        }
    }

    /** Whether the spoke's own list has been read to its end since the run began. */
    public boolean read(Run run) {
        boolean[] read = new boolean[1];
        transactions.run(session -> {
            new Statements().read("select read_at >= ? from poll where spoke = ? and what = ?",
                    row -> read[0] = row.getBoolean(1), run.startedAt(), run.spoke(), run.entity())
                    .execute(session);
            return null;
        });
        return read[0];
    }

    /** Where a look for records that the spoke was never told of has got to. @param untold how many were found so far */
    public record Look(UUID after, long untold) {
        static final Look FIRST = new Look(Reconciliation.FIRST, 0);
    }

    /**
     * Looks through some golden records for those that a spoke which is to have all of them was never told of, and has them
     * written to it, if the run repairs. Comes after the comparison, and after the spoke's own list was read: what the spoke
     * has already is not to be made there again. An invoice that has no number is nobody's business, and what an invoice keeps
     * of a person who was erased is no customer.
     *
     * @param look null to begin
     * @return where it got to; empty when all were looked at
     */
    public Optional<Look> untold(Run run, Look look) {
        Look from = look == null ? Look.FIRST : look;
        Entity entity = Entity.of(run.entity());
        Optional<Look> next = transactions.write(turn -> {
            Session session = turn.session();
            List<UUID> seen = new ArrayList<>();
            long[] found = {from.untold()};
            Map<UUID, Long> without = new LinkedHashMap<>();
            new Statements().read("""
                    select c.id, c.version, exists (select from link l where l.entity_id = c.id and l.spoke = ?)
                    from %s c where c.id > ? %s order by c.tenant, c.id limit %d
                    """.formatted(entity.table(), entity.issued() ? "and c.number is not null" : "", SLICE), row -> {
                UUID id = row.getObject(1, UUID.class);
                seen.add(id);
                if (!row.getBoolean(3)) {
                    without.put(id, row.getLong(2));
                }
            }, run.spoke(), from.after()).execute(session);
            Columns untold = new Columns();
            Columns listed = new Columns();
            for (UUID id : without.keySet()) {
                if (entity == Entity.CUSTOMER && session.erased(id)) {
                    continue;
                }
                untold.add(run.spoke(), run.entity(), id, without.get(id));
                if (++found[0] <= MOST_UNTOLD_LISTED) {
                    listed.add(run.spoke(), run.entity(), id, "", "", Why.UNTOLD, run.repairs(), clock.instant());
                }
                turn.touch(id);
            }
            Statements statements = new Statements();
            if (!listed.isEmpty()) {
                list(statements, listed);
            }
            if (run.repairs() && !untold.isEmpty()) {
                Writing.newLanes(statements, untold, transactions.tenant(), clock.instant());
            }
            statements.write("update reconcile set untold = ?, problem = null where spoke = ? and entity = ?"
                    + " and started_at = ?", found[0], run.spoke(), run.entity(), run.startedAt());
            turn.commit(statements);
            return seen.isEmpty() ? Optional.<Look>empty() : Optional.of(new Look(seen.getLast(), found[0]));
        });
        changed.run();
        return next;
    }

    /** Passes over a record that has a delivery on its way: what the spoke holds of it is about to change. */
    public void passOver(Run run, Held held) {
        set(run, "after_entity = ?, after_link = ?, tries = 0", held.id(), held.lane());
    }

    /** Passes over a record that was asked after and is there: the spoke says nothing of it that could be compared. */
    public void silent(Run run, Held held) {
        set(run, "after_entity = ?, after_link = ?, asked = asked + 1, tries = 0, unreadable = 0, problem = null",
                held.id(), held.lane());
    }

    /**
     * The spoke answers and does not tell what it holds of this record. It is asked again a few times; then the record is
     * listed as one that cannot be read, and the run goes on. Where several in a row cannot, the spoke may be unwell after all:
     * each takes twice the tries of the one before.
     *
     * @param problem why, for operators
     * @return whether the run goes on with the next record now
     */
    public boolean unreadable(Run run, Held held, String problem) {
        Instant now = clock.instant();
        String why = Storable.text(problem);
        return transactions.run(session -> {
            boolean[] enough = new boolean[1];
            new Statements().read("""
                    update reconcile set asked = asked + 1, tries = tries + 1, problem = ?
                    where spoke = ? and entity = ? and started_at = ? returning tries >= ? << least(unreadable, ?)
                    """, row -> enough[0] = row.getBoolean(1), "record " + held.id() + ": " + why, run.spoke(),
                    run.entity(), run.startedAt(), TRIES, MOST_DOUBLINGS).execute(session);
            if (enough[0]) {
                new Statements().write("""
                        insert into reconcile_difference (spoke, entity, entity_id, external_id, field, why, problem,
                          repaired, at)
                        values (?, ?, ?, ?, '', ?, ?, false, ?) on conflict do nothing
                        """, run.spoke(), run.entity(), held.id(), held.externalId(), Why.UNREADABLE.name(), why, now)
                        .write("""
                                update reconcile set after_entity = ?, after_link = ?, tries = 0,
                                  unreadable = unreadable + 1, checked = checked + 1, problem = null
                                where spoke = ? and entity = ? and started_at = ?
                                """, held.id(), held.lane(), run.spoke(), run.entity(), run.startedAt())
                        .execute(session);
            }
            return enough[0];
        });
    }

    /** The run cannot get on for now. @param problem why, for operators */
    public void stuck(Run run, String problem) {
        set(run, "problem = ?", problem);
    }

    /** The run is over. @param problem why it ended early; null when all records were asked after */
    public void end(Run run, String problem) {
        set(run, "state = 'DONE', ended_at = ?, problem = nullif(?, '')", clock.instant(),
                problem == null ? "" : problem);
    }

    private void set(Run run, String what, Object... values) {
        List<Object> parameters = new ArrayList<>(List.of(values));
        parameters.add(run.spoke());
        parameters.add(run.entity());
        parameters.add(run.startedAt());
        transactions.run(session -> {
            new Statements()
                    .write("update reconcile set " + what + " where spoke = ? and entity = ? and started_at = ?",
                            parameters.toArray())
                    .execute(session);
            return null;
        });
    }
}
