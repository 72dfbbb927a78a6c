package io.serai.crm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What operators and spokes look through does not grow slower with what is done with. */
class ListsTest {
    private static final String LAST = "ffffffff-ffff-ffff-ffff-ffffffffffff";
    private final Hub hub = new Hub();

    @AfterEach
    void close() {
        hub.close();
    }

    @BeforeEach
    void muchIsDoneWith() throws SQLException {
        as("""
                insert into message (id, spoke, entity, protocol, received, received_hash, received_at, state, finding)
                select gen_random_uuid(), case n % 2 when 0 then 'erp' else 'shop' end, 'customer', 'rest', '', '', now(),
                  case when n % 1000 = 0 then 'PARKED' else 'APPLIED' end, '{}' from generate_series(1, 20000) n
                """,
                """
                        insert into parked (id, kind, subject, cause, spoke, entity, problem, detail, at, resolved_at)
                        select gen_random_uuid(), 'INVALID', 'message:' || n, 'cause ' || n % 10, 'shop', 'customer', 'bad', '{}',
                          now(), case when n % 1000 = 0 then null else now() end from generate_series(1, 20000) n
                        """);
        try (Connection owner = HubDatabase.owner(hub.database).getConnection();
                Statement statement = owner.createStatement()) {
            statement.execute("analyze message, parked");
        }
    }

    private void as(String... statements) throws SQLException {
        try (Connection connection = hub.database.getConnection(); Statement statement = connection.createStatement()) {
            statement.execute("set serai.tenant = '1'");
            for (String sql : statements) {
                statement.execute(sql);
            }
            statement.execute("reset serai.tenant");
        }
    }

    /** How the runtime's session goes about a statement whatever its parameters are. */
    private String plan(String sql, Object... parameters) throws SQLException {
        StringBuilder numbered = new StringBuilder();
        int count = 0;
        for (String part : sql.split("\\?", -1)) {
            numbered.append(count == 0 ? "" : "$" + count).append(part);
            count++;
        }
        StringBuilder values = new StringBuilder();
        for (Object parameter : parameters) {
            values.append(values.isEmpty() ? "" : ", ")
                    .append(parameter instanceof Integer ? parameter : "'" + parameter + "'");
        }
        StringBuilder plan = new StringBuilder();
        try (Connection connection = hub.database.getConnection(); Statement statement = connection.createStatement()) {
            statement.execute("set serai.tenant = '1'");
            statement.execute("prepare list as " + numbered);
            try (ResultSet rows = statement.executeQuery("explain (costs off) execute list(" + values + ")")) {
                while (rows.next()) {
                    plan.append(rows.getString(1)).append('\n');
                }
            }
            statement.execute("deallocate list");
            statement.execute("reset serai.tenant");
        }
        assertThat(plan.toString()).as("a plan for any value").contains("$1");
        return plan.toString();
    }

    private String messages(String spoke, Outcome.State state) throws SQLException {
        Where where = Messages.where(new Messages.Question(spoke, null, state), LAST);
        return plan(Messages.select(where), where.parameters(51));
    }

    private String parked(ParkedItems.Question question) throws SQLException {
        Where where = ParkedItems.where(question, LAST);
        return plan(ParkedItems.SELECT + ParkedItems.latest(where), where.parameters(51));
    }

    @Test
    void parkedAndRejectedMessagesAreFoundWithoutWalkingThroughTheJournal() throws SQLException {
        for (String spoke : new String[]{null, "shop"}) {
            assertThat(messages(spoke, Outcome.State.PARKED)).contains("message_tenant_state_id_idx")
                    .doesNotContain("Sort");
            assertThat(messages(spoke, Outcome.State.REJECTED)).contains("message_tenant_state_id_idx");
            assertThat(messages(spoke, Outcome.State.WAITING)).contains("held").contains("id = ANY");
        }
    }

    @Test
    void openItemsAreFoundAmongManyThatAreDoneWith() throws SQLException {
        assertThat(parked(new ParkedItems.Question(null, null, true))).contains("parked_tenant_id_idx");
        assertThat(parked(new ParkedItems.Question("INVALID", null, true)))
                .containsPattern("parked_tenant_(kind_)?id_idx");
        assertThat(parked(new ParkedItems.Question(null, null, "cause 3", true)))
                .containsPattern("parked_tenant_(cause|id)_idx");
    }

    @Test
    void listsOnlyWhatIsAskedFor() {
        assertThat(
                hub.store.messages().list(new Messages.Question("erp", null, Outcome.State.PARKED), null, 50).items())
                .hasSize(20).allMatch(message -> message.spoke().equals("erp"));
        assertThat(
                hub.store.messages().list(new Messages.Question("shop", null, Outcome.State.PARKED), null, 50).items())
                .isEmpty();
        assertThat(hub.store.parked().list(new ParkedItems.Question(null, null, true), null, 50).items()).hasSize(20);
        Page<Parked> all = hub.store.parked().list(new ParkedItems.Question("INVALID", "shop", "cause 3", false), null,
                50);
        assertThat(all.items()).hasSize(50).allMatch(item -> item.cause().equals("cause 3"));
        List<UUID> next = hub.store.parked()
                .list(new ParkedItems.Question("INVALID", "shop", "cause 3", false), all.next(), 50).items().stream()
                .map(Parked::id).toList();
        assertThat(next).hasSize(50).doesNotContainAnyElementsOf(all.items().stream().map(Parked::id).toList());
    }

    @Test
    void aSearchThatTakesTooLongIsGivenUp() throws SQLException {
        try (Connection connection = hub.database.getConnection(); Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table message in access exclusive mode");

            assertThatThrownBy(() -> hub.store.messages().list(new Messages.Question("nobody", null, null), null, 1))
                    .isInstanceOf(TooLong.class);

            connection.rollback();
        }
        assertThat(hub.store.messages().list(new Messages.Question("nobody", null, null), null, 1).items()).isEmpty();
    }
}
