package io.serai.connector.mail;

import java.util.Locale;
import java.util.Optional;

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

/** {@code protocol: mail}: an IMAP mailbox to read and an SMTP server to send. */
public final class MailProtocol implements Protocol {
    private Services services;

    @Override
    public String name() {
        return "mail";
    }

    @Override
    public void start(Services services) {
        this.services = services;
    }

    @Override
    public void check(Connector connector, Section definition) {
        Section mail = definition.needed("mail");
        definition.named("objects").forEach((entity, object) -> {
            object.section("in").ifPresent(in -> settings("check", entity, mail, in));
            object.section("out").ifPresent(out -> {
                server(mail, "smtp_url");
                archive(mail, out);
            });
        });
        mail.text("address");
        definition.finish();
    }

    @Override
    public Optional<Inlet> inlet(Spoke spoke, String entity) {
        Section definition = spoke.definition();
        Section mail = definition.needed("mail");
        return Optional.ofNullable(definition.named("objects").get(entity)).flatMap(object -> object.section("in"))
                .map(in -> new MailInlet(settings(spoke.name(), entity, mail, in), services.polls(), services.clock(),
                        Watch.over(spoke, services)));
    }

    @Override
    public Optional<Outlet> outlet(Spoke spoke, String entity) {
        Section definition = spoke.definition();
        Section mail = definition.needed("mail");
        return Optional.ofNullable(definition.named("objects").get(entity)).flatMap(object -> object.section("out"))
                .map(out -> new MailOutlet(server(mail, "smtp_url"), mail.text("address"), services.clock(),
                        archive(mail, out)));
    }

    @Override
    public Object read(Spoke spoke, Kept message) throws MalformedException {
        return Mail.read(message.content()).body(message.receivedAt());
    }

    private static MailSettings settings(String spoke, String entity, Section mail, Section in) {
        try {
            return new MailSettings(spoke, entity, server(mail, "imap_url"), in.text("folder", MailSettings.FOLDER),
                    mail.text("address"), in.every(MailSettings.EVERY),
                    in.number("largest", MailSettings.LARGEST));
        } catch (IllegalArgumentException e) {
            throw mail.refuse("imap_url", e.getMessage());
        }
    }

    private static Optional<MailOutlet.Archive> archive(Section mail, Section out) {
        boolean copy = out.flag("copy", false);
        String sent = out.text("sent_folder", "");
        if (!copy && sent.isBlank()) {
            return Optional.empty();
        }
        return Optional.of(new MailOutlet.Archive(server(mail, "imap_url"),
                sent.isBlank() ? MailSettings.FOLDER : sent, copy));
    }

    private static MailServer server(Section mail, String key) {
        String tls = mail.text("tls", "auto");
        try {
            MailServer server = MailServer.at(mail.text(key), MailServer.Tls.valueOf(tls.toUpperCase(Locale.ROOT)),
                    mail.text("user", ""), mail.text("password", ""));
            if (server.imap() != key.startsWith("imap")) {
                throw new IllegalArgumentException("'" + key + "' must begin with " + key.substring(0, 4) + ":");
            }
            return server;
        } catch (IllegalArgumentException e) {
            throw mail.refuse(key, e.getMessage());
        }
    }
}
