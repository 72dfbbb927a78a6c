package io.serai.crm;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;

import javax.sql.DataSource;

import org.springframework.jdbc.datasource.DelegatingDataSource;

import io.serai.crm.SimulatedSpoke.Notice;
import io.serai.crm.plan.Projection;
import io.serai.crm.plan.Survivorship;

/**
 * A company in miniature on the real store, all of whose life follows from one seed: spokes that write things down in
 * their own way, are away, ask to wait, lose answers and tell what happened late, twice and out of order; people who
 * edit everywhere; sales that arrive by several ways; one or two hubs that die between any two commits.
 *
 * <p>What a hub's worker makes of an answer stands here in short; the long form is in {@code routes}.
 */
final class Simulation {
    private static final int STEPS = 30;
    private static final Duration LEASE = Duration.ofSeconds(30);
    /** Messages of spokes whose order nobody can tell are no later than this. */
    private static final Duration LATEST = Duration.ofSeconds(20);
    private static final Set<String> CARRIED = Set.of("kind", "name", "organizationName", "emails", "phones",
            "addresses", "language", "note");
    private static final List<String> OWN_FIELDS = List.of("name", "organizationName", "note");

    /** A promise was broken. */
    static final class Broken extends AssertionError {
        private static final long serialVersionUID = 1L;

        Broken(String what) {
            super(what);
        }
    }

    private final long seed;
    private final Random random;
    private final DataSource database;
    private final Settings settings;
    private final List<SimulatedSpoke> spokes = new ArrayList<>();
    private final SimulatedBooks accounting;
    private final List<Process> processes = new ArrayList<>();
    private final Map<String, SimulatedSpoke> owners = new LinkedHashMap<>();
    private final List<Notice> sales = new ArrayList<>();
    private final Set<String> people = new LinkedHashSet<>();
    private final Map<String, Object> expected = new LinkedHashMap<>();
    /** The records in which people edit a field that is theirs alone. */
    private final Map<String, Boolean> origins = new HashMap<>();
    private final SimulatedSpoke busiest;
    private String latestEdited;
    private final Map<String, Set<String>> phones = new LinkedHashMap<>();
    private final Map<String, String> totals = new LinkedHashMap<>();
    private final Set<String> paid = new LinkedHashSet<>();
    private final Map<UUID, Long> goldenVersions = new HashMap<>();
    private final Set<String> linked = new LinkedHashSet<>();
    private final Set<Object> introduced = new HashSet<>();
    /** The latest claim of each lane whose result is not recorded. */
    private final Map<Long, Call> underWay = new HashMap<>();
    final List<String> trace = new ArrayList<>();
    private Instant now = Instant.parse("2026-03-01T10:00:00Z");
    private int tokens;
    private boolean calm;

    Simulation(DataSource database, int tenant, long seed) {
        this.seed = seed;
        this.random = new Random(seed * 0x9E3779B97F4A7C15L);
        this.database = database;
        for (String name : List.of("erp", "shop", "books", "crm").subList(0, 3 + random.nextInt(2))) {
            spokes.add(new SimulatedSpoke(name, SimulatedSpoke.Character.any(random)));
        }
        for (String field : OWN_FIELDS) {
            List<SimulatedSpoke> able = spokes.stream()
                    .filter(spoke -> !field.equals("note") || !spoke.character.dropsNotes()).toList();
            if (!able.isEmpty()) {
                owners.put(field, any(able));
            }
        }
        this.accounting = new SimulatedBooks(random);
        this.busiest = any(spokes);
        List<SpokeProfile> profiles = new ArrayList<>();
        spokes.forEach(spoke -> profiles.add(
                new SpokeProfile(spoke.name, "customer", SpokeProfile.Flow.OUT, CARRIED, 50)));
        profiles.add(new SpokeProfile("books", "invoice", SpokeProfile.Flow.ISSUE, Set.of(), 50));
        this.settings = new Settings(tenant, profiles, Survivorship.NEWEST_EVERYWHERE);
        say("seed %d: %s; %s; owners %s", seed, spokes, accounting, owners.keySet());
    }

