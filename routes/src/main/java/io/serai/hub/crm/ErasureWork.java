package io.serai.hub.crm;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

import io.serai.connector.ConnectorException;
import io.serai.connector.Connectors;
import io.serai.connector.Delivery;
import io.serai.connector.ErrorClass;
import io.serai.connector.Operation;
import io.serai.connector.Outlet;
import io.serai.connector.Spoke;
import io.serai.crm.CrmStore;
import io.serai.crm.Erasures;

/**
 * Has spokes delete the records of people who were erased, for as long as it takes. A spoke whose connector declares no
 * delete is left to people, and the receipt says so.
 */
@Component
final class ErasureWork implements DisposableBean {
    private static final Logger LOG = LoggerFactory.getLogger(ErasureWork.class);
    private static final int AT_ONCE = 16;
    private static final Duration LEASE = Duration.ofSeconds(60);
    private static final Duration NAP = Duration.ofSeconds(5);

    private final CrmStore store;
    private final Connectors connectors;
    private final Object bell = new Object();
    private boolean rung;
    private volatile boolean running = true;

    ErasureWork(CrmStore store, Connectors connectors) {
        this.store = store;
        this.connectors = connectors;
    }

    @EventListener(ApplicationReadyEvent.class)
    void start() {
        store.onChange(this::ring);
        Thread.ofVirtual().name("erasures").start(this::run);
    }

    @Override
    public void destroy() {
        running = false;
        ring();
    }

    private void ring() {
        synchronized (bell) {
            rung = true;
            bell.notifyAll();
        }
    }

    private void run() {
        while (running) {
            try {
                List<Erasures.Task> tasks = store.erasures().claim(AT_ONCE, LEASE);
                if (!tasks.isEmpty()) {
                    carryOut(tasks);
                    continue;
                }
            } catch (RuntimeException failed) {
                LOG.warn("Erasures in spokes cannot be claimed and are tried again: {}", failed.getMessage());
            }
            nap();
        }
    }

    private void nap() {
        synchronized (bell) {
            if (!rung && running) {
                try {
                    bell.wait(NAP.toMillis());
                } catch (InterruptedException stopping) {
                    running = false;
                }
            }
            rung = false;
        }
    }

    /** Each on a thread of its own: a spoke that is silent keeps nobody but itself waiting. */
    private void carryOut(List<Erasures.Task> tasks) {
        try (ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor()) {
            tasks.forEach(task -> workers.execute(() -> carryOut(task)));
            workers.shutdown();
            if (!workers.awaitTermination(LEASE.toSeconds(), TimeUnit.SECONDS)) {
                workers.shutdownNow();
            }
        } catch (InterruptedException stopping) {
            running = false;
        }
    }

    private void carryOut(Erasures.Task task) {
        try {
            String cannot = delete(task);
            if (cannot == null) {
                store.erasures().done(task);
            } else {
                store.erasures().byHand(task, cannot);
            }
        } catch (ConnectorException refused) {
            if (refused.errorClass() == ErrorClass.GONE) {
                store.erasures().done(task);
            } else if (refused.errorClass() == ErrorClass.INVALID) {
                store.erasures().byHand(task, refused.getMessage());
            } else {
                store.erasures().again(task, refused.retryAfter().orElse(Patience.after(task.attempt())),
                        refused.getMessage());
            }
        } catch (RuntimeException failed) {
            LOG.warn("Record of an erased customer in {} could not be deleted; its lease will run out", task.spoke(),
                    failed);
        }
    }

    /** Null when it is done; else why nobody can tell the spoke. */
    private String delete(Erasures.Task task) throws ConnectorException {
        Optional<Spoke> spoke = connectors.spokes().find(task.spoke()).filter(found -> found.off().isEmpty());
        if (spoke.isEmpty()) {
            return "The spoke is not configured or switched off.";
        }
        Optional<Outlet> outlet = connectors.outlet(spoke.get(), "customer");
        if (outlet.isEmpty()) {
            return "The connector writes no customers.";
        }
        try (Outlet open = outlet.get()) {
            open.send(new Delivery(Operation.DELETE, task.externalId(), null, Map.of("source", Map.of("id", task
                    .externalId())), "erase-" + task.erasure() + "-" + task.id(), task.erasure().toString(), null));
            return null;
        }
    }
}
