package io.serai.connector.mail;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.connector.Inlet;
import io.serai.connector.Item;
import io.serai.connector.MalformedException;
import io.serai.connector.Outcome;
import io.serai.connector.Polls;
import io.serai.connector.Refusal;
import io.serai.connector.Sink;
import io.serai.connector.Watch;
import jakarta.mail.Flags;
import jakarta.mail.Folder;
import jakarta.mail.Message;
import jakarta.mail.MessageRemovedException;
import jakarta.mail.MessagingException;
import jakarta.mail.Store;
import jakarta.mail.UIDFolder;

/**
 * Reads a mailbox over IMAP. The hub remembers the last UID it has committed; mails are marked as seen after that. When the server
 * numbers its mails anew, all are read again, and known.
 */
public final class MailInlet implements Inlet {
    private static final Logger log = LoggerFactory.getLogger(MailInlet.class);
    private static final Duration LEASE = Duration.ofMinutes(10);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
    private static final int BATCH = 50;
    private static final int BATCH_BYTES = 8 << 20;
    /** How much of a mail that is too large the journal keeps. */
    private static final int START = 64 << 10;
    /** After so many attempts at a mail alone we ask whether it is the mail's fault or the hub's. */
    private static final int SUSPICIOUS = 5;

    private final MailSettings settings;
    private final Polls polls;
    private final InstantSource clock;
    private final Watch watch;
    private ScheduledExecutorService rounds;
    private Sink sink;
    private int failures;
    private Instant next = Instant.MIN;
    private volatile boolean closing;

    public MailInlet(MailSettings settings, Polls polls, InstantSource clock, Watch watch) {
        this.settings = settings;
        this.polls = polls;
        this.clock = clock;
        this.watch = watch;
    }

    @Override
    public void open(Sink sink) {
        accept(sink);
        rounds = Executors.newSingleThreadScheduledExecutor(
                Thread.ofVirtual().name("mail-" + settings.spoke() + "-" + settings.entity()).factory());
        rounds.scheduleWithFixedDelay(this::round, 0, settings.every().toMillis(), TimeUnit.MILLISECONDS);
    }

    /** For tests that make the rounds themselves. */
    void accept(Sink sink) {
        this.sink = sink;
    }

    @Override
    public void close() {
        closing = true;
        if (rounds != null) {
            rounds.shutdown();
            try {
                if (!rounds.awaitTermination(5, TimeUnit.SECONDS)) {
                    rounds.shutdownNow();
                }
            } catch (InterruptedException e) {
                rounds.shutdownNow();
                Thread.currentThread().interrupt();
            }
        }
    }

