package io.serai.hub.health;

import java.sql.Connection;
import java.sql.SQLException;

import javax.sql.DataSource;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Down when the database cannot be reached: without it nothing can be acknowledged. */
@Component("databaseHealthIndicator")
final class DatabaseHealth implements HealthIndicator {
    private static final int SECONDS = 2;

    private final DataSource database;

    DatabaseHealth(DataSource database) {
        this.database = database;
    }

    @Override
    public Health health() {
        try (Connection connection = database.getConnection()) {
            return connection.isValid(SECONDS) ? Health.up().build() : Health.down().build();
        } catch (SQLException e) {
            return Health.down().withDetail("reason", "the database does not answer").build();
        }
    }
}
