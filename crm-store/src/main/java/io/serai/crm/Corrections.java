package io.serai.crm;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

import io.serai.crm.plan.Lost;
import io.serai.crm.plan.Past;
import io.serai.crm.plan.Provenance;
import io.serai.crm.plan.Source;
import io.serai.crm.plan.Union;

/**
 * What people put right: two customers that are one, one that is two, a value that should not have lost. Each correction is
 * journaled like any message, stands in the log of changes with who made it, and flows to the spokes.
 */
public final class Corrections {
    static final List<Entity> BELONGINGS = List.of(Entity.ORDER, Entity.INVOICE, Entity.CREDIT_NOTE,
            Entity.OPPORTUNITY, Entity.INTERACTION, Entity.CUSTOMER);

    private final Transactions transactions;
    private final Settings settings;
    private final InstantSource clock;
    private final Runnable changed;

    Corrections(Transactions transactions, Settings settings, InstantSource clock, Runnable changed) {
        this.transactions = transactions;
        this.settings = settings;
        this.clock = clock;
        this.changed = changed;
    }

    /**
     * What came of parting two customers.
     *
     * @param outcome of the one that stayed; its id is the kept customer's
     * @param parted the customer that is itself again; null when nothing was parted
     * @param version its version
     * @param undecided what came after the merge and names neither of the two: it stayed with the kept one
     */
    public record Parted(Outcome outcome, UUID parted, Long version, List<Undecided> undecided) {}

    /**
     * Something that came after a merge and that nobody can tell whose it is.
     *
     * @param fields the top-level fields that it changed; empty where the record as a whole is meant
     */
    public record Undecided(String entity, UUID id, Long version, Set<String> fields, String spoke, UUID message,
            Instant at) {}

    /** One correction under way. */
    record Case(Turn turn, Workspace workspace, Loading loading, Source source, Statements first, Statements last) {}

    interface Correction {
        Taken in(Case work) throws SQLException;
    }

    /** @param refusal null when it was done */
    record Taken(Outcome.State state, UUID id, Long version, Refusal refusal, Set<String> changed) {

        static Taken done(GoldenRow golden, Set<String> changed) {
            return new Taken(Outcome.State.APPLIED, golden.id, golden.version, null, changed);
        }

        static Taken nothing(GoldenRow golden) {
            return new Taken(Outcome.State.UNCHANGED, golden.id, golden.version, null, Set.of());
        }

        static Taken notThere(UUID id) {
            return new Taken(Outcome.State.NOT_FOUND, null, null, new Refusal("crm:customer", "/id",
                    "There is no customer " + id + ".", "unknown-reference"), Set.of());
        }

        static Taken refused(GoldenRow golden, Outcome.State state, String field, String problem, String code) {
            return new Taken(state, golden == null ? null : golden.id, golden == null ? null : golden.version,
                    new Refusal("crm:customer", field, problem, code), Set.of());
        }
    }

    // ---- merging

    /**
     * Makes two customers one. Whatever belongs to the absorbed one moves to the kept one; its id goes on to work and leads
     * there. Records of both stay in the spokes and are all kept in step. Which value stays is decided by survivorship, also
     * where a field of the absorbed one was frozen: that question is closed. Customers that were merged before are followed to
     * where they are now; merging the same again changes nothing.
     *
     * @param by who decided it
     * @return APPLIED, UNCHANGED or NOT_FOUND
     */
    public Outcome merge(UUID keep, UUID absorb, String by) {
        return correct(by, request("merge", "keep", keep, "absorb", absorb), work -> {
            Workspace workspace = work.workspace();
            work.loading().customers(List.of(keep, absorb));
            GoldenRow kept = workspace.golden(keep);
            GoldenRow absorbed = workspace.golden(absorb);
            if (kept == null || absorbed == null) {
                return Taken.notThere(kept == null ? keep : absorb);
            }
            if (kept == absorbed) {
                return Taken.nothing(kept);
            }
            if (erased(work, kept) || erased(work, absorbed)) {
                return Taken.refused(kept, Outcome.State.CONFLICT, null,
                        "One of the two was erased; what is left of it belongs to its invoices.", "erased");
            }
            return merge(work, kept, absorbed);
        });
    }