    /** Lives it; throws {@link Broken} when a promise is. */
    void live() {
        processes.add(new Process("hub-a"));
        if (random.nextBoolean()) {
            processes.add(new Process("hub-b"));
        }
        try {
            newPerson(any(spokes));
            for (int i = 0; i < STEPS; i++) {
                step();
                now = now.plusMillis(1 + random.nextInt(400));
            }
            becomeQuiet();
            check();
            oneEditMakesOneWriteForEachOtherRecord();
        } finally {
            processes.forEach(process -> process.store.close());
        }
    }

    private void step() {
        switch (random.nextInt(20)) {
            case 0 -> newPerson(any(spokes));
            case 1, 2, 3 -> edit(any(spokes));
            case 4 -> quickEdits(chance(0.7) ? busiest : any(spokes));
            case 5, 6, 7 -> hear(any(spokes), any(processes));
            case 8 -> crossing(any(spokes), any(processes));
            case 9, 10, 11 -> claim(any(spokes), any(processes));
            case 12, 13, 14 -> send(any(processes));
            case 15, 16 -> record(any(processes));
            case 17 -> sale();
            case 18 -> invoices(any(processes));
            default -> mishap();
        }
    }

    private void mishap() {
        switch (random.nextInt(3)) {
            case 0 -> crash(any(processes));
            case 1 -> {
                SimulatedSpoke spoke = any(spokes);
                spoke.away = !spoke.away;
                say("%s is %s", spoke.name, spoke.away ? "away" : "back");
            }
            default -> passes(Duration.ofSeconds(random.nextInt(45)));
        }
    }

    // ---- people

    private void newPerson(SimulatedSpoke spoke) {
        String mail = !people.isEmpty() && chance(0.4)
                ? any(List.copyOf(people))
                : "Person" + ++tokens
                        + "@Example.org";
        if (recordOf(spoke, mail) != null) {
            return;
        }
        people.add(mail);
        Map<String, Object> person = new LinkedHashMap<>();
        person.put("kind", "person");
        person.put("emails", List.of(Map.of("address", chance(0.5) ? mail.toUpperCase(Locale.ROOT) : mail)));
        write(spoke, spoke.name + "-own-" + ++tokens, person);
    }

    /** Somebody at one desk makes several edits of one customer, while the hub hears, claims, writes and records. */
    private void quickEdits(SimulatedSpoke spoke) {
        for (int i = 2 + random.nextInt(3); i > 0; i--) {
            edit(spoke);
            now = now.plusMillis(1 + random.nextInt(40));
            for (int j = random.nextInt(4); j > 0; j--) {
                switch (random.nextInt(6)) {
                    case 0, 1 -> hear(spoke, any(processes));
                    case 2 -> claim(chance(0.5) ? spoke : any(spokes), any(processes));
                    case 3, 4 -> send(any(processes));
                    default -> record(any(processes));
                }
                now = now.plusMillis(1 + random.nextInt(40));
            }
        }
    }

    /** Somebody edits a customer while what somebody else has said of it is written to the very same spoke: the two cross. */
    private void crossing(SimulatedSpoke spoke, Process process) {
        SimulatedSpoke other = any(spokes);
        edit(other);
        while (other != spoke && !other.notices.isEmpty()) {
            hear(other, process);
        }
        edit(spoke);
        claim(spoke, process);
        process.calls.stream().filter(call -> call.spoke() == spoke).toList().forEach(call -> {
            process.calls.remove(call);
            send(call, process);
        });
        record(process);
        now = now.plusMillis(1 + random.nextInt(400));
        hear(spoke, process);
    }

    private void edit(SimulatedSpoke spoke) {
        List<String> known = people.stream().filter(mail -> recordOf(spoke, mail) != null).toList();
        if (known.isEmpty()) {
            newPerson(spoke);
            return;
        }
        String mail = known.contains(latestEdited) && chance(0.7) ? latestEdited : any(known);
        latestEdited = mail;
        String id = recordOf(spoke, mail);
        int token = ++tokens;
        List<String> own = OWN_FIELDS.stream().filter(field -> owners.get(field) == spoke).toList();
        // The hub cannot tell a record that it has not heard of from one that it is making there: a phone that it has
        // instead of the one that is written would be an edit.
        boolean met = introduced.contains(id) || !id.contains("-own-");
        switch (random.nextInt(own.isEmpty() ? 2 : 4)) {
            case 1 -> {
                if (met) {
                    editPhones(spoke, mail, id, token);
                }
            }
            case 0 -> write(spoke, id, Map.of("addresses", List.of(Map.of("use", "home", "city",
                    "City " + token + " on the long river"))));
            default -> {
                String field = any(own);
                Object value = field.equals("name")
                        ? Map.of("family", token + " family from the long river, number " + token)
                        : token + " words and more of them than fit everywhere";
                write(spoke, id, Map.of(field, value));
                expected.put(mail + " " + field, spoke.records.get(id).get(field));
                origins.put(spoke.name + "/" + id + " " + field, true);
            }
        }
    }

