package io.serai.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.Folder;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Store;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MailboxTest {
    @TempDir
    Path folder;
    private Company company;
    private Mailbox mailbox;

    @BeforeEach
    void open() throws IOException {
        company = Company.start(Company.Options.in(folder).withSystems("mailbox"));
        mailbox = company.mailbox();
    }

    @AfterEach
    void close() throws IOException {
        company.close();
    }

    @Test
    void takesMailBySmtpAndServesItByImap() throws Exception {
        mailbox.send("hub@sandbox.example", "anna@example.com", "Rechnung für Sie", "INV-2026-0001");
        assertThat(subjects("anna@example.com", mailbox.password())).containsExactly("Rechnung für Sie");
        assertThat(mailbox.ledger()).singleElement().satisfies(entry -> assertThat(entry.get("body").toString())
                .contains("to=anna@example.com", "subject=Rechnung für Sie", "message_id=<"));
    }

    @Test
    void putsTheWebFormIntoTheHubsInbox() throws Exception {
        mailbox.lead(Map.of("name", "Zoé Faure", "email", "zoe@example.com", "message", "Hello\nthere"));
        assertThat(subjects(mailbox.user(), mailbox.password())).containsExactly("New request from the web form");
        String id = (String) mailbox.mails(mailbox.user()).getFirst().get("message_id");
        assertThat(mailbox.source(id)).contains("Email: zoe@example.com");
    }

    @Test
    void refusesAWrongPassword() {
        assertThatThrownBy(() -> subjects(mailbox.user(), "guess")).isInstanceOf(AuthenticationFailedException.class);
    }

    @Test
    void keepsMailAcrossARestartOnTheSamePorts() throws Exception {
        mailbox.send("anna@example.com", mailbox.user(), "Hello", "text");
        String imap = mailbox.imapUrl();
        mailbox.stop();
        mailbox.start();
        assertThat(mailbox.imapUrl()).isEqualTo(imap);
        assertThat(subjects(mailbox.user(), mailbox.password())).containsExactly("Hello");
    }

    @Test
    void losesTheAnswerButKeepsTheMail() throws Exception {
        mailbox.loseAnswerNext(1);
        assertThatThrownBy(() -> mailbox.send("anna@example.com", mailbox.user(), "Hello", "text"))
                .hasMessageContaining("not accepted");
        assertThat(subjects(mailbox.user(), mailbox.password())).containsExactly("Hello");
    }

    @Test
    void takesNothingWhenToldToFailOrToBeDown() throws Exception {
        mailbox.failNext(1, 503);
        assertThatThrownBy(() -> mailbox.send("anna@example.com", mailbox.user(), "failed", "text"))
                .hasMessageContaining("not accepted");
        mailbox.down(true);
        assertThatThrownBy(() -> mailbox.send("anna@example.com", mailbox.user(), "down", "text"))
                .hasMessageContaining("not accepted");
        mailbox.down(false);
        mailbox.send("anna@example.com", mailbox.user(), "up", "text");
        assertThat(subjects(mailbox.user(), mailbox.password())).containsExactly("up");
    }

    private List<String> subjects(String user, String password) throws MessagingException {
        URI imap = URI.create(mailbox.imapUrl());
        try (Store store = Session.getInstance(new Properties()).getStore("imap")) {
            store.connect(imap.getHost(), imap.getPort(), user, password);
            try (Folder inbox = store.getFolder("INBOX")) {
                inbox.open(Folder.READ_ONLY);
                List<String> subjects = new ArrayList<>();
                for (Message message : inbox.getMessages()) {
                    subjects.add(message.getSubject());
                }
                return subjects;
            }
        }
    }
}