    private Taken merge(Case work, GoldenRow kept, GoldenRow absorbed) throws SQLException {
        Workspace workspace = work.workspace();
        absorbed.provenance().thaw().forEach(path -> workspace.resolve(Conflicts.frozen(absorbed, path)));
        Map<String, Object> keptBefore = before(kept);
        Map<String, Object> absorbedBefore = before(absorbed);
        long version = Math.max(kept.version, absorbed.version) + 1;
        Union.Result both = new Union("customer", settings.survivorship(), spoke -> settings.rank(spoke, "customer"))
                .of(kept.document, kept.provenance(), absorbed.document, absorbed.provenance());
        Map<String, Object> document = new LinkedHashMap<>(both.document());
        Set<String> fields = new LinkedHashSet<>(both.changed());
        UUID organization = reference(document, "memberOf");
        if (kept.id.equals(organization) || absorbed.id.equals(organization)) {
            document.remove("memberOf"); // nobody is a member of himself
            fields.add("memberOf");
        }
        Map<String, List<String>> moved = new LinkedHashMap<>();
        moveLinks(work, absorbed.id, kept.id, version, moved);
        for (Entity entity : BELONGINGS) {
            List<GoldenRow> theirs = work.loading().belongings(entity, absorbed.id).stream()
                    .filter(golden -> golden != kept && golden != absorbed).toList();
            move(work, theirs, absorbed.id, kept.id, "merged");
            moved.put(entity.word(), theirs.stream().map(golden -> golden.id.toString()).toList());
        }
        // A version that anybody has of either of the two is older than what they are together.
        kept.version = version - 1;
        workspace.change(kept, document, fields, work.source(), "merged", null);
        absorbed.version = version - 1;
        workspace.takeAway(absorbed, Map.of("mergedInto", Map.of("id", kept.id.toString())), work.source(), "merged");
        touch(work.turn(), absorbed);
        workspace.resolve(possibleDuplicate(kept.id, absorbed.id));
        work.first().write("delete from customer_key where customer = ? and key = any(?)", absorbed.id,
                absorbed.entries().toArray(String[]::new));
        work.last().write("delete from customer where id = ?", absorbed.id).write("""
                insert into customer_merge (id, kept, absorbed, kept_before, absorbed_before, merged, version, moved,
                  merged_by, at) values (?, ?, ?, ?::json, ?::json, ?::json, ?, ?::json, ?, ?)
                """, work.source().message(), kept.id, absorbed.id, Json.text(keptBefore), Json.text(absorbedBefore),
                Json.text(document), version, Json.text(moved), work.source().spoke(),
                workspace.now());
        return Taken.done(kept, fields);
    }

    private static Map<String, Object> before(GoldenRow golden) {
        return state(golden.document, golden.provenance(), golden.createdAt.toString());
    }

    static Map<String, Object> state(Map<String, Object> document, Provenance provenance, Object createdAt) {
        Map<String, Object> state = new LinkedHashMap<>();
        state.put("document", document);
        state.put("provenance", provenance.document());
        state.put("createdAt", createdAt);
        return state;
    }

