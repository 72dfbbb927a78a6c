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
        return runtime(name);
    }

    /** A copy of a database that nobody is connected to any more. */
    static HikariDataSource copy(HikariDataSource closed) {
        String name = "hub" + COUNT.incrementAndGet();
        try (Connection connection = POSTGRES.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("create database " + name + " template " + name(closed));
        } catch (SQLException failed) {
            throw new IllegalStateException(failed);
        }
        return runtime(name);
    }

    /** Connects again to a database whose pool was closed. */
    static HikariDataSource again(HikariDataSource closed) {
        return runtime(name(closed));
    }

    private static HikariDataSource runtime(String name) {
        HikariDataSource runtime = new HikariDataSource();
        runtime.setJdbcUrl(POSTGRES.getJdbcUrl("serai_hub", name) + "&prepareThreshold=1");
        runtime.setPassword("secret");
        runtime.setMaximumPoolSize(8);
        return runtime;
    }

    /** The database of a runtime pool, seen as its owner. */
    static DataSource owner(HikariDataSource runtime) {
        return owner(name(runtime));
    }

    private static String name(HikariDataSource runtime) {
        return runtime.getJdbcUrl().replaceFirst(".*/(hub\\d+).*", "$1");
    }

    static DataSource owner(String name) {
        PGSimpleDataSource owner = new PGSimpleDataSource();
        owner.setUrl(POSTGRES.getJdbcUrl("postgres", name));
        return owner;
    }
}
