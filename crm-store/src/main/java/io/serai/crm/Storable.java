package io.serai.crm;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** Makes what comes from outside fit for a text column. */
final class Storable {
    private static final int LONGEST_KEY = 450;

    private Storable() {}

    /** PostgreSQL keeps no NUL in texts. */
    static String text(String text) {
        return text == null || text.indexOf('\0') < 0 ? text : text.replace('\0', '\uFFFD');
    }

    /** An event id that is too long, empty or unstorable, as a key that stands for it; null stays null. */
    static String key(String event) {
        if (event == null) {
            return null;
        }
        String text = text(event);
        if (text.equals(event) && !event.isEmpty() && event.length() <= LONGEST_KEY) {
            return event;
        }
        String hash = HexFormat.of().formatHex(Identifiers.sha256(event.getBytes(StandardCharsets.UTF_8)));
        return text.substring(0, Math.min(text.length(), LONGEST_KEY - hash.length())) + "#" + hash;
    }
}
