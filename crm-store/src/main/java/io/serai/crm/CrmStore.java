package io.serai.crm;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;

import javax.sql.DataSource;

import org.flywaydb.core.Flyway;

/** What the hub knows: golden records, links, journal, changes, invoices. PostgreSQL is its only memory. */
public final class CrmStore implements AutoCloseable {
    private static final Pattern ROLE = Pattern.compile("[a-z_][a-z0-9_]{0,62}");

    /**
     * Every statement of the store reaches its rows by key, whatever a planner without statistics may think of tables
     * that were empty a moment ago. And a process that froze must not hold the others up.
     */
    private static final List<String> SESSION = List.of("plan_cache_mode = force_generic_plan", "enable_seqscan = off",
            "enable_hashjoin = off", "enable_mergejoin = off", "enable_material = off", "jit = off",
            "idle_in_transaction_session_timeout = '10s'", "statement_timeout = '60s'");

    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final Settings settings;
    private final Ingest ingest;
    private final Lanes lanes;
    private final InvoiceLedger invoices;
    private final Goldens goldens;
    private final Messages messages;
    private final ParkedItems parked;
    private final ParkedWork parkedWork;
    private final Changes changes;
    private final Spokes spokes;
    private final Cursors cursors;
    private final Reconciliation reconciliation;
    private final Corrections corrections;
    private final Erasures erasures;
    private final Subscribers subscribers;

    private CrmStore(DataSource runtime, Settings settings, InstantSource clock, ErasureLedger ledger) {
        Transactions transactions = new Transactions(runtime, settings.tenant(), new Tombstones(ledger));
        transactions.run(session -> {
            new Statements().write(
                    "insert into change_head (turn, sequence, hash) values (0, 0, '\\x00') on conflict do nothing")
                    .execute(session);
            return null;
        });
        transactions.write(turn -> {
            turn.commit(turn.session().marks().settleKey(turn.session()));
            return null;
        });
        // Under another key it would let everybody in again: then there is no start.
        transactions.run(Session::tombstones);
        this.settings = settings;
        this.ingest = new Ingest(transactions, settings, clock, this::changed);
        this.lanes = new Lanes(transactions, settings, clock, ingest);
        this.invoices = new InvoiceLedger(transactions, settings, clock, this::changed);
        this.goldens = new Goldens(transactions);
        this.messages = new Messages(transactions);
        this.parked = new ParkedItems(transactions);
        this.changes = new Changes(transactions);
        this.spokes = new Spokes(transactions, settings, clock);
        this.cursors = new Cursors(transactions, clock);
        this.reconciliation = new Reconciliation(transactions, settings, clock, ingest, this::changed);
        this.corrections = new Corrections(transactions, settings, clock, this::changed);
        this.parkedWork = new ParkedWork(transactions, settings, clock, ingest, corrections, parked, this::changed);
        this.erasures = new Erasures(transactions, clock, corrections, ledger);
        erasures.applyLedger();
        this.subscribers = new Subscribers(transactions, clock);
    }

    /**
     * Brings the tables up to date and prepares the runtime role, which owns nothing.
     *
     * @param owner may create roles and tables
     * @param role name of the runtime role; is created when missing
     * @param password of the runtime role; null leaves it as it is
     */
    public static void migrate(DataSource owner, String role, String password) {
        if (!ROLE.matcher(role).matches()) {
            throw new IllegalArgumentException("\"" + role + "\" is not a role name: use a-z, 0-9 and _.");
        }
        try (Connection connection = owner.getConnection(); Statement statement = connection.createStatement()) {
            statement.execute("do $$ begin if not exists (select 1 from pg_roles where rolname = '" + role
                    + "') then create role " + role + " login nosuperuser nobypassrls; end if; end $$");
            for (String setting : SESSION) {
                statement.execute("alter role " + role + " set " + setting);
            }
            if (password != null) {
                statement.execute("alter role " + role + " password '" + password.replace("'", "''") + "'");
            }
        } catch (SQLException failed) {
            throw new StoreUnavailable("The runtime role " + role + " could not be prepared: " + failed.getMessage(),
                    failed);
        }
        Flyway.configure().dataSource(owner).locations("classpath:db").placeholders(Map.of("role", role)).load()
                .migrate();
    }

    /**
     * Opens a store on a migrated database.
     *
     * @param runtime connects as the runtime role
     */
    public static CrmStore open(DataSource runtime, Settings settings, InstantSource clock) {
        return open(runtime, settings, clock, null);
    }

    /**
     * Opens a store in which people can be erased. What the ledger knows and the database does not, because it was restored
     * from a backup, is erased again before this returns.
     *
     * @param runtime connects as the runtime role
     * @throws IllegalStateException when people were erased under another key than the ledger's
     */
    public static CrmStore open(DataSource runtime, Settings settings, InstantSource clock, ErasureLedger ledger) {
        return new CrmStore(runtime, settings, clock, ledger);
    }

    /** Is told after every commit that may have left a spoke behind. Must return at once. */
    public void onChange(Runnable listener) {
        listeners.add(listener);
    }

    private void changed() {
        listeners.forEach(Runnable::run);
    }

    public Settings settings() {
        return settings;
    }

    public Ingest ingest() {
        return ingest;
    }

    public Lanes lanes() {
        return lanes;
    }

    public InvoiceLedger invoices() {
        return invoices;
    }

    public Goldens goldens() {
        return goldens;
    }

    public Corrections corrections() {
        return corrections;
    }

    public Erasures erasures() {
        return erasures;
    }

    public Messages messages() {
        return messages;
    }

    public ParkedItems parked() {
        return parked;
    }

    public ParkedWork parkedWork() {
        return parkedWork;
    }

    public Changes changes() {
        return changes;
    }

    public Spokes spokes() {
        return spokes;
    }

    public Cursors cursors() {
        return cursors;
    }

    public Reconciliation reconciliation() {
        return reconciliation;
    }

    public Subscribers subscribers() {
        return subscribers;
    }

    /** Finishes what waits and takes no more. */
    @Override
    public void close() {
        lanes.close();
        ingest.close();
    }
}
