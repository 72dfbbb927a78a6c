package io.serai.connector.mail;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UnsupportedEncodingException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.serai.connector.MalformedException;
import jakarta.mail.BodyPart;
import jakarta.mail.MessagingException;
import jakarta.mail.Multipart;
import jakarta.mail.Part;
import jakarta.mail.Session;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.ContentType;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeUtility;
import jakarta.mail.internet.ParseException;

/**
 * One mail, read out of its bytes. Mail comes from anybody: parts, depth and lengths are bounded, a wrong charset is put up with,
 * attachments and forwarded mails are left alone.
 */
final class Mail {
    /** The hub's own mark on what it sends, holding its reference for the record. */
    static final String MARK = "serai-reference";

    private static final int MOST_PARTS = 100;
    private static final int DEEPEST = 10;
    private static final int LONGEST_TEXT = 200_000;
    private static final int LONGEST_HEADER = 2_000;
    /** An id of the hub's, made from it, must fit into the 200 characters that a record's id may have. */
    private static final int LONGEST_ID = 180;
    private static final int MOST_ADDRESSES = 50;
    private static final Charset WINDOWS = Charset.forName("windows-1252");
    private static final Pattern ADDRESS = Pattern.compile("[^\\s<>,;:\"()]{1,64}@[^\\s<>,;:\"()]{1,255}");

    private final MimeMessage message;
    private final String messageId;
    private final String eventId;

    private Mail(MimeMessage message, String[] messageId, byte[] received) {
        this.message = message;
        this.messageId = usable(messageId);
        this.eventId = eventId(messageId, received);
    }

    /** Reads the headers; {@link #body} reads the rest. */
    static Mail read(byte[] received) throws MalformedException {
        try {
            var message = new MimeMessage(Session.getInstance(new Properties()), new ByteArrayInputStream(received));
            return new Mail(message, message.getHeader("Message-ID"), received);
        } catch (MessagingException | RuntimeException e) {
            throw new MalformedException("The mail's headers cannot be read.", e);
        }
    }

    /**
     * The Message-ID, when there is one that can be used, with a hash of the bytes: a copy that came another way has other bytes
     * and is an event of its own, about the same mail.
     */
    static String eventId(String[] messageId, byte[] received) {
        return named(usable(messageId), sha256(received));
    }

    private static String usable(String[] messageId) {
        String id = messageId == null || messageId.length == 0 ? "" : messageId[0].strip();
        boolean usable = id.length() > 2 && id.length() <= LONGEST_ID && id.chars().allMatch(c -> c > ' ' && c < 127);
        return usable ? id : null;
    }

    private static String named(String messageId, String hash) {
        return messageId == null ? "<sha256." + hash + "@unnamed>" : messageId + ":" + hash.substring(0, 16);
    }

    String eventId() {
        return eventId;
    }

    /** True when the hub wrote it itself. */
    boolean writtenBy(String ownAddress) throws MalformedException {
        return header(MARK) != null || from() != null && ownAddress.equalsIgnoreCase((String) from().get("address"));
    }

    /**
     * What the mail says, as mappings read it.
     *
     * @param arrived when the server took it; stands in for a date that is missing
     * @throws MalformedException when it does not say who sent it or its parts cannot be read; the message quotes nothing
     */
    Map<String, Object> body(Instant arrived) throws MalformedException {
        Map<String, Object> from = from();
        if (from == null) {
            throw new MalformedException("The mail does not say who sent it: it has no From address.", null);
        }
        var texts = texts();
        String html = texts.html.toString();
        String text = texts.text.toString().isBlank() ? Html.toText(html) : texts.text.toString();
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("id", id(from, text));
        body.put("messageId", messageId);
        body.put("from", from);
        List<Map<String, Object>> replyTo = addresses("Reply-To");
        if (!replyTo.isEmpty()) {
            body.put("replyTo", replyTo.getFirst());
        }
        body.put("to", addresses("To").stream().map(address -> address.get("address")).toList());
        body.put("subject", header("Subject"));
        Instant sent = sent();
        body.put("date", (sent == null ? arrived : sent).toString());
        body.put("text", text);
        if (!html.isBlank()) {
            body.put("html", html);
        }
        String automatic = header("Auto-Submitted");
        if (automatic != null && !automatic.equalsIgnoreCase("no")) {
            body.put("autoSubmitted", automatic);
        }
        return body;
    }

    private Texts texts() throws MalformedException {
        try {
            var texts = new Texts();
            texts.collect(message, 0);
            return texts;
        } catch (MessagingException | IOException | RuntimeException e) {
            throw new MalformedException("The mail's parts cannot be read; ask the sender for a plain text mail.", e);
        }
    }

    /**
     * The same for all copies of a mail, whatever servers wrote into their headers and however they wrapped the lines; another
     * for another mail, even when its sender uses a Message-ID twice.
     */
    private String id(Map<String, Object> from, String text) throws MalformedException {
        String said = from.get("address") + "\n" + header("Subject") + "\n" + sent() + "\n"
                + text.strip().replaceAll("\\s+", " ");
        return named(messageId, sha256(said.getBytes(StandardCharsets.UTF_8)));
    }

    /** Null when the mail does not say when it was sent. */
    private Instant sent() {
        try {
            Date sent = message.getSentDate();
            return sent == null ? null : sent.toInstant();
        } catch (MessagingException e) {
            return null;
        }
    }

