package io.serai.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShopTest {
    @TempDir
    Path folder;
    private HubDouble hub;
    private Company company;
    private Shop shop;
    private Caller caller;

    @BeforeEach
    void open() throws IOException {
        hub = new HubDouble();
        company = Company.start(Company.Options.in(folder).withSystems("shop"));
        shop = company.shop();
        company.hub(hub.url());
        caller = new Caller(Map.of("X-Shopify-Access-Token", shop.token()));
    }

    @AfterEach
    void close() throws IOException {
        company.close();
        hub.close();
    }

    @Test
    void lowerCasesEmailsAndReformatsPhones() throws IOException {
        HttpResponse<String> created = customer("Anna.Keller@Example.COM", "0041 44/5550001");
        assertThat(created.statusCode()).isEqualTo(201);
        assertThat(inside(created, "customer")).containsEntry("email", "anna.keller@example.com")
                .containsEntry("phone", "+41 44 555 00 01");
    }

    @Test
    void givesNoNumberTwiceNotEvenThatOfACustomerWhoWasDeleted() throws IOException {
        Object deleted = inside(customer("anna@example.com", "+41445550001"), "customer").get("id");
        assertThat(caller.call("DELETE", shop.apiUrl() + "/customers/" + deleted + ".json", "")
                .statusCode()).isEqualTo(200);

        assertThat(inside(customer("berta@example.com", "+41445550002"), "customer").get("id")).isNotEqualTo(deleted);
    }

    @Test
    void signsItsWebhooks() throws IOException, GeneralSecurityException {
        customer("anna@example.com", "+41445550001");
        Caller.await("a webhook", () -> hub.calls.size() == 1);
        HubDouble.Call call = hub.calls.getFirst();
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(shop.hookSecret().getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        assertThat(call.headers().getFirst("X-Shopify-Hmac-Sha256"))
                .isEqualTo(Base64.getEncoder().encodeToString(mac.doFinal(call.body())));
        assertThat(call.headers().getFirst("X-Shopify-Topic")).isEqualTo("customers/create");
        assertThat(call.path()).isEqualTo("/hooks/shop");
        assertThat(Json.object(call.body())).containsEntry("email", "anna@example.com");
    }

    @Test
    void repeatsAWebhookWithTheSameEventUntilTheHubTakesIt() {
        hub.replies.add(new HubDouble.Reply(503, ""));
        hub.replies.add(new HubDouble.Reply(500, ""));
        shop.edit(Map.of("email", "anna@example.com"));
        Caller.await("all webhooks taken", () -> shop.pendingWebhooks() == 0);
        assertThat(hub.calls).hasSize(3).extracting(call -> call.headers().getFirst("X-Shopify-Event-Id"))
                .containsOnly(hub.calls.getFirst().headers().getFirst("X-Shopify-Event-Id"));
    }

    @Test
    void remembersWebhooksTheHubHasNotTakenOverARestart() throws IOException {
        shop.edit(Map.of("email", "taken@example.com"));
        Caller.await("the webhook taken", () -> shop.pendingWebhooks() == 0);
        hub.close();
        shop.edit(Map.of("email", "late@example.com"));
        shop.stop();
        try (HubDouble other = new HubDouble()) {
            company.hub(other.url());
            shop.start();
            Caller.await("the rest taken", () -> shop.pendingWebhooks() == 0);
            assertThat(other.calls).extracting(call -> Json.object(call.body()).get("email"))
                    .containsExactly("late@example.com");
        }
    }

    @Test
    void keepsTheOrderOfOneCustomersWebhooks() {
        Object id = shop.edit(Map.of("email", "anna@example.com")).get("id");
        for (int i = 0; i < 20; i++) {
            shop.edit(Map.of("id", id, "note", Integer.toString(i)));
        }
        Caller.await("all webhooks taken", () -> shop.pendingWebhooks() == 0);
        assertThat(hub.calls).extracting(call -> Json.object(call.body()).get("updated_at").toString()).hasSize(21)
                .isSorted();
    }

    @Test
    void refusesAnEmailThatIsTaken() throws IOException {
        customer("anna@example.com", null);
        HttpResponse<String> second = customer("ANNA@example.com", null);
        assertThat(second.statusCode()).isEqualTo(422);
        assertThat(second.body()).isEqualTo("{\"errors\":{\"email\":[\"has already been taken\"]}}");
    }

    @Test
    void keepsWhatAnUpdateLeavesOutButReplacesAddresses() throws IOException {
        Object id = inside(customer("anna@example.com", "+41445550001"), "customer").get("id");
        HttpResponse<String> updated = caller.call("PUT", shop.apiUrl() + "/customers/" + id + ".json",
                "{\"customer\":{\"phone\":null,\"addresses\":[{\"city\":\"Bern\",\"country_code\":\"CH\"}]}}");
        assertThat(inside(updated, "customer")).containsEntry("email", "anna@example.com").containsEntry("phone", null);
        assertThat((List<?>) inside(updated, "customer").get("addresses")).hasSize(1);
        assertThat(shop.ledger()).filteredOn(entry -> entry.get("action").equals("customer.update")).singleElement()
                .satisfies(entry -> assertThat(entry.get("body").toString()).contains("phone=null")
                        .doesNotContain("email"));
    }

    @Test
    void pagesByALinkAndFindsByEmail() throws IOException {
        for (int i = 0; i < 3; i++) {
            customer("anna" + i + "@example.com", null);
        }
        HttpResponse<String> first = caller.get(shop.apiUrl() + "/customers.json?limit=2");
        String link = first.headers().firstValue("Link").orElseThrow();
        HttpResponse<String> second = caller.get(link.substring(1, link.indexOf('>')));
        assertThat((List<?>) Caller.json(first).get("customers")).hasSize(2);
        assertThat((List<?>) Caller.json(second).get("customers")).hasSize(1);
        assertThat(second.headers().firstValue("Link")).isEmpty();
        assertThat((List<?>) Caller
                .json(caller.get(shop.apiUrl() + "/customers/search.json?query=email:Anna1@example.com"))
                .get("customers")).hasSize(1);
    }

    @Test
    void tellsOfANewCustomerAndAPaidOrderAtTheCheckout() {
        Map<String, Object> order = shop.checkout(Map.of("customer",
                Map.of("email", "Zoe@example.com", "first_name", "Zoé"), "line_items",
                List.of(Map.of("sku", "L", "title", "Lantern", "quantity", 2, "price", "89.50"))));
        assertThat(order).containsEntry("name", "#1001").containsEntry("total_price", "179.00")
                .containsEntry("financial_status", "paid");
        Caller.await("all webhooks taken", () -> shop.pendingWebhooks() == 0);
        assertThat(hub.calls).extracting(call -> call.headers().getFirst("X-Shopify-Topic"))
                .containsExactlyInAnyOrder("customers/create", "orders/create", "orders/paid");
        assertThat(hub.calls).extracting(call -> call.headers().getFirst("X-Shopify-Event-Id")).doesNotHaveDuplicates();
    }

    @Test
    void tellsWhenAPendingOrderIsPaid() throws IOException {
        Object name = shop.checkout(Map.of("email", "zoe@example.com", "paid", false)).get("name");
        caller.post(shop.url() + "/pay", Map.of("order", name));
        Caller.await("all webhooks taken", () -> shop.pendingWebhooks() == 0);
        assertThat(hub.calls).extracting(call -> call.headers().getFirst("X-Shopify-Topic")).endsWith("orders/paid");
        assertThat(shop.orders().getFirst()).containsEntry("financial_status", "paid");
    }

    @Test
    void refusesAPageOfAnotherSite() throws IOException {
        HttpResponse<String> refused = new Caller(Map.of("Origin", "http://evil.example"))
                .post(shop.url() + "/edit", Map.of("email", "anna@example.com"));
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(shop.ledger()).isEmpty();
    }

    @Test
    void refusesABodyThatIsTooLarge() throws IOException {
        assertThat(caller.call("POST", shop.apiUrl() + "/customers.json", " ".repeat(2_200_000)).statusCode())
                .isEqualTo(413);
    }

    private HttpResponse<String> customer(String email, String phone) throws IOException {
        Map<String, Object> customer = new LinkedHashMap<>();
        customer.put("email", email);
        customer.put("phone", phone);
        return caller.post(shop.apiUrl() + "/customers.json", Map.of("customer", customer));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> inside(HttpResponse<String> response, String entity) {
        return (Map<String, Object>) Caller.json(response).get(entity);
    }
}
