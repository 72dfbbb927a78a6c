package io.serai.connector.mail;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Date;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.eclipse.angus.mail.smtp.SMTPSenderFailedException;

import io.serai.connector.ConnectorException;
import io.serai.connector.Delivery;
import io.serai.connector.ErrorClass;
import io.serai.connector.Json;
import io.serai.connector.Operation;
import io.serai.connector.Outlet;
import io.serai.connector.Reply;
import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.Folder;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Store;
import jakarta.mail.Transport;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.search.HeaderTerm;

/**
 * Sends mails. The body of a delivery is {@code {to, subject, text}}. SMTP cannot tell a repeat, so the Message-ID follows from the
 * idempotency key: whoever sees the same mail twice can know it, and the hub can look for it in its mailbox.
 */
public final class MailOutlet implements Outlet {
    private static final int LONGEST_SUBJECT = 500;
    private static final int LONGEST_TEXT = 500_000;
    /** Servers that greylist want to be asked again after minutes, not seconds. */
    private static final Duration GREYLISTED = Duration.ofMinutes(5);

    private final MailServer server;
    private final String address;
    private final InstantSource clock;
    private final Optional<Archive> archive;

    /**
     * Where sent mails can be found again.
     *
     * @param server an IMAP server
     * @param folder that holds what was sent
     * @param copy whether the hub sends itself a copy, so that it is found in the folder; otherwise the server keeps it there
     */
    public record Archive(MailServer server, String folder, boolean copy) {}

    /**
     * @param server an SMTP server
     * @param address the hub's own
     * @param archive empty when mails cannot be found again; a look-up is then refused
     */
    public MailOutlet(MailServer server, String address, InstantSource clock, Optional<Archive> archive) {
        if (server.imap()) {
            throw new IllegalArgumentException("Mails are sent over smtp: or smtps:");
        }
        this.server = server;
        this.address = address;
        this.clock = clock;
        this.archive = archive;
    }

    @Override
    public Reply send(Delivery delivery) throws ConnectorException {
        return switch (delivery.operation()) {
            case CREATE, UPDATE -> write(delivery);
            case LOOKUP -> lookUp(delivery);
            case DELETE -> throw new ConnectorException(ErrorClass.INVALID, "A mail cannot be taken back", null);
        };
    }

    private Reply write(Delivery delivery) throws ConnectorException {
        String id = messageId(delivery.operation() == Operation.UPDATE ? change(delivery) : delivery.idempotencyKey());
        Session session = server.session();
        Letter letter = letter(session, delivery, id);
        try (Transport transport = session.getTransport(server.scheme())) {
            connect(transport);
            try {
                transport.sendMessage(letter, letter.getAllRecipients());
            } catch (MessagingException e) {
                throw failure(e, letter);
            }
        } catch (MessagingException e) {
            if (!letter.written) {
                throw new ConnectorException(ErrorClass.TRANSIENT, "The mail server " + server + " cannot be used: "
                        + e.getMessage(), e);
            }
            // Only the goodbye failed; the server had said that it took the mail.
        }
        return new Reply(null, id, null);
    }

    private void connect(Transport transport) throws ConnectorException {
        try {
            transport.connect(server.host(), server.port(), server.user(), server.password());
        } catch (AuthenticationFailedException e) {
            throw new ConnectorException(ErrorClass.AUTH, "The mail server " + server + " refuses the hub's user", e);
        } catch (MessagingException e) {
            throw new ConnectorException(ErrorClass.TRANSIENT, "The mail server " + server + " cannot be reached: "
                    + e.getMessage(), e);
        }
    }

    /** Before the last line of the mail was written the server cannot have taken it; after that, only its answer tells. */
    private ConnectorException failure(MessagingException e, Letter letter) {
        int code = code(e);
        if (code >= 500) {
            boolean recipient = find(e, SMTPAddressFailedException.class) != null;
            return new ConnectorException(ErrorClass.INVALID,
                    recipient
                            ? "The mail server refuses the recipient; correct the customer's e-mail address"
                            : "The mail server refuses the mail",
                    code, null, recipient ? "to" : null, e);
        }
        if (code >= 400) {
            return new ConnectorException(ErrorClass.TRANSIENT, "The mail server does not take the mail now", code,
                    code == 450 || code == 451 ? GREYLISTED : null, null, e);
        }
        return letter.written
                ? new ConnectorException(ErrorClass.UNKNOWN,
                        "The mail server did not say whether it took the mail: " + e.getMessage(), e)
                : new ConnectorException(ErrorClass.TRANSIENT,
                        "The connection to the mail server was lost before the mail was sent: " + e.getMessage(), e);
    }

    private static int code(MessagingException e) {
        var recipient = find(e, SMTPAddressFailedException.class);
        var sender = find(e, SMTPSenderFailedException.class);
        var whole = find(e, SMTPSendFailedException.class);
        return recipient != null
                ? recipient.getReturnCode()
                : sender != null ? sender.getReturnCode() : whole != null ? whole.getReturnCode() : 0;
    }

    private static <T> T find(MessagingException e, Class<T> type) {
        for (Exception at = e; at instanceof MessagingException here; at = here.getNextException()) {
            if (type.isInstance(at)) {
                return type.cast(at);
            }
        }
        return null;
    }

