package io.serai.connector.mail;

import java.time.Instant;
import java.util.Date;
import java.util.Optional;

import org.eclipse.angus.mail.iap.BadCommandException;
import org.eclipse.angus.mail.iap.CommandFailedException;
import org.eclipse.angus.mail.iap.ProtocolException;
import org.eclipse.angus.mail.iap.Response;
import org.eclipse.angus.mail.imap.IMAPFolder;
import org.eclipse.angus.mail.imap.protocol.BODY;
import org.eclipse.angus.mail.imap.protocol.FetchResponse;
import org.eclipse.angus.mail.imap.protocol.IMAPProtocol;
import org.eclipse.angus.mail.imap.protocol.INTERNALDATE;
import org.eclipse.angus.mail.imap.protocol.Item;
import org.eclipse.angus.mail.imap.protocol.UID;

import jakarta.mail.MessagingException;

/**
 * Asks an open folder about single mails. Not by the library's messages, for two reasons: they want a mail's envelope, which some
 * servers cannot make of some mails, and they take "no, not now" in the middle of a mail for its end.
 */
record Mailbox(IMAPFolder folder) {
    /**
     * A mail from its start, in one answer, which the server gives whole or not at all.
     *
     * @param most bytes of it
     * @throws MessagingException when the server does not give it, or nothing of it
     */
    byte[] content(long uid, long most) throws MessagingException {
        return (byte[]) folder.doCommand(server -> {
            byte[] content = ask(server, uid, "BODY.PEEK[]<0." + most + ">", BODY.class).map(BODY::getByteArray)
                    .orElseThrow(() -> new ProtocolException("the server answered without the mail")).getNewBytes();
            if (content.length == 0) {
                throw new ProtocolException("the server answered with an empty mail");
            }
            return content;
        });
    }

    /** When the server took the mail; empty when it does not say so. */
    Optional<Instant> arrived(long uid) throws MessagingException {
        return Optional.ofNullable((Instant) folder.doCommand(server -> {
            try {
                return ask(server, uid, "INTERNALDATE", INTERNALDATE.class).map(INTERNALDATE::getDate)
                        .map(Date::toInstant).orElse(null);
            } catch (CommandFailedException | BadCommandException refused) {
                return null;
            }
        }));
    }

    /** Whether the mail is still there. */
    boolean has(long uid) throws MessagingException {
        return (Boolean) folder.doCommand(server -> ask(server, uid, "UID", UID.class).isPresent());
    }

    private static <T extends Item> Optional<T> ask(IMAPProtocol server, long uid, String what, Class<T> type)
            throws ProtocolException {
        Response[] answers = server.command("UID FETCH " + uid + " (" + what + ")", null);
        server.notifyResponseHandlers(answers);
        server.handleResult(answers[answers.length - 1]);
        for (Response answer : answers) {
            if (answer instanceof FetchResponse fetched && fetched.getItem(UID.class) != null
                    && fetched.getItem(UID.class).uid == uid && fetched.getItem(type) != null) {
                return Optional.of(fetched.getItem(type));
            }
        }
        return Optional.empty();
    }
}