    /** Every spoke adds phones of its own, and removes only these. */
    private void editPhones(SimulatedSpoke spoke, String mail, String id, int token) {
        List<Map<?, ?>> numbers = new ArrayList<>();
        if (spoke.records.get(id).get("phones") instanceof List<?> held) {
            held.forEach(phone -> numbers.add((Map<?, ?>) phone));
        }
        String prefix = "+4144" + (1 + spokes.indexOf(spoke));
        Set<String> all = phones.computeIfAbsent(mail, _ -> new LinkedHashSet<>());
        Map<?, ?> own = numbers.stream().filter(phone -> phone.get("number").toString().startsWith(prefix)).findFirst()
                .orElse(null);
        if (own != null && chance(0.5)) {
            numbers.remove(own);
            all.remove(own.get("number").toString());
        } else {
            String number = prefix + (100000 + token);
            numbers.add(Map.of("number", number));
            all.add(number);
        }
        write(spoke, id, Map.of("phones", List.copyOf(numbers)));
    }

    private void write(SimulatedSpoke spoke, String id, Map<String, Object> patch) {
        spoke.write(id, patch, now, false);
        say("somebody writes %s of %s in %s", patch, id, spoke.name);
    }

    /** The record of a person that people edit there; null when there is none. */
    private static String recordOf(SimulatedSpoke spoke, String mail) {
        return spoke.records.entrySet().stream().filter(record -> mail.equalsIgnoreCase(mail(record.getValue())))
                .map(Map.Entry::getKey).findFirst().orElse(null);
    }

    private static String mail(Map<String, Object> document) {
        return document.get("emails") instanceof List<?> emails && !emails.isEmpty()
                ? ((Map<?, ?>) emails.getFirst()).get("address").toString()
                : null;
    }

    private void passes(Duration time) {
        for (SimulatedSpoke spoke : spokes) {
            while (!spoke.character.counts() && !spoke.notices.isEmpty()
                    && spoke.notices.getFirst().made().plus(LATEST).isBefore(now.plus(time))) {
                hear(spoke, processes.getFirst());
            }
        }
        now = now.plus(time);
        say("%s pass", time);
    }

    // ---- what the hub hears

    private void hear(SimulatedSpoke spoke, Process process) {
        List<Notice> heard = new ArrayList<>();
        for (int i = 0; i < 3 && i < spoke.notices.size(); i++) {
            heard.add(spoke.notices.get(i));
        }
        if (spoke.character.counts() && !heard.isEmpty()) {
            heard = List.of(any(spoke.notices));
        }
        tell(heard, process);
        for (Notice notice : heard) {
            if (!spoke.character.counts() || !chance(0.15)) {
                spoke.notices.remove(notice); // else its sender did not hear the answer, and tells it again
            }
        }
        if (!heard.isEmpty() && !spoke.character.counts() && chance(0.1)) {
            tell(heard, process);
        }
    }

    private void tell(List<Notice> notices, Process process) {
        if (notices.isEmpty()) {
            return;
        }
        List<Outcome> outcomes = process.store.ingest().ingest(notices.stream().map(this::arrival).toList());
        for (int i = 0; i < outcomes.size(); i++) {
            Outcome outcome = outcomes.get(i);
            say("%s hears %s %s: %s, version %s", process.name, notices.get(i).event(), notices.get(i).document(),
                    outcome.state(), outcome.version());
            if (notices.get(i).document().get("source") instanceof Map<?, ?> record) {
                introduced.add(record.get("id"));
            }
            require(outcome.refusal() == null, "%s was refused: %s", notices.get(i), outcome.refusal());
            if (outcome.state() == Outcome.State.APPLIED) {
                Long before = goldenVersions.put(outcome.id(), outcome.version());
                require(before == null || outcome.version() > before, "version %s of %s came after %s",
                        outcome.version(), outcome.id(), before);
            }
        }
    }

