package io.serai.crm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What narrows a list. Only what is asked for stands in the statement: a condition that has to hold for any question, such as
 * "? is null or …", finds no index. And what an index is made for stands there as a word and not as a parameter, because a
 * plan for any value cannot use an index that holds some.
 */
final class Where {
    private final List<String> conditions = new ArrayList<>();
    private final List<Object> parameters = new ArrayList<>();

    Where and(String condition) {
        conditions.add(condition);
        return this;
    }

    /** @param value null for any: then this narrows nothing */
    Where and(String condition, Object value) {
        if (value != null) {
            conditions.add(condition);
            parameters.add(value);
        }
        return this;
    }

    /** With a blank before it; empty when all are wanted. */
    String sql() {
        return conditions.isEmpty() ? "" : " where " + String.join(" and ", conditions);
    }

    /** @param further what follows in the statement */
    Object[] parameters(Object... further) {
        List<Object> all = new ArrayList<>(parameters);
        all.addAll(Arrays.asList(further));
        return all.toArray();
    }
}
