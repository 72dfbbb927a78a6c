package io.serai.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompanyTest {
    @TempDir
    Path folder;

    @Test
    void keepsAddressesAndSecretsAcrossARestart() throws IOException {
        Map<String, String> first;
        try (Company company = Company.start(Company.Options.in(folder))) {
            first = company.environment();
        }
        try (Company company = Company.start(Company.Options.in(folder))) {
            assertThat(company.environment()).isEqualTo(first).containsKeys("ERP_URL", "ERP_USER", "ERP_PASSWORD",
                    "SHOP_URL", "SHOP_TOKEN", "SHOP_HOOK_SECRET", "BOOKS_URL", "BOOKS_TOKEN", "SMTP_URL", "IMAP_URL",
                    "MAIL_USER", "MAIL_PASSWORD");
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("credentials.env"))))
                .isEqualTo("rw-------");
    }

    @Test
    void livesTheSameLifeForTheSameSeedThoughTheHubIsAway() throws IOException {
        List<String> first = live(folder.resolve("first"));
        assertThat(first).hasSize(40).anyMatch(line -> line.startsWith("ERP: new customer"))
                .anyMatch(line -> line.contains("bought")).anyMatch(line -> line.contains("web form"));
        assertThat(live(folder.resolve("second"))).isEqualTo(first);
    }

    private static List<String> live(Path data) throws IOException {
        List<String> lines = new ArrayList<>();
        try (Company company = Company.start(Company.Options.in(data));
                Traffic traffic = new Traffic(company, 42, Duration.ofSeconds(2), lines::add)) {
            for (int i = 0; i < 40; i++) {
                traffic.step();
            }
        }
        return lines;
    }

    @Test
    void showsEachSystemToPeople() throws IOException {
        try (Company company = Company.start(Company.Options.in(folder))) {
            company.erp().edit(Map.of("name1", "Keller & <Söhne>", "partnerType", "ORG"));
            for (CompanySystem system : company.systems()) {
                assertThat(new Caller(Map.of()).get(system.url() + "/").statusCode()).isEqualTo(200);
                assertThat(new Caller(Map.of()).get(system.url() + "/health").body()).contains("up");
            }
            assertThat(new Caller(Map.of()).get(company.erp().url() + "/").body())
                    .contains("Keller &amp; &lt;Söhne&gt;");
        }
    }
}
