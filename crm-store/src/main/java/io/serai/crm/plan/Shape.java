package io.serai.crm.plan;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

import io.serai.crm.canonical.CreditNote;
import io.serai.crm.canonical.Customer;
import io.serai.crm.canonical.IdentifiedBy;
import io.serai.crm.canonical.Interaction;
import io.serai.crm.canonical.Invoice;
import io.serai.crm.canonical.Line;
import io.serai.crm.canonical.Opportunity;
import io.serai.crm.canonical.Order;
import io.serai.crm.canonical.Payment;

/** How a canonical document is built, read off its record: what merges by field, what by element, what only as a whole. */
public sealed interface Shape {

    /** The shapes of the entities the hub keeps. */
    Map<String, Fields> ENTITIES = Map.of("customer", of(Customer.class), "order", of(Order.class), "invoice",
            of(Invoice.class), "payment", of(Payment.class), "opportunity", of(Opportunity.class), "interaction",
            of(Interaction.class), "credit-note", of(CreditNote.class));

    /** @throws IllegalArgumentException when the hub keeps no such entity */
    static Fields entity(String name) {
        Fields shape = ENTITIES.get(name);
        if (shape == null) {
            throw new IllegalArgumentException(
                    "There is no entity \"" + name + "\"; the hub keeps " + ENTITIES.keySet().stream().sorted().toList()
                            + ".");
        }
        return shape;
    }

    /** One line of a sale. All lines together are one statement: those of two systems, mixed, add up to nothing. */
    Fields LINE = of(Line.class);

    /** A value that is replaced as a whole. @param type what it is; of a list of lines, what each is */
    record Scalar(Class<?> type) implements Shape {}

    /** An object with known fields. */
    record Fields(Map<String, Shape> fields) implements Shape {}

    /** An object with fields of its own choosing. */
    record Open() implements Shape {}

    /** A list whose elements keep their identity. @param identity the identifying fields; empty when the element identifies itself */
    record Listing(List<String> identity, Shape element) implements Shape {}

    private static Fields of(Class<? extends Record> type) {
        Map<String, Shape> fields = new LinkedHashMap<>();
        for (RecordComponent component : type.getRecordComponents()) {
            fields.put(component.getName(), of(component));
        }
        return new Fields(fields);
    }

    private static Shape of(RecordComponent component) {
        IdentifiedBy identity = component.getAnnotation(IdentifiedBy.class);
        if (identity != null) {
            return new Listing(List.of(identity.value()), ofType(elements(component)));
        }
        if (component.getType() == List.class && elements(component) == Line.class) {
            return new Scalar(Line.class);
        }
        if (component.getType() == Map.class) {
            return component.getName().equals("custom") ? new Open() : new Scalar(Map.class);
        }
        return ofType(component.getType());
    }

    private static Class<?> elements(RecordComponent list) {
        return (Class<?>) ((ParameterizedType) list.getGenericType()).getActualTypeArguments()[0];
    }

    private static Shape ofType(Class<?> type) {
        return type.isRecord() ? of(type.asSubclass(Record.class)) : new Scalar(type);
    }

    /** Whether a value is what a spoke may have made of another that was written to it: other case, other marks, cut short. */
    static boolean echoes(Class<?> type, Object said, Object written) {
        if (said == null || written == null) {
            return false;
        }
        if (same(type, said, written)) {
            return true;
        }
        if (!(said instanceof String one) || !(written instanceof String other)) {
            return false;
        }
        String cut = String.join("", MatchKey.words(one));
        String whole = String.join("", MatchKey.words(other));
        return !cut.isEmpty() && (cut.equals(whole) || cut.length() >= SHORTEST_CUT && whole.startsWith(cut));
    }

    /** No system cuts texts shorter than this; a person's edit may well begin like the value it replaces. */
    int SHORTEST_CUT = 10;

    /** Whether two values mean the same: absent equals null, numbers and times compare by value, text without its outer blanks. */
    static boolean same(Class<?> type, Object one, Object other) {
        if (one == null || other == null) {
            return one == other;
        }
        if (one.equals(other)) {
            return true;
        }
        try {
            if (type == BigDecimal.class || type == Integer.class) {
                return new BigDecimal(one.toString()).compareTo(new BigDecimal(other.toString())) == 0;
            }
            if (type == Instant.class) {
                return Instant.parse(one.toString()).equals(Instant.parse(other.toString()));
            }
        } catch (NumberFormatException | java.time.format.DateTimeParseException notComparable) {
            return false;
        }
        if (type == Line.class && one instanceof List<?> lines && other instanceof List<?> others) {
            return sameLines(lines, others);
        }
        if (one instanceof List<?> || one instanceof Map<?, ?>) {
            return false;
        }
        return one.toString().strip().equals(other.toString().strip());
    }

    private static boolean sameLines(List<?> lines, List<?> others) {
        return lines.size() == others.size() && IntStream.range(0, lines.size())
                .allMatch(i -> Tree.differences(line(lines.get(i)), line(others.get(i))).isEmpty());
    }

    private static Tree line(Object line) {
        Tree tree = new Tree();
        tree.take("", LINE, line, null);
        return tree;
    }
}
