package io.serai.faults;

import java.time.Duration;
import java.util.List;
import java.util.Set;

/** All that can happen. */
final class Scenarios {
    /** A hub that dies leaves leases, and what came meanwhile; a busy machine takes its time over both. */
    private static final Duration LEASES = Duration.ofMinutes(10);

    static final List<Scenario> ALL = List.of(
            new Scenario("1", "hub-kill", "kill -9 of the hub under load", 20, LEASES, HubFaults::kill),
            new Scenario("2", "lost-replies", "carried out, but the answer is lost, late or an error", 25,
                    Duration.ofSeconds(240), SpokeFaults::lostReplies),
            new Scenario("3", "repeats", "the same event fifty times, two hubs, after a restart", 4, LEASES,
                    MessageFaults::repeats),
            new Scenario("4", "hot-customers", "two hubs, few customers, many edits, slow answers", 20, LEASES,
                    HubFaults::hotCustomers),
            new Scenario("5", "database-kill", "kill -9 of PostgreSQL under load", 10, LEASES, DatabaseFaults::kill),
            new Scenario("6", "frozen", "a hub stands still past its leases", 1, LEASES, HubFaults::frozen),
            new Scenario("7", "echoes", "the same customers edited in two systems at once", 10, LEASES,
                    SpokeFaults::echoes),
            new Scenario("7", "names", "systems that keep names each in their own way", 4, LEASES,
                    SpokeFaults::names),
            new Scenario("8", "shuffled", "a story in any order, parts of it twice", 12, LEASES,
                    MessageFaults::shuffled),
            new Scenario("9", "broker-kill", "kill -9 of the broker, and of the hub", 10, LEASES, BrokerFaults::kill),
            new Scenario("10", "late-committer", "a transaction commits long after it began", 3, LEASES,
                    DatabaseFaults::lateCommitter),
            new Scenario("11", "poison", "messages that nobody can read", 22, LEASES, MessageFaults::poison),
            new Scenario("12", "bad-answers", "429, 302, 401, HTML, ok:false, 10 MiB, a byte a second", 9,
                    Duration.ofSeconds(240), SpokeFaults::badAnswers),
            new Scenario("13", "backlog", "a system with a pace comes back to a backlog", 50_000,
                    Duration.ofSeconds(240), SpokeFaults::backlog),
            new Scenario("goal", "sick-spoke", "one system is unwell, the others wait no longer", 8,
                    Duration.ofSeconds(240), SpokeFaults::sick),
            new Scenario("14", "partition", "half-open and one-way networks", 20, Duration.ofSeconds(240),
                    SpokeFaults::partition),
            new Scenario("16", "restore", "an older database, systems that are ahead", 10, LEASES,
                    DatabaseFaults::restore),
            new Scenario("17", "disk-full", "PostgreSQL cannot write", 2, LEASES, DatabaseFaults::diskFull),
            new Scenario("18", "fsync-fails", "PostgreSQL's fsync fails", 2, LEASES, DatabaseFaults::fsyncFails),
            new Scenario("19", "files", "files that grow, come again, are interrupted", 3, LEASES,
                    MessageFaults::files),
            new Scenario("22", "terminate", "SIGTERM under load", 3, LEASES, HubFaults::terminate),
            new Scenario("23", "database-calls", "any call to the database fails, before or after", 20, LEASES,
                    DatabaseFaults::calls),
            new Scenario("26", "lock-held", "a lock stops everything for a while", 15, LEASES,
                    DatabaseFaults::lockHeld),
            new Scenario("27", "drift", "a system changes the shape of what it says", 16, LEASES,
                    MessageFaults::drift));

    /** What GUARANTEES.md says is not kept yet; played when somebody asks for it by name. */
    private static final Set<String> NOT_KEPT = Set.of("names");

    private Scenarios() {}

    /** Those that must hold. */
    static List<Scenario> promised() {
        return ALL.stream().filter(scenario -> !NOT_KEPT.contains(scenario.name())).toList();
    }

    /** Those of a row of the table, or the one of this name. */
    static List<Scenario> asked(String word) {
        List<Scenario> row = ALL.stream().filter(scenario -> scenario.row().equals(word)).toList();
        return row.isEmpty() ? List.of(named(word)) : row;
    }

    static Scenario named(String name) {
        return ALL.stream().filter(scenario -> scenario.name().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no scenario " + name + ". There are: "
                        + String.join(", ", ALL.stream().map(Scenario::name).toList())));
    }
}
