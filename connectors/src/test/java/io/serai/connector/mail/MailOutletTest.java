package io.serai.connector.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.net.ServerSocket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;

import io.serai.connector.ConnectorException;
import io.serai.connector.Delivery;
import io.serai.connector.ErrorClass;
import io.serai.connector.Operation;
import io.serai.connector.SettableClock;

class MailOutletTest {
    private final GreenMail server = new GreenMail(
            new ServerSetup[]{ServerSetup.IMAP.dynamicPort(), ServerSetup.SMTP.dynamicPort()});

    @BeforeEach
    void start() {
        server.start();
        server.setUser("hub@sandbox.example", "hub@sandbox.example", "right");
        server.setUser("anna@example.com", "anna@example.com", "anna");
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    private MailOutlet outlet(boolean copy) {
        var imap = MailServer.at("imap://127.0.0.1:" + server.getImap().getPort(), MailServer.Tls.AUTO,
                "hub@sandbox.example", "right");
        return new MailOutlet(smtp(server.getSmtp().getPort(), "right"), "hub@sandbox.example", new SettableClock(),
                copy ? Optional.of(new MailOutlet.Archive(imap, "INBOX", true)) : Optional.empty());
    }

    private static MailServer smtp(int port, String password) {
        return MailServer.at("smtp://127.0.0.1:" + port, MailServer.Tls.AUTO,
                password == null ? null : "hub@sandbox.example", password);
    }

    private static MailOutlet outletAt(int port) {
        return new MailOutlet(smtp(port, null), "hub@sandbox.example", new SettableClock(), Optional.empty());
    }

    private static Map<String, Object> notice() {
        return new HashMap<>(Map.of("to", "anna@example.com", "subject", "Rechnung für Zoë", "text",
                "Guten Tag\nCHF 10.00\n"));
    }

    private static Delivery delivery(Operation operation, Object body, String key) {
        return new Delivery(operation, null, null, body, key, "inv-1", null);
    }

    private static ErrorClass refused(MailOutlet outlet) {
        return catchThrowableOfType(ConnectorException.class,
                () -> outlet.send(delivery(Operation.CREATE, notice(), "k1"))).errorClass();
    }

    @Test
    void sendsANoticeThatCanBeKnownAgain() throws Exception {
        var outlet = outlet(false);
        var first = outlet.send(delivery(Operation.CREATE, notice(), "k1"));
        var again = outlet.send(delivery(Operation.CREATE, notice(), "k1"));
        var other = outlet.send(delivery(Operation.UPDATE, notice(), "k2"));
        assertThat(first.externalId()).isEqualTo(again.externalId()).isNotEqualTo(other.externalId())
                .endsWith("@sandbox.example>");
        var mail = server.getReceivedMessagesForDomain("anna@example.com")[0];
        assertThat(mail.getMessageID()).isEqualTo(first.externalId());
        assertThat(mail.getSubject()).isEqualTo("Rechnung für Zoë");
        assertThat(mail.getContent().toString().strip()).isEqualToNormalizingNewlines("Guten Tag\nCHF 10.00");
        assertThat(mail.getHeader("Auto-Submitted")).containsExactly("auto-generated");
        assertThat(mail.getHeader("serai-reference")).containsExactly("inv-1");
    }

    /** A change comes without a key, since most systems may be told of it twice. */
    @Test
    void aChangeIsAnotherMailAndTheSameOneWhenItIsRepeated() throws Exception {
        var outlet = outlet(false);
        var sent = outlet.send(delivery(Operation.CREATE, notice(), "k1"));
        var change = notice();
        change.put("subject", "Rechnung 7: bezahlt");
        var paid = outlet.send(delivery(Operation.UPDATE, change, null));
        var again = outlet.send(delivery(Operation.UPDATE, change, null));
        change.put("text", "Guten Tag\nCHF 12.00\n");
        var other = outlet.send(delivery(Operation.UPDATE, change, null));
        assertThat(again.externalId()).isEqualTo(paid.externalId());
        assertThat(List.of(sent.externalId(), paid.externalId(), other.externalId())).doesNotHaveDuplicates();
        assertThat(server.getReceivedMessagesForDomain("anna@example.com")).hasSize(4);
    }

    @Test
    void findsWhatItSent() throws Exception {
        var outlet = outlet(true);
        assertThat(outlet.send(delivery(Operation.LOOKUP, null, "k1")).body()).isNull();
        var sent = outlet.send(delivery(Operation.CREATE, notice(), "k1"));
        var found = outlet.send(delivery(Operation.LOOKUP, null, "k1"));
        assertThat(found.externalId()).isEqualTo(sent.externalId());
        assertThat(found.body()).isEqualTo(Map.of("messageId", sent.externalId(), "subject", "Rechnung für Zoë"));
        assertThat(outlet.send(delivery(Operation.LOOKUP, null, "k2")).body()).isNull();
    }

    @Test
    void saysWhenItCannotBeAsked() {
        assertThatThrownBy(() -> outlet(false).send(delivery(Operation.LOOKUP, null, "k1")))
                .hasMessageContaining("cannot be asked");
    }

    @Test
    void refusesLineBreaksInHeadersAndMoreThanOneRecipient() {
        for (var wrong : Map.of("subject", "Hi\r\nBcc: all@example.com", "to", "a@example.com, b@example.com")
                .entrySet()) {
            var body = notice();
            body.put(wrong.getKey(), wrong.getValue());
            assertThatThrownBy(() -> outlet(false).send(delivery(Operation.CREATE, body, "k1")))
                    .isInstanceOfSatisfying(ConnectorException.class, e -> {
                        assertThat(e.errorClass()).isEqualTo(ErrorClass.INVALID);
                        assertThat(e.field()).hasValue(wrong.getKey());
                    });
        }
        var body = notice();
        body.put("to", "a@example.com\nbcc:b@example.com");
        assertThatThrownBy(() -> outlet(false).send(delivery(Operation.CREATE, body, "k1")))
                .isInstanceOf(ConnectorException.class);
        assertThat(server.getReceivedMessages()).isEmpty();
    }

    @Test
    void isTransientWhenTheServerCannotBeReached() throws IOException {
        int port;
        try (var free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        assertThat(refused(outletAt(port))).isEqualTo(ErrorClass.TRANSIENT);
    }

    @Test
    void isUnknownWhenTheAnswerToTheMailIsLost() throws IOException {
        try (var smtp = new ScriptedSmtp()) {
            smtp.onEnd = ScriptedSmtp.CUT;
            assertThat(refused(outletAt(smtp.port()))).isEqualTo(ErrorClass.UNKNOWN);
            assertThat(smtp.taken).isEqualTo(1);
        }
    }

    @Test
    void isTransientWhenTheConnectionIsLostBeforeTheMail() throws IOException {
        try (var smtp = new ScriptedSmtp()) {
            smtp.onData = ScriptedSmtp.CUT;
            assertThat(refused(outletAt(smtp.port()))).isEqualTo(ErrorClass.TRANSIENT);
            assertThat(smtp.taken).isZero();
        }
    }

    @Test
    void tellsAWrongAddressFromALaterPlease() throws IOException {
        try (var smtp = new ScriptedSmtp()) {
            smtp.onRecipient = "550 5.1.1 no such user";
            var wrong = catchThrowableOfType(ConnectorException.class,
                    () -> outletAt(smtp.port()).send(delivery(Operation.CREATE, notice(), "k1")));
            assertThat(wrong.errorClass()).isEqualTo(ErrorClass.INVALID);
            assertThat(wrong.field()).hasValue("to");
            smtp.onRecipient = "450 4.7.1 greylisted";
            var later = catchThrowableOfType(ConnectorException.class,
                    () -> outletAt(smtp.port()).send(delivery(Operation.CREATE, notice(), "k1")));
            assertThat(later.errorClass()).isEqualTo(ErrorClass.TRANSIENT);
            assertThat(later.retryAfter()).isPresent();
            smtp.onRecipient = "250 ok";
            smtp.onEnd = "554 5.7.1 spam";
            assertThat(refused(outletAt(smtp.port()))).isEqualTo(ErrorClass.INVALID);
            smtp.onEnd = "451 4.3.0 later";
            assertThat(refused(outletAt(smtp.port()))).isEqualTo(ErrorClass.TRANSIENT);
        }
    }

    @Test
    void saysWhenTheServerRefusesTheUser() {
        var outlet = new MailOutlet(smtp(server.getSmtp().getPort(), "wr0ng-secret"), "hub@sandbox.example",
                new SettableClock(), Optional.empty());
        var refused = catchThrowableOfType(ConnectorException.class,
                () -> outlet.send(delivery(Operation.CREATE, notice(), "k1")));
        assertThat(refused.errorClass()).isEqualTo(ErrorClass.AUTH);
        assertThat(refused.getMessage()).doesNotContain("wr0ng-secret");
    }

    @Test
    void goesNowhereElseWithoutEncryption() throws IOException {
        // 127.0.0.1 is this machine, so the same server must be told to require it.
        try (var smtp = new ScriptedSmtp()) {
            var server = MailServer.at("smtp://127.0.0.1:" + smtp.port(), MailServer.Tls.REQUIRED, null, null);
            var outlet = new MailOutlet(server, "hub@sandbox.example", new SettableClock(), Optional.empty());
            assertThat(refused(outlet)).isEqualTo(ErrorClass.TRANSIENT);
            assertThat(smtp.taken).isZero();
        }
    }
}
