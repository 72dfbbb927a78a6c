package io.serai.sandbox;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * What a system still has to tell the hub. Messages about one record go in order; a message is tried again, with the same
 * id, until it is answered. The system's ledger remembers both the message and its answer, so nothing is forgotten over a
 * restart.
 */
final class Outbox implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Outbox.class.getName());
    private static final int AT_ONCE = 4;
    private static final long FIRST_PAUSE = 100;
    private static final long LONGEST_PAUSE = 1_000;

    /** @param lane messages of one lane keep their order */
    record Message(String id, String lane, String topic, Instant at, Map<String, Object> body) {}

    enum Result {
        /** Answered for good, in the affirmative or not. */
        ANSWERED,
        /** The hub is there and wants it later. */
        LATER,
        /** Nobody there. */
        AWAY
    }

    interface Post {
        /** @param attempt 1 for the first */
        Result send(Message message, int attempt) throws InterruptedException;
    }

    private final Post post;
    private final Semaphore places = new Semaphore(AT_ONCE);
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Map<String, Message> pending = new LinkedHashMap<>();
    private final Map<String, Deque<Message>> lanes = new HashMap<>();
    private final ThreadLocal<List<Message>> held = ThreadLocal.withInitial(ArrayList::new);
    private boolean open;

    Outbox(Post post) {
        this.post = post;
    }

    /** Keeps a message until the request that caused it is answered: {@link #release} on the same thread. */
    void hold(Message message) {
        synchronized (this) {
            pending.put(message.id(), message);
        }
        held.get().add(message);
    }

    /** Takes over a message of before the restart. */
    synchronized void remember(Message message) {
        pending.put(message.id(), message);
    }

    synchronized void answered(String id) {
        pending.remove(id);
    }

    synchronized List<Message> pending() {
        return new ArrayList<>(pending.values());
    }

    /** Starts sending; until then messages are only kept. */
    synchronized void open() {
        if (!open) {
            open = true;
            pending.values().forEach(this::enqueue);
        }
    }

    void release() {
        List<Message> messages = held.get();
        if (!messages.isEmpty()) {
            synchronized (this) {
                if (open) {
                    messages.stream().filter(message -> pending.containsKey(message.id())).forEach(this::enqueue);
                }
            }
        }
        held.remove();
    }

    private void enqueue(Message message) {
        Deque<Message> lane = lanes.get(message.lane());
        if (lane != null) {
            lane.add(message);
        } else if (closed.getCount() > 0) {
            lanes.put(message.lane(), new ArrayDeque<>(List.of(message)));
            Thread.ofVirtual().name("outbox-" + message.lane()).start(() -> work(message.lane()));
        }
    }

    private void work(String lane) {
        try {
            for (Message next = head(lane); next != null; next = following(lane)) {
                deliver(next);
            }
        } catch (InterruptedException end) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized Message head(String lane) {
        return lanes.get(lane).peek();
    }

    private synchronized Message following(String lane) {
        Deque<Message> messages = lanes.get(lane);
        messages.remove();
        if (messages.isEmpty()) {
            lanes.remove(lane);
        }
        return messages.peek();
    }

    private void deliver(Message message) throws InterruptedException {
        long pause = FIRST_PAUSE;
        for (int attempt = 1; closed.getCount() > 0; attempt++) {
            boolean answered;
            places.acquire();
            try {
                Result result = send(message, attempt);
                answered = result == Result.ANSWERED;
                if (result == Result.AWAY) {
                    // Waits in its place, so that an absent hub is asked by a few and not by all.
                    closed.await(pause, TimeUnit.MILLISECONDS);
                }
            } finally {
                places.release();
            }
            if (answered) {
                return;
            }
            closed.await(pause, TimeUnit.MILLISECONDS);
            pause = Math.min(pause * 2, LONGEST_PAUSE);
        }
        throw new InterruptedException("closed");
    }

    private Result send(Message message, int attempt) throws InterruptedException {
        try {
            return post.send(message, attempt);
        } catch (RuntimeException e) {
            if (closed.getCount() > 0) {
                LOG.log(Level.WARNING, "Could not send " + message.topic() + " " + message.id(), e);
            }
            return Result.LATER;
        }
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
