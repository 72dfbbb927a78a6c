package io.serai.connector.mail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** An SMTP server that answers late, wrongly or not at all, as real ones do. */
final class ScriptedSmtp implements AutoCloseable {
    /** Instead of an answer: cut the connection. */
    static final String CUT = "cut";

    private final ServerSocket socket;
    volatile String onRecipient = "250 ok";
    volatile String onData = "354 go on";
    volatile String onEnd = "250 taken";
    volatile int taken;

    ScriptedSmtp() throws IOException {
        socket = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            while (!socket.isClosed()) {
                try (Socket connection = socket.accept()) {
                    talk(connection);
                } catch (IOException e) {
                    // The client or the test is gone.
                }
            }
        });
    }

    int port() {
        return socket.getLocalPort();
    }

    private void talk(Socket connection) throws IOException {
        var in = new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.US_ASCII));
        OutputStream out = connection.getOutputStream();
        say(out, "220 here");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String answer = line.startsWith("RCPT") ? onRecipient : line.startsWith("DATA") ? onData : "250 ok";
            if (answer.equals(CUT)) {
                return;
            }
            say(out, answer);
            if (line.startsWith("QUIT")) {
                return;
            }
            if (line.startsWith("DATA") && answer.startsWith("354")) {
                String text = in.readLine();
                while (text != null && !text.equals(".")) {
                    text = in.readLine();
                }
                taken++;
                if (onEnd.equals(CUT)) {
                    return;
                }
                say(out, onEnd);
            }
        }
    }

    private static void say(OutputStream out, String line) throws IOException {
        out.write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