    /**
     * Gives all links of one customer to another one, whose spokes then have as many records of it. A record that was still
     * to be made where the other has one already is not made, unless it may be there: told to make it, the spoke has not
     * answered yet.
     *
     * @param moved takes the ids of the links that moved, and which was the last that either had
     */
    private void moveLinks(Case work, UUID from, UUID to, long version, Map<String, List<String>> moved)
            throws SQLException {
        record Lane(long id, UUID entityId, String spoke, boolean made, boolean perhaps) {}
        List<Lane> lanes = new ArrayList<>();
        List<String> records = new ArrayList<>();
        new Statements().read("""
                select id, entity_id, spoke, external_id, attempts > 0 and state <> 'PARKED' from link
                where entity_id = any(?::uuid[]) and entity = 'customer' order by id
                """, row -> {
            lanes.add(new Lane(row.getLong(1), row.getObject(2, UUID.class), row.getString(3),
                    row.getString(4) != null, row.getBoolean(5)));
            if (row.getString(4) != null) {
                work.turn().touch(new Workspace.LinkKey(row.getString(3), "customer", row.getString(4)));
            }
        }, (Object) Writing.ids(List.of(from, to))).execute(work.turn().session());
        Columns superfluous = new Columns();
        List<String> going = new ArrayList<>();
        for (Lane lane : lanes) {
            boolean another = lanes.stream().anyMatch(other -> other.spoke().equals(lane.spoke())
                    && other.id() != lane.id() && (other.made() || other.perhaps() || other.id() < lane.id()));
            if (!lane.made() && !lane.perhaps() && another) {
                work.workspace().resolve(Recording.subject(lane.spoke(), lane.id()));
                superfluous.add(lane.entityId(), lane.spoke(), lane.id());
                going.add(Long.toString(lane.id()));
            } else if (lane.entityId().equals(from)) {
                records.add(Long.toString(lane.id()));
            }
        }
        if (!superfluous.isEmpty()) {
            settle(work, List.of(from, to), going);
            work.first().write("""
                    delete from link l using (select unnest(?::uuid[]) entity_id, unnest(?) spoke,
                      unnest(?::bigint[]) id) s
                    where l.entity_id = s.entity_id and l.spoke = s.spoke and l.id = s.id
                    """, superfluous.arrays());
        }
        moved.put("links", records);
        moved.put("newestLink", List.of(lanes.isEmpty() ? "0" : Long.toString(lanes.getLast().id())));
        give(work, from, to, records, version);
    }

    /** What was refused of these lanes is no question any more: they go, or are another customer's and are tried anew. */
    private static void settle(Case work, List<UUID> customers, List<String> lanes) {
        work.first().write("""
                update parked p set resolved_at = ? from link l
                where l.entity_id = any(?::uuid[]) and l.id = any(?::bigint[])
                  and p.subject = 'delivery:' || l.spoke || ':' || l.id and p.resolved_at is null
                """, work.workspace().now(), Writing.ids(customers), lanes.toArray(String[]::new));
    }

    /**
     * Gives links to another customer. What each record lacks of it is then written. What the spoke may have made without an
     * answer is looked for, and told to be made again, under the id that it was told.
     */
    void give(Case work, UUID from, UUID to, List<String> links, long version) {
        settle(work, List.of(from), links);
        String[] listening = settings.listeners("customer").stream().map(SpokeProfile::spoke).toArray(String[]::new);
        Instant now = work.workspace().now();
        work.first().write("""
                update link set entity_id = ?, wanted = ?, problem = null, next_try_at = ?,
                  said_as = case when external_id is null and attempts > 0
                    then nullif(coalesce(said_as, entity_id), ?) end,
                  attempts = case when external_id is null then attempts when state = 'PARKED' then 1 else 0 end,
                  state = case when state = 'GONE' then state when spoke = any(?) then 'BEHIND' else 'SYNCED' end,
                  behind_since = case when state <> 'GONE' and spoke = any(?) then coalesce(behind_since, ?) end
                where entity_id = ? and entity = 'customer' and id = any(?::bigint[])
                """, to, version, now, to, listening, listening, now, from, links.toArray(String[]::new));
    }

    /** Records go from one customer to another. Their spokes have to do nothing: what they hold stands for the other one now. */
    static void move(Case work, List<GoldenRow> records, UUID from, UUID to, String reason)
            throws SQLException {
        if (records.isEmpty()) {
            return;
        }
        Workspace workspace = work.workspace();
        for (GoldenRow golden : records) {
            String field = golden.entity == Entity.CUSTOMER ? "memberOf" : "customer";
            workspace.change(golden, referring(golden.document, field, from, to), List.of(field), work.source(),
                    reason, null);
        }
        for (LinkRow link : work.loading().links(records.stream().map(golden -> golden.id).toList())) {
            if (link.base != null) {
                String field = link.entity.equals("customer") ? "memberOf" : "customer";
                workspace.hold(link, workspace.golden(link.entityId), referring(link.base, field, from, to),
                        referring(link.ours, field, from, to), null);
                if (link.gone) {
                    workspace.gone(link);
                }
            }
        }
    }

