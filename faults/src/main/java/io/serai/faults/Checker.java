package io.serai.faults;

import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Looks once, when everything is quiet, and believes the ledgers of the company's systems and nobody else. SQL only answers
 * what is true within the database: nothing half applied, and a chain of changes that holds.
 */
final class Checker {
    private static final Duration STILL = Duration.ofSeconds(2);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(300);
    private final Stage stage;
    private final Load load;
    private final Function<Instant, String> after;
    private final List<String> breaches = new ArrayList<>();
    private final Set<String> lost = new java.util.TreeSet<>();
    private int duplicates;
    private int order;
    private int echoes;
    private int repeats;

    /** @param after says which fault came last before a moment */
    Checker(Stage stage, Load load, Function<Instant, String> after) {
        this.stage = stage;
        this.load = load;
        this.after = after;
    }

    /**
     * What was found.
     *
     * @param repeats writes that came again with the same content, as after a lost answer they must
     */
    record Findings(int lost, int duplicates, int order, int echoes, int repeats, List<String> breaches) {}

    /** @param longest how long it may take until nothing is under way any more */
    Findings check(Duration longest) throws Exception {
        String busy = settle(longest);
        if (busy != null) {
            breaches.add("I5 not quiet after " + longest.toSeconds() + " s: " + busy);
        }
        Ledgers ledgers = Ledgers.read(stage);
        customers(ledgers);
        invoices(ledgers);
        halves();
        chain();
        bounds();
        if (!breaches.isEmpty()) {
            stage.postgres.rows("select kind, spoke, entity, problem from parked where resolved_at is null limit 10")
                    .forEach(parked -> breaches.add("(parked: " + parked + ")"));
        }
        return new Findings(lost.size(), duplicates, order, echoes, repeats, breaches);
    }

    /** Null when all is quiet; else what is still under way. The hub's word decides only how long we wait. */
    private String settle(Duration longest) throws Exception {
        String[] busy = new String[1];
        long[] size = {-1, 0};
        Wait.upTo(longest, () -> {
            Wait.pass(BETWEEN_LOOKS);
            busy[0] = busy();
            long now = busy[0] == null ? Ledgers.read(stage).size() : -1;
            if (busy[0] != null || now != size[0]) {
                size[0] = now;
                size[1] = System.nanoTime();
                busy[0] = busy[0] == null ? "the ledgers still grow" : busy[0];
                return false;
            }
            busy[0] = "the ledgers still grow";
            if (System.nanoTime() - size[1] < STILL.toNanos()) {
                return false;
            }
            busy[0] = null;
            return true;
        });
        return busy[0];
    }

    private String busy() throws Exception {
        if (!load.fileTaken()) {
            return "a file is not taken";
        }
        long told = Http.get(stage.system("erp") + "/sent").text().split("\"state\":\"pending\"", -1).length - 1;
        if (told > 0) {
            return told + " messages of the ERP are not answered";
        }
        long hooks = Ledgers.read(stage).shopWaits();
        if (hooks > 0) {
            return hooks + " webhooks of the shop are not answered";
        }
        if (!load.queued.isEmpty()) {
            Set<String> known = new java.util.HashSet<>(
                    stage.postgres.rows("select event from message where protocol = 'queue'"));
            long open = load.queued.stream().filter(event -> !known.contains(event)).count();
            if (open > 0) {
                return open + " messages of the queue are not taken";
            }
        }
        int heard = stage.postgres.rows("select id from payment").size();
        if (heard < load.payments.size()) {
            return "of " + load.payments.size() + " payments the accounting service has told " + heard;
        }
        List<String> lanes = stage.postgres.rows("select spoke, entity, count(*), max(coalesce(problem, '')) from link "
                + "where state = 'BEHIND' group by 1, 2");
        if (!lanes.isEmpty()) {
            return "lanes are behind: " + lanes;
        }
        List<String> invoices = stage.postgres.rows("select state, count(*), max(coalesce(problem, '')) from invoice "
                + "where state in ('PENDING', 'SENDING', 'UNKNOWN') group by 1");
        return invoices.isEmpty() ? null : "invoices are open: " + invoices;
    }

    /** I1, I4, I5 and I6 for customers. */
    private void customers(Ledgers ledgers) {
        Map<String, Integer> seen = new HashMap<>();
        Map<String, Instant> last = new HashMap<>();
        Map<String, Person> byEmail = new HashMap<>();
        load.people.forEach(person -> byEmail.put(person.email(), person));
        for (Ledgers.Move move : ledgers.moves()) {
            Person person = byEmail.get(move.email());
            if (person == null) {
                continue;
            }
            String where = move.system() + " " + move.email();
            Integer before = seen.put(where, move.house());
            last.put(where, move.at());
            if (move.program() && person.home.equals(move.system()) && load.relearns && before != null
                    && before == move.house()) {
                repeats++;
            } else if (move.program() && person.home.equals(move.system())) {
                echoes++;
                breaches.add("I6 the hub wrote house " + move.house() + " of " + move.email()
                        + " back to where it came from, " + move.system() + ", " + after.apply(move.at()));
            } else if (before != null && move.house() < before && !load.lateAtSpokes) {
                order++;
                breaches.add("I4 " + where + " went from house " + before + " back to " + move.house() + ", "
                        + after.apply(move.at()));
            } else if (before != null && move.house() == before && move.program()) {
                repeats++;
            }
        }
        for (Person person : load.people) {
            for (String system : load.observers) {
                Integer there = seen.get(system + " " + person.email());
                if (person.id != null && (there == null || there != person.house)) {
                    lost.add(person.email());
                    breaches.add("I1 I5 " + system + " has " + person.email() + " in house " + there + ", not "
                            + person.house + (there == null
                                    ? ""
                                    : "; written last " + after.apply(last.get(system + " " + person.email()))));
                }
            }
        }
        for (String system : Ledgers.SYSTEMS) {
            ledgers.records(system).forEach((email, ids) -> {
                if (byEmail.containsKey(email) && ids.size() > 1) {
                    breaches.add("I5 " + system + " has " + email + " " + ids.size() + " times: " + ids);
                }
            });
        }
    }

