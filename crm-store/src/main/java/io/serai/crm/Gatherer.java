package io.serai.crm;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/**
 * Gathers the work of concurrent callers: a batch is whatever waits when the previous one has returned. There is no
 * timer, so a lonely caller waits for nobody, and the busier it gets the larger the batches become.
 */
final class Gatherer<T, R> implements AutoCloseable {
    private final Function<List<T>, List<R>> work;
    private final int most;
    private final int capacity;
    private final Deque<Call<T, R>> waiting = new ArrayDeque<>();
    private final List<Thread> workers = new ArrayList<>();
    private int size;
    private boolean closed;

    private record Call<T, R>(List<T> items, CompletableFuture<List<R>> results) {}

    /**
     * @param work does a batch and gives one result per item, in order
     * @param most items in a batch; a single caller's list may be longer
     * @param capacity items that may wait; callers beyond it are held back
     */
    Gatherer(String name, int threads, int most, int capacity, Function<List<T>, List<R>> work) {
        this.work = work;
        this.most = most;
        this.capacity = capacity;
        for (int i = 0; i < threads; i++) {
            workers.add(Thread.ofPlatform().name(name + "-" + i).daemon().start(this::run));
        }
    }

    /** Returns when the batch with these items is done; throws what the batch threw. */
    List<R> call(List<T> items) {
        if (items.isEmpty()) {
            return List.of();
        }
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
        try {
            return call.results().join();
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
        while (true) {
            List<Call<T, R>> calls = next();
            if (calls.isEmpty()) {
                return;
            }
            List<T> items = new ArrayList<>();
            calls.forEach(call -> items.addAll(call.items()));
            try {
                List<R> results = work.apply(items);
                int from = 0;
                for (Call<T, R> call : calls) {
                    call.results().complete(results.subList(from, from + call.items().size()));
                    from += call.items().size();
                }
            } catch (RuntimeException | Error failed) {
                calls.forEach(call -> call.results().completeExceptionally(failed));
            }
        }
    }

    /** Empty when closed and everything is done. */
    private List<Call<T, R>> next() {
        synchronized (waiting) {
            while (waiting.isEmpty()) {
                if (closed) {
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