    private static Map<String, Object> referring(Map<String, Object> document, String field, UUID from, UUID to) {
        if (!from.equals(reference(document, field))) {
            return document;
        }
        Map<String, Object> other = new LinkedHashMap<>(document);
        Map<String, Object> reference = new LinkedHashMap<>();
        ((Map<?, ?>) document.get(field)).forEach((key, value) -> reference.put(key.toString(), value));
        reference.put("id", to.toString());
        other.put(field, reference);
        return other;
    }

    static UUID reference(Map<String, Object> document, String field) {
        return document.get(field) instanceof Map<?, ?> reference && reference.get("id") != null
                ? UUID.fromString(reference.get("id").toString())
                : null;
    }

    static void touch(Turn turn, GoldenRow customer) {
        turn.touch(customer.id);
        customer.keysBefore().forEach(turn::touch);
        customer.keys().forEach(turn::touch);
    }

    /** Where a customer went that was merged into another one; empty when it was not. */
    public Optional<UUID> mergedInto(UUID id) {
        return transactions.run(session -> Optional.ofNullable(Loading.redirects(session, List.of(id)).get(id)));
    }

    // ---- telling apart

    /**
     * Two customers are not the same: the question is closed and never asked again.
     *
     * @return APPLIED, or NOT_FOUND
     */
    public Outcome tellApart(UUID one, UUID other, String by) {
        return correct(by, request("tell-apart", "one", one, "other", other), work -> {
            work.loading().customers(List.of(one, other));
            GoldenRow first = work.workspace().golden(one);
            GoldenRow second = work.workspace().golden(other);
            if (first == null || second == null) {
                return Taken.notThere(first == null ? one : other);
            }
            if (first == second) {
                return Taken.refused(first, Outcome.State.CONFLICT, null, "They are one customer: "
                        + (one.equals(other) ? "both ids are the same." : "unmerge them first."), "conflict");
            }
            tellApart(work, one, other);
            return new Taken(Outcome.State.APPLIED, first.id, first.version, null, Set.of());
        });
    }

    /** The closed question remains, so that it is not asked again. */
    static void tellApart(Case work, UUID one, UUID other) {
        String subject = possibleDuplicate(one, other);
        Instant now = work.workspace().now();
        work.workspace().resolve(subject);
        work.first().write("""
                insert into parked (id, kind, subject, cause, spoke, entity, entity_id, message, step, problem, detail,
                  at, resolved_at)
                select ?, 'POSSIBLE_DUPLICATE', here.subject, 'possible duplicate', ?, 'customer', ?, ?, 'crm:customer',
                  'A person has told these two apart.', ?::json, ?, ?
                from (select ?::text) here(subject) where not exists (select 1 from parked old
                  where old.kind = 'POSSIBLE_DUPLICATE' and old.subject = here.subject)
                """, Identifiers.next(work.workspace().now()), work.source().spoke(), one, work.source().message(),
                Json.text(Map.of("other", other.toString())), now, now, subject);
    }

    static String possibleDuplicate(UUID one, UUID other) {
        return "possible-duplicate:" + String.join(":", List.of(one.toString(), other.toString()).stream().sorted()
                .toList());
    }

    // ---- parting

