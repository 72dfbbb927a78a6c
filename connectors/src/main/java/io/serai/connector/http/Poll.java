package io.serai.connector.http;

import java.net.URI;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.connector.ConnectorException;
import io.serai.connector.Delivery;
import io.serai.connector.ErrorClass;
import io.serai.connector.Inlet;
import io.serai.connector.Item;
import io.serai.connector.Json;
import io.serai.connector.MalformedException;
import io.serai.connector.Operation;
import io.serai.connector.Polls;
import io.serai.connector.Refusal;
import io.serai.connector.Services;
import io.serai.connector.Sink;
import io.serai.connector.Spoke;

/**
 * Asks a spoke for what is new, page by page. The cursor moves only after the hub has committed what was read, so a
 * crash reads again and loses nothing; repeats are known by entity, id, revision and content.
 */
final class Poll implements Inlet {
    private static final Logger LOG = LoggerFactory.getLogger(Poll.class);
    private static final int MAX_PAGES = 100_000;
    /** How many events are remembered, so that the overlap of two polls does not go through the hub again. */
    private static final int MEMORY = 10_000;
    private static final Duration LEASE = Duration.ofMinutes(10);
    private static final Delivery NOBODY = new Delivery(Operation.LOOKUP, null, null, null, null, null, null);

    private final Spoke spoke;
    private final String entity;
    private final HttpSpoke http;
    private final HttpObject object;
    private final Listing list;
    private final Services services;
    private final ScheduledThreadPoolExecutor schedule;
    private Failing failing = Failing.NOT;
    /** How many records the last poll read of which none had a time that the cursor could be made of. */
    private int untimed;
    private final Set<String> seen = Collections.newSetFromMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > MEMORY;
        }
    });

    /**
     * How often polls have failed in a row. They are made less and less often meanwhile: sign-ons that are refused again and
     * again lock accounts.
     *
     * @param refused whether the hub was refused as one who may not read
     */
    record Failing(int times, boolean refused) {
        static final Failing NOT = new Failing(0, false);
        private static final Duration LONGEST = Duration.ofSeconds(30);
        private static final Duration LONGEST_REFUSED = Duration.ofMinutes(5);

        /** It failed once more. What failed in another way before does not count. */
        Failing again(boolean refused) {
            return new Failing(refused == this.refused ? times + 1 : 1, refused);
        }

        /** @param every the pause when all is well, and never less than that */
        Duration pause(Duration every) {
            Duration longest = refused ? LONGEST_REFUSED : LONGEST;
            Duration pause = every;
            for (int i = 0; i < times && pause.compareTo(longest) < 0; i++) {
                Duration twice = pause.multipliedBy(2);
                pause = twice.compareTo(longest) < 0 ? twice : longest;
            }
            return pause;
        }
    }

    Poll(Spoke spoke, String entity, HttpSpoke http, Services services) {
        this.spoke = spoke;
        this.entity = entity;
        this.http = http;
        this.object = http.object(entity);
        this.list = object.list().orElseThrow();
        this.services = services;
        this.schedule = new ScheduledThreadPoolExecutor(1,
                Thread.ofVirtual().name("poll-" + spoke.name() + "-" + entity).factory());
        this.schedule.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public void open(Sink sink) {
        next(sink, Duration.ZERO);
    }

    @Override
    public void close() {
        schedule.shutdown();
        try {
            // Reading again is free: who reads from a spoke that does not answer is not waited for.
            if (!schedule.awaitTermination(1, TimeUnit.SECONDS)) {
                schedule.shutdownNow();
                schedule.awaitTermination(2, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            schedule.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    private void next(Sink sink, Duration wait) {
        try {
            schedule.schedule(() -> {
                turn(sink);
                next(sink, failing.pause(list.every()));
            }, wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException closed) {
            // Nothing follows.
        }
    }

    private void turn(Sink sink) {
        try {
            Optional<Polls.Turn> claimed = services.polls().claim(spoke.name(), entity, LEASE);
            if (claimed.isPresent()) {
                boolean known = untimed > 0;
                try (Polls.Turn turn = claimed.get()) {
                    read(turn, sink);
                }
                failing = Failing.NOT;
                if (untimed == 0) {
                    services.succeeded(spoke);
                } else {
                    String problem = "none of " + untimed + " records has a time at " + list.cursor().times()
                            + ", so all of them are read every time";
                    services.failed(spoke, list.call().title() + ": " + problem);
                    if (!known) {
                        LOG.warn("Poll of {}/{}: {}. Correct 'cursor:' in the connector.", spoke.name(), entity,
                                problem);
                    }
                }
            }
        } catch (Polls.TurnLost passed) {
            LOG.info("Poll of {}/{} ends: {}", spoke.name(), entity, passed.getMessage());
        } catch (ConnectorException e) {
            failing = failing.again(e.errorClass() == ErrorClass.AUTH);
            services.failed(spoke, e.getMessage());
            LOG.warn("Poll of {}/{} failed, will be tried again in {}: {}", spoke.name(), entity,
                    failing.pause(list.every()), e.getMessage());
        } catch (Exception e) {
            // Nothing may end the schedule: a poll that stops without a word is a spoke that is never heard again.
            failing = failing.again(false);
            services.failed(spoke, "the hub could not take what was read");
            LOG.error("Poll of {}/{} failed, will be tried again in {}", spoke.name(), entity,
                    failing.pause(list.every()), e);
        }
    }

    private void read(Polls.Turn turn, Sink sink) throws Exception {
        try {
            pages(turn, sink, turn.cursor());
        } catch (ConnectorException e) {
            if (e.errorClass() != ErrorClass.CURSOR_EXPIRED || turn.cursor() == null) {
                throw e;
            }
            LOG.warn("{}/{} no longer knows the cursor; everything is read again", spoke.name(), entity);
            pages(turn, sink, null);
        }
    }

    private void pages(Polls.Turn turn, Sink sink, String start) throws Exception {
        Instant began = services.clock().instant();
        Call call = list.call();
        URI first = list.paging().first(list.cursor().apply(call.uri(http.base(), NOBODY), start));
        Set<URI> asked = new HashSet<>();
        URI address = first;
        String cursor = start;
        int records = 0;
        for (int page = 1; address != null; page++) {
            if (!asked.add(address) || page > MAX_PAGES) {
                throw unclear("pages that lead in a circle");
            }
            Answer answer = http.transport().send(call.title(), call.method(), own(address), http.headers(NOBODY, false,
                    false), null, false);
            http.refuseFailure(call.title(), answer, false);
            Object json = json(answer);
            if (!(Json.at(json, list.items()) instanceof List<?> items)) {
                throw unclear("no list at '" + list.items() + "'");
            }
            accept(sink, items);
            records += items.size();
            cursor = list.cursor().after(cursor, json, items, began);
            if (list.cursor().perPage() && cursor != null) {
                turn.advance(cursor);
            }
            address = list.paging().next(first, page, answer, json, items).orElse(null);
        }
        if (cursor != null && !cursor.equals(turn.cursor())) {
            turn.advance(cursor);
        }
        untimed = cursor == null && list.cursor().times() != null ? records : 0;
        turn.complete();
    }

    private void accept(Sink sink, List<?> records) throws Exception {
        Instant now = services.clock().instant();
        List<Item> items = new ArrayList<>();
        for (Object record : records) {
            Item item = item(record, now);
            if (!seen.contains(item.eventId())) {
                items.add(item);
            }
        }
        if (!items.isEmpty()) {
            sink.accept(items);
            items.forEach(item -> seen.add(item.eventId()));
        }
    }

    private Item item(Object record, Instant now) {
        byte[] received = Json.write(record);
        String id = Json.textAt(record, object.id());
        String revision = object.revision() == null ? null : Json.textAt(record, object.revision());
        // Revisions count in whole seconds, or do not count what is embedded in a record: alone they do not tell a repeat.
        String hash = sha256(received);
        String event = entity + ":" + (id == null ? "" : id) + ":" + (id == null || revision == null
                ? hash
                : revision + ":" + hash.substring(0, 16));
        Refusal refusal = id != null
                ? null
                : new Refusal("connector:" + spoke.name() + "/" + entity, object.id(),
                        "The record has no id at '" + object.id() + "', so the hub cannot tell which one it is.",
                        "malformed");
        return new Item(record, event, received, "application/json", "poll", null, now, null, refusal);
    }

    /** A link in an answer may not lead the credentials to another host. */
    private URI own(URI address) throws ConnectorException {
        URI base = URI.create(http.base());
        if (!base.getScheme().equals(address.getScheme()) || !base.getRawAuthority().equals(address
                .getRawAuthority())) {
            throw unclear("a link to another host, which is not followed");
        }
        return address;
    }

    private Object json(Answer answer) throws ConnectorException {
        try {
            return answer.json();
        } catch (MalformedException e) {
            throw unclear("something that is not JSON");
        }
    }

    private ConnectorException unclear(String what) {
        return new ConnectorException(ErrorClass.TRANSIENT, spoke.name() + " answered " + list.call().title() + " with "
                + what, null);
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is part of every JDK", e);
        }
    }
}
