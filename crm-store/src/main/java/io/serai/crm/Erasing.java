package io.serai.crm;

import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

import io.serai.crm.Corrections.Case;
import io.serai.crm.plan.MatchKey;
import io.serai.crm.plan.Provenance;

/** Takes one person out of the hub, in one turn, and notes where else they have to go. */
final class Erasing {
    /** What an invoice has to say of its buyer. */
    private static final List<String> BUYER = List.of("kind", "name", "organizationName", "addresses", "identifiers");
    private static final String KEPT = "Invoices, and the sale, the payments and the buyer they speak of, are accounting"
            + " records that have to be kept for the years the law says.";

    private final Case work;
    private final Session session;
    private final Instant now;
    private final GoldenRow golden;
    private final Held person;
    private final UUID erasure;
    private final Set<String> marks = new LinkedHashSet<>();

    /** @param golden the customer, with all that were merged into it in {@code person} */
    Erasing(Case work, GoldenRow golden, Held person, UUID erasure) {
        this.work = work;
        this.session = work.turn().session();
        this.now = work.workspace().now();
        this.golden = golden;
        this.person = person;
        this.erasure = erasure;
    }

    /** @param messages what the person said, or what was said of them. @return the marks of the person, for the tombstones */
    Set<String> erase(Set<UUID> messages) throws SQLException {
        person.customers().forEach(id -> marks.add(session.marks().customer(id)));
        unshared().forEach(key -> marks.add(session.marks().of(key)));

        Map<String, Object> hub = new LinkedHashMap<>();
        Map<Entity, List<GoldenRow>> belongings = new LinkedHashMap<>();
        for (Entity entity : Held.BELONGINGS) {
            belongings.put(entity, work.loading().belongings(entity, golden.id));
        }
        Set<UUID> paidFor = new HashSet<>();
        new Statements().read("""
                select o.id from sales_order o where o.customer = ? and (
                  exists (select 1 from invoice i where i.sales_order = o.id)
                  or exists (select 1 from payment p where p.sales_order = o.id))
                """, row -> paidFor.add(row.getObject(1, UUID.class)), golden.id).execute(session);
        Set<UUID> removed = new LinkedHashSet<>();
        List<Map<String, Object>> kept = new ArrayList<>();
        for (Entity entity : Held.BELONGINGS) {
            Set<UUID> gone = new LinkedHashSet<>();
            for (GoldenRow one : belongings.get(entity)) {
                boolean stays = entity.issued() || entity == Entity.ORDER && paidFor.contains(one.id);
                if (stays) {
                    kept.add(kept(one));
                    continue;
                }
                gone.add(one.id);
                work.workspace().takeAway(one, Map.of(), work.source(), "erased");
                work.turn().touch(one.id);
                if (entity == Entity.ORDER) {
                    work.turn().touch(new Workspace.OrderNumber(one.text("number")));
                }
            }
            removed.addAll(gone);
            if (!entity.issued()) {
                hub.put(Held.plural(entity) + " removed", gone.size());
                work.last().write("delete from " + entity.table() + " where id = any(?::uuid[])",
                        (Object) Writing.ids(gone));
            }
        }
        person.belongings().get(Entity.PAYMENT)
                .forEach(id -> kept.add(Map.of("entity", "payment", "id", id.toString(), "why", KEPT)));
        withoutNotes(belongings.get(Entity.ORDER).stream().filter(order -> paidFor.contains(order.id)).toList(),
                Stream.of(Entity.INVOICE, Entity.CREDIT_NOTE).flatMap(issued -> belongings.get(issued).stream())
                        .toList());
        boolean buys = !kept.isEmpty();
        customer(buys);
        if (buys) {
            kept.addFirst(Map.of("entity", "customer", "id", golden.id.toString(), "fields",
                    List.copyOf(buyer(golden.document).keySet()), "why", KEPT));
        }

        inSpokes(removed);
        Object emptied = person.changes().toArray(Long[]::new);
        new Statements().read("select erase_changes(?)", row -> hub.put("changes emptied", row.getLong(1)), emptied)
                .execute(session);
        hub.put("messages emptied", messages.size());
        empty(messages);
        Map<String, Object> done = new LinkedHashMap<>();
        done.put("hub", hub);
        done.put("kept", kept);
        done.put("tombstones", marks.size());
        done.put("notReached", Erasures.NOT_REACHED);
        work.last().and(session.marks().raise(erasure, marks)).write(
                "insert into erasure (id, erased_by, at, done) values (?, ?, ?, ?::json)", erasure,
                work.source().spoke(), now, Json.text(done));
        work.turn().touch(Tombstones.ALL);
        return marks;
    }

