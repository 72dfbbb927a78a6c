package io.serai.faults;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A wire between two programs that does to what it carries what networks do. It asks for the fate of each exchange when its
 * first byte comes from the client. What it swallowed is gone: such a connection stays open and dead for good, as a half-open
 * one does, even after the network has healed.
 */
final class Proxy implements AutoCloseable {
    private static final Pattern LENGTH = Pattern.compile("(?i)content-length: *(\\d+)");
    private static final InetAddress HERE = InetAddress.getLoopbackAddress();

    /** What becomes of an exchange. */
    sealed interface Fate {
        Fate PASS = new Pass();

        record Pass() implements Fate {}

        /** The connection is reset before anything gets through. */
        record Reset() implements Fate {}

        /** Nothing gets through in either direction, and nobody is told. */
        record Swallow() implements Fate {}

        /** The request gets through, and the reply vanishes without a word. */
        record OneWay() implements Fate {}

        /** The request is carried out; the connection is reset when the reply comes. */
        record LoseReply() implements Fate {}

        /** The request is carried out; the client is told something else. */
        record Instead(byte[] answer) implements Fate {}

        /** Nobody is asked; the client is told this. @param pause between two bytes; null for none */
        record Canned(byte[] answer, Duration pause) implements Fate {}

        /** The request arrives after this time, whether the client still waits or not. */
        record Late(Duration time) implements Fate {}

        /** The request waits at the gate until it is opened. */
        record Held(CountDownLatch gate) implements Fate {}
    }

    private final ServerSocket door;
    private volatile int target;
    private final AtomicInteger struck = new AtomicInteger();
    private final Queue<Instant> passed = new ConcurrentLinkedQueue<>();
    private volatile Function<String, Fate> fates = _ -> Fate.PASS;
    private final Set<Wire> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    Proxy(int target) throws IOException {
        this.target = target;
        this.door = new ServerSocket(0, 200, HERE);
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return door.getLocalPort();
    }

    /** Leads elsewhere from now on; what is open is cut. */
    void leadTo(int other) {
        target = other;
        open.forEach(Wire::reset);
    }

    String url() {
        return "http://127.0.0.1:" + port();
    }

    /** How many exchanges did not simply pass. */
    int struck() {
        return struck.get();
    }

    /** When each exchange that simply passes began, since this was asked last. */
    List<Instant> passed() {
        List<Instant> moments = new ArrayList<>();
        for (Instant one = passed.poll(); one != null; one = passed.poll()) {
            moments.add(one);
        }
        return moments;
    }

    /** From now on every exchange has this fate. */
    void all(Fate fate) {
        fates = _ -> fate;
    }

    /** From now on every exchange whose first line begins like this has this fate. */
    void all(String begin, Fate fate) {
        fates = line -> line.startsWith(begin) ? fate : Fate.PASS;
    }

    /** From now on some exchanges have one of these fates, as the seed decides. @param share of 0 to 1 */
    void some(Random random, double share, Fate... possible) {
        fates = _ -> drawn(random, share, possible);
    }

    /** As {@link #some}; exchanges that begin with a certain line have fates of their own. */
    void some(Random random, double share, String begin, Fate[] ofThose, Fate... ofOthers) {
        fates = line -> drawn(random, share, line.startsWith(begin) ? ofThose : ofOthers);
    }

    private static Fate drawn(Random random, double share, Fate... possible) {
        synchronized (random) {
            return random.nextDouble() < share ? possible[random.nextInt(possible.length)] : Fate.PASS;
        }
    }

    void heal() {
        all(Fate.PASS);
    }

    private Fate fate(byte[] first, int length) {
        Fate fate = fates.apply(new String(first, 0, Math.min(length, 200), StandardCharsets.ISO_8859_1));
        if (fate == Fate.PASS) {
            passed.add(Instant.now());
        } else {
            struck.incrementAndGet();
        }
        return fate;
    }

