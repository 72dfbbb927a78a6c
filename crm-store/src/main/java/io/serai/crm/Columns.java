package io.serai.crm;

import java.util.ArrayList;
import java.util.List;

/** Rows on their way to the database, as one text array per column. */
final class Columns {
    private final List<List<String>> columns = new ArrayList<>();

    void add(Object... values) {
        while (columns.size() < values.length) {
            columns.add(new ArrayList<>());
        }
        for (int i = 0; i < values.length; i++) {
            columns.get(i).add(values[i] == null ? null : values[i].toString());
        }
    }

    boolean isEmpty() {
        return columns.isEmpty();
    }

    Object[] arrays() {
        return columns.stream().map(column -> (Object) column.toArray(String[]::new)).toArray();
    }
}
