package io.serai.crm;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

import org.postgresql.ds.PGSimpleDataSource;

import com.zaxxer.hikari.HikariDataSource;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;

/**
 * One PostgreSQL for all seeds of a simulation. Each seed is a tenant of its own, so nothing has to be emptied between
 * them. It keeps nothing through a crash of its own, which nobody simulates, and is faster for it.
 */
final class SimulationDatabase implements AutoCloseable {
    static final int FIRST_TENANT = 2;

    private final EmbeddedPostgres postgres;
    final HikariDataSource runtime = new HikariDataSource();

    SimulationDatabase(int tenants, int connections) throws IOException, SQLException {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder();
        Map.of("fsync", "off", "synchronous_commit", "off", "full_page_writes", "off", "wal_level", "minimal",
                "max_wal_senders", "0", "max_wal_size", "4GB", "shared_buffers", "192MB", "autovacuum", "off",
                "timezone", "Pacific/Chatham").forEach(builder::setServerConfig);
        this.postgres = builder.start();
        PGSimpleDataSource owner = new PGSimpleDataSource();
        owner.setUrl(postgres.getJdbcUrl("postgres", "postgres"));
        CrmStore.migrate(owner, "serai_hub", "secret");
        try (Connection connection = owner.getConnection(); Statement statement = connection.createStatement()) {
            statement.execute("insert into tenant select n, 'seed' from generate_series(" + FIRST_TENANT + ", "
                    + (FIRST_TENANT + tenants - 1) + ") n");
        }
        runtime.setJdbcUrl(postgres.getJdbcUrl("serai_hub", "postgres") + "&prepareThreshold=1");
        runtime.setPassword("secret");
        runtime.setMaximumPoolSize(connections);
    }

    @Override
    public void close() throws IOException {
        runtime.close();
        postgres.close();
    }
}
