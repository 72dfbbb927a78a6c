package io.serai.hub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

import io.serai.connector.Spokes;
import io.serai.hub.broker.BrokerUser;
import io.serai.hub.broker.EmbeddedBroker;
import io.serai.hub.web.ManagementPort;

/** Says where everything is: to the person who started the hub, and in {@code <data>/sandbox.env} to scripts. */
@Component
final class Ready {
    private static final List<String> FROM_ELSEWHERE = List.of("ERP_URL", "ERP_USER", "ERP_PASSWORD", "SHOP_URL",
            "SHOP_TOKEN", "SHOP_HOOK_SECRET", "BOOKS_URL", "BOOKS_TOKEN", "SMTP_URL", "IMAP_URL", "MAIL_USER",
            "MAIL_PASSWORD");

    private final Groundwork groundwork;
    private final HubSettings settings;
    private final Spokes spokes;
    private final ManagementPort management;
    private final Environment environment;
    private final WebServerApplicationContext server;

    Ready(Groundwork groundwork, HubSettings settings, Spokes spokes, ManagementPort management,
            Environment environment, WebServerApplicationContext server) {
        this.groundwork = groundwork;
        this.settings = settings;
        this.spokes = spokes;
        this.management = management;
        this.environment = environment;
        this.server = server;
    }

    @EventListener
    void tell(ApplicationReadyEvent event) {
        String url = "http://" + host() + ":" + server.getWebServer().getPort();
        Optional<EmbeddedBroker> broker = groundwork.embeddedBroker();
        Path file = groundwork.data().resolve("sandbox.env");
        try {
            PrivateFile.write(file, addresses(url, broker).entrySet().stream()
                    .map(entry -> entry.getKey() + "=" + entry.getValue()).collect(Collectors.joining("\n", "", "\n")));
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write " + file, e);
        }
        System.out.print(summary(url, broker, file, event.getTimeTaken().toMillis()));
        System.out.flush();
    }

    private String host() {
        String bind = environment.getProperty("server.address", "127.0.0.1");
        return bind.equals("0.0.0.0") || bind.equals("::") ? "127.0.0.1" : bind;
    }

    private Map<String, String> addresses(String url, Optional<EmbeddedBroker> broker) {
        Map<String, String> addresses = new LinkedHashMap<>();
        addresses.put("SERAI_URL", url);
        addresses.put("SERAI_SOAP_URL", url + "/soap/customers");
        addresses.put("SERAI_MANAGEMENT_URL", "http://127.0.0.1:" + management.number() + "/actuator");
        addresses.put("SERAI_API_KEY", groundwork.credentials().get("SERAI_API_KEY"));
        addresses.put("SERAI_PID", Long.toString(ProcessHandle.current().pid()));
        addresses.put("DATABASE_URL", groundwork.owner().withCredentials());
        addresses.put("BROKER_URL", broker.map(b -> "tcp://127.0.0.1:" + b.port()).orElse(settings.broker().url()));
        BrokerUser user = groundwork.brokerUsers().stream().findFirst().orElse(null);
        addresses.put("BROKER_USER", user == null ? "" : user.name());
        addresses.put("BROKER_PASSWORD", user == null ? "" : user.password());
        groundwork.follower().ifPresent(follower -> {
            addresses.put("CHANGES_USER", follower.name());
            addresses.put("CHANGES_PASSWORD", follower.password());
        });
        addresses.put("INBOX_DIR",
                environment.getProperty("INBOX_DIR", groundwork.data().resolve("inbox").toString()));
        for (String name : FROM_ELSEWHERE) {
            String value = environment.getProperty(name);
            if (value != null) {
                addresses.put(name, value);
            }
        }
        return addresses;
    }

    private String summary(String url, Optional<EmbeddedBroker> broker, Path file, long millis) {
        String database = settings.database().url().isEmpty()
                ? "embedded PostgreSQL, " + groundwork.data().resolve("postgres")
                : groundwork.owner().toString();
        String queues = broker.map(b -> "embedded Artemis, tcp://127.0.0.1:" + b.port() + " (Core, AMQP, STOMP, MQTT)")
                .orElse(settings.broker().url().isEmpty() ? "not running, see the log" : settings.broker().url());
        String names = spokes.all().stream().map(spoke -> spoke.name() + (spoke.off().isPresent() ? " (off)" : ""))
                .collect(Collectors.joining(", "));
        return """

                  Serai is ready, after %.1f s.

                    API         %s/api            (contract: %s/api/openapi.json)
                    SOAP        %s/soap/customers (contract: ?wsdl)
                    Webhooks    %s/hooks/<spoke>
                    Health      http://127.0.0.1:%d/actuator/health
                    Database    %s
                    Queues      %s
                    Spokes      %s
                    Addresses and credentials: %s

                """.formatted(millis / 1000.0, url, url, url, url, management.number(), database, queues,
                names.isEmpty() ? "none yet" : names, file);
    }
}
