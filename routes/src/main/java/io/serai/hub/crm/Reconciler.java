package io.serai.hub.crm;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.apache.camel.CamelContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

import io.serai.connector.ConnectorException;
import io.serai.connector.ErrorClass;
import io.serai.connector.Connectors;
import io.serai.connector.Polls;
import io.serai.crm.CrmStore;
import io.serai.crm.Reconciliation;
import io.serai.crm.Reconciliation.Held;
import io.serai.crm.Reconciliation.Run;
import io.serai.crm.SpokeProfile;
import io.serai.hub.HubSettings;

/**
 * Asks spokes, one record after the other and never in a hurry, for what they really hold. Who has the turn asks; a run that
 * another process has begun and not ended is gone on with.
 */
@Component
public final class Reconciler {
    private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);
    private static final Duration LOOK = Duration.ofSeconds(5);
    private static final Duration TURN = Duration.ofMinutes(10);

    private final CrmStore store;
    private final Connectors connectors;
    private final Polls polls;
    private final CamelContext camel;
    private final HubSettings.Reconcile settings;
    private final InstantSource clock;
    private final Object bell = new Object();
    private volatile boolean running;
    private Thread thread;

    Reconciler(CrmStore store, Connectors connectors, Polls polls, CamelContext camel, HubSettings settings,
            InstantSource clock) {
        this.store = store;
        this.connectors = connectors;
        this.polls = polls;
        this.camel = camel;
        this.settings = settings.reconcile();
        this.clock = clock;
    }

    /**
     * Begins a run over each entity that is kept in step with the spoke. One that is under way goes on as it is, unless it only
     * reports and repairs are asked for: then it begins anew.
     */
    public void begin(String spoke, boolean repairs) {
        entities(spoke).forEach(entity -> store.reconciliation().begin(spoke, entity, repairs));
        synchronized (bell) {
            bell.notifyAll();
        }
    }

    /** The entities that are kept in step with the spoke. */
    public List<String> entities(String spoke) {
        return store.settings().spokes().stream().filter(profile -> profile.spoke().equals(spoke))
                .filter(profile -> profile.out() == SpokeProfile.Flow.OUT
                        || profile.out() == SpokeProfile.Flow.UPDATE)
                .map(SpokeProfile::entity).toList();
    }

    /** Not a lifecycle bean: Spring would start what it depends on before it, and Camel before it has its routes. */
    @EventListener(ApplicationReadyEvent.class)
    void start() {
        running = true;
        thread = Thread.ofVirtual().name("reconcile").start(this::run);
    }

    @EventListener(ContextClosedEvent.class)
    void stop() {
        running = false;
        if (thread != null) {
            thread.interrupt();
        }
    }

    private void run() {
        while (running) {
            try {
                beginWhatIsDue();
                for (Run run : store.reconciliation().runs()) {
                    if (run.runs()) {
                        goOn(run);
                    }
                }
            } catch (RuntimeException failed) {
                LOG.warn("Reconciling failed and goes on later: {}", failed.getMessage());
            }
            pause(LOOK);
        }
    }

    private void beginWhatIsDue() {
        if (settings.every().isZero()) {
            return;
        }
        List<Run> runs = store.reconciliation().runs();
        for (SpokeProfile profile : store.settings().spokes()) {
            if (!entities(profile.spoke()).contains(profile.entity())) {
                continue;
            }
            Instant last = runs.stream().filter(run -> run.spoke().equals(profile.spoke())
                    && run.entity().equals(profile.entity())).map(Run::startedAt).findFirst().orElse(Instant.EPOCH);
            if (last.plus(settings.every()).isBefore(clock.instant())) {
                store.reconciliation().begin(profile.spoke(), profile.entity(), settings.repair());
            }
        }
    }

    private void goOn(Run run) {
        Optional<Sending> sending = camel.getComponent("crm", CrmComponent.class).sending(run.spoke(), run.entity());
        if (sending.isEmpty()) {
            return;
        }
        try (Polls.Turn turn = polls.claim(run.spoke(), "reconcile/" + run.entity(), TURN).orElse(null)) {
            if (turn != null) {
                records(run, sending.get());
            }
        }
    }

    private void records(Run run, Sending sending) {
        Reconciliation reconciliation = store.reconciliation();
        SpokeGate gate = camel.getComponent("crm", CrmComponent.class).gate(run.spoke());
        long left = settings.calls() - run.asked();
        while (running && gate.closedFor(clock.instant()).isZero()) {
            Optional<Held> next = reconciliation.next(run);
            if (next.isEmpty()) {
                if (reconciliation.goesOn(run)) {
                    untold(run, null);
                }
                return;
            }
            if (left <= 0) {
                reconciliation.end(run, "the " + settings.calls() + " requests that a run may take are used up");
                return;
            }
            if (!next.get().quiet()) {
                reconciliation.passOver(run, next.get());
                continue;
            }
            left--;
            if (!asked(run, next.get(), sending)) {
                return;
            }
            pause(Duration.ofMinutes(1).dividedBy(settings.perMinute()));
        }
    }

    /** The end of a run: what the spoke should have, and was never told of. @param problem why nothing more was compared */
    private void untold(Run run, String problem) {
        Reconciliation reconciliation = store.reconciliation();
        boolean hasAll = store.settings().profile(run.spoke(), run.entity())
                .map(profile -> profile.out() == SpokeProfile.Flow.OUT).orElse(false);
        if (hasAll && run.repairs() && connectors.lists(run.spoke(), run.entity()) && !reconciliation.read(run)) {
            reconciliation.stuck(run, "waits until the list of " + run.spoke()
                    + " has been read from the beginning, so that nothing is made there that it has");
            return;
        }
        Reconciliation.Look look = null;
        while (running && hasAll) {
            Optional<Reconciliation.Look> next = reconciliation.untold(run, look);
            if (next.isEmpty()) {
                break;
            }
            look = next.get();
        }
        if (running) {
            reconciliation.end(run, problem);
        }
    }

    /** False when the run cannot go on now. */
    private boolean asked(Run run, Held held, Sending sending) {
        try {
            Map<String, Object> known = held.ours() == null ? Map.of() : held.ours();
            Sending.Answer answer = sending.send(new Sending.Request("lookup", held.externalId(), held.revision(), null,
                    held.id().toString(), known, known, List.copyOf(known.keySet()), null));
            if (answer.held() == null && answer.externalId() != null) {
                store.reconciliation().silent(run, held);
            } else {
                store.reconciliation().compare(run, held, answer.held(), answer.revision());
            }
            return true;
        } catch (ConnectorException refused) {
            if (refused.errorClass() == ErrorClass.INVALID && refused.status() == 0) {
                untold(run, refused.getMessage());
                return false;
            }
            if (ofTheSpoke(refused)) {
                store.reconciliation().stuck(run, refused.getMessage());
                return false;
            }
            return store.reconciliation().unreadable(run, held, refused.getMessage());
        } catch (Exception failed) {
            return store.reconciliation().unreadable(run, held, String.valueOf(failed.getMessage()));
        }
    }

    /** Whether the spoke would refuse any record so. A 403 may be about this one only; a 503 is not. */
    static boolean ofTheSpoke(ConnectorException refused) {
        return switch (refused.errorClass()) {
            case THROTTLED, QUOTA_DAY -> true;
            case AUTH -> refused.status() != 403;
            default -> refused.status() == 0 || refused.status() == 503;
        };
    }

    private void pause(Duration time) {
        synchronized (bell) {
            try {
                bell.wait(Math.max(1, time.toMillis()));
            } catch (InterruptedException stopping) {
                running = false;
            }
        }
    }
}
