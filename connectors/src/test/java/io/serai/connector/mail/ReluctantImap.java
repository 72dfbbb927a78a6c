package io.serai.connector.mail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.function.Predicate;

/** An IMAP server that says "no" to some commands, as real ones do; a real one stands behind it. */
final class ReluctantImap implements AutoCloseable {
    private final ServerSocket socket;
    private final int behind;
    /** Which commands, without their tag, are answered with NO. */
    volatile Predicate<String> refuses = command -> false;

    ReluctantImap(int behind) throws IOException {
        this.behind = behind;
        socket = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            while (!socket.isClosed()) {
                try {
                    Socket client = socket.accept();
                    Thread.ofVirtual().start(() -> talk(client));
                } catch (IOException e) {
                    // The test is over.
                }
            }
        });
    }

    int port() {
        return socket.getLocalPort();
    }

    private void talk(Socket client) {
        try (client; Socket server = new Socket(InetAddress.getLoopbackAddress(), behind)) {
            OutputStream answers = client.getOutputStream();
            Thread.ofVirtual().start(() -> {
                try {
                    server.getInputStream().transferTo(answers);
                } catch (IOException e) {
                    // One of them is gone.
                }
            });
            var commands = new BufferedReader(
                    new InputStreamReader(client.getInputStream(), StandardCharsets.US_ASCII));
            for (String line = commands.readLine(); line != null; line = commands.readLine()) {
                int blank = line.indexOf(' ');
                if (refuses.test(line.substring(blank + 1))) {
                    say(answers, line.substring(0, blank) + " NO [UNAVAILABLE] not now");
                } else {
                    say(server.getOutputStream(), line);
                }
            }
        } catch (IOException e) {
            // One of them is gone.
        }
    }

    private static void say(OutputStream to, String line) throws IOException {
        to.write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
        to.flush();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
