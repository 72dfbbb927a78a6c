package io.serai.connector.mail;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The words of an HTML mail, without its looks. Good enough to read; nothing here is ever shown as HTML. */
final class Html {
    private static final Pattern UNSEEN = Pattern.compile(
            "<!--[^>]*+(?:>(?<!-->)[^>]*+)*+>|<(script|style|head|title)\\b[^>]*+>.*?</\\1\\s*+>",
            Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
    private static final Pattern BREAK = Pattern.compile("<(?:br|/p|/div|/tr|/li|/h[1-6]|/table|hr)\\b[^>]*+>",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern CELL = Pattern.compile("</t[dh]\\s*+>\\s*+(?=<t[dh]\\b)", Pattern.CASE_INSENSITIVE);
    private static final Pattern TAG = Pattern.compile("<[^<>]*+>");
    private static final Pattern ENTITY = Pattern.compile("&(#\\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});");
    private static final Map<String, String> NAMED = Map.ofEntries(Map.entry("amp", "&"), Map.entry("lt", "<"),
            Map.entry("gt", ">"), Map.entry("quot", "\""), Map.entry("apos", "'"), Map.entry("nbsp", " "),
            Map.entry("auml", "ä"), Map.entry("ouml", "ö"), Map.entry("uuml", "ü"), Map.entry("Auml", "Ä"),
            Map.entry("Ouml", "Ö"), Map.entry("Uuml", "Ü"), Map.entry("szlig", "ß"), Map.entry("eacute", "é"),
            Map.entry("egrave", "è"), Map.entry("agrave", "à"), Map.entry("ccedil", "ç"), Map.entry("euro", "€"),
            Map.entry("ndash", "–"), Map.entry("mdash", "—"));

    private Html() {}

    static String toText(String html) {
        String flat = UNSEEN.matcher(html).replaceAll(" ").replaceAll("\\s+", " ");
        String broken = BREAK.matcher(CELL.matcher(flat).replaceAll("\t")).replaceAll("\n");
        String words = entities(TAG.matcher(broken).replaceAll(""));
        return words.replaceAll(" *\n *", "\n").replaceAll("\n{3,}", "\n\n").replaceAll(" {2,}", " ").strip();
    }

    private static String entities(String text) {
        return ENTITY.matcher(text)
                .replaceAll(found -> Matcher.quoteReplacement(entity(found.group(1), found.group())));
    }

    private static String entity(String name, String whole) {
        if (name.charAt(0) != '#') {
            return NAMED.getOrDefault(name, whole);
        }
        boolean hexadecimal = Character.toLowerCase(name.charAt(1)) == 'x';
        int code = Integer.parseInt(name.substring(hexadecimal ? 2 : 1), hexadecimal ? 16 : 10);
        return Character.isValidCodePoint(code) && code >= ' ' ? Character.toString(code) : " ";
    }
}
