package io.serai.hub;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import jakarta.jms.ConnectionFactory;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import io.serai.connector.Connectors;
import io.serai.connector.Polls;
import io.serai.connector.Spoke;
import io.serai.connector.Spokes;
import io.serai.connector.Terms;
import io.serai.connector.webhook.Webhooks;
import io.serai.crm.CrmStore;
import io.serai.crm.ErasureLedger;
import io.serai.crm.Settings;
import io.serai.crm.SpokeProfile;
import io.serai.crm.plan.Survivorship;
import io.serai.hub.broker.EmbeddedBroker;
import io.serai.hub.database.DatabaseAddress;
import io.serai.hub.database.Durability;
import io.serai.hub.web.Caller;
import io.serai.hub.web.Callers;
import io.serai.mapping.CanonicalSchemas;
import io.serai.mapping.Mappings;

/** Ties store, mappings and connectors together; only here do they meet. */
@Configuration(proxyBeanMethods = false)
class HubConfiguration {
    private static final int DEFAULT_RANK = 50;

    @Bean
    InstantSource clock() {
        return Clock.systemUTC();
    }

    @Bean
    Spokes spokes(Groundwork groundwork) {
        groundwork.requireSoundRoutes();
        return groundwork.spokes();
    }

    @Bean
    Mappings mappings(HubSettings settings) {
        return Mappings.load(settings.home().resolve("mappings"));
    }

    @Bean
    CanonicalSchemas canonicalSchemas(Mappings mappings) {
        return mappings.schemas();
    }

    @Bean
    HikariDataSource database(Groundwork groundwork, HubSettings settings) {
        DatabaseAddress address = groundwork.runtime();
        HikariConfig pool = new HikariConfig();
        pool.setPoolName("database");
        // The row that was refused is somebody's; it belongs into no log.
        pool.addDataSourceProperty("logServerErrorDetail", "false");
        pool.setJdbcUrl(address.jdbcUrl());
        pool.setUsername(address.user());
        pool.setPassword(address.password());
        pool.setMaximumPoolSize(settings.database().connections());
        pool.setMinimumIdle(2);
        pool.setConnectionTimeout(Duration.ofSeconds(5).toMillis());
        pool.addDataSourceProperty("ApplicationName", "serai");
        pool.addDataSourceProperty("preparedStatementCacheQueries", "512");
        pool.addDataSourceProperty("prepareThreshold", "2");
        pool.addDataSourceProperty("tcpKeepAlive", "true");
        // A server that went away without a word must not hold a thread for long.
        pool.addDataSourceProperty("socketTimeout", "20");
        pool.addDataSourceProperty("connectTimeout", "5");
        return new HikariDataSource(pool);
    }

    @Bean
    CrmStore store(DataSource database, Spokes spokes, HubSettings settings, InstantSource clock,
            ErasureLedger erasures) {
        Durability.check(database);
        return CrmStore.open(database,
                new Settings(settings.tenant(), profiles(spokes), new Survivorship(settings.survivorship())), clock,
                erasures);
    }

    /** Beside the database and not in it, so that no backup of the database brings back who was erased after it. */
    @Bean
    ErasureLedger erasureLedger(Groundwork groundwork, @Value("${serai.erasure-key}") String key) {
        String secret = key.isEmpty() ? groundwork.credentials().get("SERAI_ERASURE_KEY") : key;
        return ErasureLedger.at(groundwork.data().resolve("erasures.jsonl"), secret.getBytes(StandardCharsets.UTF_8));
    }

    private static List<SpokeProfile> profiles(Spokes spokes) {
        List<SpokeProfile> profiles = new ArrayList<>();
        for (Spoke spoke : spokes.on()) {
            for (String entity : spoke.flows().keySet()) {
                profiles.add(new SpokeProfile(spoke.name(), entity, flow(spoke, entity),
                        Set.copyOf(spoke.connector().carries(entity)), spoke.rank(), terms(spoke, entity)));
            }
        }
        for (String entity : CanonicalSchemas.ENTITIES) {
            profiles.add(
                    new SpokeProfile(Caller.OPERATOR, entity, SpokeProfile.Flow.NONE, Set.of(), DEFAULT_RANK));
        }
        return profiles;
    }

    private static SpokeProfile.Terms terms(Spoke spoke, String entity) {
        Terms terms = spoke.terms(entity);
        return new SpokeProfile.Terms(terms.between(), terms.perDay(), terms.keysKept());
    }

    private static SpokeProfile.Flow flow(Spoke spoke, String entity) {
        if (spoke.flows(entity, "issue")) {
            return SpokeProfile.Flow.ISSUE;
        }
        if (spoke.flows(entity, "out")) {
            return SpokeProfile.Flow.OUT;
        }
        return spoke.flows(entity, "update") ? SpokeProfile.Flow.UPDATE : SpokeProfile.Flow.NONE;
    }

    @Bean
    Polls polls(CrmStore store) {
        return new StoredPolls(store.cursors());
    }

    @Bean(destroyMethod = "")
    ConnectionFactory connectionFactory(Groundwork groundwork, HubSettings settings) {
        boolean embedded = settings.broker().url().isEmpty();
        ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(
                embedded
                        ? EmbeddedBroker.inVm(groundwork.brokerFolder())
                        : settings.broker().none() ? "tcp://127.0.0.1:1" : settings.broker().url());
        factory.setUser(embedded ? EmbeddedBroker.hubUser() : settings.broker().user());
        factory.setPassword(
                embedded ? groundwork.credentials().get("BROKER_HUB_PASSWORD") : settings.broker().password());
        // A window would raise the delivery count of messages that a crash kept us from even looking at.
        factory.setConsumerWindowSize(0);
        factory.setReconnectAttempts(0);
        factory.setInitialConnectAttempts(1);
        factory.setBlockOnDurableSend(true);
        factory.setDeserializationDenyList("*");
        return factory;
    }

    @Bean
    Connectors connectors(Spokes spokes, InstantSource clock, Polls polls, DefaultListableBeanFactory beans) {
        return new Connectors(spokes, clock, polls, type -> only(beans.getBeanProvider(type)));
    }

    private static <T> Optional<T> only(ObjectProvider<T> beans) {
        return Optional.ofNullable(beans.getIfUnique());
    }

    @Bean
    Webhooks webhooks(Connectors connectors, InstantSource clock) {
        return new Webhooks(connectors, clock);
    }

    @Bean
    Callers callers(Spokes spokes, Groundwork groundwork) {
        Callers callers = new Callers().withKey(groundwork.credentials().get("SERAI_API_KEY"),
                new Caller(Caller.OPERATOR, true));
        for (Spoke spoke : spokes.on()) {
            Spoke.Access access = spoke.access();
            if (access != null) {
                Caller caller = new Caller(spoke.name(), false);
                if (access.key() != null) {
                    callers.withKey(access.key(), caller);
                }
                if (access.user() != null && access.password() != null) {
                    callers.withPassword(access.user(), access.password(), caller);
                }
            }
        }
        return callers;
    }
}
