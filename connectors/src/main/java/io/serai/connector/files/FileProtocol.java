package io.serai.connector.files;

import java.net.URI;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import io.serai.connector.Connector;
import io.serai.connector.Inlet;
import io.serai.connector.Outlet;
import io.serai.connector.Protocol;
import io.serai.connector.Section;
import io.serai.connector.Services;
import io.serai.connector.Spoke;
import io.serai.connector.Watch;

/** {@code protocol: files}: drop folders on this machine ({@code folder: /path}) or on an SFTP server ({@code folder: sftp://user@host:port/path}). */
public final class FileProtocol implements Protocol {
    private Services services;

    @Override
    public String name() {
        return "files";
    }

    @Override
    public void start(Services services) {
        this.services = services;
    }

    @Override
    public void check(Connector connector, Section definition) {
        Section files = definition.needed("files");
        place(files);
        Set<String> folders = new HashSet<>();
        definition.named("objects").forEach((entity, object) -> {
            if (!folders.add(object.text("folder", ""))) {
                throw object.refuse("folder",
                        "two objects would take each other's files; give each a 'folder' of its own");
            }
            settings("check", entity, files, object);
        });
        definition.finish();
    }

    @Override
    public Optional<Inlet> inlet(Spoke spoke, String entity) {
        Section definition = spoke.definition();
        Section files = definition.needed("files");
        return Optional.ofNullable(definition.named("objects").get(entity))
                .map(object -> open(spoke, entity, files, object));
    }

    @Override
    public Optional<Outlet> outlet(Spoke spoke, String entity) {
        return Optional.empty();
    }

    private Inlet open(Spoke spoke, String entity, Section files, Section object) {
        FileSettings settings = settings(spoke.name(), entity, files, object);
        Watch watch = Watch.over(spoke, services);
        String inner = object.text("folder", "");
        DropFolder folder = switch (place(files)) {
            case SftpSettings server -> new SftpFolder(server.inside(inner), scratch(files));
            case Path path -> new LocalFolder(path.resolve(inner));
            default -> throw new IllegalStateException("A place is a path or a server");
        };
        return new FileInlet(settings, folder, services.polls(), services.clock(), watch);
    }

    /** A {@link Path} or {@link SftpSettings}. */
    private static Object place(Section files) {
        String folder = files.text("folder");
        Optional<String> password = said(files, "password");
        Optional<Path> keyFile = said(files, "key_file").map(Path::of);
        String hostKeys = files.text("host_key", "");
        scratch(files);
        if (!folder.startsWith("sftp:")) {
            return Path.of(folder);
        }
        try {
            URI address = URI.create(folder);
            if (address.getHost() == null || address.getUserInfo() == null || address.getUserInfo().contains(":")) {
                throw new IllegalArgumentException(
                        "write sftp://user@host:port/folder; the password is a setting of its own");
            }
            String path = address.getPath() == null ? "" : address.getPath().replaceFirst("^/", "");
            return new SftpSettings(address.getHost(), address.getPort() < 0 ? 22 : address.getPort(),
                    address.getUserInfo(), password, keyFile, Set.of(hostKeys.strip().split("[,\\s]+")), path);
        } catch (IllegalArgumentException e) {
            throw files.refuse("folder", e.getMessage());
        }
    }

    private static Optional<String> said(Section files, String key) {
        return files.find(key).filter(value -> !value.isBlank());
    }

    private static Path scratch(Section files) {
        return said(files, "scratch").map(Path::of)
                .orElseGet(() -> Path.of(System.getProperty("java.io.tmpdir"), "serai-files"));
    }

    private static FileSettings settings(String spoke, String entity, Section files, Section object) {
        List<Format> formats = new ArrayList<>();
        for (Section format : object.list("formats")) {
            formats.add(format(format));
        }
        if (formats.isEmpty()) {
            throw object.refuse("formats", "'formats' must name at least one format of files");
        }
        try {
            return new FileSettings(spoke, entity, formats, files.every(FileSettings.EVERY),
                    files.duration("settle", FileSettings.SETTLE),
                    Long.parseLong(files.text("largest_file", Long.toString(FileSettings.LARGEST_FILE))),
                    files.atLeastOne("largest_row", FileSettings.LARGEST_ROW),
                    files.atLeastOne("batch", FileSettings.BATCH));
        } catch (IllegalArgumentException e) {
            throw files.refuse("largest_file", "limits must be positive whole numbers");
        }
    }

    private static Format format(Section format) {
        String kind = format.text("kind");
        String suffix = format.text("suffix", kind.equals("fixed") ? "txt" : kind);
        return switch (kind) {
            case "csv" -> new Format.Csv(suffix, delimiter(format), encoding(format), format.texts("columns"),
                    format.texts("required"));
            case "xml" -> new Format.Xml(suffix, format.text("element"));
            case "jsonl" -> new Format.JsonLines(suffix);
            case "fixed" -> new Format.FixedWidth(suffix, encoding(format), columns(format));
            default -> throw format.notYet("kind", "csv, xml, jsonl, fixed");
        };
    }

    private static Character delimiter(Section format) {
        String delimiter = format.text("delimiter", "auto");
        return switch (delimiter) {
            case "auto" -> null;
            case "tab" -> '\t';
            case ";", "," -> delimiter.charAt(0);
            default -> throw format.notYet("delimiter", "auto, \";\", \",\", tab");
        };
    }

    private static Charset encoding(Section format) {
        return switch (format.text("encoding", "auto")) {
            case "auto" -> null;
            case "UTF-8" -> StandardCharsets.UTF_8;
            case "Windows-1252" -> Survey.WINDOWS;
            default -> throw format.notYet("encoding", "auto, UTF-8, Windows-1252");
        };
    }

    private static List<Format.Column> columns(Section format) {
        List<Format.Column> columns = new ArrayList<>();
        for (Section column : format.list("columns")) {
            int from = column.number("from", 0);
            int length = column.number("length", 0);
            if (from < 1 || length < 1) {
                throw column.refuse("from", "'from' counts from 1, and 'length' must be positive");
            }
            columns.add(new Format.Column(column.text("name"), from, length, column.flag("trim", true),
                    column.flag("zeros", false), column.flag("required", false)));
        }
        if (columns.isEmpty()) {
            throw format.refuse("columns", "'columns' must say where each value stands");
        }
        return columns;
    }
}
