package io.serai.crm;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Gathers the work of concurrent callers: a batch is whatever waits when the previous one lets it begin. There is no timer,
 * so a lonely caller waits for nobody, and the busier it gets the larger the batches become.
 */
final class Gatherer<T, R> implements AutoCloseable {
    private final Work<T, R> work;
    private final int most;
    private final int capacity;
    private final Deque<Call<T, R>> waiting = new ArrayDeque<>();
    private final List<Thread> workers = new ArrayList<>();
    private int size;
    private boolean beginning;
    private boolean closed;

    /** Does a batch and gives one result per item, in order. */
    interface Work<T, R> {
        /** @param begun to be told when the next batch may begin, beside this one; at the latest that is when this one is done */
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
     * Returns when all is done, one result per item.
     *
     * @param calls lists of items, each of which goes into one batch; they are taken in this order
     * @throws RuntimeException what a batch threw
     */
    List<R> call(List<List<T>> calls) {
        List<CompletableFuture<List<R>>> underWay = new ArrayList<>(calls.size());
        calls.forEach(items -> underWay.add(submit(items)));
        List<R> results = new ArrayList<>();
        underWay.forEach(call -> results.addAll(result(call)));
        return results;
    }

    /** Waits only for room. */
    private CompletableFuture<List<R>> submit(List<T> items) {
        Call<T, R> call = new Call<>(items, new CompletableFuture<>());
        synchronized (waiting) {
            while (size > 0 && size + items.size() > capacity && !closed) {
                await();
            }
            if (closed) {
                throw new StoreUnavailable("The hub is stopping; nothing was stored.", null);
            }
            waiting.add(call);
            size += items.size();
            waiting.notifyAll();
        }
        return call.results();
    }

    private static <R> List<R> result(CompletableFuture<List<R>> results) {
        try {
            return results.join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw failed;
        }
    }

    private void await() {
        try {
            waiting.wait();
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new StoreUnavailable("The hub is stopping; nothing was stored.", stopping);
        }
    }

    private void run() {
        for (List<Call<T, R>> calls = next(); !calls.isEmpty(); calls = next()) {
            List<T> items = new ArrayList<>();
            calls.forEach(call -> items.addAll(call.items()));
            AtomicBoolean told = new AtomicBoolean();
            Runnable begun = () -> {
                if (told.compareAndSet(false, true)) {
                    begun();
                }
            };
            try {
                List<R> results = work.apply(items, begun);
                int from = 0;
                for (Call<T, R> call : calls) {
                    call.results().complete(results.subList(from, from + call.items().size()));
                    from += call.items().size();
                }
            } catch (RuntimeException | Error failed) {
                calls.forEach(call -> call.results().completeExceptionally(failed));
            } finally {
                begun.run();
            }
        }
    }

    private void begun() {
        synchronized (waiting) {
            beginning = false;
            waiting.notifyAll();
        }
    }

    /** Empty when closed and everything is done. */
    private List<Call<T, R>> next() {
        synchronized (waiting) {
            while (waiting.isEmpty() || beginning) {
                if (closed && waiting.isEmpty()) {
                    return List.of();
                }
                try {
                    waiting.wait();
                } catch (InterruptedException stopping) {
                    return List.of();
                }
            }
            List<Call<T, R>> calls = new ArrayList<>();
            int items = 0;
            while (!waiting.isEmpty() && (items == 0 || items + waiting.peek().items().size() <= most)) {
                Call<T, R> call = waiting.poll();
                items += call.items().size();
                calls.add(call);
            }
            size -= items;
            beginning = true;
            waiting.notifyAll();
            return calls;
        }
    }

    /** Lets the waiting work finish; takes no more. */
    @Override
    public void close() {
        synchronized (waiting) {
            closed = true;
            waiting.notifyAll();
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
