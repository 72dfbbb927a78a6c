package io.serai.connector.files;

import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

import io.serai.connector.Polls;

/** Turns as the hub hands them out, for tests in one process. */
final class OneProcess implements Polls {
    private final Set<String> taken = new HashSet<>();

    @Override
    public synchronized Optional<Turn> claim(String spoke, String what, Duration lease) {
        if (!taken.add(spoke + "/" + what)) {
            return Optional.empty();
        }
        return Optional.of(new Turn() {
            @Override
            public String cursor() {
                return null;
            }

            @Override
            public void advance(String cursor) {}

            @Override
            public void close() {
                taken.remove(spoke + "/" + what);
            }
        });
    }
}
