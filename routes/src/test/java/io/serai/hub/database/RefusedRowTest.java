package io.serai.hub.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

import javax.sql.DataSource;

import org.junit.jupiter.api.Test;

import io.serai.hub.RunningHub;

class RefusedRowTest {

    @Test
    void whatTheDatabaseSaysOfARowThatItRefusesDoesNotShowTheRow() throws SQLException {
        DataSource database = RunningHub.shared().context().getBean(DataSource.class);
        try (Connection connection = database.getConnection(); Statement statement = connection.createStatement()) {
            statement.execute("create temporary table somebody (name text, age int not null)");
            assertThatThrownBy(() -> statement.execute("insert into somebody values ('Anna Meier', null)"))
                    .isInstanceOf(SQLException.class).hasMessageContaining("null value in column \"age\"")
                    .satisfies(refused -> assertThat(refused.getMessage()).doesNotContain("Anna", "Failing row"));
        }
    }
}
