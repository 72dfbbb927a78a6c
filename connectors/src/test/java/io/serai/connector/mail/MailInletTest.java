package io.serai.connector.mail;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import com.icegreen.greenmail.user.GreenMailUser;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;

import io.serai.connector.Forgetful;
import io.serai.connector.Item;
import io.serai.connector.Outcome;
import io.serai.connector.SettableClock;
import io.serai.connector.Watch;
import jakarta.mail.Flags;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.MimeMessage;

class MailInletTest {
    private static final Charset WINDOWS = Charset.forName("windows-1252");

    private final GreenMail server = new GreenMail(
            new ServerSetup[]{ServerSetup.IMAP.dynamicPort(), ServerSetup.SMTP.dynamicPort()});
    private final SettableClock clock = new SettableClock();
    private final Forgetful memory = new Forgetful();
    private final List<Item> items = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();
    private GreenMailUser user;
    private int away;
    private String poison = "no such id";

    @BeforeEach
    void start() {
        server.start();
        user = server.setUser("hub@sandbox.example", "hub@sandbox.example", "right");
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    private MailInlet inlet(String password, int largest) {
        return inlet(server.getImap().getPort(), password, largest);
    }

    private MailInlet inlet(int port, String password, int largest) {
        var place = MailServer.at("imap://127.0.0.1:" + port, MailServer.Tls.AUTO,
                "hub@sandbox.example", password);
        var settings = new MailSettings("mailbox", "interaction", place, "INBOX", "hub@sandbox.example",
                Duration.ofSeconds(1), largest);
        var inlet = new MailInlet(settings, memory, clock, new Watch() {
            @Override
            public void succeeded() {}

            @Override
            public void failed(String reason) {
                failures.add(reason);
            }
        });
        inlet.accept(batch -> {
            if (away > 0) {
                away--;
                throw new IllegalStateException("The database is away");
            }
            if (batch.stream().anyMatch(item -> item.refusal() == null && messageId(item).equals(poison))) {
                throw new IllegalStateException("A step of the route broke");
            }
            items.addAll(batch);
            return batch.stream().map(item -> new Outcome(
                    item.refusal() == null ? Outcome.State.APPLIED : Outcome.State.REJECTED, "m", null, null, null,
                    null,
                    null, null)).toList();
        });
        return inlet;
    }

    private MailInlet inlet() {
        return inlet("right", 100_000);
    }

    private void arrive(byte[] source) throws MessagingException {
        user.deliver(new MimeMessage(Session.getInstance(new Properties()), new ByteArrayInputStream(source)));
    }

    private void arrive(String source) throws MessagingException {
        arrive(source.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
    }

    private static String plain(String id) {
        return """
                From: Anna Muster <anna@example.com>
                To: hub@sandbox.example
                Subject: Hello
                Message-ID: <%s@example.com>
                Date: Sun, 1 Feb 2026 09:00:00 +0100

                Good morning
                """.formatted(id);
    }

    /** The event without the hash that tells copies of a mail apart. */
    private static String messageId(Item item) {
        return item.eventId().substring(0, item.eventId().lastIndexOf(':'));
    }

    private Map<?, ?> body(int index) {
        return (Map<?, ?>) items.get(index).body();
    }

    private List<Boolean> seen() throws Exception {
        var folder = server.getManagers().getImapHostManager().getInbox(user);
        return folder.getMessages().stream().map(message -> message.getFlags().contains(Flags.Flag.SEEN)).toList();
    }

    @Test
    void takesAMailOnceAndMarksItAsSeen() throws Exception {
        arrive(plain("a"));
        var inlet = inlet();
        inlet.round();
        inlet.round();
        assertThat(items).singleElement().satisfies(item -> {
            assertThat(item.eventId()).startsWith("<a@example.com>:");
            assertThat(item.protocol()).isEqualTo("mail");
            assertThat(new String(item.received(), StandardCharsets.US_ASCII)).contains("Good morning");
        });
        assertThat(body(0)).isEqualTo(Map.of("id", body(0).get("id"), "messageId", "<a@example.com>", "from",
                Map.of("address", "anna@example.com", "name", "Anna Muster"), "to", List.of("hub@sandbox.example"),
                "subject", "Hello", "date", "2026-02-01T08:00:00Z", "text", "Good morning\n"));
        assertThat(seen()).containsExactly(true);
        arrive(plain("b"));
        inlet.round();
        assertThat(items).extracting(MailInletTest::messageId).containsExactly("<a@example.com>", "<b@example.com>");
    }

    /** To info@ and Cc to sales@, which both lead here. */
    @Test
    void twoCopiesOfAMailAreTwoEventsAboutOneRecord() throws Exception {
        arrive("Delivered-To: info@sandbox.example\nReceived: from mx1 by mx7; Sun, 1 Feb 2026 09:00:01 +0100\n"
                + plain("a"));
        arrive("Delivered-To: sales@sandbox.example\nReceived: from mx1 by mx8; Sun, 1 Feb 2026 09:00:02 +0100\n"
                + plain("a").replace("Good morning\n", "Good\n morning\n\n"));
        arrive(plain("a").replace("Good morning", "Good evening"));
        arrive(plain("b"));
        inlet().round();
        assertThat(items).extracting(Item::eventId).hasSize(4).doesNotHaveDuplicates();
        assertThat(body(1).get("id")).isEqualTo(body(0).get("id")).asString().startsWith("<a@example.com>:");
        assertThat(List.of(body(1).get("id"), body(2).get("id"), body(3).get("id")))
                .as("another mail is another record, also under the same Message-ID").doesNotHaveDuplicates();
    }

    @Test
    void takesAMailThatAPersonHasReadAlready() throws Exception {
        arrive(plain("a"));
        server.getManagers().getImapHostManager().getInbox(user).getMessages().getFirst().setFlag(Flags.Flag.SEEN,
                true);
        inlet().round();
        assertThat(items).hasSize(1);
    }

    @Test
    void leavesMailsUnseenWhileNothingCanBeStored() throws Exception {
        away = 2;
        arrive(plain("a"));
        arrive(plain("b"));
        var inlet = inlet();
        inlet.round();
        assertThat(seen()).containsExactly(false, false);
        assertThat(memory.cursor("mailbox", "mail/interaction")).isNull();
        inlet.round();
        assertThat(away).as("it pauses").isEqualTo(1);
        clock.advance(Duration.ofSeconds(1));
        inlet.round();
        clock.advance(Duration.ofSeconds(2));
        inlet.round();
        assertThat(items).hasSize(2);
        assertThat(seen()).containsExactly(true, true);
    }

    @Test
    void setsAMailAsideThatTheHubBreaksOn() throws Exception {
        poison = "<b@example.com>";
        for (String id : List.of("a", "b", "c")) {
            arrive(plain(id));
        }
        rounds(inlet(), 8);
        assertThat(items).extracting(MailInletTest::messageId).containsExactly("<a@example.com>", "<b@example.com>",
                "<c@example.com>");
        assertThat(items).extracting(item -> item.refusal() == null).containsExactly(true, false, true);
    }

    @Test
    void readsAllAgainWhenTheServerNumbersAnew() throws Exception {
        arrive(plain("a"));
        try (var turn = memory.claim("mailbox", "mail/interaction", Duration.ofMinutes(1)).orElseThrow()) {
            turn.advance("42:1000000");
        }
        inlet().round();
        assertThat(items).hasSize(1);
    }

    @Test
    void skipsWhatTheHubWroteItself() throws Exception {
        arrive(plain("a").replace("Anna Muster <anna@example.com>", "Hub <HUB@sandbox.example>"));
        arrive("serai-reference: inv-1\n" + plain("b"));
        arrive(plain("c"));
        inlet().round();
        assertThat(items).extracting(MailInletTest::messageId).containsExactly("<c@example.com>");
        assertThat(memory.cursor("mailbox", "mail/interaction")).endsWith(":3");
    }

    @Test
    void decodesHeadersAndPrefersPlainText() throws Exception {
        arrive("""
                From: =?UTF-8?Q?Zo=C3=AB_M=C3=BCller?= <zoe@example.com>
                Reply-To: =?ISO-8859-1?Q?J=FCrg?= <juerg@example.com>
                To: hub@sandbox.example, "Other, One" <other@example.com>
                Subject: =?UTF-8?B?R3LDvMOfZQ==?=
                 =?UTF-8?B?IGF1cyBCZXJu?=
                Message-ID: <multi@example.com>
                Auto-Submitted: auto-replied
                MIME-Version: 1.0
                Content-Type: multipart/alternative; boundary=x

                --x
                Content-Type: text/html; charset=UTF-8

                <p>Hello <b>HTML</b></p>
                --x
                Content-Type: text/plain; charset=UTF-8
                Content-Transfer-Encoding: quoted-printable

                Gr=C3=BC=
                =C3=9Fe
                --x--
                """);
        inlet().round();
        assertThat(body(0).get("from")).isEqualTo(Map.of("address", "zoe@example.com", "name", "Zoë Müller"));
        assertThat(body(0).get("replyTo")).isEqualTo(Map.of("address", "juerg@example.com", "name", "Jürg"));
        assertThat(body(0).get("to")).isEqualTo(List.of("hub@sandbox.example", "other@example.com"));
        assertThat(body(0).get("subject")).isEqualTo("Grüße aus Bern");
        assertThat(body(0).get("text").toString().strip()).isEqualTo("Grüße");
        assertThat(body(0).get("html").toString()).contains("<b>HTML</b>");
        assertThat(body(0).get("autoSubmitted")).isEqualTo("auto-replied");
    }

    @Test
    void turnsHtmlIntoTextWhenThereIsNothingElse() throws Exception {
        arrive("""
                From: web@example.com
                Message-ID: <html@example.com>
                MIME-Version: 1.0
                Content-Type: text/html; charset=UTF-8

                <html><head><style>p{color:red}</style></head><body><!-- a > b --><table><tr><td>Name:</td>
                <td>Anna &amp; Bert</td></tr><tr><td>Ort:</td><td>Z&uuml;rich &#8211; &#x42;</td></tr></table>
                <script>alert(1)</script><p>Bye<br>now</p></body></html>
                """);
        inlet().round();
        assertThat(body(0).get("text").toString().lines().map(String::strip).filter(line -> !line.isEmpty()))
                .containsExactly("Name:\tAnna & Bert",
                        "Ort:\tZürich – B", "Bye", "now");
    }

    @Test
    void putsUpWithWrongCharsets() throws Exception {
        arrive(("From: a@example.com\r\nSubject: Gr\u00fc\u00dfe\r\nMessage-ID: <1@x>\r\n"
                + "Content-Type: text/plain; charset=iso-8859-1\r\n\r\n5 \u20ac f\u00fcr Z\u00fcrich")
                .getBytes(WINDOWS));
        arrive(("From: a@example.com\r\nMessage-ID: <2@x>\r\n"
                + "Content-Type: text/plain; charset=us-ascii\r\n\r\nZürich").getBytes(StandardCharsets.UTF_8));
        arrive(("From: a@example.com\r\nMessage-ID: <3@x>\r\n"
                + "Content-Type: text/plain; charset=no-such-thing\r\n\r\nZürich").getBytes(StandardCharsets.UTF_8));
        inlet().round();
        assertThat(body(0).get("text")).isEqualTo("5 € für Zürich");
        assertThat(body(0).get("subject")).isEqualTo("Grüße");
        assertThat(body(1).get("text")).isEqualTo("Zürich");
        assertThat(body(2).get("text")).isEqualTo("Zürich");
    }

    @Test
    void namesAMailWithoutMessageIdByItsContent() {
        byte[] source = "From: a@example.com\r\n\r\nHello".getBytes(StandardCharsets.US_ASCII);
        assertThat(Mail.eventId(null, source)).startsWith("<sha256.").isEqualTo(Mail.eventId(new String[]{""}, source))
                .isNotEqualTo(Mail.eventId(null, new byte[]{1}));
        assertThat(Mail.eventId(new String[]{"<a b>"}, source)).startsWith("<sha256.");
        assertThat(Mail.eventId(new String[]{"<" + "a".repeat(180) + "@x>"}, source))
                .as("too long for a record's id").startsWith("<sha256.");
    }

    @Test
    void refusesPoisonAndGoesOn() throws Exception {
        String nested = IntStream.range(0, 30)
                .mapToObj(i -> "Content-Type: multipart/mixed; boundary=b" + i + "\n\n--b" + i
                        + "\n")
                .collect(Collectors.joining());
        arrive("From: a@example.com\nMessage-ID: <deep@x>\n" + nested + "Content-Type: text/plain\n\nhidden\n");
        arrive("From: a@example.com\nMessage-ID: <wide@x>\nContent-Type: multipart/mixed; boundary=b\n\n"
                + "--b\nContent-Type: text/plain\n\nx\n".repeat(200) + "--b--\n");
        arrive("Subject: nobody\nMessage-ID: <nobody@x>\n\nHello\n");
        arrive("From: a@example.com\nMessage-ID: <big@x>\n\n" + "x".repeat(200_000) + "\n");
        arrive(plain("good"));
        inlet().round();
        assertThat(items).extracting(MailInletTest::messageId).containsExactly("<deep@x>", "<wide@x>", "<nobody@x>",
                "<big@x>",
                "<good@example.com>");
        assertThat(items.subList(0, 4)).allSatisfy(item -> assertThat(item.body()).isNull());
        assertThat(items.subList(0, 4)).extracting(item -> item.refusal().code()).containsExactly("malformed",
                "malformed", "malformed", "too-large");
        assertThat(items.get(3).received()).hasSizeBetween(1, 64 << 10);
        assertThat(items.get(4).refusal()).isNull();
    }

    /** Some servers cannot make an envelope of some mails, ever. */
    @Test
    void takesAMailThatTheServerCannotDescribe() throws Exception {
        try (var imap = new ReluctantImap(server.getImap().getPort())) {
            imap.refuses = command -> command.contains("ENVELOPE") || command.contains("INTERNALDATE");
            arrive(plain("a").replaceAll("Date: .*\n", ""));
            inlet(imap.port(), "right", 100_000).round();
        }
        assertThat(failures).isEmpty();
        assertThat(items).extracting(MailInletTest::messageId).containsExactly("<a@example.com>");
        assertThat(body(0).get("date")).isEqualTo(clock.instant().toString());
    }

    @Test
    void takesAMailWholeOrNotYet() throws Exception {
        try (var imap = new ReluctantImap(server.getImap().getPort())) {
            arrive(plain("a"));
            arrive(plain("b") + "x".repeat(40_000) + "\n");
            arrive(plain("c"));
            var inlet = inlet(imap.port(), "right", 100_000);
            for (String no : List.of("FETCH 2 .*BODY.*", "FETCH 2 .*BODY.*<16384\\..*")) {
                imap.refuses = command -> command.matches(".*" + no);
                for (int i = 0; i < 3 && items.size() < 3; i++) {
                    inlet.round();
                    clock.advance(Duration.ofMinutes(5));
                }
            }
            assertThat(items).extracting(item -> item.refusal() == null).containsExactly(true, true, true);
            assertThat(items.get(1).received()).hasSizeGreaterThan(40_000);
            assertThat(seen()).containsExactly(true, true, true);
        }
    }

    @Test
    void setsAMailAsideThatTheServerNeverGives() throws Exception {
        try (var imap = new ReluctantImap(server.getImap().getPort())) {
            for (String id : List.of("a", "b", "c")) {
                arrive(plain(id));
            }
            imap.refuses = command -> command.matches(".*FETCH 2 .*BODY.*");
            var inlet = inlet(imap.port(), "right", 100_000);
            rounds(inlet, 7);
            assertThat(items).as("it may be given yet").hasSize(1);
            rounds(inlet, 1);
            assertThat(items).extracting(item -> item.refusal() == null).containsExactly(true, false, true);
            assertThat(items.get(1).refusal().problem()).contains("did not give this mail in 8 attempts",
                    "UID 2 in INBOX");
            assertThat(seen()).as("a person finds it").containsExactly(true, false, true);
        }
    }

    @Test
    void setsNothingAsideWhileTheServerGivesNothingAtAll() throws Exception {
        try (var imap = new ReluctantImap(server.getImap().getPort())) {
            arrive(plain("a"));
            arrive(plain("b"));
            var inlet = inlet(imap.port(), "right", 100_000);
            for (String no : List.of("(UID )?FETCH \\d+ .*", "(UID )?FETCH \\d+ .*BODY.*")) {
                imap.refuses = command -> command.matches(no);
                rounds(inlet, 20);
                assertThat(items).isEmpty();
            }
            imap.refuses = command -> false;
            rounds(inlet, 1);
            assertThat(items).extracting(MailInletTest::messageId).containsExactly("<a@example.com>",
                    "<b@example.com>");
        }
    }

    @Test
    void passesOverAMailThatSomebodyRemovesMeanwhile() throws Exception {
        try (var imap = new ReluctantImap(server.getImap().getPort())) {
            arrive(plain("a"));
            arrive(plain("b"));
            imap.refuses = command -> {
                if (command.matches(".*FETCH 1 .*BODY.*")) {
                    removeFirst();
                    return true;
                }
                return false;
            };
            inlet(imap.port(), "right", 100_000).round();
        }
        assertThat(failures).isEmpty();
        assertThat(items).extracting(MailInletTest::messageId).containsExactly("<b@example.com>");
    }

    private void removeFirst() {
        try {
            var inbox = server.getManagers().getImapHostManager().getInbox(user);
            inbox.getMessages().getFirst().setFlag(Flags.Flag.DELETED, true);
            inbox.expunge();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void rounds(MailInlet inlet, int count) {
        for (int i = 0; i < count; i++) {
            inlet.round();
            clock.advance(Duration.ofMinutes(5));
        }
    }

    @Test
    void leavesAttachmentsAndForwardedMailsAlone() throws Exception {
        arrive("""
                From: a@example.com
                Message-ID: <att@x>
                MIME-Version: 1.0
                Content-Type: multipart/mixed; boundary=x

                --x
                Content-Type: text/plain

                See attached
                --x
                Content-Type: text/plain; name=secret.txt
                Content-Disposition: attachment; filename=secret.txt

                attached words
                --x
                Content-Type: message/rfc822

                From: other@example.com

                forwarded words
                --x--
                """);
        inlet().round();
        assertThat(body(0).get("text").toString().strip()).isEqualTo("See attached");
    }

    @Test
    void saysWithoutThePasswordThatTheServerRefusesIt() {
        inlet("wr0ng-secret", 1000).round();
        assertThat(failures).singleElement().asString().contains("imap://127.0.0.1").doesNotContain("wr0ng-secret");
    }
}
