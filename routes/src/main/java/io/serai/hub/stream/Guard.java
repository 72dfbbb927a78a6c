package io.serai.hub.stream;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.Locale;

import org.apache.hc.client5.http.DnsResolver;

/**
 * Keeps webhooks out of the house. Whoever may name an address that the hub then calls could have it call what only the hub
 * can reach: its own ports, the cloud's metadata, a neighbour in the private network. A name is looked up once for each
 * connection, every address that it has must be public, and the connection goes to what was looked up, not to the name: a
 * name that means something else a moment later gains nothing.
 */
final class Guard implements DnsResolver {
    private static final int LONGEST_URL = 2_000;
    private static final int MOST_PORT = 65_535;

    private final boolean loopback;
    private final Names names;

    /** What a name means. */
    interface Names {
        InetAddress[] look(String host) throws UnknownHostException;
    }

    /** @param loopback whether {@code http://localhost} and its like may be called, for a laptop */
    Guard(boolean loopback, Names names) {
        this.loopback = loopback;
        this.names = names;
    }

    /**
     * Reads the address of a subscriber. Only what it means is looked up later, with every call.
     *
     * @throws Forbidden when it may not be called whatever it means
     */
    URI address(String url) throws Forbidden {
        URI uri;
        try {
            uri = new URI(url).parseServerAuthority();
        } catch (URISyntaxException e) {
            throw new Forbidden("is not an address; write it as https://host/path");
        }
        String host = host(uri);
        boolean http = "http".equalsIgnoreCase(uri.getScheme());
        if (host == null || !http && !"https".equalsIgnoreCase(uri.getScheme())) {
            throw new Forbidden("must begin with https:// and name a host");
        }
        if (http && !(loopback && isHere(host))) {
            throw new Forbidden(loopback
                    ? "must begin with https://; http:// only goes to localhost"
                    : "must begin with https://");
        }
        if (uri.getUserInfo() != null || uri.getFragment() != null || url.length() > LONGEST_URL) {
            throw new Forbidden("must have no user, password or fragment, and no more than " + LONGEST_URL
                    + " characters");
        }
        if (uri.getPort() == 0 || uri.getPort() > MOST_PORT) {
            throw new Forbidden("has a port that does not exist");
        }
        InetAddress literal;
        try {
            literal = InetAddress.ofLiteral(host);
        } catch (IllegalArgumentException name) {
            return uri;
        }
        if (literal instanceof Inet4Address && !literal.getHostAddress().equals(host)
                && !host.contains(":")) {
            // 0177.0.0.1, 127.1 and 2130706433 mean different things to different programs.
            throw new Forbidden("must write its address as four decimal numbers, or name a host");
        }
        require(host, literal);
        return uri;
    }

    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
        InetAddress[] found = names.look(host);
        for (InetAddress address : found) {
            try {
                require(host, address);
            } catch (Forbidden forbidden) {
                throw new Refused(host + " " + forbidden.getMessage());
            }
        }
        return found;
    }

    @Override
    public String resolveCanonicalHostname(String host) {
        return host;
    }

    private void require(String host, InetAddress address) throws Forbidden {
        if (loopback && isHere(host) ? !address.isLoopbackAddress() : !isPublic(address)) {
            throw new Forbidden("has an address that is not public; changes are only sent to the open internet");
        }
    }

    /** A name that can only mean this machine. */
    private static boolean isHere(String host) {
        if (host.toLowerCase(Locale.ROOT).equals("localhost")) {
            return true;
        }
        try {
            return InetAddress.ofLiteral(host).isLoopbackAddress();
        } catch (IllegalArgumentException name) {
            return false;
        }
    }

    private static String host(URI uri) {
        String host = uri.getHost();
        return host != null && host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    /** By the registries of special addresses of IANA; of version 6 only what is given out, and nothing that carries a version 4. */
    static boolean isPublic(InetAddress address) {
        byte[] bytes = address.getAddress();
        int first = bytes[0] & 0xff;
        int second = bytes[1] & 0xff;
        int third = bytes[2] & 0xff;
        if (address instanceof Inet4Address) {
            return switch (first) {
                case 0, 10, 127 -> false;
                case 100 -> (second & 0xc0) != 64;
                case 169 -> second != 254;
                case 172 -> (second & 0xf0) != 16;
                case 192 -> second != 168 && !(second == 0 && (third == 0 || third == 2))
                        && !(second == 88 && third == 99);
                case 198 -> (second & 0xfe) != 18 && !(second == 51 && third == 100);
                case 203 -> !(second == 0 && third == 113);
                default -> first < 224;
            };
        }
        boolean given = (first & 0xe0) == 0x20;
        boolean protocols = first == 0x20 && second == 0x01 && (third & 0xfe) == 0;
        boolean documentation = first == 0x20 && second == 0x01 && third == 0x0d && (bytes[3] & 0xff) == 0xb8
                || first == 0x3f && second == 0xff && (third & 0xf0) == 0;
        boolean overVersion4 = first == 0x20 && second == 0x02;
        return given && !protocols && !documentation && !overVersion4;
    }

    /** The address may not be called. The message follows the word "url". */
    static final class Forbidden extends Exception {
        Forbidden(String problem) {
            super(problem, null, false, false);
        }
    }

    /** What a name means may not be called. */
    static final class Refused extends UnknownHostException {
        Refused(String problem) {
            super(problem);
        }
    }
}