    /** One look into the mailbox; everything that is new is taken. */
    void round() {
        if (clock.instant().isBefore(next)) {
            return;
        }
        try {
            Optional<Polls.Turn> claimed = polls.claim(settings.spoke(), "mail/" + settings.entity(), LEASE);
            if (claimed.isPresent()) {
                round(claimed.get());
                failures = 0;
                watch.succeeded();
            }
        } catch (Exception e) {
            failures++;
            Duration pause = Duration.ofSeconds(1L << Math.min(failures - 1, 10));
            next = clock.instant().plus(pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause);
            log.warn("Spoke {}: mails of {} wait: {}", settings.spoke(), settings.server(), e.toString());
            watch.failed("Cannot take mails of " + settings.server() + ": " + e.getMessage());
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void round(Polls.Turn turn) throws Exception {
        MailServer server = settings.server();
        try (turn; Store store = server.session().getStore(server.scheme())) {
            store.connect(server.host(), server.port(), server.user(), server.password());
            try (Folder folder = store.getFolder(settings.folder())) {
                folder.open(Folder.READ_WRITE);
                if (!(folder instanceof UIDFolder numbered)) {
                    throw new MessagingException("The mailbox has no UIDs");
                }
                read(folder, numbered, turn);
            }
        }
    }

    private void read(Folder folder, UIDFolder numbered, Polls.Turn turn) throws Exception {
        long validity = numbered.getUIDValidity();
        long last = last(turn.cursor(), validity);
        List<Letter> batch = new ArrayList<>();
        int size = 0;
        for (Message message : numbered.getMessagesByUID(last + 1, UIDFolder.LASTUID)) {
            // A server answers the range n:* with its last mail, be its number below n.
            if (closing || message == null || numbered.getUID(message) <= last) {
                continue;
            }
            Letter letter = letter(message, numbered.getUID(message));
            batch.add(letter);
            size += letter.item == null ? 0 : letter.item.received().length;
            if (batch.size() >= (failures > 0 ? 1 : BATCH) || size >= BATCH_BYTES) {
                finish(folder, batch, turn, validity);
                batch.clear();
                size = 0;
            }
        }
        if (!batch.isEmpty()) {
            finish(folder, batch, turn, validity);
        }
    }

    private static long last(String cursor, long validity) {
        String prefix = validity + ":";
        return cursor != null && cursor.startsWith(prefix) ? Long.parseLong(cursor.substring(prefix.length())) : 0;
    }

    /** @param item null for a mail that is not handed over: an echo, or gone meanwhile */
    private record Letter(Message message, long uid, Item item) {}

    private void finish(Folder folder, List<Letter> batch, Polls.Turn turn, long validity) throws Exception {
        List<Item> items = batch.stream().map(Letter::item).filter(item -> item != null).toList();
        if (!items.isEmpty()) {
            handOver(items);
        }
        Message[] messages = batch.stream().filter(letter -> letter.item() != null).map(Letter::message)
                .toArray(Message[]::new);
        folder.setFlags(messages, new Flags(Flags.Flag.SEEN), true);
        turn.advance(validity + ":" + batch.getLast().uid());
    }

    private void handOver(List<Item> items) throws Exception {
        try {
            stored(items);
        } catch (Exception fault) {
            if (items.size() > 1 || failures < SUSPICIOUS || items.getFirst().refusal() != null) {
                throw fault;
            }
            // If the hub can store the mail unread, the mail is at fault; if it cannot do even that, the hub is.
            Item item = items.getFirst();
            try {
                stored(List.of(item(null, item.eventId(), item.received(),
                        new Refusal(settings.step(), null,
                                "The hub failed on this mail %d times; it was set aside so that others can go on."
                                        .formatted(failures),
                                "malformed"))));
            } catch (Exception again) {
                fault.addSuppressed(again);
                throw fault;
            }
            log.warn("Spoke {}: mail {} set aside: {}", settings.spoke(), item.eventId(), fault.toString());
        }
    }

    private void stored(List<Item> items) throws Exception {
        List<Outcome> outcomes = sink.accept(items);
        if (outcomes.size() != items.size()) {
            throw new IllegalStateException(
                    "The route answered " + outcomes.size() + " outcomes for " + items.size() + " mails");
        }
    }

    private Letter letter(Message message, long uid) throws MessagingException, IOException {
        try {
            return new Letter(message, uid, item(message));
        } catch (MessageRemovedException e) {
            return new Letter(message, uid, null);
        }
    }

    private Item item(Message message) throws MessagingException, IOException {
        byte[] received;
        try {
            received = content(message);
        } catch (TooLarge e) {
            String[] id = message.getHeader("Message-ID");
            return item(null, Mail.eventId(id, e.start), e.start,
                    new Refusal(settings.step(), null,
                            "The mail is larger than %d bytes; only its start is kept.".formatted(settings.largest()),
                            "too-large"));
        }
        String eventId = Mail.eventId(null, received);
        try {
            Mail mail = Mail.read(received);
            eventId = mail.eventId();
            if (mail.writtenBy(settings.address())) {
                log.info("Spoke {}: mail {} is our own and skipped", settings.spoke(), eventId);
                return null;
            }
            Instant arrived = message.getReceivedDate() == null
                    ? clock.instant()
                    : message.getReceivedDate().toInstant();
            return item(mail.body(arrived), eventId, received, null);
        } catch (MalformedException e) {
            return item(null, eventId, received, new Refusal(settings.step(), null, e.getMessage(), "malformed"));
        }
    }

    private Item item(Object body, String eventId, byte[] received, Refusal refusal) {
        return new Item(body, eventId, received, "message/rfc822", "mail", null, clock.instant(), null, refusal);
    }

    private byte[] content(Message message) throws MessagingException, IOException, TooLarge {
        var bytes = new ByteArrayOutputStream(Math.clamp(message.getSize(), 1_024, settings.largest()));
        try {
            message.writeTo(new OutputStream() {
                @Override
                public void write(int b) throws IOException {
                    write(new byte[]{(byte) b}, 0, 1);
                }

                @Override
                public void write(byte[] more, int offset, int length) throws IOException {
                    if (bytes.size() + length > settings.largest()) {
                        throw new Full();
                    }
                    bytes.write(more, offset, length);
                }
            });
            return bytes.toByteArray();
        } catch (Full e) {
            byte[] start = bytes.toByteArray();
            throw new TooLarge(start.length > START ? Arrays.copyOf(start, START) : start);
        }
    }

    private static final class Full extends IOException {}

    private static final class TooLarge extends Exception {
        private final byte[] start;

        TooLarge(byte[] start) {
            this.start = start;
        }
    }
}
