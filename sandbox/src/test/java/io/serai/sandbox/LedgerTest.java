package io.serai.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerTest {
    @TempDir
    Path folder;

    @Test
    void keepsTheOrderOfManyWritersOverARestart() throws IOException {
        try (Ledger ledger = open(new ArrayList<>());
                ExecutorService writers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 500; i++) {
                String id = Integer.toString(i);
                writers.execute(() -> {
                    ledger.append("write", null, id, Map.of());
                    ledger.settle();
                });
            }
        }
        List<Entry> replayed = new ArrayList<>();
        try (Ledger ledger = open(replayed)) {
            assertThat(replayed).hasSize(500).extracting(Entry::seq).isSorted();
            assertThat(replayed).extracting(Entry::id).doesNotHaveDuplicates();
            assertThat(replayed).extracting(Entry::time).isSorted().doesNotHaveDuplicates();
            assertThat(ledger.after(498)).extracting(entry -> entry.get("seq")).containsExactly(499, 500);
        }
    }

    @Test
    void dropsALineThatACrashCutOff() throws IOException {
        try (Ledger ledger = open(new ArrayList<>())) {
            ledger.append("write", null, "1", Map.of());
        }
        Files.writeString(folder.resolve("test.jsonl"), "{\"seq\":2,\"at\":\"2026", StandardOpenOption.APPEND);
        try (Ledger ledger = open(new ArrayList<>())) {
            ledger.append("write", null, "2", Map.of());
            ledger.settle();
            assertThat(ledger.after(0)).extracting(entry -> entry.get("id")).containsExactly("1", "2");
        }
    }

    @Test
    void belongsToOneProcessAtATime() throws IOException {
        try (Ledger ledger = open(new ArrayList<>())) {
            ledger.append("write", null, "1", Map.of());
            assertThatThrownBy(() -> open(new ArrayList<>())).isInstanceOf(IOException.class)
                    .hasMessageContaining("Another process keeps");
        }
    }

    private Ledger open(List<Entry> replayed) throws IOException {
        Clock still = Clock.fixed(Instant.parse("2026-07-01T12:00:00Z"), ZoneOffset.UTC);
        return new Ledger("test", folder.resolve("test.jsonl"), still, replayed::add);
    }
}
