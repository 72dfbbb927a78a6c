package io.serai.connector.mail;

import java.time.Duration;
import java.util.Optional;

import io.serai.connector.Polls;

/** Remembers one mailbox's cursor as the hub's database does. */
final class Memory implements Polls {
    String cursor;

    @Override
    public Optional<Turn> claim(String spoke, String what, Duration lease) {
        return Optional.of(new Turn() {
            @Override
            public String cursor() {
                return cursor;
            }

            @Override
            public void advance(String to) {
                cursor = to;
            }

            @Override
            public void close() {}
        });
    }
}
