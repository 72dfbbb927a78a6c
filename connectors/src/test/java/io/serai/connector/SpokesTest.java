package io.serai.connector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpokesTest {
    private static final String SHOP = """
            connector: tiny
            protocol: http
            settings:
              url: {title: Address, example: "http://localhost"}
              token: {title: Token, secret: true, default: none}
            base: ${url}/api
            auth: {kind: bearer, token: "${token}"}
            objects:
              customer:
                carries: [name]
                record: {id: /id}
                read: {path: "/customers/{id}"}
            """;
    @TempDir
    Path folder;
    private Workshop workshop;

    @BeforeEach
    void aConnector() {
        workshop = new Workshop(folder).connector("tiny", SHOP);
    }

    @Test
    void fillsInTheEnvironmentDefaultsAndFiles() {
        workshop.write("secret.txt", "s3cret\n").spoke("shop", """
                spoke: shop
                connector: tiny
                settings:
                  url: ${SHOP_URL:http://localhost:1}/x
                  token: ${file:%s}
                access: {user: shop, password: "${SHOP_PASSWORD}"}
                flows:
                  customer: [in, out]
                """.formatted(folder.resolve("secret.txt")));

        Spoke shop = workshop.spokes(Map.of("SHOP_PASSWORD", "p")).find("shop").orElseThrow();

        assertThat(shop.off()).isEmpty();
        assertThat(shop.settings()).containsEntry("url", "http://localhost:1/x").containsEntry("token", "s3cret");
        assertThat(shop.access().password()).isEqualTo("p");
        assertThat(shop.mappings()).isEqualTo("tiny");
        assertThat(shop.rank()).isEqualTo(50);
        assertThat(shop.flows("customer", "out")).isTrue();
        assertThat(shop.toString()).doesNotContain("s3cret");
    }

    @Test
    void switchesASpokeOffWhoseVariableIsNotSet() {
        workshop.spoke("shop", """
                spoke: shop
                connector: tiny
                settings: {url: "${SHOP_URL}"}
                flows: {customer: [in]}
                """);

        Spokes spokes = workshop.spokes(Map.of());

        assertThat(spokes.on()).isEmpty();
        assertThat(spokes.find("shop").orElseThrow().off()).contains("SHOP_URL is not set");
    }

    @Test
    void namesFileAndLineOfAnUnknownKey() {
        workshop.spoke("shop", """
                spoke: shop
                connector: tiny
                settings: {url: "http://localhost"}
                flow:
                  customer: [in]
                """);

        refused("shop.yaml:4: ", "flow");
    }

    @Test
    void namesFileAndLineOfASettingTheConnectorDoesNotHave() {
        workshop.spoke("shop", """
                spoke: shop
                connector: tiny
                settings:
                  url: http://localhost
                  tokne: x
                flows: {customer: [in]}
                """);

        refused("shop.yaml:5: ", "has no setting 'tokne'; it has [url, token]");
    }

    @Test
    void namesTheLineWhereASettingIsMissing() {
        workshop.spoke("shop", """
                spoke: shop
                connector: tiny
                settings:
                  token: x
                flows: {customer: [in]}
                """);

        refused("shop.yaml:3: ", "needs the setting 'url' (Address)");
    }

    @Test
    void namesTheLineOfAFlowTheConnectorDoesNotKnow() {
        workshop.spoke("shop", """
                spoke: shop
                connector: tiny
                settings: {url: "http://localhost"}
                flows:
                  customer: [in]
                  order: [in]
                """);

        refused("shop.yaml:6: ", "does not know 'order'; it knows [customer]");
    }

    @Test
    void namesTheLineOfBrokenYaml() {
        workshop.spoke("shop", "spoke: shop\nconnector: [tiny\nflows: {}\n");

        refused("shop.yaml:3: ", "not valid YAML");
    }

    @Test
    void namesAConnectorThatDoesNotExist() {
        workshop.spoke("shop", "spoke: shop\nconnector: nobody\nflows: {}\n");

        refused("shop.yaml:2: ", "there is no connector 'nobody'");
    }

    @Test
    void refusesAVariantThatTheSchemaKnowsAndTheEngineDoesNot() {
        workshop.connector("tiny", SHOP.replace("{kind: bearer, token: \"${token}\"}",
                "{kind: session, login: \"https://x\"}")).spoke("shop",
                        "spoke: shop\nconnector: tiny\nsettings: {url: \"http://localhost\"}\nflows: {customer: [in]}\n");

        assertThatThrownBy(workshop::open).isInstanceOf(BadFileException.class).hasMessageContaining(
                "connector.yaml:7: 'kind: session' is not implemented yet; implemented: none, header, bearer, basic, oauth2");
    }

    @Test
    void refusesAnAddressThatIsNone() {
        workshop.spoke("shop",
                "spoke: shop\nconnector: tiny\nsettings: {url: \"shop.example\"}\nflows: {customer: [in]}\n");

        assertThatThrownBy(workshop::open).isInstanceOf(BadFileException.class).hasMessageContaining(
                "connector.yaml:6: 'shop.example/api' is no address");
    }

    @Test
    void refusesAKeyThatNothingReads() {
        workshop.connector("tiny", SHOP + "limits:\n  per_second: 5\n  cost: {}\n").spoke("shop",
                "spoke: shop\nconnector: tiny\nsettings: {url: \"http://localhost\"}\nflows: {customer: [in]}\n");

        assertThatThrownBy(workshop::open).isInstanceOf(BadFileException.class).hasMessageContaining(
                "connector.yaml:15: 'limits.cost' is not implemented");
    }

    @Test
    void refusesAMisspeltKeyOfAConnector() {
        workshop.connector("tiny", SHOP.replace("  read:", "  raed:"));
        workshop.spoke("shop", "spoke: shop\nconnector: tiny\nsettings: {url: \"http://localhost\"}\nflows: {}\n");

        refused("connector.yaml:", "raed");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            "/customers/{id}"}      | "/customers/{idd}"}                    | connector.yaml:12: '{idd}' in '/customers/{idd}'
            {id: /id}               | {id: /id}\\n    lookup: {path: /c, query: {ref: "{referenc}"}} | '{referenc}' in '{referenc}'
            objects:                | limits: {concurrent: 0}\\nobjects:      | 'concurrent' must be 1 or more, not 0
            objects:                | errors: [{status: 400, pointer: /m, regex: "a(", class: invalid}]\\nobjects: | 'regex' is no regular expression
            {id: /id}               | {id: /id}\\n    list: {path: /c, every: PT0S}  | 'every' must be longer than nothing
            {id: /id}               | {id: /id}\\n    list: {path: /c, every: PT-5S} | 'every' must be a duration such as PT30S, not 'PT-5S'
            """)
    void aSlipStopsTheStart(String right, String wrong, String complaint) {
        workshop.connector("tiny", SHOP.replace(right, wrong.replace("\\n", "\n"))).spoke("shop",
                "spoke: shop\nconnector: tiny\nsettings: {url: \"http://localhost\"}\nflows: {customer: [in]}\n");

        assertThatThrownBy(workshop::open).isInstanceOf(BadFileException.class).hasMessageContaining("connector.yaml:")
                .hasMessageContaining(complaint);
    }

    private void refused(String... parts) {
        assertThatThrownBy(() -> workshop.spokes(Map.of())).isInstanceOf(BadFileException.class).message().contains(
                parts);
    }
}
