package io.serai.hub.database;

import io.serai.hub.StartRefused;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/**
 * Where a database is and who we are there.
 *
 * @param jdbcUrl address without credentials
 * @param user who owns the tables and may migrate them
 */
public record DatabaseAddress(String jdbcUrl, String user, String password) {
    private static final String JDBC = "jdbc:";

    /**
     * Reads an address as operators write it: {@code jdbc:postgresql://host:5432/serai} or
     * {@code postgresql://user:password@host/serai}. User and password given apart win.
     */
    public static DatabaseAddress of(String url, String user, String password) {
        String plain = url.startsWith(JDBC) ? url.substring(JDBC.length()) : url;
        URI uri;
        try {
            uri = new URI(plain);
        } catch (URISyntaxException e) {
            // The address may hold a password: it must not get into the message.
            throw new StartRefused("DATABASE_URL is not an address such as postgresql://host:5432/serai.");
        }
        if (uri.getHost() == null || !("postgresql".equals(uri.getScheme()) || "postgres".equals(uri.getScheme()))) {
            throw new StartRefused("DATABASE_URL is not an address such as postgresql://host:5432/serai.");
        }
        String userInfo = uri.getRawUserInfo();
        String[] parts = userInfo == null ? new String[0] : userInfo.split(":", 2);
        String inUrl = parts.length > 0 ? decode(parts[0]) : "";
        String passwordInUrl = parts.length > 1 ? decode(parts[1]) : "";
        String jdbc = "jdbc:postgresql://" + uri.getHost() + (uri.getPort() > 0 ? ":" + uri.getPort() : "")
                + uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
        return new DatabaseAddress(jdbc, user.isEmpty() ? inUrl : user, password.isEmpty() ? passwordInUrl : password);
    }

    /** The address as psql and other libpq programs take it, credentials included. */
    public String withCredentials() {
        String rest = jdbcUrl.substring("jdbc:postgresql://".length());
        return "postgresql://" + encode(user) + ":" + encode(password) + "@" + rest;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static String encode(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Override
    public String toString() {
        return jdbcUrl;
    }
}
