package io.serai.connector;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Polls remembered in memory, as long as a test. */
public final class Forgetful implements Polls {
    private final Map<String, String> cursors = new ConcurrentHashMap<>();
    private final Map<String, Boolean> claimed = new ConcurrentHashMap<>();

    @Override
    public Optional<Turn> claim(String spoke, String what, Duration lease) {
        String key = spoke + "/" + what;
        return claimed.putIfAbsent(key, true) == null ? Optional.of(new Remembered(key)) : Optional.empty();
    }

    /** Where the last poll ended; null before the first. */
    public String cursor(String spoke, String what) {
        return cursors.get(spoke + "/" + what);
    }

    private final class Remembered implements Turn {
        private final String key;

        private Remembered(String key) {
            this.key = key;
        }

        @Override
        public String cursor() {
            return cursors.get(key);
        }

        @Override
        public void advance(String cursor) {
            cursors.put(key, cursor);
        }

        @Override
        public void complete() {}

        @Override
        public void close() {
            claimed.remove(key);
        }
    }
}