    private Arrival arrival(Notice notice) {
        String entity = notice.document().containsKey("amount")
                ? "payment"
                : notice.document().containsKey("total") ? "order" : "customer";
        String spoke = notice.spoke() == null ? "finance" : notice.spoke().name;
        return new Arrival(spoke, entity, notice.event(), "webhook", "application/json",
                Json.text(notice.document()).getBytes(StandardCharsets.UTF_8), now, notice.document(), null, "test@1",
                null, null);
    }

    // ---- sales

    /** A sale is told by several ways, and may be paid at once, or in parts, told as often. */
    private void sale() {
        if (people.isEmpty()) {
            return;
        }
        String number = "S-" + ++tokens;
        String total = 10 + random.nextInt(90) + ".50";
        boolean atOnce = random.nextBoolean();
        totals.put(number, total);
        Map<String, Object> order = new LinkedHashMap<>();
        order.put("number", number);
        order.put("total", total);
        order.put("currency", "CHF");
        order.put("paymentStatus", atOnce ? "paid" : "unpaid");
        order.put("customer", Map.of("kind", "person", "emails", List.of(Map.of("address",
                any(List.copyOf(people))))));
        Map<String, Object> withId = new LinkedHashMap<>(order);
        withId.put("source", Map.of("id", "o" + number));
        List<Notice> told = new ArrayList<>(List.of(new Notice(spokes.get(1), "order " + number, now, withId, false),
                new Notice(null, "queued " + number, now, order, false)));
        if (random.nextBoolean()) {
            told.add(new Notice(spokes.get(0), "by hand " + number, now, order, false));
        }
        if (!atOnce && random.nextInt(3) > 0) {
            for (String part : List.of("1", total.replace(".50", "") + ".00")) {
                told.add(new Notice(null, "payment " + number + " " + part, now,
                        Map.of("source", Map.of("id", number + "-" + part), "orderNumber", number, "amount", part,
                                "currency", "CHF"),
                        false));
            }
        }
        if (atOnce || told.size() > 3) {
            paid.add(number);
        }
        int payments = told.size() - (atOnce ? 0 : 2);
        say("sale %s of %s, %s", number, total, atOnce ? "paid" : payments > 1 ? "paid in parts" : "not paid");
        sales.addAll(told);
        if (chance(0.5)) {
            tellSales(any(processes));
        }
    }

    private void tellSales(Process process) {
        // A payment cannot come before its order, or it is refused and parked.
        for (Notice sale : List.copyOf(sales)) {
            tell(List.of(sale), process);
            if (chance(0.3)) {
                tell(List.of(sale), any(processes));
            }
            sales.remove(sale);
        }
    }

    private void invoices(Process process) {
        for (InvoiceClaim claim : process.store.invoices().claim("books", 5, LEASE)) {
            say("%s %s invoice %s, key %s", process.name, claim.asks() ? "asks for" : "sends", claim.reference(),
                    claim.idempotencyKey());
            int luck = calm ? 9 : random.nextInt(10);
            if (luck == 0) {
                say("%s dies before it calls", process.name);
                continue;
            }
            InvoiceResult.Kind kind;
            SimulatedBooks.Made made = null;
            if (luck == 1) {
                kind = InvoiceResult.Kind.RETRY; // asked to wait, or not reached
            } else if (claim.asks()) {
                made = accounting.lookUp(claim.reference(), now);
                kind = made == null ? InvoiceResult.Kind.ABSENT : InvoiceResult.Kind.MADE;
            } else {
                made = accounting.make(claim, now);
                say("books make %s", made);
                kind = luck <= 4 ? InvoiceResult.Kind.UNKNOWN : InvoiceResult.Kind.MADE;
            }
            if (luck == 5) {
                say("%s dies before it hears", process.name);
                continue;
            }
            if (luck == 6) {
                passes(Duration.ofSeconds(31)); // the answer is slow: the lease lapses
            }
            boolean stood = process.store.invoices()
                    .record(new InvoiceResult(claim, kind,
                            kind == InvoiceResult.Kind.MADE ? SimulatedBooks.answer(made) : null,
                            null, Duration.ofMillis(500), kind == InvoiceResult.Kind.MADE ? null : "no answer",
                            null, now, Duration.ofMillis(3)));
            say("%s records %s for %s%s", process.name, kind, claim.reference(), stood ? "" : ", too late");
        }
    }

