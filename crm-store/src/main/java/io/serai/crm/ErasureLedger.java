package io.serai.crm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Who was erased, in a file that only grows and lies outside the database and its backups: a restored backup knows nothing of
 * later erasures, and learns of them here. It names nobody: it holds ids of the hub's own and keyed hashes.
 */
public final class ErasureLedger {
    private static final String ALGORITHM = "HmacSHA256";

    private final Path file;
    private final SecretKeySpec key;

    private ErasureLedger(Path file, byte[] key) {
        this.file = file;
        this.key = new SecretKeySpec(key, ALGORITHM);
    }

    /**
     * Opens the ledger.
     *
     * @param file is made with the first erasure; its folder must exist
     * @param key of the hashes; without the same key nobody who was erased is known again
     */
    public static ErasureLedger at(Path file, byte[] key) {
        return new ErasureLedger(file, key.clone());
    }

    /** What stands for something by which a person is known, and does not tell it. */
    String mark(String kind, String value) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            return Base64.getUrlEncoder().withoutPadding()
                    .encodeToString(mac.doFinal((kind + ":" + value).getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** Returns when the line is on the disk. */
    synchronized void append(Map<String, Object> line) {
        try {
            boolean made = !Files.exists(file);
            try (FileChannel channel = FileChannel.open(file,
                    Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
                channel.position(channel.size());
                // What a crash left of the line before was never acknowledged; it must not spoil this one.
                ByteBuffer bytes = StandardCharsets.UTF_8
                        .encode((channel.size() > 0 ? "\n" : "") + Json.text(line) + "\n");
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            if (made) {
                try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent(),
                        StandardOpenOption.READ)) {
                    folder.force(true);
                }
            }
        } catch (IOException failed) {
            throw new UncheckedIOException("Nobody was erased: " + file + " cannot be written", failed);
        }
    }

    /** All whole lines, oldest first. */
    synchronized List<Map<String, Object>> lines() {
        List<Map<String, Object>> lines = new ArrayList<>();
        try {
            if (Files.exists(file)) {
                for (String line : Files.readAllLines(file)) {
                    if (line.endsWith("}")) {
                        lines.add(Json.document(line));
                    }
                }
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(file + " cannot be read", failed);
        }
        return lines;
    }
}
