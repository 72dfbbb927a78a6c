package io.serai.hub.web;

import java.net.InetAddress;

import jakarta.servlet.ServletRequest;
import org.apache.catalina.connector.Connector;
import org.apache.coyote.AbstractProtocol;

/** The port for operators and their machines: health and metrics, on loopback only, and nothing else. */
public final class ManagementPort {
    private final Connector connector = WebConfiguration.http();

    /** @param port 0 for any free one */
    ManagementPort(int port) {
        connector.setPort(port);
        ((AbstractProtocol<?>) connector.getProtocolHandler()).setAddress(InetAddress.getLoopbackAddress());
    }

    Connector connector() {
        return connector;
    }

    /** The port in use, once the hub is up. */
    public int number() {
        return connector.getLocalPort();
    }

    boolean received(ServletRequest request) {
        return request.getLocalPort() == connector.getLocalPort();
    }
}
