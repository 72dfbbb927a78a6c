package io.serai.hub.web;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.IntConsumer;

import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;

/** Reads what a caller sends: so much, so fast, and of the kind that was agreed. */
public final class Body {
    /** The most that one request may bring, in bytes. */
    public static final int LIMIT = 2 << 20;

    private static final long TIME = Duration.ofSeconds(20).toNanos();
    /** What a body takes of the memory whatever it announces; more only as more arrives. */
    static final int FIRST = 16 << 10;

    private Body() {}

    /** The whole body; a content type other than those allowed is refused unread. */
    public static byte[] read(HttpServletRequest request, String... mediaTypes) throws IOException {
        require(request, mediaTypes);
        return read(request);
    }

    /** The whole body, whatever it claims to be. */
    public static byte[] read(HttpServletRequest request) throws IOException {
        return read(request, more -> {});
    }

    /**
     * The whole body, whatever it claims to be.
     *
     * @param memory asked before the body takes so many bytes more than the first {@value #FIRST}; throws to refuse
     */
    static byte[] read(HttpServletRequest request, IntConsumer memory) throws IOException {
        long announced = request.getContentLengthLong();
        if (announced > LIMIT) {
            throw tooLarge();
        }
        if (request.getHeader("Content-Encoding") != null) {
            throw new Problem(415, "unsupported-encoding", "Send the body as it is, without a Content-Encoding.");
        }
        long deadline = System.nanoTime() + TIME;
        int most = announced >= 0 ? (int) announced : LIMIT + 1;
        byte[] bytes = new byte[Math.min(FIRST, most)];
        int size = 0;
        try (InputStream stream = request.getInputStream()) {
            while (true) {
                if (size == bytes.length) {
                    if (size == announced) {
                        return bytes;
                    }
                    int larger = Math.min(2 * size, most);
                    memory.accept(larger - size);
                    bytes = Arrays.copyOf(bytes, larger);
                }
                int read = more(stream, bytes, size);
                if (read < 0) {
                    return size == bytes.length ? bytes : Arrays.copyOf(bytes, size);
                }
                size += read;
                if (size > LIMIT) {
                    throw tooLarge();
                }
                if (System.nanoTime() > deadline) {
                    throw new Problem(408, "too-slow", "The body took longer than 20 seconds to arrive.");
                }
            }
        }
    }

    private static int more(InputStream stream, byte[] bytes, int size) {
        try {
            return stream.read(bytes, size, bytes.length - size);
        } catch (IOException e) {
            throw new Problem(408, "broken-off", "The body broke off, or no more of it came for ten seconds.");
        }
    }

    private static void require(HttpServletRequest request, String... mediaTypes) {
        String given = request.getContentType();
        String mediaType = given == null ? "" : given;
        int semicolon = mediaType.indexOf(';');
        String parameters = semicolon < 0 ? "" : mediaType.substring(semicolon + 1);
        mediaType = (semicolon < 0 ? mediaType : mediaType.substring(0, semicolon)).strip();
        for (String allowed : mediaTypes) {
            if (mediaType.equalsIgnoreCase(allowed)) {
                if (parameters.toLowerCase(java.util.Locale.ROOT).contains("charset")
                        && !"utf-8".equalsIgnoreCase(request.getCharacterEncoding())) {
                    throw new Problem(415, "unsupported-charset", "Send the body in UTF-8.");
                }
                return;
            }
        }
        throw new Problem(415, "unsupported-media-type",
                "Send Content-Type: " + String.join(" or ", mediaTypes) + ".");
    }

    static Problem tooLarge() {
        return new Problem(413, "too-large", "The body is larger than 2 MiB; send less at a time.");
    }

    /** The body of a request that has been read already, for whoever wants a stream. */
    static final class Read extends ServletInputStream {
        private final byte[] bytes;
        private int position;

        Read(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public int read() {
            return position < bytes.length ? bytes[position++] & 0xff : -1;
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            if (position == bytes.length) {
                return -1;
            }
            int count = Math.min(length, bytes.length - position);
            System.arraycopy(bytes, position, into, offset, count);
            position += count;
            return count;
        }

        @Override
        public int available() {
            return bytes.length - position;
        }

        @Override
        public boolean isFinished() {
            return position == bytes.length;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public void setReadListener(jakarta.servlet.ReadListener listener) {
            throw new IllegalStateException("The body has been read already");
        }
    }
}
