package io.serai.connector.files;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.config.hosts.HostConfigEntryResolver;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.NamedResource;
import org.apache.sshd.common.config.keys.KeyUtils;
import org.apache.sshd.common.digest.BuiltinDigests;
import org.apache.sshd.common.util.security.SecurityUtils;
import org.apache.sshd.core.CoreModuleProperties;
import org.apache.sshd.sftp.client.SftpClient;
import org.apache.sshd.sftp.client.SftpClient.Attributes;
import org.apache.sshd.sftp.client.SftpClient.OpenMode;
import org.apache.sshd.sftp.client.SftpClientFactory;
import org.apache.sshd.sftp.client.extensions.openssh.OpenSSHFsyncExtension;
import org.apache.sshd.sftp.client.extensions.openssh.OpenSSHPosixRenameExtension;
import org.apache.sshd.sftp.common.SftpConstants;
import org.apache.sshd.sftp.common.SftpException;

/** A drop folder on an SFTP server. Content is copied here to be read; the server's host key must be the known one. */
public final class SftpFolder implements DropFolder {
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final Duration PULSE = Duration.ofSeconds(30);
    private static final int MOST_UNANSWERED = 4;

    private final SftpSettings settings;
    private final Path scratch;
    private final Duration pulse;

    /** @param scratch a local folder for copies while they are read; whoever can read it sees the files' content */
    public SftpFolder(SftpSettings settings, Path scratch) {
        this(settings, scratch, PULSE);
    }

    /** @param pulse how often to ask the server for a sign of life */
    SftpFolder(SftpSettings settings, Path scratch, Duration pulse) {
        this.settings = settings;
        this.scratch = scratch;
        this.pulse = pulse;
    }

    @Override
    public String place() {
        return settings.toString();
    }

    @Override
    public Visit visit() throws IOException {
        Files.createDirectories(scratch);
        SshClient client = SshClient.setUpDefaultClient();
        client.setServerKeyVerifier((session, address, key) -> known(address, key));
        // Nothing from the home directory of whoever runs the hub: neither keys nor hosts nor settings.
        client.setKeyIdentityProvider(session -> List.of());
        client.setHostConfigEntryResolver(HostConfigEntryResolver.EMPTY);
        // A large file keeps the hub busy for longer than servers, and we, put up with silence; and a server that has gone
        // must be found out all the same.
        CoreModuleProperties.IDLE_TIMEOUT.set(client, Duration.ofMinutes(2));
        CoreModuleProperties.HEARTBEAT_INTERVAL.set(client, pulse);
        CoreModuleProperties.HEARTBEAT_NO_REPLY_MAX.set(client, MOST_UNANSWERED);
        client.start();
        try {
            ClientSession session = client.connect(settings.user(), settings.host(), settings.port()).verify(PATIENCE)
                    .getClientSession();
            if (settings.password().isPresent()) {
                session.addPasswordIdentity(settings.password().get());
            } else {
                session.addPublicKeyIdentity(key(settings.keyFile().orElseThrow()));
            }
            session.auth().verify(PATIENCE);
            var visit = new Remote(client, session, SftpClientFactory.instance().createSftpClient(session));
            visit.prepare();
            return visit;
        } catch (IOException | RuntimeException e) {
            client.stop();
            throw e;
        }
    }

    private boolean known(SocketAddress address, PublicKey key) {
        return settings.hostKeys().contains(KeyUtils.getFingerPrint(BuiltinDigests.sha256, key));
    }

