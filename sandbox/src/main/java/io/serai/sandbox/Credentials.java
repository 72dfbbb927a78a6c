package io.serai.sandbox;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The company's secrets: made up at the first start, kept in its data folder for the owner's eyes only. */
final class Credentials {
    static final List<String> NAMES = List.of("ERP_PASSWORD", "SHOP_TOKEN", "SHOP_HOOK_SECRET", "BOOKS_TOKEN",
            "MAIL_PASSWORD");

    private Credentials() {}

    /** @param given wins over what is kept, which wins over what is made up */
    static Map<String, String> of(Path data, Map<String, String> given) throws IOException {
        Path file = data.resolve("credentials.env");
        if (Files.notExists(file)) {
            Map<String, String> fresh = new LinkedHashMap<>();
            NAMES.forEach(name -> fresh.put(name, given.getOrDefault(name, random())));
            Path draft = write(Files.createTempFile(data, "credentials", ".tmp"), fresh);
            try {
                // A link never replaces: of two processes that start at once, one wins and both read the same.
                Files.createLink(file, draft);
            } catch (FileAlreadyExistsException theOtherWon) {
                // Read below.
            } finally {
                Files.delete(draft);
            }
        }
        Map<String, String> kept = read(file);
        NAMES.stream().filter(given::containsKey).forEach(name -> kept.put(name, given.get(name)));
        return kept;
    }

    private static String random() {
        byte[] bytes = new byte[24];
        new SecureRandom().nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** KEY=value lines; empty when there is no such file. */
    static Map<String, String> read(Path file) throws IOException {
        Map<String, String> values = new LinkedHashMap<>();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                int equals = line.indexOf('=');
                if (equals > 0) {
                    values.put(line.substring(0, equals), line.substring(equals + 1));
                }
            }
        }
        return values;
    }

    /** Replaces the file at once, so that nobody reads half of it. */
    static void replace(Path file, Map<String, String> values) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        Path draft = write(Files.createTempFile(folder, "env", ".tmp"), values);
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static Path write(Path file, Map<String, String> values) throws IOException {
        if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }
        return Files.write(file, values.entrySet().stream().map(one -> one.getKey() + "=" + one.getValue()).toList());
    }
}
