package io.serai.crm;

import static io.serai.crm.Hub.person;
import static io.serai.crm.Hub.with;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Whose word it was. */
class InteractionsTest {
    private final Hub hub = new Hub();

    @AfterEach
    void close() {
        hub.close();
    }

    private static Map<String, Object> call(String id, Map<String, Object> customer) {
        Map<String, Object> call = new LinkedHashMap<>();
        call.put("source", Map.of("id", id));
        call.put("kind", "call");
        call.put("text", "Asked for tea");
        call.put("customer", customer);
        return call;
    }

    private Object whose(Outcome interaction) {
        return hub.store.goldens().find("interaction", interaction.id()).orElseThrow().document().get("customer");
    }

    @Test
    void aCallThatNamesTheSpokesOwnRecordIsThatCustomers() {
        Outcome anna = hub.says("shop", "customer", person("7", "Anna", "Meier", "anna@example.org", null));

        Outcome byId = hub.says("shop", "interaction", call("c-1", Map.of("source", Map.of("id", "7"))));
        Outcome also = hub.says("shop", "interaction", call("c-2",
                Map.of("source", Map.of("id", "7"), "emails", List.of(Map.of("address", "private@example.org")))));

        assertThat(List.of(byId.state(), also.state())).containsOnly(Outcome.State.APPLIED);
        assertThat(List.of(whose(byId), whose(also))).containsOnly(Map.of("id", anna.id().toString()));
        assertThat(hub.customer(anna).get("emails").toString()).as("a call changes nobody").doesNotContain("private");
    }

    @Test
    void aCallOfACustomerWhoIsStillToComeWaitsForThem() {
        Outcome early = hub.says("shop", "interaction", call("c-1", Map.of("source", Map.of("id", "7"))));
        assertThat(early.state()).isEqualTo(Outcome.State.PARKED);
        assertThat(early.refusal().field()).isEqualTo("/customer/source/id");
        assertThat(early.refusal().step()).contains("interaction");
        assertThat(hub.store.parkedWork().due(null, 10)).isEmpty();

        hub.says("shop", "customer", person("7", "Anna", "Meier", "anna@example.org", null));

        assertThat(hub.store.parkedWork().due(null, 10)).containsExactly(early.messageId());
    }

    @Test
    void aCallOfNobodyKnownIsIgnored() {
        Map<String, Object> stranger = with(person("9", "Reto", "Hug", "reto@example.org", null), "kind", "person");

        assertThat(hub.says("shop", "interaction", call("c-1", stranger)).state()).isEqualTo(Outcome.State.IGNORED);
    }
}
