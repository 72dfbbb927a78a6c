package io.serai.crm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;

import javax.sql.DataSource;

import org.postgresql.ds.PGSimpleDataSource;

import com.zaxxer.hikari.HikariDataSource;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;

/** A real PostgreSQL for all tests, with a fresh database for each that asks. */
final class HubDatabase {
    private static final EmbeddedPostgres POSTGRES = start();
    private static final AtomicInteger COUNT = new AtomicInteger();

    private HubDatabase() {}

    private static EmbeddedPostgres start() {
        try {
            return EmbeddedPostgres.builder().setServerConfig("timezone", "Pacific/Chatham").start();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** A migrated database, seen as the runtime role. */
    static HikariDataSource fresh() {
        String name = "hub" + COUNT.incrementAndGet();
        try (Connection connection = POSTGRES.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("create database " + name);
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
        CrmStore.migrate(owner(name), "serai_hub", "secret");
        HikariDataSource runtime = new HikariDataSource();
        runtime.setJdbcUrl(POSTGRES.getJdbcUrl("serai_hub", name) + "&prepareThreshold=1");
        runtime.setPassword("secret");
        runtime.setMaximumPoolSize(8);
        return runtime;
    }

    /** The database of a runtime pool, seen as its owner. */
    static DataSource owner(HikariDataSource runtime) {
        return owner(runtime.getJdbcUrl().replaceFirst(".*/(hub\\d+).*", "$1"));
    }

    static DataSource owner(String name) {
        PGSimpleDataSource owner = new PGSimpleDataSource();
        owner.setUrl(POSTGRES.getJdbcUrl("postgres", name));
        return owner;
    }
}