    private Map<String, Object> from() throws MalformedException {
        List<Map<String, Object>> from = addresses("From");
        return from.isEmpty() ? null : from.getFirst();
    }

    private List<Map<String, Object>> addresses(String header) throws MalformedException {
        String value = raw(header);
        if (value == null) {
            return List.of();
        }
        List<Map<String, Object>> found = new ArrayList<>();
        try {
            for (InternetAddress address : InternetAddress.parseHeader(value, false)) {
                if (address.getAddress() != null && ADDRESS.matcher(address.getAddress()).matches()) {
                    found.add(address(address.getAddress(), decoded(address.getPersonal())));
                }
            }
        } catch (AddressException e) {
            found.clear();
        }
        if (found.isEmpty()) {
            Matcher matcher = ADDRESS.matcher(value);
            while (matcher.find() && found.size() < MOST_ADDRESSES) {
                found.add(address(matcher.group(), null));
            }
        }
        return found.size() > MOST_ADDRESSES ? found.subList(0, MOST_ADDRESSES) : found;
    }

    private static Map<String, Object> address(String address, String name) {
        Map<String, Object> words = new LinkedHashMap<>();
        words.put("address", address);
        words.put("name", name);
        return words;
    }

    private String header(String name) throws MalformedException {
        return decoded(raw(name));
    }

    private String raw(String name) throws MalformedException {
        try {
            String[] values = message.getHeader(name);
            if (values == null) {
                return null;
            }
            String value = MimeUtility.unfold(values[0]);
            return value.length() > LONGEST_HEADER ? value.substring(0, LONGEST_HEADER) : value;
        } catch (MessagingException e) {
            throw new MalformedException("The mail's headers cannot be read.", e);
        }
    }

    /** Encoded words become text; letters that nobody encoded are taken for UTF-8, else for Windows-1252. */
    private static String decoded(String value) {
        if (value == null) {
            return null;
        }
        String text = value;
        if (text.chars().anyMatch(c -> c >= 0x80) && text.chars().allMatch(c -> c <= 0xff)) {
            text = decode(text.getBytes(StandardCharsets.ISO_8859_1), null);
        }
        try {
            text = MimeUtility.decodeText(text);
        } catch (UnsupportedEncodingException | RuntimeException e) {
            // An encoding that nobody knows: better the letters as they stand than no mail.
        }
        return text.replaceAll("\\p{Cntrl}+", " ").strip();
    }

    /** Senders often name a wrong charset: what is right as UTF-8 is UTF-8, ISO-8859-1 means Windows-1252. */
    static String decode(byte[] bytes, String charset) {
        for (Charset candidate : candidates(charset)) {
            try {
                return candidate.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT).decode(ByteBuffer.wrap(bytes)).toString();
            } catch (CharacterCodingException e) {
                // The next one.
            }
        }
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static List<Charset> candidates(String charset) {
        Charset named = null;
        if (charset != null) {
            try {
                named = Charset.forName(MimeUtility.javaCharset(charset));
            } catch (IllegalArgumentException e) {
                // Unknown: as if none were named.
            }
        }
        boolean narrow = named == null || named.equals(StandardCharsets.US_ASCII)
                || named.equals(StandardCharsets.ISO_8859_1) || named.equals(WINDOWS);
        return narrow ? List.of(StandardCharsets.UTF_8, WINDOWS) : List.of(named, StandardCharsets.UTF_8, WINDOWS);
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256", e);
        }
    }

    /** Collects the text and HTML parts that a reader would see first. */
    private static final class Texts {
        private final StringBuilder text = new StringBuilder();
        private final StringBuilder html = new StringBuilder();
        private int parts;

        void collect(Part part, int depth) throws MessagingException, IOException, MalformedException {
            if (++parts > MOST_PARTS || depth > DEEPEST) {
                throw new MalformedException("The mail has more than %d parts, or parts deeper than %d."
                        .formatted(MOST_PARTS, DEEPEST), null);
            }
            String type = type(part);
            if (type.startsWith("multipart/")) {
                if (part.getContent() instanceof Multipart many) {
                    for (int i = 0; i < many.getCount(); i++) {
                        BodyPart inner = many.getBodyPart(i);
                        collect(inner, depth + 1);
                    }
                }
            } else if (type.equals("text/plain") && !attached(part)) {
                append(text, part);
            } else if (type.equals("text/html") && !attached(part)) {
                append(html, part);
            }
        }

        private static String type(Part part) throws MessagingException {
            String type = part.getContentType();
            int end = type.indexOf(';');
            return (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
        }

        private static boolean attached(Part part) {
            try {
                return Part.ATTACHMENT.equalsIgnoreCase(part.getDisposition());
            } catch (MessagingException e) {
                return false;
            }
        }

        private static void append(StringBuilder all, Part part) throws MessagingException, IOException {
            int room = LONGEST_TEXT - all.length();
            if (room <= 0) {
                return;
            }
            byte[] bytes;
            try (InputStream in = part.getInputStream()) {
                bytes = in.readNBytes(room * 4);
            }
            String more = decode(bytes, charset(part)).replace("\r\n", "\n").replace("\u0000", "");
            if (!all.isEmpty()) {
                all.append('\n');
            }
            all.append(more, 0, Math.min(more.length(), room));
        }

        private static String charset(Part part) throws MessagingException {
            try {
                return new ContentType(part.getContentType()).getParameter("charset");
            } catch (ParseException e) {
                return null;
            }
        }
    }
}
