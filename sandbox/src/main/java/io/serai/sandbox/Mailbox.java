package io.serai.sandbox;

import com.icegreen.greenmail.mail.MailAddress;
import com.icegreen.greenmail.mail.MovingMessage;
import com.icegreen.greenmail.user.GreenMailUser;
import com.icegreen.greenmail.user.UserException;
import com.icegreen.greenmail.user.UserManager;
import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;

/**
 * The mail server: real SMTP and IMAP. Every address is a mailbox; the hub's is {@code hub@sandbox.example}. The ledger gets a
 * line for each recipient before SMTP says 250.
 */
public final class Mailbox extends CompanySystem {
    /** The hub's address and the name of its mailbox. */
    public static final String HUB_ADDRESS = "hub@sandbox.example";
    private static final int MAX_MAIL = 1024 * 1024;

    /** Cuts the connection where an exception would be answered with 451. */
    private static final class ConnectionCut extends Error {
        ConnectionCut() {
            super("Told to lose the answer", null, false, false);
        }
    }

    private final String password;
    private int smtpPort;
    private int imapPort;
    private GreenMail mail;
    private List<Entry> accepted;

    Mailbox(Place place, int port, int smtpPort, int imapPort, String password) {
        super("mailbox", place, port);
        this.smtpPort = smtpPort;
        this.imapPort = imapPort;
        this.password = password;
    }

    /** Starts the mail server alone; {@code --help} says how. */
    public static void main(String[] arguments) throws IOException {
        Company.main(Company.only("mailbox", arguments));
    }

    public String user() {
        return HUB_ADDRESS;
    }

    /** Of the hub's mailbox, and of every other one here. */
    public String password() {
        return password;
    }

    public String smtpUrl() {
        return "smtp://" + place.address().getHostAddress() + ":" + smtpPort;
    }

    public String imapUrl() {
        return "imap://" + place.address().getHostAddress() + ":" + imapPort;
    }

    int smtpPort() {
        return smtpPort;
    }

    int imapPort() {
        return imapPort;
    }

    @Override
    void forget() {
        accepted = new ArrayList<>();
    }

    @Override
    void apply(Entry entry) {
        accepted.add(entry);
    }

    @Override
    void opened() throws IOException {
        openMail();
    }

    private synchronized void openMail() throws IOException {
        if (mail != null) {
            return;
        }
        String host = place.address().getHostAddress();
        GreenMail server = new GreenMail(new ServerSetup[]{new ServerSetup(smtpPort, host, ServerSetup.PROTOCOL_SMTP),
                new ServerSetup(imapPort, host, ServerSetup.PROTOCOL_IMAP)});
        UserManager users = server.getUserManager();
        users.setAuthRequired(true);
        users.setMessageDeliveryHandler(this::accept);
        mailboxOf(users, HUB_ADDRESS);
        for (Entry entry : accepted) {
            mailboxOf(users, (String) entry.body().get("to")).deliver(parse(entry));
        }
        try {
            server.start();
        } catch (IllegalStateException taken) {
            server.stop();
            throw new IOException("The SMTP or IMAP port is taken; choose another.", taken);
        }
        smtpPort = server.getSmtp().getPort();
        imapPort = server.getImap().getPort();
        mail = server;
    }

    private synchronized void closeMail() {
        if (mail != null) {
            mail.stop();
            mail = null;
        }
    }

    @Override
    void closing() {
        closeMail();
    }

    private GreenMailUser mailboxOf(UserManager users, String address) {
        GreenMailUser user = users.getUserByEmail(address);
        try {
            return user != null ? user : users.createUser(address, address, password);
        } catch (UserException e) {
            throw new IllegalStateException(e);
        }
    }

    private static MimeMessage parse(Entry entry) {
        try {
            byte[] source = Base64.getDecoder().decode((String) entry.body().get("source"));
            return new MimeMessage(Session.getInstance(new Properties()), new ByteArrayInputStream(source));
        } catch (MessagingException e) {
            throw new IllegalStateException("Mail " + entry.seq() + " in the ledger cannot be read", e);
        }
    }

    /** Stores a mail for one recipient; whatever it throws is answered with 451. */
    private GreenMailUser accept(MovingMessage moving, MailAddress to) throws MessagingException {
        faults().delay();
        if (faults().fail() > 0) {
            throw new MessagingException("Told to fail");
        }
        Map<String, Object> said = describe(moving, to.getEmail());
        write(() -> record("mail.accept", (String) said.get("message_id"), null, said));
        GreenMailUser user = mailboxOf(mail.getUserManager(), to.getEmail().toLowerCase(Locale.ROOT));
        if (faults().loseAnswer()) {
            user.deliver(moving);
            Thread.currentThread().setUncaughtExceptionHandler((thread, cut) -> {});
            throw new ConnectionCut();
        }
        return user;
    }

