package io.serai.connector.mail;

import java.time.Duration;

/**
 * A mailbox that the hub reads.
 *
 * @param spoke name of the spoke
 * @param entity singular, as a rule interaction
 * @param server an IMAP server
 * @param folder as a rule INBOX
 * @param address the hub's own address; mail from it is an echo
 * @param every pause between two looks into the mailbox
 * @param largest in bytes; a larger mail is rejected unread
 */
public record MailSettings(String spoke, String entity, MailServer server, String folder, String address,
        Duration every, int largest) {
    public static final String FOLDER = "INBOX";
    public static final Duration EVERY = Duration.ofSeconds(10);
    public static final int LARGEST = 10 << 20;

    public MailSettings {
        if (!server.imap()) {
            throw new IllegalArgumentException("A mailbox is read over imap: or imaps:");
        }
        if (largest < 1) {
            throw new IllegalArgumentException("'largest' must be positive");
        }
    }

    String step() {
        return "connector:" + spoke + "/" + entity;
    }
}
