package io.serai.crm;

import java.util.ArrayList;
import java.util.List;

/** Rows on their way to the database, as one array per column: of bigint for Longs, of bytea for bytes, else of text. */
final class Columns {
    private final List<List<Object>> columns = new ArrayList<>();

    void add(Object... values) {
        while (columns.size() < values.length) {
            columns.add(new ArrayList<>());
        }
        for (int i = 0; i < values.length; i++) {
            columns.get(i).add(values[i]);
        }
    }

    boolean isEmpty() {
        return columns.isEmpty();
    }

    /** The columns as parameters of a statement. @param further parameters that follow them, the same for every row */
    Object[] arrays(Object... further) {
        Object[] parameters = new Object[columns.size() + further.length];
        for (int i = 0; i < columns.size(); i++) {
            parameters[i] = array(columns.get(i));
        }
        System.arraycopy(further, 0, parameters, columns.size(), further.length);
        return parameters;
    }

    private static Object array(List<Object> column) {
        if (column.stream().allMatch(Long.class::isInstance)) {
            return column.toArray(Long[]::new);
        }
        if (column.stream().allMatch(byte[].class::isInstance)) {
            return column.toArray(byte[][]::new);
        }
        String[] texts = new String[column.size()];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = column.get(i) == null ? null : column.get(i).toString();
        }
        return texts;
    }
}
