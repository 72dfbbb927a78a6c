package io.serai.faults;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What the company's systems have written down, each for itself: every write they accepted, in order. */
final class Ledgers {
    static final List<String> SYSTEMS = List.of("erp", "shop", "books");
    private static final Set<String> BY_PROGRAMS = Set.of("customer.create", "customer.update", "contact.create",
            "contact.update", "invoice.create", "order.update", "order.invoice");
    private final Map<String, List<Map<String, Object>>> entries = new LinkedHashMap<>();

    /** A write to a customer's street. @param program whether the hub wrote it */
    record Move(String system, String email, int house, boolean program, Instant at) {}

    record Invoice(String number, BigDecimal total, String key, Instant at) {}

    private Ledgers() {}

    static Ledgers read(Stage stage) throws Exception {
        Ledgers ledgers = new Ledgers();
        for (String system : SYSTEMS) {
            ledgers.entries.put(system, stage.ledger(system));
        }
        return ledgers;
    }

    /** How many entries there are in all: it rises as long as anything happens. */
    int size() {
        return entries.values().stream().mapToInt(List::size).sum();
    }

    /** How long after a moment a system first accepted a write of the hub; empty when none did. */
    Optional<Duration> firstWriteAfter(Instant moment) {
        return entries.values().stream().flatMap(List::stream).filter(entry -> BY_PROGRAMS.contains(action(entry)))
                .map(Ledgers::at).filter(at -> at.isAfter(moment)).min(Instant::compareTo)
                .map(at -> Duration.between(moment, at));
    }

    /** Webhooks that the shop has not been answered, by what it must have sent. */
    long shopWaits() {
        long sent = 0;
        long answered = 0;
        for (Map<String, Object> entry : entries.get("shop")) {
            switch (action(entry)) {
                case "customer.edit", "customer.create", "customer.update", "order.pay" -> sent++;
                case "order.checkout", "order.create" -> sent += "paid".equals(body(entry).get("financial_status"))
                        ? 2
                        : 1;
                case "webhook.answered" -> answered++;
                default -> {
                }
            }
        }
        return sent - answered;
    }

    /** All moves in the order of each system's ledger. */
    List<Move> moves() {
        List<Move> moves = new ArrayList<>();
        entries.forEach((system, list) -> {
            Map<String, String> emails = new HashMap<>();
            for (Map<String, Object> entry : list) {
                if (!action(entry).startsWith("customer.") && !action(entry).startsWith("contact.")) {
                    continue;
                }
                Map<String, Object> body = body(entry);
                if (body.get("email") instanceof String email) {
                    emails.put(id(entry), email.toLowerCase(Locale.ROOT));
                }
                int house = Person.house(street(body));
                if (house >= 0 && emails.containsKey(id(entry))) {
                    moves.add(new Move(system, emails.get(id(entry)), house, BY_PROGRAMS.contains(action(entry)),
                            at(entry)));
                }
            }
        });
        return moves;
    }

    /** All moves in the order of time, over all systems. */
    List<Move> inTime() {
        return moves().stream().sorted(Comparator.comparing(Move::at)).toList();
    }

    private static Object street(Map<String, Object> body) {
        if (body.get("addresses") instanceof List<?> list && !list.isEmpty()
                && list.getFirst() instanceof Map<?, ?> first) {
            return first.get("address1");
        }
        return body.get("address") instanceof Map<?, ?> address ? address.get("street") : body.get("street");
    }

    /** The ids under which a system keeps an e-mail address; one, if all is well. */
    Map<String, Set<String>> records(String system) {
        Map<String, Set<String>> records = new HashMap<>();
        for (Map<String, Object> entry : entries.get(system)) {
            boolean customer = action(entry).startsWith("customer.") || action(entry).startsWith("contact.");
            if (customer && body(entry).get("email") instanceof String email) {
                records.computeIfAbsent(email.toLowerCase(Locale.ROOT), _ -> new java.util.TreeSet<>()).add(id(entry));
            }
        }
        return records;
    }

    /** The last value that a system was given for a field of a customer, by e-mail address. */
    Map<String, Object> field(String system, String field) {
        Map<String, String> emails = new HashMap<>();
        Map<String, Object> values = new HashMap<>();
        for (Map<String, Object> entry : entries.get(system)) {
            if (action(entry).startsWith("customer.") || action(entry).startsWith("contact.")) {
                Map<String, Object> body = body(entry);
                if (body.get("email") instanceof String email) {
                    emails.put(id(entry), email.toLowerCase(Locale.ROOT));
                }
                if (body.containsKey(field) && emails.containsKey(id(entry))) {
                    values.put(emails.get(id(entry)), body.get(field));
                }
            }
        }
        return values;
    }

    /** When a system accepted each of its entries. */
    List<Instant> times(String system) {
        return entries.get(system).stream().map(Ledgers::at).toList();
    }

    /** How often the hub wrote a field of a customer into a system. */
    long writesOf(String system, String field) {
        return entries.get(system).stream()
                .filter(entry -> BY_PROGRAMS.contains(action(entry)) && body(entry).containsKey(field)).count();
    }

    /** How often the hub told a system to empty a field of a customer. */
    long emptied(String system, String field) {
        return entries.get(system).stream().filter(entry -> BY_PROGRAMS.contains(action(entry))
                && body(entry).containsKey(field) && body(entry).get(field) == null).count();
    }

    List<Invoice> invoices() {
        return entries.get("books").stream().filter(entry -> action(entry).equals("invoice.create"))
                .map(entry -> new Invoice(String.valueOf(body(entry).get("order_number")),
                        new BigDecimal(body(entry).get("total").toString()), String.valueOf(entry.get("key")),
                        at(entry)))
                .toList();
    }

    /** What the ERP was last told of an order's invoice. */
    Map<String, Map<String, Object>> toldToErp() {
        Map<String, Map<String, Object>> told = new HashMap<>();
        entries.get("erp").stream().filter(entry -> action(entry).equals("order.invoice"))
                .forEach(entry -> told.put(id(entry), body(entry)));
        return told;
    }

    private static String action(Map<String, Object> entry) {
        return entry.get("action").toString();
    }

    private static String id(Map<String, Object> entry) {
        return String.valueOf(entry.get("id"));
    }

    private static Instant at(Map<String, Object> entry) {
        return Instant.parse(entry.get("at").toString());
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> body(Map<String, Object> entry) {
        return entry.get("body") instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of();
    }
}
