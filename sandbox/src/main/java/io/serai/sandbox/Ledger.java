package io.serai.sandbox;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * An append-only file of JSON lines. {@link #append} puts an entry in order, {@link #settle} returns when it is on disk;
 * whoever waits while an fsync is under way shares the next one, so that hundreds of callers do not wait for hundreds of
 * fsyncs.
 */
final class Ledger implements AutoCloseable {
    private final String system;
    private final Path path;
    private final Clock clock;
    private final FileOutputStream file;
    private final FileLock owner;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition settled = lock.newCondition();
    private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();
    private long[] ends = new long[1024];
    private int written;
    private int durable;
    private Instant last = Instant.EPOCH;
    private boolean forcing;
    private IOException failure;

    /** Opens or creates the ledger and hands over what it holds, in order. */
    Ledger(String system, Path path, Clock clock, Consumer<Entry> replay) throws IOException {
        this.system = system;
        this.path = path;
        this.clock = clock;
        Files.createDirectories(path.getParent());
        this.file = new FileOutputStream(path.toFile(), true);
        try {
            this.owner = own();
            replay(replay);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private FileLock own() throws IOException {
        FileLock got = null;
        try {
            got = file.getChannel().tryLock();
        } catch (OverlappingFileLockException held) {
            // Held by this very process; said below.
        }
        if (got == null) {
            throw new IOException("Another process keeps " + path + "; stop it or choose another --data folder.");
        }
        return got;
    }

    private void replay(Consumer<Entry> replay) throws IOException {
        long whole = 0;
        try (InputStream in = new BufferedInputStream(Files.newInputStream(path))) {
            ByteArrayOutputStream line = new ByteArrayOutputStream();
            for (int read = in.read(); read >= 0; read = in.read()) {
                line.write(read);
                if (read == '\n') {
                    Entry entry = Entry.of(Json.object(line.toByteArray()));
                    whole += line.size();
                    line.reset();
                    count(whole);
                    last = entry.at();
                    replay.accept(entry);
                }
            }
        }
        durable = written;
        if (whole < Files.size(path)) {
            // A line cut off by a crash was never acknowledged.
            try (RandomAccessFile tail = new RandomAccessFile(path.toFile(), "rw")) {
                tail.setLength(whole);
            }
        }
    }

    private void count(long end) {
        written++;
        if (written == ends.length) {
            ends = Arrays.copyOf(ends, ends.length * 2);
        }
        ends[written] = end;
    }

    /** Adds an entry; it counts only after {@link #settle}. Times rise strictly, so that a time is a revision. */
    Entry append(String action, String key, String id, Map<String, Object> body) {
        lock.lock();
        try {
            Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
            last = now.isAfter(last) ? now : last.plus(1, ChronoUnit.MICROS);
            Entry entry = new Entry(written + 1L, last, system, action, key, id, body);
            byte[] json = Json.bytes(entry.toMap());
            waiting.writeBytes(json);
            waiting.write('\n');
            count(ends[written] + json.length + 1);
            return entry;
        } finally {
            lock.unlock();
        }
    }

    /** Returns when everything appended so far is on disk. */
    void settle() {
        lock.lock();
        try {
            int mine = written;
            while (durable < mine) {
                if (failure != null) {
                    throw new UncheckedIOException("The ledger " + path + " cannot be written", failure);
                }
                if (forcing) {
                    settled.awaitUninterruptibly();
                } else {
                    force();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void force() {
        byte[] batch = waiting.toByteArray();
        int upTo = written;
        waiting.reset();
        forcing = true;
        lock.unlock();
        IOException problem = null;
        try {
            file.write(batch);
            file.getFD().sync();
        } catch (IOException e) {
            problem = e;
        }
        lock.lock();
        forcing = false;
        failure = problem;
        if (problem == null) {
            durable = upTo;
        }
        settled.signalAll();
    }

    /** Writes the lines after entry {@code seq} that are on disk. */
    void copy(long seq, OutputStream out) throws IOException {
        long from;
        long left;
        lock.lock();
        try {
            from = ends[(int) Math.clamp(seq, 0L, durable)];
            left = ends[durable] - from;
        } finally {
            lock.unlock();
        }
        try (InputStream in = Files.newInputStream(path)) {
            in.skipNBytes(from);
            byte[] buffer = new byte[64 * 1024];
            while (left > 0) {
                int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                if (read < 0) {
                    return;
                }
                out.write(buffer, 0, read);
                left -= read;
            }
        }
    }

    List<Map<String, Object>> after(long seq) {
        try {
            ByteArrayOutputStream lines = new ByteArrayOutputStream();
            copy(seq, lines);
            List<Map<String, Object>> entries = new ArrayList<>();
            byte[] all = lines.toByteArray();
            int start = 0;
            for (int i = 0; i < all.length; i++) {
                if (all[i] == '\n') {
                    entries.add(Json.object(Arrays.copyOfRange(all, start, i)));
                    start = i + 1;
                }
            }
            return entries;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        settle();
        owner.release();
        file.close();
    }
}
