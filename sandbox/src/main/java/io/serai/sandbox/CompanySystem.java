package io.serai.sandbox;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * One system of the sandbox company: a server of its own whose state is the fold of its own ledger. It can be stopped and
 * started again on the same port, and then knows what it knew.
 */
public abstract class CompanySystem implements AutoCloseable {
    final String name;
    final Place place;
    private final ReentrantLock lock = new ReentrantLock();
    private Faults faults = new Faults();
    private Ledger ledger;
    private Site site;
    private int port;
    private boolean replaying;

    /**
     * Where a system lives.
     *
     * @param data the folder of its ledger
     * @param address to listen on
     * @param clock tells the time of entries
     */
    record Place(Path data, InetAddress address, Clock clock) {}

    CompanySystem(String name, Place place, int port) {
        this.name = name;
        this.place = place;
        this.port = port;
    }

    abstract void forget();

    /** Changes the state as an accepted write says; also called for each entry of the ledger at the start. */
    abstract void apply(Entry entry);

    abstract void furnish(Site site);

    abstract void check(Request request);

    abstract Answer refuse(Request request, RefusedException refused);

    abstract Answer index();

    /** Runs after the ledger is read and the doors are open. */
    void opened() throws IOException {}

    void closing() {}

    /** Runs when a request is answered, on its thread. */
    void answered() {}

    /** Opens the system on its port (the same as before, when it was open before); does nothing while it is open. */
    public synchronized void start() throws IOException {
        if (site != null) {
            return;
        }
        faults = new Faults();
        forget();
        replaying = true;
        ledger = new Ledger(name, place.data().resolve(name + ".jsonl"), place.clock(), this::apply);
        replaying = false;
        try {
            site = new Site(new InetSocketAddress(place.address(), port), faults, this::check, this::refuse,
                    this::answered);
            port = site.port();
            site.watch("GET", "/", request -> index());
            site.watch("GET", "/health", request -> Answer.json(faults.down() ? 503 : 200,
                    Map.of("system", name, "status", faults.down() ? "down" : "up")));
            site.watch("GET", "/ledger", this::ledger);
            site.watch("GET", "/control", request -> Answer.json(200, control()));
            site.watch("POST", "/control", request -> {
                control(request.json());
                return Answer.json(200, control());
            });
            furnish(site);
            opened();
            site.open();
        } catch (IOException | RuntimeException e) {
            stop();
            throw e;
        }
    }

    private Answer ledger(Request request) {
        Ledger open = ledger;
        long after = request.number("after", 0, Long.MAX_VALUE);
        return new Answer(200, "application/jsonl", Map.of(), 0, out -> open.copy(after, out));
    }

    /** Closes the doors and forgets everything but the ledger, as the end of a process does. */
    public synchronized void stop() throws IOException {
        if (site != null) {
            site.close();
            site = null;
        }
        closing();
        if (ledger != null) {
            ledger.close();
        }
    }

    @Override
    public void close() throws IOException {
        stop();
    }

    /** Decides and records under the system's lock; returns when what was recorded is on disk. */
    final <T> T write(Supplier<T> decision) {
        T result = read(decision);
        ledger.settle();
        return result;
    }

    final <T> T read(Supplier<T> view) {
        lock.lock();
        try {
            return view.get();
        } finally {
            lock.unlock();
        }
    }

    /** Appends to the ledger and changes the state; only within {@link #write}. */
    final Entry record(String action, String key, String id, Map<String, Object> body) {
        Entry entry = ledger.append(action, key, id, body);
        apply(entry);
        return entry;
    }

    final boolean replaying() {
        return replaying;
    }

    final Faults faults() {
        return faults;
    }

    /** Where it is, such as {@code http://127.0.0.1:4711}, without a slash at the end. */
    public final String url() {
        return "http://" + place.address().getHostAddress() + ":" + port;
    }

    /** The port it listens on; before the first start the wished one, 0 for any. */
    public final int port() {
        return port;
    }

    /** Every write the system accepted: seq, at, system, action, key, id, body. */
    public final List<Map<String, Object>> ledger() {
        return ledger(0);
    }

    /** The entries with a higher {@code seq} than the one given. */
    public final List<Map<String, Object>> ledger(long after) {
        return ledger.after(after);
    }

    /** Sets faults by name, as {@code POST /control} does: delayMillis, failNext, failStatus, loseAnswerNext, down… */
    public void control(Map<String, Object> wanted) {
        faults.set(wanted);
    }

    /** What it was told to get wrong. */
    public Map<String, Object> control() {
        return new LinkedHashMap<>(faults.state());
    }

    /** Fails the next {@code times} requests with this HTTP status, before anything is stored. */
    public final void failNext(int times, int status) {
        control(Map.of("failNext", times, "failStatus", status));
    }

    /** Stores the next {@code times} writes and cuts the connection instead of answering. */
    public final void loseAnswerNext(int times) {
        control(Map.of("loseAnswerNext", times));
    }

    /** Waits this long before each request is looked at. */
    public final void delay(Duration time) {
        control(Map.of("delayMillis", time.toMillis()));
    }

    /** Plays dead: connections are closed without an answer; watching and control still work. */
    public final void down(boolean down) {
        control(Map.of("down", down));
    }
}
