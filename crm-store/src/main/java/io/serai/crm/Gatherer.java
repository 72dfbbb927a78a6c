package io.serai.crm;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Gathers the work of concurrent callers: a batch is whatever waits when the previous one is done. Where callers wait for
 * an answer there is no timer, so a lonely caller waits for nobody, and the busier it gets the larger the batches become.
 * When many wait, and the work allows it, the next batch begins beside the one before.
 */
final class Gatherer<T, R> implements AutoCloseable {
    /** What a batch costs before its first item is worth some ten items: a small one had better wait and grow. */
    private static final int WORTH_BEGINNING = 16;

    private final Work<T, R> work;
    private final int most;
    private final int capacity;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition mayBegin = lock.newCondition();
    private final Condition room = lock.newCondition();
    private final Condition more = lock.newCondition();
    private final Deque<Call<T, R>> waiting = new ArrayDeque<>();
    private final List<Thread> workers = new ArrayList<>();
    /** Items that wait. */
    private int size;
    /** When the most impatient of them wants to be begun, in nanoseconds of this process. */
    private long begins;
    /** Batches that workers are busy with. */
    private int underWay;
    private boolean beginning;
    private boolean closed;

    /** Does a batch and gives one result per item, in order. */
    interface Work<T, R> {
        /** @param begun to be told when another batch may begin beside this one */
        List<R> apply(List<T> items, Runnable begun);
    }

    private record Call<T, R>(List<T> items, CompletableFuture<List<R>> results) {}

    /**
     * @param most items in a batch; a single caller's list may be longer
     * @param capacity items that may wait; callers beyond it are held back
     */
    Gatherer(String name, int threads, int most, int capacity, Work<T, R> work) {
        this.work = work;
        this.most = most;
        this.capacity = capacity;
        for (int i = 0; i < threads; i++) {
            workers.add(Thread.ofPlatform().name(name + "-" + i).daemon().start(this::run));
        }
    }

    /**
     * Hands over and waits only for room. The result comes when all is done, one for each item, or what a batch threw.
     *
     * @param calls lists of items, each of which goes into one batch; they are taken in this order
     */
    CompletableFuture<List<R>> submit(List<List<T>> calls) {
        List<CompletableFuture<List<R>>> submitted = calls.stream().map(call -> hand(call, Duration.ZERO)).toList();
        return CompletableFuture.allOf(submitted.toArray(CompletableFuture[]::new))
                .thenApply(_ -> submitted.stream().flatMap(call -> call.join().stream()).toList());
    }

    /** As {@link #submit} for one list, and waits for the results. @param patience how long the batch may wait for more */
    List<R> call(List<T> items, Duration patience) {
        return await(hand(items, patience));
    }

    /** The results, or what the work threw. */
    static <R> R await(CompletableFuture<R> results) {
        try {
            return results.join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw failed;
        }
    }

    private CompletableFuture<List<R>> hand(List<T> items, Duration patience) {
        Call<T, R> call = new Call<>(items, new CompletableFuture<>());
        lock.lock();
        try {
            while (size > 0 && size + items.size() > capacity && !closed) {
                room.await();
            }
            if (closed) {
                throw new StoreUnavailable("The hub is stopping; nothing was stored.", null);
            }
            long latest = System.nanoTime() + patience.toNanos();
            if (waiting.isEmpty() || latest - begins < 0) {
                begins = latest;
                more.signal();
            }
            waiting.add(call);
            size += items.size();
            wakeWorker();
            if (size >= most) {
                more.signal();
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailable("The hub is stopping; nothing was stored.", stopping);
        } finally {
            lock.unlock();
        }
        return call.results();
    }

    private boolean batchMayBegin() {
        return !waiting.isEmpty() && !beginning && (underWay == 0 || size >= WORTH_BEGINNING);
    }

    private void wakeWorker() {
        if (closed) {
            mayBegin.signalAll();
        } else if (batchMayBegin()) {
            mayBegin.signal();
        }
    }

    private void run() {
        for (List<Call<T, R>> calls = next(); !calls.isEmpty(); calls = next()) {
            List<T> items = new ArrayList<>();
            calls.forEach(call -> items.addAll(call.items()));
            Batch batch = new Batch();
            try {
                List<R> results = work.apply(items, batch::begun);
                batch.done();
                int from = 0;
                for (Call<T, R> call : calls) {
                    call.results().complete(results.subList(from, from + call.items().size()));
                    from += call.items().size();
                }
            } catch (RuntimeException | Error failed) {
                batch.done();
                calls.forEach(call -> call.results().completeExceptionally(failed));
            }
        }
    }

    /** Empty when closed and everything is done. */
    private List<Call<T, R>> next() {
        lock.lock();
        try {
            while (!batchMayBegin()) {
                if (closed && waiting.isEmpty()) {
                    return List.of();
                }
                mayBegin.await();
            }
            beginning = true;
            for (long left = left(); left > 0; left = left()) {
                more.awaitNanos(left);
            }
            List<Call<T, R>> calls = new ArrayList<>();
            int items = 0;
            while (!waiting.isEmpty() && (items == 0 || items + waiting.peek().items().size() <= most)) {
                Call<T, R> call = waiting.poll();
                items += call.items().size();
                calls.add(call);
            }
            size -= items;
            underWay++;
            room.signalAll();
            return calls;
        } catch (InterruptedException stopping) {
            return List.of();
        } finally {
            lock.unlock();
        }
    }

    /** How long the batch that begins may still wait, in nanoseconds. */
    private long left() {
        return closed || size >= most ? 0 : begins - System.nanoTime();
    }

    /** What a worker is busy with. */
    private final class Batch {
        private boolean begun;

        void begun() {
            lock.lock();
            try {
                if (!begun) {
                    begun = true;
                    beginning = false;
                    wakeWorker();
                }
            } finally {
                lock.unlock();
            }
        }

        void done() {
            lock.lock();
            try {
                underWay--;
                begun();
                wakeWorker();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Lets the waiting work finish; takes no more. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            more.signalAll();
            room.signalAll();
            mayBegin.signalAll();
        } finally {
            lock.unlock();
        }
        for (Thread worker : workers) {
            try {
                worker.join();
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