    /**
     * Parts two customers that were merged. Each is again what it was, with what its own records said since; records go by
     * whom they named. What names neither, such as an edit by a person, stays with the kept one and is listed. The two are
     * told apart for good.
     *
     * @param id the absorbed customer, or the kept one if it has absorbed only one
     * @return its outcome is APPLIED, NOT_FOUND (not merged), or CONFLICT
     */
    public Parted unmerge(UUID id, String by) {
        Parted[] parted = new Parted[1];
        Outcome outcome = correct(by, request("unmerge", "id", id), work -> {
            parted[0] = null;
            List<Unmerging.Merged> merges = Unmerging.merges(work.turn().session(), id);
            if (merges.isEmpty()) {
                return Taken.refused(null, Outcome.State.NOT_FOUND, "/id",
                        "No customer " + id + " was merged with another one.", "unknown-reference");
            }
            Unmerging.Merged merge = merges.getFirst();
            work.loading().customers(List.of(merge.kept()));
            GoldenRow kept = work.workspace().golden(merge.kept());
            if (merges.size() > 1) {
                return Taken.refused(kept, Outcome.State.CONFLICT, "/id", "Customer " + id
                        + " has absorbed several: give the id of the one to part: "
                        + merges.stream().map(one -> one.absorbed().toString()).toList() + ".", "conflict");
            }
            if (!kept.id.equals(merge.kept())) {
                return Taken.refused(kept, Outcome.State.CONFLICT, "/id", "Customer " + merge.kept()
                        + " was itself merged into another one later. Unmerge that first.", "conflict");
            }
            return new Unmerging(this, work, merge, kept).part(parted);
        });
        return parted[0] == null
                ? new Parted(outcome, null, null, List.of())
                : new Parted(outcome, parted[0].parted(), parted[0].version(), parted[0].undecided());
    }

    /** The top-level fields in which two states of a customer differ. */
    static Set<String> differing(Map<String, Object> one, Map<String, Object> other) {
        Set<String> fields = new LinkedHashSet<>(one.keySet());
        fields.addAll(other.keySet());
        fields.removeIf(field -> Objects.equals(one.get(field), other.get(field)));
        return fields;
    }

    /** An organization that a customer belonged to once may have been merged into another one since, or be gone. */
    static Map<String, Object> soundMembership(Case work, Map<String, Object> document) throws SQLException {
        UUID organization = reference(document, "memberOf");
        if (organization == null) {
            return document;
        }
        work.loading().customers(List.of(organization));
        GoldenRow there = work.workspace().golden(organization);
        Map<String, Object> sound = new LinkedHashMap<>(document);
        if (there == null) {
            sound.remove("memberOf");
        } else {
            sound.put("memberOf", Map.of("id", there.id.toString()));
        }
        return sound;
    }

    // ---- restoring

    /**
     * Which earlier value is meant: the one that a message said, whether it ever won or not, or the one of a version. One of
     * the two is null.
     *
     * @param path of the field, as {@link Goldens#origins} gives it; with a version also of an element or a top-level field
     */
    public record Earlier(String path, UUID message, Long version) {}

    /**
     * A customer says again what it, or somebody who lost, said earlier. That is an edit by a person and flows to the spokes.
     *
     * @param edit which customer, and the version that the person saw
     * @return APPLIED, UNCHANGED, NOT_FOUND (the customer or the earlier value), or CONFLICT
     */
    public Outcome restore(Edit edit, Earlier earlier, String by) {
        return correct(by, request("restore", "id", edit.id(), "field", earlier.path(), "message", earlier.message(),
                "version", earlier.version()), work -> {
                    work.loading().customers(List.of(edit.id()));
                    GoldenRow golden = work.workspace().golden(edit.id());
                    if (golden == null) {
                        return Taken.notThere(edit.id());
                    }
                    if (edit.expectedVersion() != null && edit.expectedVersion() != golden.version) {
                        return Taken.refused(golden, Outcome.State.CONFLICT, null, "The record is at version "
                                + golden.version + ", not " + edit.expectedVersion()
                                + ". Read it again and repeat the edit.", "conflict");
                    }
                    return restore(work, golden, earlier);
                });
    }

