package io.serai.connector.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import org.apache.sshd.common.channel.RequestHandler;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.config.keys.writer.openssh.OpenSSHKeyPairResourceWriter;
import org.apache.sshd.common.digest.BuiltinDigests;
import org.apache.sshd.common.file.virtualfs.VirtualFileSystemFactory;
import org.apache.sshd.common.keyprovider.KeyPairProvider;
import org.apache.sshd.common.session.ConnectionService;
import org.apache.sshd.server.SshServer;
import org.apache.sshd.server.keyprovider.SimpleGeneratorHostKeyProvider;
import org.apache.sshd.sftp.server.SftpSubsystemFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import io.serai.connector.Forgetful;
import io.serai.connector.Item;
import io.serai.connector.SettableClock;
import io.serai.connector.Watch;

class SftpTest {
    @TempDir
    Path home;
    @TempDir
    Path scratch;

    private final SettableClock clock = new SettableClock();
    private final Journal journal = new Journal();
    private final SshServer server = SshServer.setUpDefaultServer();
    private String fingerprint;

    @BeforeEach
    void start() throws Exception {
        var keys = new SimpleGeneratorHostKeyProvider();
        fingerprint = KeyUtils.getFingerPrint(BuiltinDigests.sha256, keys.loadKeys(null).iterator().next().getPublic());
        server.setHost("127.0.0.1");
        server.setKeyPairProvider(keys);
        server.setPasswordAuthenticator((user, password, session) -> user.equals("serai") && password.equals("right"));
        server.setSubsystemFactories(List.of(new SftpSubsystemFactory.Builder().build()));
        server.setFileSystemFactory(new VirtualFileSystemFactory(home));
        Files.createDirectory(home.resolve("outgoing"));
        server.start();
    }

    @AfterEach
    void stop() throws IOException {
        server.stop(true);
    }

    private FileInlet inlet(String password, String hostKey, Watch watch) {
        return inlet(new SftpFolder(place(password, hostKey), scratch), watch);
    }

    private SftpSettings place(String password, String hostKey) {
        return new SftpSettings("127.0.0.1", server.getPort(), "serai", Optional.of(password), Optional.empty(),
                Set.of(hostKey), "outgoing");
    }

    private FileInlet inlet(SftpFolder folder, Watch watch) {
        var settings = new FileSettings("partner", "customer",
                List.of(new Format.Csv("csv", null, null, List.of(), List.of("id"))));
        var inlet = new FileInlet(settings, folder, new Forgetful(), clock, watch);
        inlet.accept(journal);
        return inlet;
    }

    private void pickUp(FileInlet inlet) {
        inlet.round();
        clock.advance(Duration.ofSeconds(5));
        inlet.round();
    }

