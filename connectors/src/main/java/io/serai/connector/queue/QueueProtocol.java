package io.serai.connector.queue;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;

import io.serai.connector.Connector;
import io.serai.connector.Inlet;
import io.serai.connector.Kept;
import io.serai.connector.MalformedException;
import io.serai.connector.Outlet;
import io.serai.connector.Protocol;
import io.serai.connector.Section;
import io.serai.connector.Services;
import io.serai.connector.Spoke;
import io.serai.connector.Watch;
import jakarta.jms.ConnectionFactory;

/** {@code protocol: queue}: JMS on the hub's own broker (a {@link ConnectionFactory} bean of the hub's) or on another one by address. */
public final class QueueProtocol implements Protocol {
    private Services services;

    @Override
    public String name() {
        return "queue";
    }

    @Override
    public void start(Services services) {
        this.services = services;
    }

    @Override
    public void check(Connector connector, Section definition) {
        Section queue = definition.needed("queue");
        address(queue);
        login(queue);
        definition.named("objects").forEach((entity, object) -> {
            object.section("in").ifPresent(in -> settings("check", entity, queue, in));
            object.section("out").ifPresent(QueueProtocol::destination);
        });
        definition.finish();
    }

    @Override
    public Optional<Inlet> inlet(Spoke spoke, String entity) {
        Section definition = spoke.definition();
        Section queue = definition.needed("queue");
        return Optional.ofNullable(definition.named("objects").get(entity)).flatMap(object -> object.section("in"))
                .map(in -> new QueueInlet(settings(spoke.name(), entity, queue, in), factory(queue), services.clock(),
                        Watch.over(spoke, services)));
    }

    @Override
    public Optional<Outlet> outlet(Spoke spoke, String entity) {
        Section definition = spoke.definition();
        Section queue = definition.needed("queue");
        return Optional.ofNullable(definition.named("objects").get(entity)).flatMap(object -> object.section("out"))
                .map(out -> new QueueOutlet(destination(out), out.has("topic"), login(queue), factory(queue)));
    }

    @Override
    public Object read(Spoke spoke, Kept message) throws MalformedException {
        Section definition = spoke.definition();
        Section in = Optional.ofNullable(definition.named("objects").get(message.entity()))
                .flatMap(object -> object.section("in")).orElseThrow(() -> new IllegalArgumentException("spoke "
                        + spoke.name() + " no longer sends " + message.entity()));
        return Letter.body(
                settings(spoke.name(), message.entity(), definition.needed("queue"), in).content(),
                message.content());
    }

    private ConnectionFactory factory(Section queue) {
        return address(queue).map(Broker::at)
                .or(() -> services.find(ConnectionFactory.class))
                .orElseThrow(
                        () -> queue.refuse("broker_url", "the hub has no broker of its own; set the address of one"));
    }

    private static Optional<String> address(Section queue) {
        return queue.find("broker_url").filter(address -> !address.isBlank());
    }

    private static Optional<QueueSettings.Login> login(Section queue) {
        String password = queue.text("password", "");
        return queue.find("user").filter(user -> !user.isBlank())
                .map(user -> new QueueSettings.Login(user, password));
    }

    private static String destination(Section out) {
        return out.has("topic") ? out.text("topic") : out.text("queue");
    }

    private static QueueSettings settings(String spoke, String entity, Section queue, Section in) {
        String content = in.text("content", "json");
        if (!Set.of("json", "xml", "text").contains(content)) {
            throw in.notYet("content", "json, xml, text");
        }
        try {
            return new QueueSettings(spoke, entity, in.text("queue"), login(queue),
                    in.find("sender").filter(sender -> !sender.isBlank()), Set.copyOf(in.texts("replies")),
                    QueueSettings.Content.valueOf(content.toUpperCase(Locale.ROOT)),
                    in.atLeastOne("consumers", QueueSettings.CONSUMERS), in.atLeastOne("batch", QueueSettings.BATCH),
                    in.number("largest", QueueSettings.LARGEST));
        } catch (IllegalArgumentException e) {
            throw in.refuse("queue", e.getMessage());
        }
    }
}
