package io.serai.crm;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Statements that travel to the database together: the driver sends them as one, so that a batch costs one round trip
 * however many tables it writes.
 *
 * <p>Rows travel as {@link Columns}, cast as a whole ({@code ?::uuid[]}) where they are compared with a column: row-level
 * security lets only comparisons that cannot fail use an index, and a cast of each row can.
 */
final class Statements {
    private final List<String> sql = new ArrayList<>();
    private final List<Object> parameters = new ArrayList<>();
    private final List<Rows> readers = new ArrayList<>();

    /** Takes one row of a result. */
    interface Rows {
        void take(ResultSet row) throws SQLException;
    }

    /** A null among the values needs a cast in the statement. */
    Statements write(String statement, Object... values) {
        return read(statement, null, values);
    }

    Statements read(String statement, Rows reader, Object... values) {
        sql.add(statement.strip());
        parameters.addAll(Arrays.asList(values));
        readers.add(reader);
        return this;
    }

    /** These, and then those. */
    Statements and(Statements others) {
        sql.addAll(others.sql);
        parameters.addAll(others.parameters);
        readers.addAll(others.readers);
        return this;
    }

    boolean isEmpty() {
        return sql.isEmpty();
    }

    void execute(Session session) throws SQLException {
        if (!sql.isEmpty()) {
            session.execute(this);
        }
    }

    /** Only for {@link Session}. */
    void send(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(String.join(";\n", sql))) {
            for (int i = 0; i < parameters.size(); i++) {
                Object value = parameters.get(i);
                switch (value) {
                    case null -> statement.setNull(i + 1, Types.NULL);
                    case String[] text -> statement.setArray(i + 1, connection.createArrayOf("text", text));
                    case Long[] numbers -> statement.setArray(i + 1, connection.createArrayOf("int8", numbers));
                    case byte[][] bytes -> statement.setArray(i + 1, connection.createArrayOf("bytea", bytes));
                    case String text -> statement.setString(i + 1, text);
                    case Instant time -> statement.setObject(i + 1, time.atOffset(ZoneOffset.UTC));
                    default -> statement.setObject(i + 1, value);
                }
            }
            boolean rows = statement.execute();
            for (Rows reader : readers) {
                if (reader != null && rows) {
                    try (ResultSet result = statement.getResultSet()) {
                        while (result.next()) {
                            reader.take(result);
                        }
                    }
                }
                rows = statement.getMoreResults();
            }
        }
    }
}
