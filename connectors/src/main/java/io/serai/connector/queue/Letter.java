package io.serai.connector.queue;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;

import io.serai.connector.Item;
import io.serai.connector.Json;
import io.serai.connector.MalformedException;
import io.serai.connector.Refusal;
import io.serai.connector.Xml;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.TextMessage;

/** Reads one JMS message. Whatever is wrong with it becomes a refusal, so that it never stands in the way of the next. */
final class Letter {
    /** Set by an Artemis broker with {@code populate-validated-user}: who really sent it. */
    private static final String SENDER = "_AMQ_VALIDATED_USER";
    private static final int LONGEST_ID = 200;

    private final QueueSettings settings;

    Letter(QueueSettings settings) {
        this.settings = settings;
    }

    /** @throws JMSException when the connection is lost meanwhile */
    Item read(Message message, Instant now) throws JMSException {
        byte[] received = new byte[0];
        try {
            requireSender(message);
            received = content(message);
            return item(message, body(settings.content(), received), received, now, null);
        } catch (Refused e) {
            return item(message, null, received, now, new Refusal(settings.step(), null, e.getMessage(), e.code));
        } catch (MalformedException e) {
            return item(message, null, received, now,
                    new Refusal(settings.step(), null, e.getMessage(), "malformed"));
        }
    }

    static Object body(QueueSettings.Content kind, byte[] content) throws MalformedException {
        String text = text(content);
        return switch (kind) {
            case JSON -> Json.read(content);
            case XML -> Xml.read(content);
            case TEXT -> text;
        };
    }

    /** The message as one that a person has to look at. What it is about stays to be seen. */
    Item refused(Item item, String problem) {
        return new Item(item.body(), item.eventId(), item.received(), item.contentType(), item.protocol(), item.row(),
                item.receivedAt(), item.traceparent(), new Refusal(settings.step(), null, problem, "malformed"));
    }

    private Item item(Message message, Object body, byte[] received, Instant now, Refusal refusal)
            throws JMSException {
        return new Item(body, eventId(message, received), received, settings.content().type(), "queue", null, now,
                word(message, "traceparent").orElse(null), refusal);
    }

    private void requireSender(Message message) throws JMSException, Refused {
        if (settings.sender().isPresent()) {
            String sender = word(message, SENDER).orElse("nobody known");
            if (!sender.equals(settings.sender().get())) {
                throw new Refused("not-allowed",
                        "The message was sent by broker user %s; only %s may write for spoke %s.".formatted(
                                printable(sender), settings.sender().get(), settings.spoke()));
            }
        }
    }

    private byte[] content(Message message) throws JMSException, Refused {
        byte[] content;
        if (message instanceof TextMessage text) {
            content = Optional.ofNullable(text.getText()).orElse("").getBytes(StandardCharsets.UTF_8);
        } else if (message instanceof BytesMessage bytes) {
            if (bytes.getBodyLength() > settings.largest()) {
                throw tooLarge(bytes.getBodyLength());
            }
            content = new byte[(int) bytes.getBodyLength()];
            bytes.readBytes(content);
        } else {
            throw new Refused("malformed",
                    "Only text and bytes messages are read; this one was left unread. Send %s as a text message."
                            .formatted(settings.content()));
        }
        if (content.length > settings.largest()) {
            throw tooLarge(content.length);
        }
        return content;
    }

    private Refused tooLarge(long length) {
        return new Refused("too-large", "The message has %d bytes; at most %d are accepted.".formatted(length,
                settings.largest()));
    }

    private static String text(byte[] content) throws MalformedException {
        try {
            return StandardCharsets.UTF_8.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT).decode(ByteBuffer.wrap(content)).toString();
        } catch (CharacterCodingException e) {
            throw new MalformedException("The message is not in UTF-8.", e);
        }
    }

    /** A producer that sends again gets a new JMSMessageID, so one that cares sets {@code eventId}. */
    private static String eventId(Message message, byte[] received) throws JMSException {
        String id = word(message, "eventId").orElse(message.getJMSMessageID());
        if (id == null || id.isBlank()) {
            return "sha256:" + sha256(received);
        }
        return id.length() <= LONGEST_ID ? id : "sha256:" + sha256(id.getBytes(StandardCharsets.UTF_8));
    }

    private static Optional<String> word(Message message, String name) throws JMSException {
        Object value = message.getObjectProperty(name);
        return value == null || value instanceof byte[]
                ? Optional.empty()
                : Optional.of(value.toString()).filter(word -> !word.isBlank());
    }

    private static String printable(String text) {
        return text.replaceAll("[^A-Za-z0-9._@-]", "?");
    }

    private static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256", e);
        }
    }

    private static final class Refused extends Exception {
        private final String code;

        Refused(String code, String problem) {
            super(problem);
            this.code = code;
        }
    }
}
