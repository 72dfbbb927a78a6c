package io.serai.hub;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;

import io.serai.hub.web.ManagementPort;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A whole hub on real PostgreSQL and Artemis with one spoke, erp, that speaks SOAP; shared by the tests of its doors. */
public final class RunningHub {
    private static RunningHub shared;

    private final ConfigurableApplicationContext context;
    private final HttpClient http = HttpClient.newHttpClient();
    private final String url;
    private final Path data;

    private RunningHub() throws IOException {
        Path home = Files.createTempDirectory(Files.createDirectories(Path.of("target/hubs")), "hub").toAbsolutePath();
        Path repository = Path.of("..").toAbsolutePath().normalize();
        Files.createSymbolicLink(home.resolve("connectors"), repository.resolve("connectors"));
        Files.createSymbolicLink(home.resolve("mappings"), repository.resolve("mappings"));
        Files.createDirectories(home.resolve("routes/spokes"));
        Files.copy(repository.resolve("routes/in.camel.yaml"), home.resolve("routes/in.camel.yaml"));
        Files.writeString(home.resolve("routes/spokes/erp.yaml"), """
                spoke: erp
                connector: erp
                settings: {url: "http://127.0.0.1:1/erp", user: hub, password: nothing}
                access: {user: erp, password: "${ERP_PASSWORD}", key: erp-key}
                flows:
                  customer: [in]
                  order: [in]
                """);
        this.data = home.resolve("data");
        this.context = HubApplication.start(Map.of("serai.home", home.toString(), "serai.data", data.toString(),
                "server.port", "0", "serai.management-port", "0", "serai.database.programs",
                Path.of("target/programs").toAbsolutePath().toString(), "ERP_PASSWORD", "canary-secret",
                "serai.stream.loopback", "true"));
        this.url = "http://127.0.0.1:"
                + ((WebServerApplicationContext) context).getWebServer().getPort();
        Runtime.getRuntime().addShutdownHook(new Thread(context::close));
    }

    public static synchronized RunningHub shared() {
        try {
            if (shared == null) {
                shared = new RunningHub();
            }
            return shared;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public ConfigurableApplicationContext context() {
        return context;
    }

    public Path data() {
        return data;
    }

    public String url() {
        return url;
    }

    public String management() {
        return "http://127.0.0.1:" + context.getBean(ManagementPort.class).number();
    }

    public String key() {
        return context.getBean(Groundwork.class).credentials().get("SERAI_API_KEY");
    }

    /** A request as the operator; headers in pairs. */
    public HttpResponse<String> send(String method, String path, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(path.startsWith("http") ? path : url + path))
                .method(method, body == null
                        ? HttpRequest.BodyPublishers.noBody()
                        : HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.build());
    }

    public HttpResponse<String> send(HttpRequest request) {
        try {
            return http.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    public static JsonNode json(HttpResponse<String> response) {
        return JsonMapper.shared().readTree(response.body());
    }
}