    // ---- what the hub writes

    /** A hub process with the calls that it is busy with. */
    private final class Process {
        final String name;
        private final Wire wire = new Wire(database);
        CrmStore store;
        final List<Call> calls = new ArrayList<>();
        final List<DeliveryResult> results = new ArrayList<>();

        Process(String name) {
            this.name = name;
            this.store = CrmStore.open(wire, settings, () -> now);
        }
    }

    /** @param heard how many edits of lists in the record the hub knew of */
    private record Call(SimulatedSpoke spoke, Delivery delivery, Instant until, int heard) {

        /**
         * People have changed the list that is about to be written over, in a spoke that does not refuse that. Nobody could
         * mend it: what they did is not there any more when the hub hears of it.
         */
        boolean wouldDestroy() {
            return !spoke.character.guards() && !delivery.creates()
                    && (delivery.patch().containsKey("phones") || delivery.patch().containsKey("addresses"))
                    && spoke.listEdits(delivery.externalId()) > heard;
        }
    }

    /** The way to the database, which can be cut. */
    private static final class Wire extends DelegatingDataSource {
        private int left = Integer.MAX_VALUE;

        Wire(DataSource database) {
            super(database);
        }

        @Override
        public Connection getConnection() throws SQLException {
            if (left-- <= 0) {
                throw new SQLException("the hub is dead");
            }
            return super.getConnection();
        }
    }

    /** The last it does may still be committed, in part; nobody hears of it. */
    private void crash(Process process) {
        SimulatedSpoke spoke = any(spokes);
        process.wire.left = random.nextInt(3);
        say("%s dies", process.name);
        try {
            switch (random.nextInt(3)) {
                case 0 -> process.store.lanes().claim(spoke.name, "customer", 100, LEASE);
                case 1 -> {
                    if (!spoke.notices.isEmpty()) {
                        process.store.ingest().ingest(List.of(arrival(spoke.notices.getFirst())));
                    }
                }
                default -> {
                    if (!process.results.isEmpty()) {
                        process.store.lanes().record(process.results);
                    }
                }
            }
        } catch (StoreUnavailable died) {
            say("before it could commit all");
        }
        process.results.forEach(result -> underWay.remove(result.delivery().lane())); // recorded or not, who knows
        process.store.close();
        process.calls.clear();
        process.results.clear();
        process.wire.left = Integer.MAX_VALUE;
        process.store = CrmStore.open(process.wire, settings, () -> now);
    }

    private void claim(SimulatedSpoke spoke, Process process) {
        process.store.lanes().claim(spoke.name, "customer", calm ? 100 : 1 + random.nextInt(3), LEASE).stream()
                .sorted(Comparator.comparing((Delivery delivery) -> String.valueOf(mail(delivery.golden())))
                        .thenComparing(delivery -> String.valueOf(delivery.externalId())))
                .forEach(delivery -> {
                    Call other = underWay.put(delivery.lane(), call(spoke, delivery));
                    require(other == null || other.until().isBefore(now), "%s/%s is claimed twice at a time",
                            spoke.name,
                            delivery.externalId());
                    say("%s claims version %d of %s for %s/%s, attempt %d", process.name, delivery.version(),
                            mail(delivery.golden()), spoke.name, delivery.externalId(), delivery.attempt());
                    process.calls.add(call(spoke, delivery));
                });
    }

    private Call call(SimulatedSpoke spoke, Delivery delivery) {
        return new Call(spoke, delivery, now.plus(LEASE),
                delivery.creates() ? 0 : spoke.listEditsHeard(delivery.externalId()));
    }

    private void send(Process process) {
        if (!process.calls.isEmpty()) {
            send(process.calls.remove(calm ? 0 : random.nextInt(process.calls.size())), process);
        }
    }

    private void send(Call call, Process process) {
        // A call ends before its lease does.
        DeliveryResult result = call.until().isBefore(now) ? null : carryOut(call, process);
        if (result != null) {
            say("%s: %s/%s %s %s", process.name, call.spoke().name, result.externalId(), result.kind(), result.held());
            process.results.add(result);
        }
    }

