package io.serai.hub.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.UnknownHostException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A subscriber's address must not lead into the house. */
class GuardTest {
    private final Guard closed = new Guard(false, InetAddress::getAllByName);
    private final Guard laptop = new Guard(true, InetAddress::getAllByName);

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "017700000001", "0",
            "0.0.0.0",
            "10.1.2.3", "10.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "2852039166",
            "100.64.0.1",
            "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
            "255.255.255.255", "[::1]", "[::]", "[::ffff:10.0.0.1]", "[::ffff:127.0.0.1]", "[::ffff:a9fe:a9fe]",
            "[::10.0.0.1]", "[fe80::1]", "[fc00::1]", "[fd12:3456::1]", "[fec0::1]", "[ff02::1]", "[64:ff9b::a00:1]",
            "[64:ff9b:1::1]", "[2002:a00:1::1]", "[2001::1]", "[2001:db8::1]", "[100::1]", "localhost", "LOCALHOST",
            "localhost."})
    void goesToNoAddressThatIsNotPublicHoweverItIsWritten(String host) {
        assertThat(reaches(closed, "https://" + host + "/hook")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"93.184.216.34", "8.8.8.8", "172.32.0.1", "192.169.0.1", "100.128.0.1",
            "[2606:4700:4700::1111]"})
    void goesToPublicAddresses(String host) {
        assertThat(reaches(closed, "https://" + host + "/hook")).isTrue();
    }

    @Test
    void refusesANameThatMeansAPrivateAddressEvenBesideAPublicOne() {
        Guard guard = new Guard(true, host -> addresses("93.184.216.34", "10.0.0.1"));
        assertThatThrownBy(() -> guard.resolve("receiver.example")).isInstanceOf(UnknownHostException.class)
                .hasMessageContaining("not public");
        Guard here = new Guard(true, host -> addresses("127.0.0.1"));
        assertThatThrownBy(() -> here.resolve("receiver.example")).isInstanceOf(UnknownHostException.class);
        Guard open = new Guard(false, host -> addresses("93.184.216.34"));
        assertThat(reaches(open, "https://receiver.example/hook")).isTrue();
    }

    /** On a laptop too, only what can mean nothing else is this machine. */
    @Test
    void goesToThisMachineOnlyWhereThatIsAllowedAndOnlyByItsOwnNames() {
        assertThat(reaches(laptop, "http://localhost:9000/hook")).isTrue();
        assertThat(reaches(laptop, "http://127.0.0.1:9000/hook")).isTrue();
        assertThat(reaches(laptop, "http://[::1]:9000/hook")).isTrue();
        assertThat(reaches(closed, "http://localhost:9000/hook")).isFalse();
        assertThat(reaches(laptop, "http://10.0.0.1/hook")).isFalse();
        assertThat(reaches(laptop, "https://10.0.0.1/hook")).isFalse();
        assertThat(reaches(laptop, "http://8.8.8.8/hook")).isFalse();
        Guard lying = new Guard(true, host -> addresses("10.0.0.1"));
        assertThat(reaches(lying, "http://localhost/hook")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://8.8.8.8/hook", "ftp://8.8.8.8/", "file:///etc/passwd", "https:///hook", "hook", "",
            "https://user:password@8.8.8.8/", "https://8.8.8.8/#part", "https://8.8.8.8:99999999/", "https://a b/",
            "https://8.8.8.8\\@10.0.0.1/", "gopher://8.8.8.8/"})
    void refusesAddressesOfAnotherKind(String url) {
        assertThat(reaches(closed, url)).isFalse();
    }

    private static boolean reaches(Guard guard, String url) {
        try {
            String host = guard.address(url).getHost();
            return guard.resolve(host.startsWith("[") ? host.substring(1, host.length() - 1) : host).length > 0;
        } catch (Guard.Forbidden | UnknownHostException refused) {
            return false;
        }
    }

    private static InetAddress[] addresses(String... texts) {
        InetAddress[] addresses = new InetAddress[texts.length];
        for (int i = 0; i < texts.length; i++) {
            addresses[i] = InetAddress.ofLiteral(texts[i]);
        }
        return addresses;
    }
}
