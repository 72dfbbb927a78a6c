package io.serai.connector.mail;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.eclipse.angus.mail.imap.IMAPFolder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.connector.Inlet;
import io.serai.connector.Item;
import io.serai.connector.MalformedException;
import io.serai.connector.Outcome;
import io.serai.connector.Polls;
import io.serai.connector.Refusal;
import io.serai.connector.Setback;
import io.serai.connector.Sink;
import io.serai.connector.Watch;
import jakarta.mail.Flags;
import jakarta.mail.Folder;
import jakarta.mail.FolderClosedException;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Store;

/**
 * Reads a mailbox over IMAP. The hub remembers the last UID it has committed; mails are marked as seen after that. When the server
 * numbers its mails anew, all are read again, and known.
 */
public final class MailInlet implements Inlet {
    private static final Logger log = LoggerFactory.getLogger(MailInlet.class);
    private static final Duration LEASE = Duration.ofMinutes(10);
    private static final int BATCH = 50;
    private static final int BATCH_BYTES = 8 << 20;
    /** How much of a mail that is too large the journal keeps. */
    private static final int START = 64 << 10;
    /** After so many attempts at a mail alone we ask whether it is the mail's fault or the hub's. */
    private static final int SUSPICIOUS = 5;
    /** A server that does not give one of its mails may do so in a minute or two; after so many attempts others no longer wait for it. */
    private static final int PATIENT = 8;

    private final MailSettings settings;
    private final Polls polls;
    private final InstantSource clock;
    private final Watch watch;
    private ScheduledExecutorService rounds;
    private Sink sink;
    private Setback setback = Setback.NONE;
    /** The mail that the server did not give, 0 for none, and how often. */
    private long withheld;
    private int attempts;
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
        if (setback.pausing(clock.instant())) {
            return;
        }
        try {
            Optional<Polls.Turn> claimed = polls.claim(settings.spoke(), "mail/" + settings.entity(), LEASE);
            if (claimed.isPresent()) {
                round(claimed.get());
                setback = Setback.NONE;
                watch.succeeded();
            }
        } catch (Exception e) {
            setback = setback.again(clock.instant());
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
                if (!(folder instanceof IMAPFolder numbered)) {
                    throw new MessagingException("The mailbox has no UIDs");
                }
                read(numbered, turn);
            }
        }
    }

    private void read(IMAPFolder folder, Polls.Turn turn) throws Exception {
        var mailbox = new Mailbox(folder);
        long validity = folder.getUIDValidity();
        long last = last(turn.cursor(), validity);
        List<Letter> batch = new ArrayList<>();
        int size = 0;
        List<Message> messages = Arrays.asList(folder.getMessagesByUID(last + 1, IMAPFolder.LASTUID));
        for (int i = 0; i < messages.size(); i++) {
            Message message = messages.get(i);
            // A server answers the range n:* with its last mail, be its number below n.
            if (closing || message == null || folder.getUID(message) <= last) {
                continue;
            }
            Letter letter = letter(mailbox, message, messages.subList(i + 1, messages.size()));
            batch.add(letter);
            size += letter.item == null ? 0 : letter.item.received().length;
            if (batch.size() >= (setback.count() > 0 ? 1 : BATCH) || size >= BATCH_BYTES) {
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

    /**
     * @param message null for a mail that stays unseen, because the server did not give it
     * @param item null for a mail that is not handed over: an echo, or gone meanwhile
     */
    private record Letter(Message message, long uid, Item item) {}

    private void finish(Folder folder, List<Letter> batch, Polls.Turn turn, long validity) throws Exception {
        List<Item> items = batch.stream().map(Letter::item).filter(item -> item != null).toList();
        if (!items.isEmpty()) {
            handOver(items);
        }
        Message[] messages = batch.stream().filter(letter -> letter.item() != null && letter.message() != null)
                .map(Letter::message).toArray(Message[]::new);
        folder.setFlags(messages, new Flags(Flags.Flag.SEEN), true);
        turn.advance(validity + ":" + batch.getLast().uid());
    }

    private void handOver(List<Item> items) throws Exception {
        try {
            stored(items);
        } catch (Exception fault) {
            if (items.size() > 1 || setback.count() < SUSPICIOUS || items.getFirst().refusal() != null) {
                throw fault;
            }
            // If the hub can store the mail unread, the mail is at fault; if it cannot do even that, the hub is.
            Item item = items.getFirst();
            try {
                stored(List.of(item(null, item.eventId(), item.received(),
                        new Refusal(settings.step(), null,
                                "The hub failed on this mail %d times; it was set aside so that others can go on."
                                        .formatted(setback.count()),
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

    private Letter letter(Mailbox mailbox, Message message, List<Message> behind) throws MessagingException {
        long uid = mailbox.folder().getUID(message);
        try {
            byte[] start = mailbox.content(uid, settings.largest() + 1L);
            return new Letter(message, uid, item(start, mailbox.arrived(uid).orElseGet(clock::instant)));
        } catch (FolderClosedException e) {
            throw e;
        } catch (MessagingException e) {
            if (!mailbox.has(uid)) {
                return new Letter(message, uid, null);
            }
            attempts = uid == withheld ? attempts + 1 : 1;
            withheld = uid;
            if (attempts < PATIENT || !givesOneOf(mailbox, behind)) {
                throw e;
            }
            log.warn("Spoke {}: mail {} of {} set aside: {}", settings.spoke(), uid, settings.server(), e.toString());
            return new Letter(null, uid, setAside(mailbox.folder().getUIDValidity() + ":" + uid, e));
        }
    }

    /** If the server gives a mail behind, the one in front is at fault; if it gives none, the server is. */
    private static boolean givesOneOf(Mailbox mailbox, List<Message> behind) throws MessagingException {
        for (Message message : behind.stream().filter(Objects::nonNull).limit(BATCH).toList()) {
            try {
                mailbox.content(mailbox.folder().getUID(message), 1);
                return true;
            } catch (FolderClosedException e) {
                throw e;
            } catch (MessagingException e) {
                // Nor this one.
            }
        }
        return false;
    }

    private Item setAside(String number, MessagingException e) {
        return item(null, "<" + number + "@imap>", new byte[0], new Refusal(settings.step(), null,
                "The mail server did not give this mail in %d attempts (%s); it was set aside so that others can go on. It is the unseen mail with UID %s in %s."
                        .formatted(PATIENT, e.getMessage(), number.substring(number.indexOf(':') + 1),
                                settings.folder()),
                "malformed"));
    }

    private Item item(byte[] start, Instant arrived) {
        boolean whole = start.length <= settings.largest();
        byte[] received = whole ? start : Arrays.copyOf(start, Math.min(START, settings.largest()));
        String eventId = Mail.eventId(null, received);
        try {
            Mail mail = Mail.read(received);
            eventId = mail.eventId();
            if (!whole) {
                return item(null, eventId, received, new Refusal(settings.step(), null,
                        "The mail is larger than %d bytes; only its start is kept.".formatted(settings.largest()),
                        "too-large"));
            }
            if (mail.writtenBy(settings.address())) {
                log.info("Spoke {}: mail {} is our own and skipped", settings.spoke(), eventId);
                return null;
            }
            return item(mail.body(arrived), eventId, received, null);
        } catch (MalformedException e) {
            return item(null, eventId, received, new Refusal(settings.step(), null, e.getMessage(), "malformed"));
        }
    }

    private Item item(Object body, String eventId, byte[] received, Refusal refusal) {
        return new Item(body, eventId, received, "message/rfc822", "mail", null, clock.instant(), null, refusal);
    }
}