    private DeliveryResult carryOut(Call call, Process process) {
        SimulatedSpoke spoke = call.spoke();
        Delivery delivery = call.delivery();
        if (!calm && spoke.away) {
            return result(call, DeliveryResult.Kind.RETRY, null, delivery.creates() && delivery.attempt() == 1);
        }
        if (chance(0.05) || call.wouldDestroy()) {
            return result(call, DeliveryResult.Kind.RETRY, null, false); // asked to wait
        }
        String known = delivery.creates() && delivery.attempt() > 1
                ? spoke.byReference.get(delivery.reference())
                : null;
        if (known != null) {
            return result(call, DeliveryResult.Kind.ADOPT, known, true);
        }
        if (delivery.unread()) {
            return result(call, DeliveryResult.Kind.ADOPT, delivery.externalId(), true);
        }
        if (!delivery.creates() && spoke.refuses(delivery.externalId(), delivery.revision())) {
            say("%s/%s is not at revision %s any more", spoke.name, delivery.externalId(), delivery.revision());
            tell(List.of(new Notice(spoke, "read again " + delivery.externalId() + " " + ++tokens, now,
                    spoke.whole(delivery.externalId()), false)), process);
            return result(call, DeliveryResult.Kind.RETRY, null, true);
        }
        String id = delivery.creates() ? spoke.name + "-" + ++tokens : delivery.externalId();
        if (delivery.creates()) {
            spoke.byReference.put(delivery.reference(), id);
        }
        Long before = spoke.versions.put(id, delivery.version());
        require(before == null || before <= delivery.version(), "%s/%s got version %d after %d", spoke.name, id,
                delivery.version(), before);
        spoke.write(id, delivery.patch(), now, true);
        say("the hub writes %s to %s/%s, which holds %s", delivery.patch(), spoke.name, id, spoke.records.get(id));
        return chance(0.12)
                ? result(call, DeliveryResult.Kind.RETRY, null, true) // the answer was lost
                : result(call, DeliveryResult.Kind.DONE, id, true);
    }

    private DeliveryResult result(Call call, DeliveryResult.Kind kind, String id, boolean counts) {
        SimulatedSpoke spoke = call.spoke();
        boolean whole = id != null && (spoke.character.answersWhole() || kind == DeliveryResult.Kind.ADOPT);
        return new DeliveryResult(call.delivery(), kind, whole ? spoke.whole(id) : null, id,
                id == null ? null : spoke.answeredRevision(id), Duration.ofSeconds(1), counts,
                id == null ? "no answer" : null, null, now, Duration.ofMillis(1));
    }

    private void record(Process process) {
        if (process.results.isEmpty()) {
            return;
        }
        List<DeliveryResult> results = calm || chance(0.5)
                ? List.copyOf(process.results)
                : List.of(any(process.results));
        process.results.removeAll(results);
        List<Boolean> stood = process.store.lanes().record(results);
        say("%s records %d results, in time: %s", process.name, results.size(), stood);
        for (int i = 0; i < results.size(); i++) {
            Delivery delivery = results.get(i).delivery();
            Call latest = underWay.get(delivery.lane());
            require(!stood.get(i) || latest == null || latest.delivery().fence() == delivery.fence(),
                    "the result of a claim that lapsed was recorded: version %d of %s", delivery.version(),
                    delivery.id());
            if (latest != null && latest.delivery().fence() == delivery.fence()) {
                underWay.remove(delivery.lane());
            }
        }
    }

    // ---- in the end

    private void becomeQuiet() {
        calm = true;
        say("all is well from here");
        for (int round = 0; round < 40; round++) {
            int before = writes();
            for (Process process : processes) {
                record(process);
                process.calls.clear();
            }
            Process process = processes.getFirst();
            List<Notice> notices = new ArrayList<>(sales);
            sales.clear();
            for (SimulatedSpoke spoke : spokes) {
                notices.addAll(spoke.notices);
                spoke.notices.clear();
            }
            tell(notices, process);
            now = now.plus(Duration.ofMinutes(2));
            Set<String> behind = new HashSet<>();
            query("""
                    select spoke from link where state = 'BEHIND'
                    union select 'invoices' from invoice where state in ('PENDING', 'SENDING', 'UNKNOWN')
                    """, row -> behind.add(row.getString(1)));
            for (SimulatedSpoke spoke : spokes) {
                if (behind.contains(spoke.name)) {
                    claim(spoke, process);
                }
                while (!process.calls.isEmpty()) {
                    send(process);
                }
            }
            record(process);
            if (behind.contains("invoices")) {
                invoices(process);
            }
            if (notices.isEmpty() && behind.isEmpty() && before == writes()) {
                return;
            }
        }
        throw broken("it never becomes quiet");
    }

