package io.serai.sandbox;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

/** Stands where the hub would: keeps what it gets and answers what it is told to, 200 when told nothing. */
final class HubDouble implements AutoCloseable {
    record Call(String path, Headers headers, byte[] body) {
        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    record Reply(int status, String body) {}

    final List<Call> calls = new CopyOnWriteArrayList<>();
    final Queue<Reply> replies = new ConcurrentLinkedQueue<>();
    private final HttpServer server;

    HubDouble() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                calls.add(new Call(exchange.getRequestURI().getPath(), exchange.getRequestHeaders(),
                        exchange.getRequestBody().readAllBytes()));
                Reply reply = replies.isEmpty() ? new Reply(200, accepted()) : replies.remove();
                byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(reply.status(), body.length);
                exchange.getResponseBody().write(body);
            }
        });
        server.start();
    }

    static String accepted() {
        return "<s:Envelope xmlns:s=\"" + Soap.SOAP_11 + "\"><s:Body><upsertCustomerResponse "
                + "xmlns=\"urn:serai:customers:v1\"><id>golden-1</id><state>applied</state></upsertCustomerResponse>"
                + "</s:Body></s:Envelope>";
    }

    static String fault(String code) {
        return "<s:Envelope xmlns:s=\"" + Soap.SOAP_11 + "\"><s:Body><s:Fault><faultcode>s:" + code
                + "</faultcode><faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>";
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
