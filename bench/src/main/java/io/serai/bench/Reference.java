package io.serai.bench;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.postgresql.PGConnection;

/** What the same PostgreSQL does with the same customers and no hub, in a database of its own. */
final class Reference {
    private static final String DATABASE = "reference";
    private static final Pattern RATE = Pattern.compile("tps = ([0-9.]+)");

    private static final Pattern COUNT = Pattern.compile("transactions actually processed: ([0-9]+)");

    private final Cluster cluster;
    private final String pgbench;
    private final Path script;

    Reference(Cluster cluster, Path work) throws IOException, SQLException {
        this.cluster = cluster;
        this.pgbench = Program.find("pgbench", "postgresql-contrib");
        this.script = work.resolve("tx.sql");
        Files.writeString(script, resource("tx.sql"));
        cluster.create(DATABASE);
        cluster.execute(DATABASE, resource("reference.sql"));
    }

    private static String resource(String name) throws IOException {
        try (InputStream resource = Reference.class.getResourceAsStream(name)) {
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** One transaction per customer, statement by statement; customers per second. */
    double transactions(int clients, int seconds) throws Exception {
        double before = customers();
        String output = Program.run(
                List.of(pgbench, "-n", "-M", "prepared", "-f", script.toString(), "-c", Integer.toString(clients), "-j",
                        Integer.toString(Math.min(2, clients)), "-T", Integer.toString(seconds), "-h", "127.0.0.1",
                        "-p", Integer.toString(cluster.port()), "-U", cluster.user(), DATABASE),
                cluster.programEnvironment());
        Matcher rate = RATE.matcher(output);
        if (!rate.find()) {
            throw new IllegalStateException("pgbench says:\n" + output);
        }
        Matcher count = COUNT.matcher(output);
        if (!count.find() || customers() - before != Double.parseDouble(count.group(1))) {
            throw new IllegalStateException("Not what pgbench counts is there:\n" + output);
        }
        return Double.parseDouble(rate.group(1));
    }

    /** COPY into a staging table and a merge, in one transaction; customers per second. */
    double copy(int rows) throws SQLException, IOException {
        byte[] lines = lines(rows);
        double before = customers();
        double seconds;
        try (Connection connection = cluster.connect(DATABASE); Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            long begun = System.nanoTime();
            connection.unwrap(PGConnection.class).getCopyAPI().copyIn("copy staging from stdin",
                    new ByteArrayInputStream(lines));
            statement.execute("""
                    with merged as (
                      insert into customer as c (id, email, document) select id, email, document from staging
                      on conflict (email) do update set document = excluded.document, version = c.version + 1,
                        updated_at = now()
                      returning id, version, document),
                    told as (
                      insert into outbox (customer, version, document) select id, version, document from merged)
                    insert into audit (actor, action, customer) select 'file', 'customer.upsert', id from merged
                    """);
            statement.execute("delete from staging");
            connection.commit();
            seconds = (System.nanoTime() - begun) / 1e9;
        }
        if (customers() - before != rows) {
            throw new IllegalStateException("The merge did not store " + rows + " customers.");
        }
        return rows / seconds;
    }

    private double customers() throws SQLException {
        return cluster.number(DATABASE, "select count(*) from customer");
    }

    private static byte[] lines(int rows) {
        long first = People.share(rows);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < rows; i++) {
            People one = People.of(first + i);
            text.append(UUID.randomUUID()).append('\t').append(one.email()).append('\t').append(one.json())
                    .append('\n');
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }
}