    private static Map<String, Object> kept(GoldenRow golden) {
        Map<String, Object> kept = new LinkedHashMap<>();
        kept.put("entity", golden.entity.word());
        kept.put("id", golden.id.toString());
        kept.put("number", golden.text("number"));
        kept.put("fields", List.copyOf(golden.document.keySet()));
        kept.put("why", KEPT);
        return kept;
    }

    /** What somebody who stays has too is no mark of the one who goes. */
    private Set<MatchKey> unshared() throws SQLException {
        Map<String, MatchKey> hashed = new LinkedHashMap<>();
        person.keys().forEach(key -> hashed.put(key.hashed(), key));
        new Statements().read("""
                select k.key from customer_key k where k.key = any(?) and k.customer <> all(?::uuid[])
                """, row -> hashed.remove(row.getString(1)), hashed.keySet().toArray(String[]::new),
                Writing.ids(person.customers())).execute(session);
        return new LinkedHashSet<>(hashed.values());
    }

    /** Notes are nobody's business but those of the two who spoke; nor is what lost, nor how a spoke calls the buyer. */
    private void withoutNotes(List<GoldenRow> orders, List<GoldenRow> invoices) throws SQLException {
        for (GoldenRow order : orders) {
            Map<String, Object> provenance = new LinkedHashMap<>(order.provenance().document());
            provenance.remove("lost");
            order.provenance(Provenance.of(provenance));
            work.workspace().change(order, without(order.document), List.of(), work.source(), "erased", null);
        }
        Set<UUID> kept = new LinkedHashSet<>();
        orders.forEach(order -> kept.add(order.id));
        invoices.forEach(invoice -> kept.add(invoice.id));
        for (LinkRow link : work.loading().links(kept)) {
            if (link.base != null) {
                work.workspace().hold(link, work.workspace().golden(link.entityId), without(link.base),
                        without(link.ours), null);
            }
        }
    }

    private static Map<String, Object> without(Map<String, Object> document) {
        Map<String, Object> rest = Goldens.plain(document);
        rest.remove("note");
        return rest;
    }

    private void customer(boolean buys) throws SQLException {
        for (GoldenRow member : work.loading().belongings(Entity.CUSTOMER, golden.id)) {
            Map<String, Object> free = new LinkedHashMap<>(member.document);
            free.remove("memberOf");
            work.workspace().change(member, free, List.of("memberOf"), work.source(), "erased", null);
        }
        Corrections.touch(work.turn(), golden);
        work.workspace().takeAway(golden, Map.of(), work.source(), "erased");
        work.first().write("delete from customer_key where customer = ? and key = any(?)", golden.id,
                golden.entries().toArray(String[]::new));
        if (buys) {
            work.last().write("""
                    update customer set version = ?, status = null, language = null, currency = null, member_of = null,
                      document = ?::json, provenance = ?::json, updated_at = ? where id = ?
                    """, golden.version + 1, Json.text(buyer(golden.document)),
                    Json.text(Provenance.first(work.source()).document()), now,
                    golden.id);
        } else {
            work.last().write("delete from customer where id = ?", golden.id);
        }
    }

