package io.serai.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Set;
import java.util.stream.Stream;

/** A hub's home: the repository's connectors, mappings and route templates, with spokes of the benchmark's own. */
final class Home {
    static final String SOAP_USER = "erp";
    static final String SOAP_PASSWORD = "bench-erp";

    private Home() {}

    /**
     * Makes one whose ERP and drop folder only speak.
     *
     * @param sinks address of the sink; as many spokes are kept in step with it as there are addresses
     */
    static Path make(Path root, Path home, String... sinks) throws IOException {
        Folder.copy(root.resolve("connectors"), home.resolve("connectors"), Set.of("src", "target"));
        Folder.copy(root.resolve("mappings"), home.resolve("mappings"), Set.of("src", "target", "examples"));
        Path routes = Files.createDirectories(home.resolve("routes"));
        try (Stream<Path> files = Files.list(root.resolve("routes"))) {
            for (Path file : files.filter(file -> file.toString().endsWith(".camel.yaml")).toList()) {
                Files.copy(file, routes.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        Path spokes = Files.createDirectories(routes.resolve("spokes"));
        Files.writeString(spokes.resolve("erp.yaml"), """
                spoke: erp
                connector: erp
                settings:
                  url: http://127.0.0.1:9/erp
                  user: nobody
                  password: nobody
                access:
                  user: %s
                  password: %s
                flows:
                  customer: [in]
                """.formatted(SOAP_USER, SOAP_PASSWORD));
        Files.writeString(spokes.resolve("nightly.yaml"), """
                spoke: nightly
                connector: files
                settings:
                  folder: ${INBOX_DIR}
                  every: PT0.1S
                  settle: PT0.1S
                flows:
                  customer: [in]
                """);
        for (int i = 1; i <= sinks.length; i++) {
            Files.writeString(spokes.resolve("sink" + i + ".yaml"), """
                    spoke: sink%d
                    connector: accounting
                    settings:
                      url: %s
                      token: bench
                    flows:
                      customer: [out]
                    """.formatted(i, sinks[i - 1]));
        }
        return home;
    }
}
