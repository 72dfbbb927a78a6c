package io.serai.sandbox;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** The small company to try the hub on: ERP, shop, accounting service and mail server in one process. */
public final class Company implements AutoCloseable {
    private static final List<String> SYSTEMS = List.of("erp", "shop", "books", "mailbox");
    private static final String HELP = """
            The sandbox company: an old ERP, a web shop, an accounting service and a mail server.

            java -cp ... io.serai.sandbox.Company [options]       all four
            java -cp ... io.serai.sandbox.Erp|Shop|Books|Mailbox [options]   one alone

              --data DIR          ledgers and secrets (default: data/sandbox)
              --env FILE          write addresses and credentials there, KEY=value, readable by the owner only
              --hub URL           the hub, such as http://127.0.0.1:8080; also environment SERAI_URL.
                                  Webhooks go to URL/hooks/shop, SOAP to URL/soap/customers
              --hub-user NAME     who the ERP is at the hub (default: erp); its password there is
                                  environment HUB_PASSWORD, or else the ERP's own
              --traffic           let a little life happen
              --every MILLIS      between two events of that life (default: 2500)
              --seed N            another life (default: 1)
              --bind ADDRESS      to listen on (default: 127.0.0.1)
              --port N            of the one system that runs alone
              --erp-port N --shop-port N --books-port N --mailbox-port N --smtp-port N --imap-port N
                                  (default: those of the last start if free, otherwise any)
              --help              this

            Credentials are made up at the first start and kept in DIR/credentials.env. The environment's
            ERP_PASSWORD, SHOP_TOKEN, SHOP_HOOK_SECRET, BOOKS_TOKEN and MAIL_PASSWORD win over them.
            """;

    /**
     * How to start the company.
     *
     * @param data folder for ledgers and secrets; created when missing
     * @param bind address to listen on
     * @param ports by name (erp, shop, books, mailbox, smtp, imap); what is missing gets the port of the last start, or any
     * @param credentials by name (ERP_PASSWORD, SHOP_TOKEN, SHOP_HOOK_SECRET, BOOKS_TOKEN, MAIL_PASSWORD); what is missing is
     *        as kept in the folder, or made up
     * @param hub where to send webhooks and SOAP; null: keep them until {@link Company#hub}
     * @param clock tells the time of ledger entries
     * @param systems which ones to start: erp, shop, books, mailbox
     */
    public record Options(Path data, String bind, Map<String, Integer> ports, Map<String, String> credentials, Hub hub,
            Clock clock, List<String> systems) {

        /** All four on free ports of the loopback address, with credentials of their own and no hub yet. */
        public static Options in(Path data) {
            return new Options(data, "127.0.0.1", Map.of(), Map.of(), null, Clock.systemUTC(), SYSTEMS);
        }

        public Options withBind(String address) {
            return new Options(data, address, ports, credentials, hub, clock, systems);
        }

        public Options withPorts(Map<String, Integer> wanted) {
            return new Options(data, bind, wanted, credentials, hub, clock, systems);
        }

        public Options withCredentials(Map<String, String> wanted) {
            return new Options(data, bind, ports, wanted, hub, clock, systems);
        }

        public Options withHub(Hub where) {
            return new Options(data, bind, ports, credentials, where, clock, systems);
        }

        public Options withClock(Clock other) {
            return new Options(data, bind, ports, credentials, hub, other, systems);
        }

        public Options withSystems(String... wanted) {
            return new Options(data, bind, ports, credentials, hub, clock, List.of(wanted));
        }
    }

    private final Erp erp;
    private final Shop shop;
    private final Books books;
    private final Mailbox mailbox;
    private final List<CompanySystem> running;

