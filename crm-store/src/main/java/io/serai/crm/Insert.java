package io.serai.crm;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * New rows of one table, all in one statement.
 *
 * @param table where they go
 * @param columns what each row brings, in order
 * @param common what is the same for all rows; the tenant is the first of it
 */
record Insert(String table, List<Column> columns, List<Column> common) {

    /** A column and its type. */
    record Column(String name, String type) {

        /** @param written "name type" */
        static Column of(String written) {
            int blank = written.indexOf(' ');
            return new Column(written.substring(0, blank), written.substring(blank + 1));
        }
    }

    /** @param columns each as "name type" */
    static Insert into(String table, String... columns) {
        return new Insert(table, Arrays.stream(columns).map(Column::of).toList(), List.of(Column.of("tenant int")));
    }

    /** With columns that are the same for all rows. @param columns each as "name type" */
    Insert with(String... columns) {
        List<Column> all = new ArrayList<>(common);
        Arrays.stream(columns).map(Column::of).forEach(all::add);
        return new Insert(table, this.columns, all);
    }

    /** Parameters: an array for each column, then the tenant and the other common values. */
    String sql() {
        return "insert into " + table + " (" + joined(common, Column::name) + ", " + joined(columns, Column::name)
                + ") select " + joined(common, column -> "same." + column.name()) + ", "
                + joined(columns, column -> "row." + column.name() + "::" + column.type()) + " from (select "
                + joined(columns, column -> "unnest(?) " + column.name()) + ") row, (select "
                + joined(common, column -> "?::" + column.type()) + ") same(" + joined(common, Column::name) + ")";
    }

    private static String joined(List<Column> columns, Function<Column, String> written) {
        return columns.stream().map(written).collect(Collectors.joining(", "));
    }
}
