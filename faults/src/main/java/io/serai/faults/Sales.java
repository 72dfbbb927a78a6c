package io.serai.faults;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Messages that a scenario itself sends: sales by SOAP in the ERP's name, and webhooks in the shop's. */
final class Sales {
    static final BigDecimal AMOUNT = new BigDecimal("12.50");
    private final Stage stage;
    private final Load load;

    Sales(Stage stage, Load load) {
        this.stage = stage;
        this.load = load;
    }

    /** Sells to a customer of its own; the answer must be yes. */
    void sell(String number, String event, Hub hub) throws Exception {
        Http.Answer answer = repeat(number, event, hub);
        if (answer.status() != 200) {
            throw new IOException("sale " + number + " was answered " + answer.status() + ": " + answer.text());
        }
        load.sold(number, AMOUNT, "harness");
    }

    /** Says a sale (again), under the event's name. */
    Http.Answer repeat(String number, String event, Hub hub) throws Exception {
        return soap("""
                <submitOrder xmlns="urn:serai:customers:v1"><order><number>%s</number>
                <customer><id>S-%s</id><kind>person</kind><familyName>Buyer %s</familyName>
                <email>buyer.%s@example.net</email></customer>
                <paid>true</paid><currency>CHF</currency>
                <line><description>Tea</description><quantity>1</quantity><unitPrice>12.50</unitPrice></line>
                <total>12.50</total></order></submitOrder>""".formatted(number, number, number, number), event, hub);
    }

    Http.Answer soap(String body, String event, Hub hub) throws Exception {
        String user = stage.secret("ERP_USER") + ":" + stage.secret("ERP_PASSWORD");
        return Http.post(hub.url() + "/soap/customers",
                ("<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>" + body
                        + "</s:Body></s:Envelope>").getBytes(StandardCharsets.UTF_8),
                "Content-Type", "text/xml; charset=utf-8", "Authorization",
                "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8)), "Idempotency-Key",
                event);
    }

    /** A webhook in the shop's name, signed as the shop signs. */
    int webhook(String topic, String event, byte[] body, Hub hub) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(stage.secret("SHOP_HOOK_SECRET").getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
        String now = java.time.Instant.now().toString();
        return Http.post(hub.url() + "/hooks/shop", body, "Content-Type", "application/json", "X-Shopify-Topic", topic,
                "X-Shopify-Hmac-Sha256", Base64.getEncoder().encodeToString(mac.doFinal(body)),
                "X-Shopify-Shop-Domain", "sandbox.example", "X-Shopify-API-Version", "2026-07",
                "X-Shopify-Webhook-Id", event, "X-Shopify-Event-Id", event, "X-Shopify-Triggered-At", now).status();
    }
}
