package io.serai.connector.files;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * An SFTP server and how to know that it is the right one.
 *
 * @param user who the hub is there
 * @param password empty when a key is used
 * @param keyFile private key in OpenSSH's format; empty when a password is used
 * @param hostKeys fingerprints of the server's key as {@code ssh-keygen -l} prints them, {@code SHA256:…}; two while it changes
 * @param folder on the server; relative to the user's home unless it starts with a slash
 */
public record SftpSettings(String host, int port, String user, Optional<String> password, Optional<Path> keyFile,
        Set<String> hostKeys, String folder) {
    public SftpSettings {
        hostKeys = Set.copyOf(hostKeys);
        if (hostKeys.isEmpty() || !hostKeys.stream().allMatch(key -> key.startsWith("SHA256:"))) {
            throw new IllegalArgumentException(
                    "The SFTP server's host_key is needed, as \"SHA256:…\"; see ssh-keygen -l");
        }
        if (password.isEmpty() == keyFile.isEmpty()) {
            throw new IllegalArgumentException("SFTP needs either a password or a key file");
        }
    }

    /** The same server, a folder further in. */
    SftpSettings inside(String inner) {
        String path = inner.isEmpty() ? folder : folder.isEmpty() ? inner : folder + "/" + inner;
        return new SftpSettings(host, port, user, password, keyFile, hostKeys, path);
    }

    /** Says where, never with what. */
    @Override
    public String toString() {
        return "sftp://" + host + ":" + port + "/" + folder;
    }
}
