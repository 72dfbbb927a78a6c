package io.serai.connector.http;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

import io.serai.connector.Section;

/** The header with which a spoke's requests sign on; null name for none. */
record Authentication(String name, String value) {

    static Authentication of(Section definition) {
        return definition.section("auth").map(auth -> switch (auth.text("kind")) {
            case "none" -> new Authentication(null, null);
            case "header" -> new Authentication(auth.text("name"), auth.text("prefix", "") + auth.text("value"));
            case "bearer" -> new Authentication("Authorization", "Bearer " + auth.text("token"));
            case "basic" -> basic(auth.text("user"), auth.text("password"));
            default -> throw auth.notYet("kind", "none, header, bearer, basic");
        }).orElse(new Authentication(null, null));
    }

    static Authentication basic(String user, String password) {
        String pair = user + ":" + password;
        return new Authentication("Authorization", "Basic " + Base64.getEncoder().encodeToString(pair.getBytes(
                StandardCharsets.UTF_8)));
    }

    /** Without the value, which is a secret. */
    @Override
    public String toString() {
        return "Authentication[" + name + "]";
    }
}
