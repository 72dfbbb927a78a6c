package io.serai.hub.story;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import org.springframework.context.ConfigurableApplicationContext;

import io.serai.hub.HubApplication;
import io.serai.hub.web.Json;
import io.serai.sandbox.Company;
import io.serai.sandbox.Hub;

/** The sandbox company with a hub in its middle: either within this process, or as a process of its own that can be killed. */
final class Office implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(90);

    final Path folder;
    final Company company;
    private final int port = freePort();
    private final HttpClient http = HttpClient.newHttpClient();
    private ConfigurableApplicationContext hub;
    private Process process;
    private Map<String, String> addresses = Map.of();

    private Office(Path folder) throws IOException {
        this.folder = folder;
        this.company = Company.start(Company.Options.in(folder.resolve("company")));
        this.company.hub(new Hub(url(), company.erp().user(), company.erp().password()));
    }

    /** With a hub within this process. */
    static Office open(Path folder) throws IOException {
        Office office = new Office(folder);
        Map<String, Object> settings = new HashMap<>(office.settings());
        office.hub = HubApplication.start(settings);
        office.readAddresses();
        return office;
    }

    /** With a hub that runs as a process of its own. */
    static Office openApart(Path folder) throws IOException {
        Office office = new Office(folder);
        office.startProcess();
        return office;
    }

    private Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>(company.environment());
        settings.put("SERAI_HOME", Path.of("..").toAbsolutePath().normalize().toString());
        settings.put("SERAI_DATA", folder.resolve("hub").toString());
        settings.put("SERAI_PORT", Integer.toString(port));
        settings.put("SERAI_MANAGEMENT_PORT", "0");
        return settings;
    }

    void startProcess() throws IOException {
        Files.deleteIfExists(folder.resolve("hub/sandbox.env"));
        ProcessBuilder java = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                HubApplication.class.getName());
        java.environment().putAll(settings());
        process = java.redirectErrorStream(true).redirectOutput(folder.resolve("hub.log").toFile()).start();
        Await.until(START, () -> {
            if (!process.isAlive()) {
                throw new IllegalStateException(
                        "The hub did not start:\n" + Files.readString(folder.resolve("hub.log")));
            }
            if (!Files.exists(folder.resolve("hub/sandbox.env"))) {
                throw new AssertionError("not ready yet");
            }
        });
        readAddresses();
    }

    /** The hub dies on the spot, as if the power went. */
    void killHub() throws InterruptedException {
        process.destroyForcibly();
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
            throw new IllegalStateException("The hub survived kill -9.");
        }
    }

    private void readAddresses() throws IOException {
        Map<String, String> read = new HashMap<>();
        for (String line : Files.readAllLines(folder.resolve("hub/sandbox.env"))) {
            int equals = line.indexOf('=');
            if (equals > 0) {
                read.put(line.substring(0, equals), line.substring(equals + 1));
            }
        }
        addresses = read;
    }

    String address(String name) {
        return addresses.get(name);
    }

    String url() {
        return "http://127.0.0.1:" + port;
    }

    Path inbox() {
        return Path.of(address("INBOX_DIR"));
    }

    // ---- the API

    Map<String, Object> get(String path) throws Exception {
        HttpResponse<byte[]> response = send(request(path).GET());
        if (response.statusCode() != 200) {
            throw new AssertionError(path + " answers " + response.statusCode());
        }
        return document(response.body());
    }

    HttpResponse<byte[]> post(String path, String contentType, byte[] body) throws Exception {
        return send(request(path).header("Content-Type", contentType)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body)));
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(url() + path)).timeout(Duration.ofSeconds(30)).header("Authorization",
                "Bearer " + address("SERAI_API_KEY"));
    }

    HttpResponse<byte[]> send(HttpRequest.Builder request) throws Exception {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    /** A SOAP message in the ERP's name. */
    HttpResponse<byte[]> soap(String body) throws Exception {
        String user = company.erp().user() + ":" + company.erp().password();
        String envelope = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>" + body
                + "</s:Body></s:Envelope>";
        return http.send(HttpRequest.newBuilder(URI.create(address("SERAI_SOAP_URL"))).timeout(Duration.ofSeconds(30))
                .header("Content-Type", "text/xml; charset=utf-8")
                .header("Authorization",
                        "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8)))
                .POST(HttpRequest.BodyPublishers.ofString(envelope)).build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> document(byte[] body) throws Exception {
        return (Map<String, Object>) Json.read(body);
    }

    /** All records that a list answers, page after page. */
    List<Map<String, Object>> list(String path) throws Exception {
        List<Map<String, Object>> all = new ArrayList<>();
        String next = null;
        do {
            String page = path + (path.contains("?") ? "&" : "?") + "limit=200"
                    + (next == null ? "" : "&cursor=" + URLEncoder.encode(next, StandardCharsets.UTF_8));
            Map<String, Object> answer = get(page);
            all.addAll(items(answer));
            next = (String) answer.get("next");
        } while (next != null);
        return all;
    }

    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> items(Map<String, Object> page) {
        return (List<Map<String, Object>>) page.get("items");
    }

    /** The golden customer with this e-mail address; null while there is none. */
    Map<String, Object> customer(String email) throws Exception {
        List<Map<String, Object>> found = items(
                get("/api/customers?email=" + URLEncoder.encode(email, StandardCharsets.UTF_8)));
        return found.isEmpty() ? null : found.getFirst();
    }

    /** The golden order with this number; null while there is none. */
    Map<String, Object> order(String number) throws Exception {
        List<Map<String, Object>> found = items(get("/api/orders?number=" + number));
        return found.isEmpty() ? null : found.getFirst();
    }

    // ---- what the systems hold

    Map<String, Object> inShop(String email) {
        return company.shop().customers().stream().filter(c -> email.equalsIgnoreCase((String) c.get("email")))
                .findFirst().orElse(null);
    }

    Map<String, Object> inBooks(String email) {
        return company.books().contacts().stream().filter(c -> email.equalsIgnoreCase((String) c.get("email")))
                .findFirst().orElse(null);
    }

    Map<String, Object> inErp(String email) {
        return company.erp().customers().stream().filter(c -> email.equalsIgnoreCase((String) c.get("email")))
                .findFirst().orElse(null);
    }

    /** Nothing is on its way any more: every spoke holds what it should. */
    void settles(Duration longest) {
        Await.until(longest, () -> {
            for (Map<String, Object> spoke : items(get("/api/spokes"))) {
                @SuppressWarnings("unchecked")
                List<Map<String, Object>> lanes = (List<Map<String, Object>>) spoke.get("lanes");
                for (Map<String, Object> lane : lanes) {
                    if (((Number) lane.get("behind")).longValue() != 0) {
                        throw new AssertionError(spoke.get("spoke") + " is behind: " + lane);
                    }
                }
            }
            if (company.shop().pendingWebhooks() > 0) {
                throw new AssertionError("the shop has webhooks to send");
            }
        });
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }

    @Override
    public void close() throws Exception {
        if (hub != null) {
            hub.close();
        }
        if (process != null) {
            process.destroy();
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
        company.close();
    }
}