    private Company(Options options) throws IOException {
        Files.createDirectories(options.data());
        Map<String, String> secrets = Credentials.of(options.data(), options.credentials());
        Path portsFile = options.data().resolve("ports.env");
        Map<String, String> lastPorts = Credentials.read(portsFile);
        InetAddress bind = InetAddress.getByName(options.bind());
        CompanySystem.Place place = new CompanySystem.Place(options.data(), bind, options.clock());

        erp = new Erp(place, port("erp", options, lastPorts, bind), "erp", secrets.get("ERP_PASSWORD"));
        shop = new Shop(place, port("shop", options, lastPorts, bind), secrets.get("SHOP_TOKEN"),
                secrets.get("SHOP_HOOK_SECRET"));
        books = new Books(place, port("books", options, lastPorts, bind), secrets.get("BOOKS_TOKEN"));
        mailbox = new Mailbox(place, port("mailbox", options, lastPorts, bind), port("smtp", options, lastPorts, bind),
                port("imap", options, lastPorts, bind), secrets.get("MAIL_PASSWORD"));
        running = List.of(erp, shop, books, mailbox).stream().filter(one -> options.systems().contains(one.name))
                .toList();
        if (options.hub() != null) {
            hub(options.hub());
        }
        try {
            for (CompanySystem system : running) {
                system.start();
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
        if (running.size() == SYSTEMS.size()) {
            Credentials.replace(portsFile, ports());
        }
    }

    private Map<String, String> ports() {
        Map<String, String> ports = new LinkedHashMap<>();
        running.forEach(system -> ports.put(system.name, Integer.toString(system.port())));
        ports.put("smtp", Integer.toString(mailbox.smtpPort()));
        ports.put("imap", Integer.toString(mailbox.imapPort()));
        return ports;
    }

    private static int port(String name, Options options, Map<String, String> last, InetAddress bind) {
        if (options.ports().containsKey(name)) {
            return options.ports().get(name);
        }
        if (!last.containsKey(name)) {
            return 0;
        }
        int port = Integer.parseInt(last.get(name));
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(new InetSocketAddress(bind, port));
            return port;
        } catch (IOException taken) {
            return 0;
        }
    }

    /** Starts the company; whoever starts it closes it. */
    public static Company start(Options options) throws IOException {
        return new Company(options);
    }

    public Erp erp() {
        return erp;
    }

    public Shop shop() {
        return shop;
    }

    public Books books() {
        return books;
    }

    public Mailbox mailbox() {
        return mailbox;
    }

    /** The systems that were asked for. */
    public List<CompanySystem> systems() {
        return running;
    }

    /** Says where the hub is; the ERP signs on with its own name and password. */
    public void hub(String url) {
        hub(new Hub(url, erp.user(), erp.password()));
    }

    /** Says where the hub is; what was kept for it is sent. */
    public void hub(Hub hub) {
        erp.hub(hub);
        shop.hub(hub);
    }

    /** Addresses and credentials of the systems that were asked for, by the names in {@code sandbox.env}. */
    public Map<String, String> environment() {
        Map<String, String> all = new LinkedHashMap<>();
        if (running.contains(erp)) {
            all.put("ERP_URL", erp.url());
            all.put("ERP_USER", erp.user());
            all.put("ERP_PASSWORD", erp.password());
        }
        if (running.contains(shop)) {
            all.put("SHOP_URL", shop.url());
            all.put("SHOP_TOKEN", shop.token());
            all.put("SHOP_HOOK_SECRET", shop.hookSecret());
        }
        if (running.contains(books)) {
            all.put("BOOKS_URL", books.url());
            all.put("BOOKS_TOKEN", books.token());
        }
        if (running.contains(mailbox)) {
            all.put("MAILBOX_URL", mailbox.url());
            all.put("SMTP_URL", mailbox.smtpUrl());
            all.put("IMAP_URL", mailbox.imapUrl());
            all.put("MAIL_USER", mailbox.user());
            all.put("MAIL_PASSWORD", mailbox.password());
        }
        return all;
    }

    /** Stops all systems; their ledgers stay. */
    @Override
    public void close() throws IOException {
        List<IOException> failures = new ArrayList<>();
        for (CompanySystem system : running) {
            try {
                system.close();
            } catch (IOException e) {
                failures.add(e);
            }
        }
        if (!failures.isEmpty()) {
            throw failures.getFirst();
        }
    }

    static String[] only(String system, String... arguments) {
        String[] more = Arrays.copyOf(arguments, arguments.length + 2);
        more[arguments.length] = "--only";
        more[arguments.length + 1] = system;
        return more;
    }

    /** Starts the company and runs until told to stop; {@code --help} says how. */
    public static void main(String... commandLine) throws IOException {
        // GreenMail talks to SLF4J; without a provider SLF4J would say so on each start.
        System.setProperty("slf4j.internal.verbosity", "ERROR");
        Arguments arguments;
        try {
            arguments = new Arguments(commandLine);
        } catch (IllegalArgumentException wrong) {
            System.err.println(wrong.getMessage());
            System.exit(2);
            return;
        }
        if (arguments.has("help")) {
            System.out.print(HELP);
            return;
        }
        try {
            run(arguments);
        } catch (IllegalArgumentException | IOException wrong) {
            System.err.println("The company does not start: " + wrong.getMessage());
            System.exit(1);
        }
    }

    private static void run(Arguments arguments) throws IOException {
        Company company = start(options(arguments));
        CountDownLatch end = new CountDownLatch(1);
        String url = arguments.text("hub", System.getenv("SERAI_URL"));
        if (url != null) {
            String password = System.getenv("HUB_PASSWORD");
            company.hub(new Hub(url, arguments.text("hub-user", company.erp.user()),
                    password == null ? company.erp.password() : password));
        }
        if (arguments.has("env")) {
            Credentials.replace(Path.of(arguments.text("env", "")), company.environment());
        }
        company.environment().forEach((name, value) -> {
            if (name.endsWith("_URL")) {
                System.out.println(name + "=" + value);
            }
        });
        Traffic traffic = arguments.has("traffic") && company.running.size() == SYSTEMS.size()
                ? new Traffic(company, arguments.number("seed", 1), Duration.ofMillis(arguments.number("every", 2500)),
                        System.out::println)
                : null;
        if (traffic != null) {
            traffic.start();
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                if (traffic != null) {
                    traffic.close();
                }
                company.close();
            } catch (IOException e) {
                System.err.println("The company did not close well: " + e.getMessage());
            } finally {
                end.countDown();
            }
        }));
        try {
            end.await();
        } catch (InterruptedException stop) {
            Thread.currentThread().interrupt();
        }
    }

    private static Options options(Arguments arguments) {
        Map<String, Integer> ports = new LinkedHashMap<>();
        for (String name : List.of("erp", "shop", "books", "mailbox", "smtp", "imap")) {
            if (arguments.has(name + "-port")) {
                ports.put(name, (int) arguments.number(name + "-port", 0));
            }
        }
        if (arguments.has("port") && arguments.has("only")) {
            ports.put(arguments.text("only", ""), (int) arguments.number("port", 0));
        }
        Map<String, String> credentials = new LinkedHashMap<>(System.getenv());
        credentials.keySet().retainAll(Credentials.NAMES);
        Options options = Options.in(Path.of(arguments.text("data", "data/sandbox")))
                .withBind(arguments.text("bind", "127.0.0.1")).withPorts(ports).withCredentials(credentials);
        return arguments.has("only") ? options.withSystems(arguments.text("only", "")) : options;
    }
}