    /** I1 and I2 for sales, and what became of payments. */
    private void invoices(Ledgers ledgers) {
        Map<String, List<Ledgers.Invoice>> made = new TreeMap<>();
        ledgers.invoices().forEach(
                invoice -> made.computeIfAbsent(invoice.number(), _ -> new ArrayList<>()).add(invoice));
        load.sales.forEach((number, amount) -> {
            List<Ledgers.Invoice> invoices = made.getOrDefault(number, List.of());
            if (invoices.isEmpty()) {
                lost.add("sale " + number);
                breaches.add("I1 sale " + number + " has no invoice");
            }
            for (Ledgers.Invoice invoice : invoices) {
                if (invoice.total().compareTo(amount) != 0) {
                    breaches.add("I2 sale " + number + " of " + amount + " is invoiced with " + invoice.total());
                }
            }
        });
        made.forEach((number, invoices) -> {
            BigDecimal sold = load.sales.get(number);
            if (sold == null) {
                duplicates++;
                breaches.add("I2 there is an invoice for " + number + ", which nobody sold");
            } else if (invoices.size() > 1) {
                duplicates += invoices.size() - 1;
                breaches.add("I2 sale " + number + " has " + invoices.size() + " invoices: " + invoices + ", the last "
                        + after.apply(invoices.getLast().at()));
            }
        });
        Map<String, Map<String, Object>> told = ledgers.toldToErp();
        load.keepers.forEach((number, home) -> {
            if (home.equals("erp") && load.sales.containsKey(number)) {
                Map<String, Object> last = told.get(number);
                if (last == null) {
                    lost.add("invoice of " + number);
                    breaches.add("I1 the ERP never heard of the invoice of " + number);
                } else if (load.payments.containsKey(number) && !"paid".equals(last.get("status"))) {
                    lost.add("payment of " + number);
                    breaches.add("I1 the ERP never heard that " + number + " is paid: " + last);
                }
            }
        });
    }

    /** I3: what one event does is there as a whole or not at all. */
    private void halves() throws Exception {
        none("I3 applied without a change", "select count(*) from message m where state = 'APPLIED' "
                + "and not exists (select 1 from change c where c.message = m.id)");
        none("I3 a change of a customer without its message", "select count(*) from change c where entity = 'customer' "
                + "and message is not null and not exists (select 1 from message m where m.id = c.message)");
        for (String table : List.of("customer", "sales_order", "invoice", "payment")) {
            none("I3 a version of " + table + " that no change made", "select count(*) from " + table + " r where "
                    + "version <> (select count(*) from change c where c.entity_id = r.id)");
        }
        none("I1 an event was journalled twice", "select count(*) from (select spoke, event from message "
                + "where event is not null group by 1, 2 having count(*) > 1) twice");
    }

    private void none(String what, String count) throws Exception {
        long found = stage.postgres.number(count);
        if (found > 0) {
            breaches.add(what + ": " + found);
        }
    }

    /** I8: the numbers have no gap, and each entry holds the hash of the one before. */
    private void chain() throws Exception {
        try (Connection connection = stage.postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "select sequence, at, spoke, reason, entity, entity_id, version, message, hash from change "
                                + "order by sequence")) {
            byte[] previous = {0};
            long expected = 1;
            while (row.next()) {
                String text = String.join("|", row.getString(1),
                        row.getObject(2, java.time.OffsetDateTime.class).toInstant().toString(), row.getString(3),
                        row.getString(4), row.getString(5), row.getString(6), row.getString(7), row.getString(8));
                MessageDigest digest = MessageDigest.getInstance("SHA-256");
                digest.update(previous);
                previous = digest.digest(text.getBytes(StandardCharsets.UTF_8));
                if (row.getLong(1) != expected || !ByteBuffer.wrap(previous).equals(ByteBuffer.wrap(row.getBytes(9)))) {
                    breaches.add("I8 the chain of changes breaks at " + row.getLong(1) + " (expected " + expected
                            + ")");
                    return;
                }
                expected++;
            }
        }
    }

    /** I9: the hub keeps within what it was given. */
    private void bounds() throws Exception {
        for (Hub hub : stage.hubs) {
            if (!hub.ready()) {
                continue;
            }
            Map<String, Double> figures = hub.figures();
            bound("threads", figures.get("jvm_threads_live_threads"), 300);
            bound("database connections", figures.get("hikaricp_connections"), 16);
            bound("heap in MiB", figures.get("jvm_memory_used_bytes") == null
                    ? null
                    : figures.get("jvm_memory_used_bytes") / (1 << 20), 224 + 192 + 96);
        }
    }

    private void bound(String what, Double measured, double most) {
        if (measured != null && measured > most) {
            breaches.add("I9 " + what + ": " + measured + ", more than " + most);
        }
    }
}
