package io.serai.connector.webhook;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

import io.serai.connector.Section;

/** How a sender proves that a webhook is its own. Two secrets may be valid at a time, so that one can be replaced without losing events. */
final class Signature {
    private final String header;
    private final String prefix;
    private final boolean hex;
    private final List<byte[]> secrets;
    private final Optional<Timestamp> timestamp;

    /** The time stands before the body and a dot in what is signed. */
    private record Timestamp(String header, Duration tolerance) {}

    private Signature(String header, String prefix, boolean hex, List<byte[]> secrets, Optional<Timestamp> timestamp) {
        this.header = header;
        this.prefix = prefix;
        this.hex = hex;
        this.secrets = secrets;
        this.timestamp = timestamp;
    }

    static Signature of(Section section) {
        if (!section.text("kind").equals("hmac_sha256")) {
            throw section.notYet("kind", "hmac_sha256");
        }
        String encoding = section.text("encoding", "base64");
        if (!encoding.equals("base64") && !encoding.equals("hex")) {
            throw section.notYet("encoding", "base64, hex");
        }
        List<byte[]> secrets = section.texts("secrets").stream().filter(secret -> !secret.isBlank())
                .map(secret -> secret
                        .getBytes(StandardCharsets.UTF_8))
                .toList();
        if (secrets.isEmpty()) {
            throw section.refuse("secrets", "there is no secret, so nobody could be believed; set at least one");
        }
        String over = section.text("over", "body");
        Optional<Timestamp> timestamp = section.section("timestamp").map(time -> new Timestamp(time.text("header"), time
                .duration("tolerance", Duration.ofMinutes(5))));
        if (!over.equals(timestamp.isPresent() ? "timestamp.body" : "body")) {
            throw section.notYet("over", "body, or timestamp.body with 'timestamp'");
        }
        return new Signature(section.text("header").toLowerCase(Locale.ROOT), section.text("prefix", ""), encoding
                .equals("hex"), secrets, timestamp);
    }

    /**
     * @param headers by lower-case name
     * @return true when one of the secrets signed exactly these bytes, and not too long ago
     */
    boolean proves(Map<String, String> headers, byte[] body, Instant now) {
        String given = headers.get(header);
        if (given == null || !given.startsWith(prefix)) {
            return false;
        }
        byte[] signature;
        try {
            String text = given.substring(prefix.length()).strip();
            signature = hex ? HexFormat.of().parseHex(text) : Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            return false;
        }
        byte[] before = new byte[0];
        if (timestamp.isPresent()) {
            String time = headers.get(timestamp.get().header().toLowerCase(Locale.ROOT));
            if (!recent(time, now, timestamp.get().tolerance())) {
                return false;
            }
            before = (time + ".").getBytes(StandardCharsets.UTF_8);
        }
        boolean proven = false;
        for (byte[] secret : secrets) {
            // Every secret is tried and every byte compared, so that the time taken tells nothing.
            proven |= MessageDigest.isEqual(hmac(secret, before, body), signature);
        }
        return proven;
    }

    private static boolean recent(String seconds, Instant now, Duration tolerance) {
        if (seconds == null || !seconds.matches("\\d{1,12}")) {
            return false;
        }
        try {
            Instant signed = Instant.ofEpochSecond(Long.parseLong(seconds));
            return Duration.between(signed, now).abs().compareTo(tolerance) <= 0;
        } catch (DateTimeException e) {
            return false;
        }
    }

    private static byte[] hmac(byte[] secret, byte[] before, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            mac.update(before);
            return mac.doFinal(body);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HmacSHA256 is part of every JDK", e);
        }
    }
}