    private Letter letter(Session session, Delivery delivery, String id) throws ConnectorException {
        if (!(delivery.body() instanceof Map<?, ?> body)) {
            throw invalid(null, "A mail needs to, subject and text");
        }
        String subject = line(body, "subject", LONGEST_SUBJECT);
        if (!(body.get("text") instanceof String text) || text.isBlank() || text.length() > LONGEST_TEXT) {
            throw invalid("text", "A mail needs a text of at most " + LONGEST_TEXT + " characters");
        }
        try {
            Letter letter = new Letter(session, id);
            letter.setFrom(new InternetAddress(address, true));
            letter.setRecipient(Message.RecipientType.TO, recipient(line(body, "to", 320)));
            if (archive.isPresent() && archive.get().copy()) {
                letter.setRecipient(Message.RecipientType.BCC, new InternetAddress(address, true));
            }
            letter.setSubject(subject, StandardCharsets.UTF_8.name());
            letter.setText(text, StandardCharsets.UTF_8.name());
            letter.setSentDate(Date.from(clock.instant()));
            letter.setHeader("Auto-Submitted", "auto-generated");
            letter.setHeader(Mail.MARK, mark(delivery));
            letter.saveChanges();
            return letter;
        } catch (MessagingException e) {
            throw new ConnectorException(ErrorClass.INVALID, "The mail cannot be written: " + e.getMessage(), e);
        }
    }

    private static InternetAddress recipient(String to) throws ConnectorException {
        try {
            InternetAddress recipient = new InternetAddress(to, true);
            if (!recipient.getAddress().equals(to) || !to.contains("@")
                    || to.chars().anyMatch(c -> c <= ' ' || c >= 127)) {
                throw invalid("to", "The recipient must be one plain e-mail address");
            }
            return recipient;
        } catch (AddressException e) {
            throw invalid("to", "The recipient is not an e-mail address");
        }
    }

    /** A line break in a header would begin another header. */
    private static String line(Map<?, ?> body, String name, int longest) throws ConnectorException {
        if (!(body.get(name) instanceof String value) || value.isBlank()) {
            throw invalid(name, "A mail needs a " + name);
        }
        if (value.length() > longest || value.chars().anyMatch(Character::isISOControl)) {
            throw invalid(name, "The " + name + " must be one line of at most " + longest + " characters");
        }
        return value;
    }

    private static ConnectorException invalid(String field, String problem) {
        return new ConnectorException(ErrorClass.INVALID, problem, 0, null, field, null);
    }

    private static String mark(Delivery delivery) {
        String reference = delivery.reference() == null ? delivery.idempotencyKey() : delivery.reference();
        return reference.replaceAll("[^A-Za-z0-9._:-]", "_");
    }

    /** There may be several changes of a record; the same words about it are the same mail. */
    private static String change(Delivery delivery) {
        return delivery.idempotencyKey() != null
                ? delivery.idempotencyKey()
                : delivery.reference() + "\n" + new String(Json.write(delivery.body()), StandardCharsets.UTF_8);
    }

    private String messageId(String key) {
        if (key == null) {
            throw new IllegalArgumentException("A mail needs an idempotency key");
        }
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
            return "<" + HexFormat.of().formatHex(hash, 0, 16) + "@" + address.substring(address.indexOf('@') + 1)
                    + ">";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256", e);
        }
    }

    private Reply lookUp(Delivery delivery) throws ConnectorException {
        if (archive.isEmpty()) {
            throw new ConnectorException(ErrorClass.INVALID,
                    "This mailbox cannot be asked whether a mail was sent; set sent_folder or copy", null);
        }
        MailServer mailbox = archive.get().server();
        var wanted = delivery.idempotencyKey() != null
                ? new HeaderTerm("Message-ID", messageId(delivery.idempotencyKey()))
                : new HeaderTerm(Mail.MARK, mark(delivery));
        try (Store store = mailbox.session().getStore(mailbox.scheme())) {
            store.connect(mailbox.host(), mailbox.port(), mailbox.user(), mailbox.password());
            try (Folder folder = store.getFolder(archive.get().folder())) {
                folder.open(Folder.READ_ONLY);
                Message[] found = folder.search(wanted);
                return found.length == 0 ? new Reply(null, null, null) : found(found[0]);
            }
        } catch (AuthenticationFailedException e) {
            throw new ConnectorException(ErrorClass.AUTH, "The mail server " + mailbox + " refuses the hub's user", e);
        } catch (MessagingException e) {
            throw new ConnectorException(ErrorClass.TRANSIENT, "The mailbox cannot be searched: " + e.getMessage(), e);
        }
    }

    private static Reply found(Message message) throws MessagingException {
        String[] id = message.getHeader("Message-ID");
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("messageId", id == null ? null : id[0]);
        body.put("subject", message.getSubject());
        return new Reply(body, id == null ? null : id[0], null);
    }

    /** Knows its Message-ID from the start, and whether all of it went out. */
    private static final class Letter extends MimeMessage {
        private final String id;
        private boolean written;

        Letter(Session session, String id) {
            super(session);
            this.id = id;
        }

        @Override
        protected void updateMessageID() throws MessagingException {
            setHeader("Message-ID", id);
        }

        @Override
        public void writeTo(OutputStream out, String[] without) throws IOException, MessagingException {
            super.writeTo(out, without);
            written = true;
        }
    }
}