    private static KeyPair key(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            var keys = SecurityUtils.loadKeyPairIdentities(null, NamedResource.ofName(file.toString()), in, null);
            if (keys != null) {
                for (KeyPair key : keys) {
                    return key;
                }
            }
            throw new IOException("No private key in " + file);
        } catch (GeneralSecurityException e) {
            throw new IOException("The private key in " + file + " cannot be read", e);
        }
    }

    private final class Remote implements Visit {
        private final SshClient client;
        private final ClientSession session;
        private final SftpClient sftp;

        Remote(SshClient client, ClientSession session, SftpClient sftp) {
            this.client = client;
            this.session = session;
            this.sftp = sftp;
        }

        void prepare() throws IOException {
            for (String inner : List.of("done", "rejected")) {
                if (!exists(inner)) {
                    sftp.mkdir(path(inner));
                }
            }
        }

        @Override
        public List<Dropped> list() throws IOException {
            List<Dropped> found = new ArrayList<>();
            for (SftpClient.DirEntry entry : sftp.readDir(settings.folder().isEmpty() ? "." : settings.folder())) {
                if (entry.getAttributes().isRegularFile()) {
                    found.add(dropped(entry.getFilename(), entry.getAttributes()));
                }
            }
            return found;
        }

        @Override
        public Optional<Dropped> look(String name) throws IOException {
            try {
                Attributes attributes = sftp.lstat(path(name));
                return attributes.isRegularFile() ? Optional.of(dropped(name, attributes)) : Optional.empty();
            } catch (SftpException e) {
                if (e.getStatus() == SftpConstants.SSH_FX_NO_SUCH_FILE) {
                    return Optional.empty();
                }
                throw e;
            }
        }

        private Dropped dropped(String name, Attributes attributes) {
            Instant modified = attributes.getModifyTime() == null
                    ? Instant.EPOCH
                    : attributes.getModifyTime().toInstant();
            return new Dropped(name, attributes.getSize(), modified);
        }

        @Override
        public Path fetch(Dropped file) throws IOException {
            Path copy = Files.createTempFile(scratch, "fetched-", ".tmp");
            try (InputStream in = sftp.read(path(file.name())); var out = Files.newOutputStream(copy)) {
                // A file that grows while it is copied must not fill the disk.
                long left = file.size();
                byte[] buffer = new byte[1 << 15];
                for (int read; left > 0
                        && (read = in.read(buffer, 0, (int) Math.min(buffer.length, left))) >= 0; left -= read) {
                    out.write(buffer, 0, read);
                }
                Dropped now = look(file.name()).orElseThrow(() -> new NoSuchFileException(file.name()));
                if (left > 0 || !now.equals(file)) {
                    throw new IOException("The file changed while it was copied");
                }
                return copy;
            } catch (SftpException e) {
                Files.deleteIfExists(copy);
                throw e.getStatus() == SftpConstants.SSH_FX_NO_SUCH_FILE ? new NoSuchFileException(file.name()) : e;
            } catch (IOException | RuntimeException e) {
                Files.deleteIfExists(copy);
                throw e;
            }
        }

        @Override
        public void release(Path fetched) throws IOException {
            Files.deleteIfExists(fetched);
        }

        @Override
        public boolean exists(String target) throws IOException {
            try {
                sftp.lstat(path(target));
                return true;
            } catch (SftpException e) {
                if (e.getStatus() == SftpConstants.SSH_FX_NO_SUCH_FILE) {
                    return false;
                }
                throw e;
            }
        }

        @Override
        public Path draft(String target) throws IOException {
            return Files.createTempFile(scratch, "draft-", ".tmp");
        }

        @Override
        public void publish(Path draft, String target) throws IOException {
            String path = path(target);
            int slash = path.lastIndexOf('/') + 1;
            String unfinished = path.substring(0, slash) + "." + path.substring(slash) + ".tmp";
            var forced = sftp.getExtension(OpenSSHFsyncExtension.class);
            try (SftpClient.CloseableHandle handle = sftp.open(unfinished, OpenMode.Write, OpenMode.Create,
                    OpenMode.Truncate); InputStream in = Files.newInputStream(draft)) {
                byte[] buffer = new byte[1 << 15];
                long offset = 0;
                for (int read; (read = in.read(buffer)) >= 0; offset += read) {
                    sftp.write(handle, offset, buffer, 0, read);
                }
                if (forced != null && forced.isSupported()) {
                    forced.fsync(handle);
                }
            }
            var atomic = sftp.getExtension(OpenSSHPosixRenameExtension.class);
            if (atomic != null && atomic.isSupported()) {
                atomic.posixRename(unfinished, path);
            } else {
                if (exists(target)) {
                    sftp.remove(path);
                }
                sftp.rename(unfinished, path);
            }
            Files.deleteIfExists(draft);
        }

        @Override
        public void move(String name, String target) throws IOException {
            sftp.rename(path(name), path(target));
        }

        @Override
        public void remove(String name) throws IOException {
            if (exists(name)) {
                sftp.remove(path(name));
            }
        }

        private String path(String inner) {
            return settings.folder().isEmpty() ? inner : settings.folder() + "/" + inner;
        }

        @Override
        public void close() throws IOException {
            try {
                sftp.close();
                session.close();
            } finally {
                client.stop();
            }
        }
    }
}
