package io.serai.connector.files;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What one look over all bytes of a file tells: its hash and its encoding.
 *
 * @param sha256 of the whole content, hexadecimal
 * @param size in bytes
 * @param mark whether it starts with the UTF-8 byte order mark
 * @param wide whether it starts with a UTF-16 byte order mark
 * @param zeros how many zero bytes it has; text has none
 * @param sequences how many characters of more than one byte are right as UTF-8
 * @param broken how many places are wrong as UTF-8
 */
record Survey(String sha256, long size, boolean mark, boolean wide, long zeros, long sequences, long broken) {
    static final Charset WINDOWS = Charset.forName("windows-1252");

    static Survey of(Path file) throws IOException {
        var digest = sha256Digest();
        long size = 0;
        long zeros = 0;
        long sequences = 0;
        long broken = 0;
        int missing = 0;
        byte[] first = new byte[3];
        byte[] buffer = new byte[1 << 16];
        try (InputStream in = Files.newInputStream(file)) {
            for (int read; (read = in.read(buffer)) >= 0;) {
                digest.update(buffer, 0, read);
                for (int i = 0; i < read; i++) {
                    int b = buffer[i] & 0xff;
                    if (size < 3) {
                        first[(int) size] = buffer[i];
                    }
                    size++;
                    if (missing > 0) {
                        if ((b & 0xc0) == 0x80) {
                            if (--missing == 0) {
                                sequences++;
                            }
                            continue;
                        }
                        broken++;
                        missing = 0;
                    }
                    if (b < 0x80) {
                        if (b == 0) {
                            zeros++;
                        }
                    } else if (b >= 0xc2 && b <= 0xdf) {
                        missing = 1;
                    } else if (b >= 0xe0 && b <= 0xef) {
                        missing = 2;
                    } else if (b >= 0xf0 && b <= 0xf4) {
                        missing = 3;
                    } else {
                        broken++;
                    }
                }
            }
        }
        if (missing > 0) {
            broken++;
        }
        boolean mark = size >= 3 && (first[0] & 0xff) == 0xef && (first[1] & 0xff) == 0xbb && (first[2] & 0xff) == 0xbf;
        boolean wide = size >= 2 && ((first[0] & 0xff) == 0xff && (first[1] & 0xff) == 0xfe
                || (first[0] & 0xff) == 0xfe && (first[1] & 0xff) == 0xff);
        return new Survey(HexFormat.of().formatHex(digest.digest()), size, mark, wide, zeros,
                mark ? sequences - 1 : sequences, broken);
    }

    static MessageDigest sha256Digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java has SHA-256", e);
        }
    }

    /**
     * The encoding to read the file in: the declared one, else UTF-8 when most of what is not ASCII is right as UTF-8 (single
     * wrong bytes then spoil their row only), else Windows-1252.
     *
     * @param declared null: find out
     */
    Charset encoding(Charset declared) throws UnreadableFile {
        requireText();
        boolean utf8 = mark || broken == 0 || sequences > broken;
        if (declared == null) {
            return utf8 ? StandardCharsets.UTF_8 : WINDOWS;
        }
        if (declared.equals(StandardCharsets.UTF_8) && !utf8) {
            throw new UnreadableFile("malformed",
                    "The file is not in UTF-8: %d of %d characters outside ASCII are wrong. Save it in UTF-8 and drop it again."
                            .formatted(broken, broken + sequences));
        }
        if (mark && !declared.equals(StandardCharsets.UTF_8)) {
            throw new UnreadableFile("malformed", "The file is in UTF-8, but " + declared + " is declared for it.");
        }
        return declared;
    }

    void requireText() throws UnreadableFile {
        if (size == 0) {
            throw new UnreadableFile("malformed",
                    "The file is empty. Check the export; for \"nothing changed\" send the header row alone.");
        }
        if (wide) {
            throw new UnreadableFile("malformed",
                    "The file is in UTF-16. Save it in UTF-8 or Windows-1252 and drop it again.");
        }
        if (zeros > 0) {
            throw new UnreadableFile("malformed",
                    "The file is not text: it has %d zero bytes. Drop the text export, not the program's own file."
                            .formatted(zeros));
        }
    }
}
