package io.serai.hub.web;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Everybody who may call the hub. Keeps digests only, and takes equally long for every wrong answer. */
public final class Callers {
    private static final String BASIC = "Basic ";
    private static final String BEARER = "Bearer ";

    private record Known(byte[] digest, Caller caller) {}

    private final List<Known> keys = new ArrayList<>();
    private final List<Known> signOns = new ArrayList<>();

    /** Lets the caller in with an API key. */
    public Callers withKey(String key, Caller caller) {
        keys.add(new Known(digest(key), caller));
        return this;
    }

    /** Lets the caller in with HTTP Basic. */
    public Callers withPassword(String user, String password, Caller caller) {
        signOns.add(new Known(digest(user + ":" + password), caller));
        return this;
    }

    /**
     * Finds out who calls.
     *
     * @param authorization the header of that name; may be null
     * @param key the header {@code serai-key}; may be null
     * @return null when nobody known
     */
    Caller find(String authorization, String key) {
        if (key != null) {
            return find(keys, key);
        }
        if (authorization == null) {
            return null;
        }
        if (authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return find(keys, authorization.substring(BEARER.length()).strip());
        }
        if (authorization.regionMatches(true, 0, BASIC, 0, BASIC.length())) {
            try {
                byte[] decoded = Base64.getDecoder().decode(authorization.substring(BASIC.length()).strip());
                return find(signOns, new String(decoded, StandardCharsets.UTF_8));
            } catch (IllegalArgumentException notBase64) {
                return null;
            }
        }
        return null;
    }

    private static Caller find(List<Known> known, String secret) {
        byte[] digest = digest(secret);
        Caller found = null;
        for (Known candidate : known) {
            if (MessageDigest.isEqual(candidate.digest, digest)) {
                found = candidate.caller;
            }
        }
        return found;
    }

    private static byte[] digest(String secret) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