    private static Map<String, Object> buyer(Map<String, Object> document) {
        Map<String, Object> buyer = new LinkedHashMap<>();
        for (String field : BUYER) {
            if (document.get(field) != null) {
                buyer.put(field, document.get(field));
            }
        }
        if (buyer.get("addresses") instanceof List<?> addresses && addresses.size() > 1) {
            Optional<?> billing = addresses.stream()
                    .filter(one -> one instanceof Map<?, ?> address && "billing".equals(address.get("use")))
                    .findFirst();
            buyer.put("addresses", List.of(billing.isPresent() ? billing.get() : addresses.getFirst()));
        }
        return buyer;
    }

    /** Every record of the person in a spoke has to go there as well. */
    private void inSpokes(Set<UUID> removed) throws SQLException {
        Columns records = new Columns();
        Set<UUID> unlinked = new LinkedHashSet<>(person.customers());
        unlinked.addAll(removed);
        new Statements().read("""
                select spoke, entity, external_id, attempts, lease_until, coalesce(said_as, entity_id) from link
                where entity_id = any(?::uuid[]) order by id
                """, row -> {
            String externalId = row.getString(3);
            if (externalId != null) {
                work.turn().touch(new Workspace.LinkKey(row.getString(1), row.getString(2), externalId));
            }
            if (!row.getString(2).equals("customer")) {
                return;
            }
            if (externalId != null) {
                marks.add(session.marks().record(row.getString(1), externalId));
                Instant lease = Goldens.instant(row, 5);
                // What is being written to it at this moment comes first.
                records.add(row.getString(1), externalId, "PENDING", lease == null || lease.isBefore(now) ? now : lease,
                        null);
            } else if (row.getInt(4) > 0) {
                records.add(row.getString(1), null, "BY_HAND", now,
                        "An attempt to make a record there was not answered."
                                + " Look for the hub's reference " + row.getObject(6, UUID.class) + ".");
            }
        }, (Object) Writing.ids(unlinked)).execute(session);
        if (!records.isEmpty()) {
            work.last().write("""
                    insert into spoke_erasure (erasure, spoke, external_id, state, next_try_at, problem)
                    select here.erasure, spoke, external_id, state, at::timestamptz, problem
                    from (select unnest(?) spoke, unnest(?) external_id, unnest(?) state, unnest(?) at,
                      unnest(?) problem) r, (select ?::uuid) here(erasure)
                    """, records.arrays(erasure));
        }
        work.first().write("delete from link where entity_id = any(?::uuid[])", (Object) Writing.ids(unlinked));
    }

    /** Leaves of messages, parked items, deliveries and merges that they were, and nothing of what they said. */
    private void empty(Set<UUID> messages) {
        Object all = Writing.ids(person.all());
        Object customers = Writing.ids(person.customers());
        Object said = Writing.ids(messages);
        work.first().write("""
                update message set received = '', received_hash = '', traceparent = null,
                  finding = '{"recognised": "erased", "changed": []}',
                  refusal = case when refusal is not null then json_build_object('step', refusal ->> 'step',
                    'problem', 'Erased.', 'code', refusal ->> 'code') end
                where id = any(?::uuid[])
                """, said).write("""
                update parked set subject = 'erased:' || id, cause = 'erased', field = null, problem = 'Erased.',
                  detail = '{}', resolved_at = coalesce(resolved_at, ?)
                where entity_id = any(?::uuid[]) or message = any(?::uuid[]) or detail ->> 'other' = any(?)
                """, now, all, said, customers)
                // Those that waited their turn have nothing left to say.
                .write("update message set state = 'DISCARDED' where id = any(?::uuid[]) and state in ('PARKED', 'WAITING')",
                        said)
                .write("delete from held where message = any(?::uuid[])", said)
                .write("update parked_action set edited = null where edited is not null and subject in (select 'message:' || m"
                        + " from unnest(?::uuid[]) m)", said)
                .write("update reconcile_difference set problem = null where entity_id = any(?::uuid[]) and problem is not null",
                        all)
                .write("update delivery set problem = null where entity_id = any(?::uuid[]) and problem is not null",
                        all)
                .write("delete from customer_merge where kept = any(?::uuid[]) or absorbed = any(?::uuid[])", customers,
                        customers);
    }
}
