package io.serai.bench;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An accounting service that takes every contact and answers with it: as little work as possible, because it shares the
 * machine with what is measured. Notes when each contact came.
 */
final class Sink implements AutoCloseable {
    private static final int LARGEST = 1 << 20;
    private static final String EMAIL = "\"email\":\"";

    private final ServerSocket server;
    private final AtomicLong contacts = new AtomicLong();
    private final Map<String, Long> arrivals = new ConcurrentHashMap<>();
    private volatile boolean noting;

    Sink() throws IOException {
        this.server = new ServerSocket(0, 256, InetAddress.getLoopbackAddress());
        Cleanup.add(this::close);
        Thread.ofVirtual().name("sink").start(this::accept);
    }

    String url() {
        return "http://127.0.0.1:" + server.getLocalPort();
    }

    long contacts() {
        return contacts.get();
    }

    /** From now on keeps the nano time of each contact's arrival by its e-mail address. */
    void note() {
        arrivals.clear();
        noting = true;
    }

    /** Null when it has not come yet. */
    Long arrival(String email) {
        return arrivals.get(email);
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket;
                InputStream in = new BufferedInputStream(socket.getInputStream(), 8192);
                OutputStream out = socket.getOutputStream()) {
            socket.setTcpNoDelay(true);
            String head;
            while ((head = head(in)) != null) {
                byte[] body = in.readNBytes(length(head));
                out.write(answer(head, new String(body, StandardCharsets.UTF_8)));
            }
        } catch (IOException gone) {
            // The hub closes its connections as it likes.
        }
    }

    private byte[] answer(String head, String body) {
        if (!head.startsWith("POST ") && !head.startsWith("PATCH ")) {
            return response("200 OK", "{\"items\":[],\"next_cursor\":null}");
        }
        if (noting) {
            int from = body.indexOf(EMAIL) + EMAIL.length();
            arrivals.put(body.substring(from, body.indexOf('"', from)), System.nanoTime());
        }
        long number = contacts.incrementAndGet();
        return response("201 Created", "{\"id\":\"C-" + number + "\",\"version\":1," + body.substring(1));
    }

    private static byte[] response(String status, String body) {
        byte[] content = body.getBytes(StandardCharsets.UTF_8);
        byte[] head = ("HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: " + content.length
                + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1);
        byte[] whole = new byte[head.length + content.length];
        System.arraycopy(head, 0, whole, 0, head.length);
        System.arraycopy(content, 0, whole, head.length, content.length);
        return whole;
    }

    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder(512);
        int last = 0;
        int read;
        while ((read = in.read()) >= 0) {
            head.append((char) read);
            // Line feed, carriage return, line feed: the empty line.
            last = last << 8 | read;
            if ((last & 0xffffff) == 0x0a0d0a) {
                return head.toString();
            }
            if (head.length() > LARGEST) {
                throw new IOException("The head of the request has no end");
            }
        }
        return null;
    }

    private static int length(String head) throws IOException {
        String lower = head.toLowerCase(Locale.ROOT);
        int at = lower.indexOf("\r\ncontent-length:");
        if (at < 0) {
            if (lower.contains("\r\ntransfer-encoding:")) {
                throw new IOException("The sink does not understand chunks");
            }
            return 0;
        }
        int length = Integer.parseInt(head.substring(at + 17, head.indexOf("\r\n", at + 2)).strip());
        if (length > LARGEST) {
            throw new IOException("The request is too large");
        }
        return length;
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