    private static Taken restore(Case work, GoldenRow golden, Earlier earlier) throws SQLException {
        Map<String, Object> document = null;
        if (earlier.message() != null) {
            Optional<Lost> lost = golden.provenance().lost(earlier.path()).stream()
                    .filter(value -> value.source().message().equals(earlier.message())).findFirst();
            document = lost
                    .map(value -> Past.with("customer", golden.document, earlier.path(), value.value()))
                    .orElse(null);
            lost.ifPresent(value -> work.workspace()
                    .resolve("conflict:" + golden.id + ":" + earlier.path() + ":" + value.source().spoke()));
        }
        if (document == null) {
            Map<String, Object> then = asOf(work.turn().session(), golden.id, earlier);
            document = then == null ? null : Past.again("customer", golden.document, then, earlier.path());
        }
        if (document == null) {
            return Taken.refused(golden, Outcome.State.NOT_FOUND, "/field",
                    "Nothing is known of an earlier value of " + earlier.path()
                            + " from there. The field's explanation lists what is known.",
                    "unknown-reference");
        }
        document = soundMembership(work, document);
        Set<String> fields = differing(golden.document, document);
        if (fields.isEmpty()) {
            return Taken.nothing(golden);
        }
        Past.record("customer", golden.document, document, golden.provenance(), work.source(), "restored");
        work.workspace().change(golden, document, fields, work.source(), "restored", null);
        return Taken.done(golden, fields);
    }

    /** What the customer said of the field's part of itself then; null when nobody knows. */
    private static Map<String, Object> asOf(Session session, UUID id, Earlier earlier) throws SQLException {
        int end = earlier.path().indexOf('/', 1);
        String field = end < 0 ? earlier.path().substring(1) : earlier.path().substring(1, end);
        List<Map<String, Object>> then = new ArrayList<>();
        new Statements().read("""
                select version, message, fields::text from change
                where entity_id = ? and version <= ? order by version desc
                """, row -> {
            Map<String, Object> fields = Json.document(row.getString(3));
            boolean meant = earlier.message() == null
                    || earlier.message().equals(row.getObject(2, UUID.class));
            if (then.isEmpty() && meant && fields.containsKey(field)) {
                then.add(fields);
            }
        }, id, earlier.version() == null ? Long.MAX_VALUE : earlier.version()).execute(session);
        if (then.isEmpty()) {
            return null;
        }
        Map<String, Object> document = new LinkedHashMap<>(then.getFirst());
        document.values().removeIf(Objects::isNull);
        return document;
    }

    // ---- what all have in common

    static boolean erased(Case work, GoldenRow customer) throws SQLException {
        return work.turn().session().erased(customer.id);
    }

    static Map<String, Object> request(Object... words) {
        Map<String, Object> request = new LinkedHashMap<>();
        request.put("correction", words[0]);
        for (int i = 1; i < words.length; i += 2) {
            if (words[i + 1] != null) {
                request.put(words[i].toString(), words[i + 1].toString());
            }
        }
        return request;
    }

    Outcome correct(String by, Map<String, Object> request, Correction correction) {
        Instant now = clock.instant();
        UUID message = Identifiers.next(now);
        byte[] received = Json.text(request).getBytes(StandardCharsets.UTF_8);
        Arrival arrival = new Arrival(by, "customer", null, "rest", "application/json", received, now, null, null, null,
                null, null);
        Outcome done = transactions.write(turn -> {
            turn.await();
            Workspace workspace = new Workspace(settings, now);
            Case work = new Case(turn, workspace, new Loading(turn.session(), workspace),
                    new Source(by, message, null, now), new Statements(), new Statements());
            Taken taken = correction.in(work);
            Outcome outcome = new Outcome(taken.state(), message, taken.id(), taken.version(), taken.refusal());
            workspace.journal(new Ingest.Prepared(arrival, message, Identifiers.sha256(received), Set.of()), null,
                    outcome, Map.of("recognised", request.get("correction"), "changed", List.copyOf(taken.changed())));
            turn.commit(work.first().and(workspace.write(turn)).and(work.last()));
            return outcome;
        });
        changed.run();
        return done;
    }
}
