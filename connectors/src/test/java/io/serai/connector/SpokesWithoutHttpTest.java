package io.serai.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The connectors for files, queues and mail as a spoke's file configures them. */
class SpokesWithoutHttpTest {
    @TempDir
    Path folder;

    @Test
    void takesFilesWhereTheSpokeSays() throws Exception {
        Path inbox = folder.resolve("inbox");
        Files.createDirectories(inbox);
        Files.writeString(inbox.resolve("customers.csv"),
                "id,first_name,last_name,email\n7,Zoë,Müller,zoe@example.com\n");
        Files.createFile(inbox.resolve("customers.csv.done"));
        Workshop workshop = new Workshop(folder).spoke("nightly", """
                spoke: nightly
                connector: files
                settings: { folder: "${INBOX_DIR}" }
                flows: { customer: [in] }
                """);
        try (Connectors connectors = workshop.real(Map.of("INBOX_DIR", inbox.toString()))) {
            List<Item> items = new ArrayList<>();
            Inlet inlet = connectors.inlet(connectors.spoke("nightly"), "customer").orElseThrow();
            inlet.open(batch -> {
                items.addAll(batch);
                return batch.stream()
                        .map(item -> new Outcome(Outcome.State.APPLIED, "m", "g", 1L, null, null, null, null)).toList();
            });
            long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (!Files.exists(inbox.resolve("done/customers.csv")) && System.nanoTime() < deadline) {
                LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
            }
            inlet.close();
            assertThat(items).singleElement().satisfies(item -> assertThat(item.body()).isEqualTo(
                    Map.of("id", "7", "first_name", "Zoë", "last_name", "Müller", "email", "zoe@example.com")));
            assertThat(inbox.resolve("done/customers.csv")).exists();
            assertThat(connectors.outlet(connectors.spoke("nightly"), "customer")).isEmpty();
        }
    }

    @Test
    void knowsWhatAQueueSpokeReceivesAndSends() {
        Workshop workshop = new Workshop(folder).spoke("finance", """
                spoke: finance
                connector: queue
                settings: { broker_url: "tcp://127.0.0.1:1", sender: finance }
                flows: { order: [in] }
                """);
        try (Connectors connectors = workshop.real(Map.of())) {
            Spoke finance = connectors.spoke("finance");
            assertThat(connectors.inlet(finance, "order")).isPresent();
            assertThat(connectors.inlet(finance, "invoice")).isEmpty();
            assertThat(connectors.outlet(finance, "invoice")).isPresent();
        }
    }

    @Test
    void saysWhenThereIsNoBroker() {
        Workshop workshop = new Workshop(folder).spoke("finance", """
                spoke: finance
                connector: queue
                flows: { order: [in] }
                """);
        try (Connectors connectors = workshop.real(Map.of())) {
            assertThatThrownBy(() -> connectors.inlet(connectors.spoke("finance"), "order"))
                    .hasMessageContaining("no broker of its own");
        }
    }

    @Test
    void knowsWhatAMailboxReceivesAndSends() {
        Workshop workshop = new Workshop(folder).spoke("mailbox", mailbox("imap://127.0.0.1:1143"));
        try (Connectors connectors = workshop.real(Map.of())) {
            Spoke mailbox = connectors.spoke("mailbox");
            assertThat(connectors.inlet(mailbox, "interaction")).isPresent();
            assertThat(connectors.outlet(mailbox, "interaction")).isEmpty();
            assertThat(connectors.outlet(mailbox, "invoice")).isPresent();
        }
    }

    @Test
    void saysAtTheStartWhatIsWrongWithAnAddress() {
        Workshop mail = new Workshop(folder).spoke("mailbox", mailbox("http://mail.example"));
        assertThatThrownBy(() -> mail.real(Map.of())).isInstanceOf(BadFileException.class)
                .hasMessageContaining("imap");
        Workshop files = new Workshop(folder.resolve("other")).spoke("partner", """
                spoke: partner
                connector: files
                settings: { folder: "sftp://serai@files.example/out", sftp_password: secret-word }
                flows: { customer: [in] }
                """);
        assertThatThrownBy(() -> files.real(Map.of())).isInstanceOf(BadFileException.class)
                .hasMessageContaining("host_key").hasMessageNotContaining("secret-word");
    }

    private static String mailbox(String imap) {
        return """
                spoke: mailbox
                connector: mailbox
                settings: { imap_url: "%s", smtp_url: "smtp://127.0.0.1:1025", address: hub@x.example, user: u, password: p }
                flows: { interaction: [in], invoice: [out] }
                """
                .formatted(imap);
    }
}