    private int writes() {
        return spokes.stream().flatMap(spoke -> spoke.writes.values().stream()).mapToInt(Integer::intValue).sum();
    }

    private record Held(UUID id, Map<String, Object> golden, String spoke, String externalId, String state) {}

    private void check() {
        List<Held> links = new ArrayList<>();
        query("""
                select c.id, c.document::text, l.spoke, l.external_id, l.state from customer c
                left join link l on l.entity_id = c.id order by c.id, l.id
                """, row -> links.add(new Held(row.getObject(1, UUID.class), Json.document(row.getString(2)),
                row.getString(3), row.getString(4), row.getString(5))));
        Map<UUID, Map<String, Object>> goldens = new LinkedHashMap<>();
        links.forEach(link -> goldens.put(link.id(), link.golden()));
        Set<String> found = new HashSet<>();
        goldens.values().forEach(golden -> found.add(String.valueOf(mail(golden)).toLowerCase(Locale.ROOT)));
        require(found.size() == goldens.size(), "somebody is there twice: %s", goldens);
        linked.clear();
        for (Held link : links) {
            SimulatedSpoke spoke = spokes.stream().filter(one -> one.name.equals(link.spoke())).findFirst()
                    .orElseThrow(() -> broken("nobody has " + link));
            require("SYNCED".equals(link.state()), "%s is %s", link, link.state());
            Map<String, Object> held = spoke.records.get(link.externalId());
            Map<String, Object> wanted = spoke.over(Map.of(), Projection.of(link.golden(), CARRIED::contains));
            require(held != null && Projection.inStep("customer", held, wanted),
                    "convergence: %s/%s holds %s but the golden record says %s", spoke.name, link.externalId(), held,
                    link.golden());
            linked.add(spoke.name + "/" + link.externalId());
        }
        require(linked.size() >= goldens.size() * spokes.size(), "somebody is missing somewhere: %s", links);
        spokes.forEach(this::everyRecordIsLinked);
        spokes.forEach(this::nothingGoesBackAndNothingComesBack);
        goldens.values().forEach(this::noEditIsLost);
        oneInvoiceForEachSale();
        query("select kind, problem, detail::text from parked where resolved_at is null", row -> {
            throw broken("parked: " + row.getString(1) + " " + row.getString(2) + " " + row.getString(3));
        });
    }

    /**
     * Nobody can know of a record that the hub made without hearing of it while somebody else made another, where the
     * spoke does not tell of what the hub writes.
     */
    private void everyRecordIsLinked(SimulatedSpoke spoke) {
        for (String id : spoke.records.keySet()) {
            require(linked.contains(spoke.name + "/" + id)
                    || spoke.byReference.containsValue(id) && !spoke.character.tellsOfWrites(),
                    "%s/%s is linked with nobody", spoke.name, id);
        }
    }

    /**
     * As the fault suite's checker judges: what one spoke alone edits never goes back to an earlier edit anywhere, and the hub
     * never writes it to the record where people edit it.
     */
    private void nothingGoesBackAndNothingComesBack(SimulatedSpoke spoke) {
        Map<String, Integer> seen = new HashMap<>();
        for (SimulatedSpoke.Entry entry : spoke.ledger) {
            String where = spoke.name + "/" + entry.record() + " " + entry.field();
            Integer before = seen.put(where, entry.token());
            require(before == null || before <= entry.token(), "order: %s went from edit %s back to %s", where, before,
                    entry.token());
            require(!entry.byHub() || !origins.containsKey(where), "echo: the hub wrote edit %s back to %s, where it"
                    + " came from", entry.token(), where);
        }
    }

