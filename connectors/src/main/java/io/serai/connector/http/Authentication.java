package io.serai.connector.http;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

import io.serai.connector.ConnectorException;
import io.serai.connector.ErrorClass;
import io.serai.connector.Json;
import io.serai.connector.MalformedException;
import io.serai.connector.Section;

/** How a spoke's requests sign on: with a header that stays as it is, or with a token that is fetched and runs out. */
abstract sealed class Authentication {

    /** The header of one request; its name is null for none. */
    record Header(String name, String value) {
        Map<String, String> with(Map<String, String> headers) {
            if (name == null) {
                return headers;
            }
            Map<String, String> all = new LinkedHashMap<>(headers);
            all.put(name, value);
            return all;
        }

        /** Without the value, which is a secret. */
        @Override
        public String toString() {
            return "Header[" + name + "]";
        }
    }

    /** @throws ConnectorException when there is no token to be had */
    abstract Header header(Transport transport) throws ConnectorException;

    /** Whether a refused header is worth another try with a new one. */
    abstract boolean renews();

    /** A header other than the refused one. Of many callers one fetches it, the others wait for that. */
    abstract Header renewed(Transport transport, Header refused) throws ConnectorException;

    static Authentication of(Section definition) {
        return definition.section("auth").map(auth -> switch (auth.text("kind")) {
            case "none" -> new Fixed(new Header(null, null));
            case "header" -> new Fixed(new Header(auth.text("name"), auth.text("prefix", "") + auth.text("value")));
            case "bearer" -> new Fixed(new Header("Authorization", "Bearer " + auth.text("token")));
            case "basic" -> new Fixed(new Header("Authorization", basic(auth.text("user"), auth.text("password"))));
            case "oauth2" -> Token.of(auth);
            default -> throw auth.notYet("kind", "none, header, bearer, basic, oauth2");
        }).orElse(new Fixed(new Header(null, null)));
    }

    private static String basic(String user, String password) {
        String pair = user + ":" + password;
        return "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(StandardCharsets.UTF_8));
    }

    private static final class Fixed extends Authentication {
        private final Header header;

        private Fixed(Header header) {
            this.header = header;
        }

        @Override
        Header header(Transport transport) {
            return header;
        }

        @Override
        boolean renews() {
            return false;
        }

        @Override
        Header renewed(Transport transport, Header refused) {
            return header;
        }
    }

    /** OAuth 2.0 client credentials (RFC 6749, 4.4). */
    private static final class Token extends Authentication {
        private static final Duration EARLY = Duration.ofSeconds(30);
        private static final int USUAL_SECONDS = 300;

        private final URI address;
        private final String signOn;
        private final byte[] form;
        private Header current;
        private Instant runsOut = Instant.MIN;

        private Token(URI address, String signOn, byte[] form) {
            this.address = address;
            this.signOn = signOn;
            this.form = form;
        }

        static Token of(Section auth) {
            if (!auth.text("grant").equals("client_credentials")) {
                throw auth.notYet("grant", "client_credentials");
            }
            String address = auth.text("token_url");
            if (!address.matches("https?://[^/]+.*")) {
                throw auth.refuse("token_url", "'" + address
                        + "' is no address; it must begin with http:// or https://");
            }
            Map<String, String> form = new LinkedHashMap<>();
            form.put("grant_type", "client_credentials");
            auth.find("scope").ifPresent(scope -> form.put("scope", scope));
            return new Token(URI.create(address), basic(auth.text("client_id"), auth.text("client_secret")),
                    form.entrySet().stream()
                            .map(field -> field.getKey() + "="
                                    + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
                            .collect(Collectors.joining("&")).getBytes(StandardCharsets.UTF_8));
        }

        @Override
        synchronized Header header(Transport transport) throws ConnectorException {
            if (current == null || !transport.clock().instant().isBefore(runsOut)) {
                fetch(transport);
            }
            return current;
        }

        @Override
        boolean renews() {
            return true;
        }

        @Override
        synchronized Header renewed(Transport transport, Header refused) throws ConnectorException {
            if (refused.equals(current)) {
                fetch(transport);
            }
            return current;
        }

        private void fetch(Transport transport) throws ConnectorException {
            current = null;
            Answer answer = transport.exchange("a request for a token", "POST", address, Map.of("Authorization", signOn,
                    "Content-Type", "application/x-www-form-urlencoded", "Accept", "application/json"), form, false);
            if (answer.status() == 429) {
                throw new ConnectorException(ErrorClass.THROTTLED, transport.spoke() + " gives no token now", 429,
                        transport.pause(answer), null, null);
            }
            if (answer.status() >= 500) {
                throw new ConnectorException(ErrorClass.TRANSIENT, transport.spoke()
                        + " answered a request for a token with " + answer.status(), answer.status(),
                        transport.retryAfter(answer), null, null);
            }
            Object said = json(answer);
            String token = Json.textAt(said, "/access_token");
            if (!answer.ok() || token == null) {
                throw new ConnectorException(ErrorClass.AUTH, transport.spoke()
                        + " gives the hub no token for its client id and secret (" + answer.status() + ")",
                        answer.status(), null, null, null);
            }
            String seconds = Json.textAt(said, "/expires_in");
            Duration lives = Duration.ofSeconds(
                    seconds != null && seconds.matches("\\d{1,9}") ? Long.parseLong(seconds) : USUAL_SECONDS);
            runsOut = transport.clock().instant().plus(lives.compareTo(EARLY.multipliedBy(2)) > 0
                    ? lives.minus(EARLY)
                    : lives.dividedBy(2));
            current = new Header("Authorization", "Bearer " + token);
        }

        private static Object json(Answer answer) {
            try {
                return answer.json();
            } catch (MalformedException noToken) {
                return null;
            }
        }
    }
}