    private void accept() {
        while (!closed) {
            try {
                Socket client = door.accept();
                Thread.ofVirtual().start(() -> new Wire(client).carry());
            } catch (IOException closed) {
                return;
            }
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        door.close();
    }

    static byte[] http(int status, String headers, String body) {
        return ("HTTP/1.1 " + status + " Told\r\n" + headers + "Content-Length: "
                + body.getBytes(StandardCharsets.UTF_8).length + "\r\nConnection: close\r\n\r\n" + body)
                .getBytes(StandardCharsets.UTF_8);
    }

    /** One connection. */
    private final class Wire {
        private final Socket client;
        private final Socket server = new Socket();
        private volatile Fate fate = Fate.PASS;
        private volatile boolean asking;
        private volatile boolean dead;

        Wire(Socket client) {
            this.client = client;
        }

        void carry() {
            try {
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                server.connect(new InetSocketAddress(HERE, target), 5_000);
                open.add(this);
                Thread.ofVirtual().start(this::back);
                forth();
            } catch (IOException ended) {
                reset();
            }
        }

        void reset() {
            open.remove(this);
            reset(client);
            reset(server);
        }

        private void forth() throws IOException {
            InputStream in = client.getInputStream();
            OutputStream out = server.getOutputStream();
            byte[] buffer = new byte[16 * 1024];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                if (!asking) {
                    asking = true;
                    fate = dead ? fate : fate(buffer, read);
                }
                switch (fate) {
                    case Fate.Swallow _ -> dead = true;
                    case Fate.Reset _ -> throw new IOException("reset");
                    case Fate.Canned canned -> {
                        whole(in, buffer, read);
                        write(canned);
                        return;
                    }
                    case Fate.Late late -> {
                        byte[] request = whole(in, buffer, read);
                        Wait.pass(late.time());
                        out.write(request);
                    }
                    case Fate.Held held -> {
                        byte[] request = whole(in, buffer, read);
                        await(held.gate());
                        out.write(request);
                    }
                    default -> {
                        if (!dead) {
                            out.write(buffer, 0, read);
                        }
                    }
                }
            }
            if (!dead) {
                server.shutdownOutput();
            }
        }

        private void await(CountDownLatch gate) throws IOException {
            try {
                gate.await();
            } catch (InterruptedException stopped) {
                throw new IOException(stopped);
            }
        }

        private void write(Fate.Canned canned) throws IOException {
            OutputStream out = client.getOutputStream();
            if (canned.pause() == null) {
                out.write(canned.answer());
            } else {
                for (byte one : canned.answer()) {
                    out.write(one);
                    out.flush();
                    Wait.pass(canned.pause());
                }
            }
            client.shutdownOutput();
            server.close();
        }

        private void back() {
            try {
                InputStream in = server.getInputStream();
                OutputStream out = client.getOutputStream();
                byte[] buffer = new byte[16 * 1024];
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    asking = false;
                    switch (fate) {
                        case Fate.LoseReply _ -> throw new IOException("reset");
                        case Fate.OneWay _ -> dead = true;
                        case Fate.Instead instead -> {
                            out.write(instead.answer());
                            client.shutdownOutput();
                            server.close();
                            return;
                        }
                        default -> {
                            if (!dead) {
                                out.write(buffer, 0, read);
                            }
                        }
                    }
                }
                open.remove(this);
                if (!dead) {
                    client.shutdownOutput();
                }
            } catch (IOException ended) {
                reset();
            }
        }

        /** A whole HTTP request, of which the beginning is here already. */
        private byte[] whole(InputStream in, byte[] buffer, int read) throws IOException {
            ByteArrayOutputStream request = new ByteArrayOutputStream();
            int count = read;
            while (true) {
                request.write(buffer, 0, count);
                String text = request.toString(StandardCharsets.ISO_8859_1);
                int end = text.indexOf("\r\n\r\n");
                if (end >= 0) {
                    Matcher length = LENGTH.matcher(text.substring(0, end));
                    int body = length.find() ? Integer.parseInt(length.group(1)) : 0;
                    boolean chunked = text.substring(0, end).toLowerCase(java.util.Locale.ROOT)
                            .contains("transfer-encoding: chunked");
                    if (chunked ? text.endsWith("0\r\n\r\n") : text.length() >= end + 4 + body) {
                        return request.toByteArray();
                    }
                }
                count = in.read(buffer);
                if (count < 0) {
                    return request.toByteArray();
                }
            }
        }

        private static void reset(Socket socket) {
            try {
                socket.setSoLinger(true, 0);
                socket.close();
            } catch (IOException gone) {
                // That is what was wanted.
            }
        }
    }
}
