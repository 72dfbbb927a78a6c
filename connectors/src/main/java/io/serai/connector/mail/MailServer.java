package io.serai.connector.mail;

import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Properties;

import jakarta.mail.Session;

/**
 * An IMAP or SMTP server and how to sign on to it.
 *
 * @param scheme imap, imaps, smtp or smtps; the ones with an s speak TLS from the start
 * @param tls whether a plain scheme must switch to TLS
 * @param user null when the server asks nobody
 */
public record MailServer(String scheme, String host, int port, Tls tls, String user, String password) {
    private static final String CONNECT_MILLIS = "10000";
    private static final String READ_MILLIS = "30000";

    /** {@link #AUTO}: TLS is required unless the server is on this machine. {@link #NONE}: a relay on a wire of one's own. */
    public enum Tls {
        AUTO, REQUIRED, NONE
    }

    /**
     * @param address such as {@code imaps://mail.example:993}; the port may be left out
     * @throws IllegalArgumentException with a sentence for whoever wrote the address
     */
    public static MailServer at(String address, Tls tls, String user, String password) {
        URI uri = URI.create(address.strip());
        String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
        int usual = switch (scheme) {
            case "imap" -> 143;
            case "imaps" -> 993;
            case "smtp" -> 587;
            case "smtps" -> 465;
            default -> throw new IllegalArgumentException(
                    "A mail server's address begins with imap:, imaps:, smtp: or smtps:");
        };
        if (uri.getHost() == null || uri.getUserInfo() != null) {
            throw new IllegalArgumentException(
                    "A mail server's address is like imaps://mail.example:993; user and password are settings of their own");
        }
        return new MailServer(scheme, uri.getHost(), uri.getPort() < 0 ? usual : uri.getPort(), tls,
                user == null || user.isBlank() ? null : user, password);
    }

    boolean imap() {
        return scheme.startsWith("imap");
    }

    Session session() {
        boolean direct = scheme.endsWith("s");
        String prefix = "mail." + scheme + ".";
        var settings = new Properties();
        settings.setProperty(prefix + "connectiontimeout", CONNECT_MILLIS);
        settings.setProperty(prefix + "timeout", READ_MILLIS);
        settings.setProperty(prefix + "writetimeout", READ_MILLIS);
        settings.setProperty(prefix + "ssl.checkserveridentity", "true");
        settings.setProperty(prefix + "starttls.enable", Boolean.toString(!direct && tls != Tls.NONE));
        settings.setProperty(prefix + "starttls.required", Boolean.toString(!direct && mustSwitch()));
        settings.setProperty(prefix + "auth", Boolean.toString(user != null));
        settings.setProperty("mail.mime.address.strict", "false");
        return Session.getInstance(settings);
    }

    private boolean mustSwitch() {
        if (tls != Tls.AUTO) {
            return tls == Tls.REQUIRED;
        }
        try {
            return !InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return true;
        }
    }

    /** Says where and who, never with what. */
    @Override
    public String toString() {
        return scheme + "://" + host + ":" + port;
    }
}
