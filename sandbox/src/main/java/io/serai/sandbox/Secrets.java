package io.serai.sandbox;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** Compares without telling by the time it takes how much was right. */
final class Secrets {
    private Secrets() {}

    static boolean same(String expected, String given) {
        return given != null && MessageDigest.isEqual(expected.getBytes(StandardCharsets.UTF_8),
                given.getBytes(StandardCharsets.UTF_8));
    }
}