    private static Map<String, Object> describe(MovingMessage moving, String to) throws MessagingException {
        MimeMessage message = moving.getMessage();
        ByteArrayOutputStream source = new ByteArrayOutputStream();
        try {
            message.writeTo(source);
        } catch (IOException e) {
            throw new MessagingException("The mail cannot be read", e);
        }
        if (source.size() > MAX_MAIL) {
            throw new MessagingException("The mail is larger than " + MAX_MAIL + " bytes");
        }
        Map<String, Object> said = new LinkedHashMap<>();
        said.put("from", moving.getReturnPath() == null ? null : moving.getReturnPath().getEmail());
        said.put("to", to.toLowerCase(Locale.ROOT));
        said.put("subject", message.getSubject());
        said.put("message_id", message.getMessageID());
        said.put("source", Base64.getEncoder().encodeToString(source.toByteArray()));
        return said;
    }

    @Override
    void furnish(Site site) {
        site.watch("GET", "/mails", request -> Answer.json(200, Map.of("mails", mails(request.query("to")))));
        site.door("POST", "/lead", request -> {
            lead(request.json());
            return Answer.json(202, Map.of("to", HUB_ADDRESS));
        });
        site.door("POST", "/send", request -> {
            Map<String, Object> said = request.json();
            send(text(said, "from", "somebody@example.com"), text(said, "to", HUB_ADDRESS),
                    text(said, "subject", "Hello"), text(said, "text", ""));
            return Answer.json(202, Map.of("to", text(said, "to", HUB_ADDRESS)));
        });
    }

    private static String text(Map<String, Object> said, String field, String otherwise) {
        String text = Rules.text(said, field);
        return text == null ? otherwise : text;
    }

    @Override
    void check(Request request) {}

    @Override
    Answer refuse(Request request, RefusedException refused) {
        return Answer.json(refused.status(),
                Map.of("error", refused.getMessage(), "code", refused.code(), "fields", refused.fields()));
    }

    @Override
    Answer index() {
        return new Page("Mailbox", "The mail server: " + smtpUrl() + ", " + imapUrl()
                + "; POST /lead sends what the web form would, POST /send any mail.")
                .table("Mails", mails(null), "at", "from", "to", "subject", "message_id").answer();
    }

    /** A system that is down has its SMTP and IMAP ports closed. */
    @Override
    public void control(Map<String, Object> wanted) {
        super.control(wanted);
        try {
            if (faults().down()) {
                closeMail();
            } else {
                openMail();
            }
        } catch (IOException e) {
            throw new RefusedException(500, "port_taken", e.getMessage());
        }
    }

    /**
     * What was accepted: at, from, to, subject, message_id.
     *
     * @param to only for this address; null for all
     */
    public List<Map<String, Object>> mails(String to) {
        return read(() -> accepted.stream()
                .filter(entry -> to == null || to.equalsIgnoreCase((String) entry.body().get("to")))
                .map(Mailbox::shown).toList());
    }

    private static Map<String, Object> shown(Entry entry) {
        Map<String, Object> mail = new LinkedHashMap<>();
        mail.put("at", entry.time());
        mail.putAll(entry.body());
        mail.remove("source");
        return mail;
    }

    /** The text of the mail with this Message-ID, whole source as sent; null when it was never accepted. */
    public String source(String messageId) {
        return read(() -> accepted.stream().filter(entry -> messageId.equals(entry.key())).findFirst()
                .map(entry -> new String(Base64.getDecoder().decode((String) entry.body().get("source")),
                        StandardCharsets.UTF_8))
                .orElse(null));
    }

    /**
     * Sends the hub what the web form sends: {@code Label: value} lines, the message at the end.
     *
     * @param form name, company, email, phone, message, all optional
     */
    public void lead(Map<String, Object> form) {
        StringBuilder text = new StringBuilder();
        for (String label : List.of("Name", "Company", "Email", "Phone", "Message")) {
            String value = Rules.text(form, label.toLowerCase(Locale.ROOT));
            if (value != null) {
                text.append(label).append(": ").append(value.replaceAll("[\\r\\n]+", " ")).append("\r\n");
            }
        }
        send("no-reply@website.example", HUB_ADDRESS, "New request from the web form", text.toString());
    }

    /** Sends a plain-text mail over SMTP. */
    public void send(String from, String to, String subject, String text) {
        Properties settings = new Properties();
        settings.put("mail.smtp.host", place.address().getHostAddress());
        settings.put("mail.smtp.port", Integer.toString(smtpPort));
        settings.put("mail.smtp.connectiontimeout", "2000");
        settings.put("mail.smtp.timeout", "10000");
        try {
            MimeMessage message = new MimeMessage(Session.getInstance(settings));
            message.setFrom(new InternetAddress(from));
            message.setRecipients(MimeMessage.RecipientType.TO, InternetAddress.parse(to));
            message.setSubject(subject, "UTF-8");
            message.setText(text, "UTF-8");
            message.setSentDate(Date.from(place.clock().instant()));
            Transport.send(message);
        } catch (MessagingException e) {
            throw new RefusedException(502, "not_sent", "The mail was not accepted: " + e.getMessage());
        }
    }
}