    private List<String> names(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void takesFilesAndGivesRejectedRowsBack() throws IOException {
        Files.writeString(home.resolve("outgoing/customers.csv"), "id;name\n1;Anna\n;Bert\n3;Carl\n");
        Files.writeString(home.resolve("outgoing/customers.xls"), "no");
        var inlet = inlet("right", fingerprint, Watch.NOBODY);
        pickUp(inlet);
        assertThat(journal.good()).extracting(Item::row).containsExactly(2L, 4L);
        assertThat(names(home.resolve("outgoing"))).containsExactly("done", "rejected");
        assertThat(names(home.resolve("outgoing/done"))).containsExactly("customers.csv");
        List<String> rejected = names(home.resolve("outgoing/rejected"));
        assertThat(rejected).hasSize(3).contains("customers.xls", "customers.xls.reason.txt");
        assertThat(Files.readString(home.resolve("outgoing/rejected").resolve(rejected.getFirst())))
                .isEqualTo("id;name;row;field;reason\r\n;Bert;3;id;The column id must not be empty.\r\n");
        assertThat(names(scratch)).isEmpty();
    }

    @Test
    void leavesTheFileThereWhileNothingCanBeStored() throws IOException {
        Files.writeString(home.resolve("outgoing/customers.csv"), "id;name\n1;Anna\n");
        journal.isAway(1);
        var inlet = inlet("right", fingerprint, Watch.NOBODY);
        pickUp(inlet);
        assertThat(names(home.resolve("outgoing"))).contains("customers.csv");
        assertThat(names(scratch)).isEmpty();
        pickUp(inlet);
        assertThat(journal.items).hasSize(1);
    }

    @Test
    void aFileThatIsReplacedMeanwhileIsReadToo() throws IOException {
        Path file = home.resolve("outgoing/customers.csv");
        Files.writeString(file, "id;name\n1;Anna\n");
        var inlet = inlet("right", fingerprint, Watch.NOBODY);
        inlet.accept(items -> {
            if (journal.items.isEmpty()) {
                Files.writeString(file, "id;name\n2;Bert\n");
                Files.setLastModifiedTime(file, FileTime.from(Instant.now().plus(Duration.ofMinutes(1))));
            }
            return journal.accept(items);
        });
        pickUp(inlet);
        assertThat(names(home.resolve("outgoing/done"))).isEmpty();
        pickUp(inlet);
        assertThat(journal.items).extracting(Item::body).containsExactly(Map.of("id", "1", "name", "Anna"),
                Map.of("id", "2", "name", "Bert"));
        assertThat(names(home.resolve("outgoing"))).containsExactly("done", "rejected");
        assertThat(home.resolve("outgoing/done/customers.csv")).hasContent("id;name\n2;Bert\n");
    }

    @Test
    void asksForSignsOfLifeWhileItIsBusyWithAFile() throws IOException {
        var asked = new Semaphore(0);
        List<RequestHandler<ConnectionService>> handlers = new ArrayList<>(server.getGlobalRequestHandlers());
        handlers.addFirst((service, request, reply, content) -> {
            if (reply && request.startsWith("keepalive@")) {
                asked.release();
            }
            return RequestHandler.Result.Unsupported;
        });
        server.setGlobalRequestHandlers(handlers);
        Files.writeString(home.resolve("outgoing/customers.csv"), "id;name\n1;Anna\n");
        var inlet = inlet(new SftpFolder(place("right", fingerprint), scratch, Duration.ofSeconds(1)), Watch.NOBODY);
        inlet.accept(items -> {
            assertThat(asked.tryAcquire(2, 20, TimeUnit.SECONDS)).isTrue();
            return journal.accept(items);
        });
        pickUp(inlet);
        assertThat(names(home.resolve("outgoing/done"))).containsExactly("customers.csv");
    }

    @Test
    void givesNoPasswordToAServerWithAnotherKey() throws IOException {
        Files.writeString(home.resolve("outgoing/customers.csv"), "id;name\n1;Anna\n");
        var asked = new boolean[1];
        server.setPasswordAuthenticator((user, password, session) -> asked[0] = true);
        pickUp(inlet("right", "SHA256:" + "A".repeat(43), Watch.NOBODY));
        assertThat(journal.items).isEmpty();
        assertThat(asked[0]).isFalse();
    }

    @Test
    void saysWithoutThePasswordThatTheServerRefusesIt() {
        var reasons = new java.util.ArrayList<String>();
        pickUp(inlet("wr0ng-secret", fingerprint, new Watch() {
            @Override
            public void succeeded() {}

            @Override
            public void failed(String reason) {
                reasons.add(reason);
            }
        }));
        assertThat(reasons).isNotEmpty().allSatisfy(
                reason -> assertThat(reason).contains("sftp://127.0.0.1").doesNotContain("wr0ng-secret"));
    }

    /** Servers close an account at which somebody knocks every second with a wrong password. */
    @Test
    void signsOnLessOftenTheLongerItIsRefused() throws IOException {
        Files.writeString(home.resolve("outgoing/customers.csv"), "id;name\n1;Anna\n");
        var right = new AtomicReference<>("another");
        var attempts = new AtomicInteger();
        server.setPasswordAuthenticator((user, password, session) -> {
            attempts.incrementAndGet();
            return password.equals(right.get());
        });
        var inlet = inlet("mine", fingerprint, Watch.NOBODY);
        for (int second = 0; second < 3600 && attempts.get() <= 40; second++) {
            inlet.round();
            clock.advance(Duration.ofSeconds(1));
        }
        assertThat(attempts).as("20 sessions, in each of them once or twice").hasValueBetween(20, 40);
        right.set("mine");
        clock.advance(Duration.ofMinutes(5));
        pickUp(inlet);
        assertThat(journal.items).hasSize(1);
        Files.writeString(home.resolve("outgoing/more.csv"), "id;name\n2;Bert\n");
        pickUp(inlet);
        assertThat(journal.items).as("no pause any more").hasSize(2);
    }

    @Test
    void signsOnWithAKeyInsteadOfAPassword() throws Exception {
        KeyPair key = KeyUtils.generateKeyPair(KeyPairProvider.ECDSA_SHA2_NISTP256, 256);
        Path file = scratch.resolveSibling("serai.key");
        try (var out = Files.newOutputStream(file)) {
            OpenSSHKeyPairResourceWriter.INSTANCE.writePrivateKey(key, "serai", null, out);
        }
        server.setPasswordAuthenticator(null);
        server.setPublickeyAuthenticator((user, offered, session) -> KeyUtils.compareKeys(offered, key.getPublic()));
        Files.writeString(home.resolve("outgoing/customers.csv"), "id;name\n1;Anna\n");
        var place = new SftpSettings("127.0.0.1", server.getPort(), "serai", Optional.empty(), Optional.of(file),
                Set.of(fingerprint), "outgoing");
        pickUp(inlet(new SftpFolder(place, scratch), Watch.NOBODY));
        assertThat(journal.items).hasSize(1);
        Files.delete(file);
    }

    @Test
    void needsAHostKey() {
        assertThatThrownBy(() -> new SftpSettings("h", 22, "u", Optional.of("p"), Optional.empty(), Set.of(""), "f"))
                .hasMessageContaining("host_key");
    }
}
