package io.serai.faults;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;

/** What happens to PostgreSQL, and to the way there. */
final class DatabaseFaults {
    private static final Duration PACE = Duration.ofMillis(50);
    private static final Duration AFTER_RESTART = Duration.ofSeconds(30);

    private DatabaseFaults() {}

    static void kill(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(6, PACE);
        load.start();
        for (int i = 1; i <= play.points; i++) {
            play.pass(play.between(800, 4_000));
            play.fault("kill -9 of PostgreSQL, " + i + " of " + play.points, () -> {
                stage.postgres.kill();
                play.pass(play.between(0, 1_500));
                stage.postgres.start();
                play.expectDelivery(AFTER_RESTART);
            });
        }
        play.pass(Duration.ofSeconds(3));
        load.stop();
    }

    /** Any call to the database may fail, before or after it was carried out. */
    static void calls(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB.withDatabaseBehindWire());
        Load load = play.company(6, PACE);
        stage.database.some(play.random, 0.02, new Proxy.Fate.Reset(), new Proxy.Fate.LoseReply());
        load.runFor(Duration.ofSeconds(play.points));
        stage.database.heal();
        play.countFaults(stage.database.struck());
        play.note(stage.database.struck() + " calls to the database failed, before or after they were carried out");
    }

    /** A transaction that began early commits late, while others go on as far as they can. */
    static void lateCommitter(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(8, Duration.ofMillis(15));
        load.start();
        for (int i = 0; i < play.points; i++) {
            play.pass(play.between(500, 2_000));
            play.fault("a transaction keeps rows of lanes locked for 5 s", () -> {
                try (Connection connection = stage.postgres.connect(); Statement sql = connection.createStatement()) {
                    connection.setAutoCommit(false);
                    sql.execute("update link set problem = problem where id in (select id from link order by id "
                            + "limit 10)");
                    play.pass(Duration.ofSeconds(5));
                    connection.commit();
                }
            });
        }
        load.stop();
    }

    /** Everything that reads or writes customers is stopped by a lock for a while. */
    static void lockHeld(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(6, PACE);
        load.runFor(Duration.ofSeconds(4));
        load.start();
        String key = stage.hub().address("SERAI_API_KEY");
        play.fault("the table of customers is locked for " + play.points + " s", () -> {
            try (Connection connection = stage.postgres.connect();
                    Statement sql = connection.createStatement();
                    var askers = Executors.newVirtualThreadPerTaskExecutor()) {
                connection.setAutoCommit(false);
                sql.execute("lock table customer in access exclusive mode");
                List<Callable<Long>> asks = new ArrayList<>();
                for (int i = 0; i < 60; i++) {
                    asks.add(() -> {
                        long begin = System.nanoTime();
                        int status = Http.get(stage.hub().url() + "/api/customers?limit=1", "serai-key", key).status();
                        return status == 503 ? (System.nanoTime() - begin) / 1_000_000 : -1L;
                    });
                }
                var answers = asks.stream().map(askers::submit).toList();
                play.pass(Duration.ofSeconds(play.points));
                long soon = answers.stream()
                        .filter(answer -> answer.isDone() && answer.state() == java.util.concurrent.Future.State.SUCCESS
                                && answer.resultNow() >= 0 && answer.resultNow() < 9_000)
                        .count();
                play.note(soon + " of 60 who asked meanwhile were told 503 within 9 s");
                play.require(soon >= 60 - 16, "I9 only " + soon + " of 60 who asked were told 503 in time");
                connection.rollback();
                play.expectDelivery(AFTER_RESTART);
            }
        });
        play.pass(Duration.ofSeconds(3));
        load.stop();
    }

    /** The database is set back; the company's systems know more than it does, and the senders say their last things again. */
    static void restore(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(4, Duration.ofMillis(60), List.of("erp", "shop"));
        load.relearns = true;
        load.runFor(Duration.ofSeconds(5));
        Sales sales = new Sales(stage, load);
        Wait.until("the ERP is answered", Wait.LONG,
                () -> !Http.get(stage.system("erp") + "/sent").text().contains("\"state\":\"pending\""));
        Path backup = stage.folder.resolve("backup");
        play.require(stage.hub().stop() != null, "the hub did not stop");
        stage.postgres.stop();
        stage.postgres.copy(backup, false);
        stage.postgres.start();
        stage.hub().start();
        for (int i = 0; i < play.points; i++) {
            sales.sell("R-" + i, "r-" + i, stage.hub());
        }
        Wait.until("all sales have their invoice", Wait.LONG,
                () -> Ledgers.read(stage).invoices().size() >= load.sales.size());
        Wait.upTo(Duration.ofSeconds(90), () -> stage.postgres
                .number("select count(*) from invoice where state <> 'DONE'") == 0);
        play.require(stage.hub().stop() != null, "the hub did not stop");
        stage.postgres.stop();
        play.fault("the database is set back to before " + play.points + " sales", () -> {
            stage.postgres.copy(backup, true);
            stage.postgres.start();
            stage.hub().start();
        });
        for (int i = 0; i < play.points; i++) {
            sales.repeat("R-" + i, "r-" + i, stage.hub());
        }
        for (Person person : load.people) {
            if (person.id != null) {
                load.edit(person);
            }
        }
    }

    /** No room is left where PostgreSQL writes. */
    static void diskFull(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(6, PACE);
        load.start();
        for (int i = 0; i < play.points; i++) {
            play.pass(play.between(1_500, 3_000));
            play.fault("writing to disk fails with ENOSPC", () -> inject(play, stage, "pwrite64,pwritev", "ENOSPC",
                    play.between(2_000, 4_000)));
            play.expectDelivery(AFTER_RESTART);
            reviveIfGone(stage);
        }
        play.pass(Duration.ofSeconds(3));
        load.stop();
    }

    /** The disk says that what was written is not there. */
    static void fsyncFails(Play play) throws Exception {
        Stage stage = play.open(Stage.Needs.ONE_HUB);
        Load load = play.company(6, PACE);
        load.start();
        for (int i = 0; i < play.points; i++) {
            play.pass(play.between(1_500, 3_000));
            play.fault("fsync fails with EIO", () -> inject(play, stage, "fsync,fdatasync", "EIO",
                    play.between(2_000, 4_000)));
            play.expectDelivery(AFTER_RESTART);
            reviveIfGone(stage);
        }
        play.pass(Duration.ofSeconds(3));
        load.stop();
    }

    /** Calls of all of PostgreSQL's processes, and of those it begins meanwhile, fail. */
    private static void inject(Play play, Stage stage, String calls, String error, Duration time) throws Exception {
        Path failed = stage.folder.resolve("failed-calls.log");
        Files.deleteIfExists(failed);
        List<String> command = new ArrayList<>(List.of("strace", "-f", "-qq", "-o", failed.toString(), "-e",
                "trace=" + calls, "-e", "inject=" + calls + ":error=" + error));
        stage.postgres.pids().forEach(pid -> command.addAll(List.of("-p", Long.toString(pid))));
        Child strace = Child.start("strace", stage.folder.resolve("strace.log"), command, Map.of());
        Wait.pass(time);
        strace.signal("INT");
        strace.ends(Duration.ofSeconds(10));
        strace.kill();
        long struck = Files.readString(failed, StandardCharsets.ISO_8859_1).lines()
                .filter(line -> line.contains("(INJECTED)")).count();
        play.note(struck + " calls failed with " + error);
        if (struck == 0) {
            throw new IllegalStateException("no call of PostgreSQL failed: nothing was tried");
        }
    }

    /** A server that gave up for good is started by whoever keeps it running. */
    private static void reviveIfGone(Stage stage) throws Exception {
        if (!Wait.upTo(Duration.ofSeconds(20), () -> stage.postgres.number("select 1") == 1)) {
            stage.postgres.kill();
            stage.postgres.start();
        }
    }
}