    private void noEditIsLost(Map<String, Object> golden) {
        String mail = people.stream().filter(person -> person.equalsIgnoreCase(mail(golden))).findFirst()
                .orElseThrow(() -> broken("nobody is " + golden));
        for (String field : OWN_FIELDS) {
            Object last = expected.get(mail + " " + field);
            require(last == null || last.equals(golden.get(field)), "lost edit: %s of %s should be %s", field, golden,
                    last);
        }
        Set<String> numbers = new HashSet<>();
        if (golden.get("phones") instanceof List<?> held) {
            held.forEach(phone -> numbers.add(((Map<?, ?>) phone).get("number").toString()));
        }
        Set<String> wanted = phones.getOrDefault(mail, Set.of());
        require(numbers.equals(wanted), "lost edit: phones of %s should be %s", golden, wanted);
    }

    private void oneInvoiceForEachSale() {
        Map<String, List<SimulatedBooks.Made>> made = new LinkedHashMap<>();
        accounting.ledger
                .forEach(one -> made.computeIfAbsent(one.reference(), _ -> new ArrayList<>()).add(one));
        for (String number : paid) {
            List<SimulatedBooks.Made> invoices = made.getOrDefault(number, List.of());
            require(invoices.size() == 1, "sale %s has invoices %s", number, invoices);
            require(totals.get(number).equals(invoices.getFirst().total()), "sale %s of %s has invoice %s", number,
                    totals.get(number), invoices);
        }
        require(made.size() == paid.size(), "invoices %s, but only %s were paid", made, paid);
    }

    /** One outside change causes one write to each record elsewhere, none to its origin, then silence. */
    private void oneEditMakesOneWriteForEachOtherRecord() {
        SimulatedSpoke origin = any(spokes);
        String id = any(origin.records.keySet().stream().filter(one -> linked.contains(origin.name + "/" + one))
                .toList());
        String mail = mail(origin.records.get(id));
        Map<String, Integer> before = counts();
        write(origin, id, Map.of("addresses", List.of(Map.of("use", "home", "city", "Last city " + ++tokens))));
        becomeQuiet();
        check();
        counts().forEach((record, count) -> {
            boolean same = mail.equalsIgnoreCase(mail(find(record)));
            int wanted = same && !record.equals(origin.name + "/" + id) ? 1 : 0;
            require(count - before.getOrDefault(record, 0) == wanted, "echo: %d writes to %s after an edit of %s/%s",
                    count - before.getOrDefault(record, 0), record, origin.name, id);
        });
    }

    private Map<String, Integer> counts() {
        Map<String, Integer> counts = new LinkedHashMap<>();
        spokes.forEach(spoke -> spoke.records.keySet().stream().filter(id -> linked.contains(spoke.name + "/" + id))
                .forEach(id -> counts.put(spoke.name + "/" + id, spoke.writes.getOrDefault(id, 0))));
        return counts;
    }

    private Map<String, Object> find(String record) {
        String name = record.substring(0, record.indexOf('/'));
        return spokes.stream().filter(spoke -> spoke.name.equals(name)).findFirst().orElseThrow().records
                .get(record.substring(name.length() + 1));
    }

    // ---- small things

    private interface Rows {
        void take(ResultSet row) throws SQLException;
    }

    private void query(String sql, Rows rows) {
        try (Connection connection = database.getConnection()) {
            connection.setAutoCommit(false);
            try (PreparedStatement tenant = connection.prepareStatement("select set_config('serai.tenant', ?, true)");
                    PreparedStatement statement = connection.prepareStatement(sql)) {
                tenant.setString(1, Integer.toString(settings.tenant()));
                tenant.execute();
                try (ResultSet found = statement.executeQuery()) {
                    while (found.next()) {
                        rows.take(found);
                    }
                }
            } finally {
                connection.rollback();
            }
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private boolean chance(double share) {
        return !calm && random.nextDouble() < share;
    }

    private <T> T any(List<T> some) {
        return some.get(random.nextInt(some.size()));
    }

    private void say(String what, Object... values) {
        trace.add(now.toString().substring(11) + " " + what.formatted(values));
    }

    private void require(boolean holds, String what, Object... values) {
        if (!holds) {
            throw broken(what.formatted(values));
        }
    }

    private Broken broken(String what) {
        return new Broken(what);
    }
}
