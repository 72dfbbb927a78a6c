package io.serai.connector.files;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.file.Files;
import java.nio.file.Path;

/** The lines of a file as bytes. At most {@code largest} bytes of a line are kept, however long it is. */
final class Lines implements Closeable {
    private final InputStream in;
    private final int largest;
    private long number;

    private Lines(InputStream in, int largest) {
        this.in = in;
        this.largest = largest;
    }

    static Lines open(Path file, boolean mark, int largest) throws IOException {
        var in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
        if (mark) {
            in.skipNBytes(3);
        }
        return new Lines(in, largest);
    }

    /**
     * @param number counted from 1
     * @param text without the line break
     * @param end the line break: {@code \r\n}, {@code \n}, {@code \r} or nothing
     * @param cut whether it was longer than allowed, so that {@code text} is only its start
     */
    record Line(long number, byte[] text, String end, boolean cut) {
        boolean blank() {
            for (byte b : text) {
                if (b != ' ' && b != '\t') {
                    return false;
                }
            }
            return true;
        }
    }

    /** The next line, or null after the last. */
    Line next() throws IOException {
        int b = in.read();
        if (b < 0) {
            return null;
        }
        number++;
        var text = new ByteArrayOutputStream(160);
        boolean cut = false;
        while (b >= 0 && b != '\n' && b != '\r') {
            if (text.size() < largest) {
                text.write(b);
            } else {
                cut = true;
            }
            b = in.read();
        }
        String end = b == '\n' ? "\n" : b < 0 ? "" : "\r";
        if (b == '\r') {
            in.mark(1);
            if (in.read() == '\n') {
                end = "\r\n";
            } else {
                in.reset();
            }
        }
        return new Line(number, text.toByteArray(), end, cut);
    }

    /** The text, or an exception when a byte is not allowed in this encoding. */
    static String decode(byte[] text, Charset encoding) throws CharacterCodingException {
        return encoding.newDecoder().onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT).decode(ByteBuffer.wrap(text)).toString();
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
