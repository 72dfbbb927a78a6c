package io.serai.connector.files;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import io.serai.connector.Inlet;
import io.serai.connector.Item;
import io.serai.connector.Outcome;
import io.serai.connector.Polls;
import io.serai.connector.Refusal;
import io.serai.connector.Setback;
import io.serai.connector.Sink;
import io.serai.connector.Watch;

/**
 * Takes files out of a drop folder. A file stays where it is until every row of it is committed; only then it moves to
 * {@code done/}, with the rows that were not taken in {@code rejected/}. Killed in the middle, the hub reads the file again from
 * its start: the rows are known by the hash of the content and their line, so what is stored already answers as before.
 */
public final class FileInlet implements Inlet {
    private static final Logger log = LoggerFactory.getLogger(FileInlet.class);
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final Duration LEASE = Duration.ofMinutes(30);
    /** How much of an unreadable file the journal keeps. */
    private static final int SAMPLE = 64 << 10;
    /** An empty file {@code a.csv.done}, not older than {@code a.csv}, says that {@code a.csv} is complete. */
    private static final String MARKER = ".done";
    /** A batch is full with so many bytes: three of them must fit into the hub's memory. */
    private static final int BATCH_BYTES = 4 << 20;
    /** Batches that are stored while the next one is read and mapped. */
    private static final int MOST_UNDER_WAY = 2;

    private final FileSettings settings;
    private final DropFolder folder;
    private final Polls polls;
    private final InstantSource clock;
    private final Watch watch;
    private final Map<String, Sighting> sightings = new HashMap<>();
    private final Map<String, Setback> setbacks = new HashMap<>();
    /** Of the folder as a whole: servers close an account at which somebody knocks every second with a wrong password. */
    private Setback folderSetback = Setback.NONE;
    private ScheduledExecutorService rounds;
    private Sink sink;
    private volatile boolean closing;

    /** How a file looked, and since when. */
    private record Sighting(DropFolder.Dropped file, Instant since) {}

    public FileInlet(FileSettings settings, LocalFolder folder, Polls polls, InstantSource clock, Watch watch) {
        this(settings, (DropFolder) folder, polls, clock, watch);
    }

    public FileInlet(FileSettings settings, SftpFolder folder, Polls polls, InstantSource clock, Watch watch) {
        this(settings, (DropFolder) folder, polls, clock, watch);
    }

    FileInlet(FileSettings settings, DropFolder folder, Polls polls, InstantSource clock, Watch watch) {
        this.settings = settings;
        this.folder = folder;
        this.polls = polls;
        this.clock = clock;
        this.watch = watch;
    }

    @Override
    public void open(Sink sink) {
        accept(sink);
        try {
            folder.open();
        } catch (IOException e) {
            // The first look says so, and every one after it.
        }
        rounds = Executors.newSingleThreadScheduledExecutor(
                Thread.ofVirtual().name("files-" + settings.spoke() + "-" + settings.entity()).factory());
        rounds.scheduleWithFixedDelay(this::round, 0, settings.every().toMillis(), TimeUnit.MILLISECONDS);
    }

    /** For tests that make the rounds themselves. */
    void accept(Sink sink) {
        this.sink = sink;
    }

    @Override
    public void close() {
        closing = true;
        if (rounds != null) {
            rounds.shutdown();
            try {
                if (!rounds.awaitTermination(5, TimeUnit.SECONDS)) {
                    rounds.shutdownNow();
                }
            } catch (InterruptedException e) {
                rounds.shutdownNow();
                Thread.currentThread().interrupt();
            }
        }
    }

    /** One look into the folder; everything that is ready is taken. */
    void round() {
        if (folderSetback.pausing(clock.instant())) {
            return;
        }
        try {
            Optional<Polls.Turn> claimed = polls.claim(settings.spoke(), "files/" + settings.entity(), LEASE);
            if (claimed.isPresent()) {
                round(claimed.get());
                folderSetback = Setback.NONE;
                watch.succeeded();
            }
        } catch (IOException | RuntimeException e) {
            folderSetback = folderSetback.again(clock.instant());
            log.warn("Spoke {}: cannot look into {}; again in {} s: {}", settings.spoke(), folder.place(),
                    folderSetback.pause().toSeconds(), e.toString());
            watch.failed("Cannot look into " + folder.place() + ": " + e.getMessage());
        }
    }

    private void round(Polls.Turn turn) throws IOException {
        try (turn; DropFolder.Visit visit = folder.visit()) {
            round(visit);
        }
    }

    private void round(DropFolder.Visit visit) throws IOException {
        Map<String, DropFolder.Dropped> all = new HashMap<>();
        visit.list().forEach(file -> all.put(file.name(), file));
        sightings.keySet().retainAll(all.keySet());
        setbacks.keySet().retainAll(all.keySet());
        List<DropFolder.Dropped> candidates = all.values().stream().filter(file -> !temporary(file.name()))
                .filter(file -> !file.name().endsWith(MARKER))
                .sorted(Comparator.comparing(DropFolder.Dropped::modified).thenComparing(DropFolder.Dropped::name))
                .toList();
        for (DropFolder.Dropped file : candidates) {
            if (closing) {
                return;
            }
            DropFolder.Dropped marker = all.get(file.name() + MARKER);
            // A marker that is older than the file was set for an earlier one of that name.
            boolean complete = marker != null && !marker.modified().isBefore(file.modified());
            if ((settled(file) || complete) && !pausing(file.name())) {
                take(visit, file, marker != null);
            }
        }
        removeLeftMarkers(visit, all);
    }

    /** Whoever marks a file after the hub has taken it leaves a marker without a file. What is not empty is none of ours. */
    private void removeLeftMarkers(DropFolder.Visit visit, Map<String, DropFolder.Dropped> all) throws IOException {
        for (DropFolder.Dropped marker : all.values()) {
            String name = marker.name();
            if (name.endsWith(MARKER) && !temporary(name) && marker.size() == 0
                    && !all.containsKey(name.substring(0, name.length() - MARKER.length())) && settled(marker)) {
                visit.remove(name);
            }
        }
    }

    private static boolean temporary(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return name.startsWith(".") || name.startsWith("~") || name.endsWith("~") || lower.endsWith(".part")
                || lower.endsWith(".tmp") || lower.endsWith(".filepart") || lower.endsWith(".crdownload")
                || name.contains("/") || name.contains("\\") || name.chars().anyMatch(Character::isISOControl);
    }

    private boolean settled(DropFolder.Dropped file) {
        Sighting before = sightings.get(file.name());
        if (before == null || !before.file().equals(file)) {
            sightings.put(file.name(), new Sighting(file, clock.instant()));
            return settings.settle().isZero();
        }
        return !clock.instant().isBefore(before.since().plus(settings.settle()));
    }

    private boolean pausing(String name) {
        return setbacks.getOrDefault(name, Setback.NONE).pausing(clock.instant());
    }

    private void take(DropFolder.Visit visit, DropFolder.Dropped file, boolean marked) throws IOException {
        try {
            if (process(visit, file)) {
                if (marked) {
                    visit.remove(file.name() + MARKER);
                }
                sightings.remove(file.name());
                setbacks.remove(file.name());
            }
        } catch (NoSuchFileException e) {
            log.info("Spoke {}: file {} is gone; somebody else took it", settings.spoke(), safe(file.name()));
        } catch (Exception e) {
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            Setback setback = setbacks.getOrDefault(file.name(), Setback.NONE).again(clock.instant());
            setbacks.put(file.name(), setback);
            log.warn("Spoke {}: file {} stays in {} and is tried again in {} s: {}", settings.spoke(),
                    safe(file.name()), folder.place(), setback.pause().toSeconds(), e.toString());
            watch.failed("File " + safe(file.name()) + " could not be handed over: " + e.getMessage());
        }
    }

    /** True when the file is done with; false when it changed meanwhile or the hub is closing. */
    private boolean process(DropFolder.Visit visit, DropFolder.Dropped file) throws Exception {
        if (file.size() > settings.largestFile()) {
            var reason = new UnreadableFile("too-large", "The file has %d bytes; at most %d are accepted. Split it."
                    .formatted(file.size(), settings.largestFile()));
            String label = file.name() + "|" + file.size() + "|" + file.modified();
            String hash = HexFormat.of().formatHex(
                    Survey.sha256Digest().digest(label.getBytes(StandardCharsets.UTF_8)));
            return rejectWhole(visit, file, hash, new byte[0], "application/octet-stream", reason);
        }
        Path content = visit.fetch(file);
        try {
            Survey survey = Survey.of(content);
            Optional<Format> format = format(file.name());
            if (format.isEmpty()) {
                var reason = new UnreadableFile("malformed",
                        "Files of this kind are not accepted here; accepted: %s.".formatted(String.join(", ",
                                settings.formats().stream().map(known -> "*." + known.suffix()).toList())));
                return rejectWhole(visit, file, survey.sha256(), sample(content), "application/octet-stream", reason);
            }
            try (Rows rows = Rows.open(content, format.get(), survey, settings.largestRow())) {
                return handOver(visit, file, content, survey, format.get(), rows);
            } catch (UnreadableFile reason) {
                return rejectWhole(visit, file, survey.sha256(), sample(content), format.get().contentType(), reason);
            }
        } finally {
            visit.release(content);
        }
    }

    private boolean handOver(DropFolder.Visit visit, DropFolder.Dropped file, Path content, Survey survey,
            Format format, Rows rows) throws Exception {
        String base = "rejected/" + safe(file.name()) + "." + STAMP.format(file.modified()) + "-"
                + survey.sha256().substring(0, 8);
        long count = 0;
        try (Rejects rejects = new Rejects(visit, base, format, rows)) {
            Deque<Handed> underWay = new ArrayDeque<>();
            List<Row> batch = new ArrayList<>(settings.batch());
            long bytes = 0;
            Row row;
            do {
                row = rows.next();
                if (row != null) {
                    batch.add(row);
                    bytes += row.received().length;
                }
                if (batch.size() == settings.batch() || bytes >= BATCH_BYTES || row == null && !batch.isEmpty()) {
                    while (underWay.size() == MOST_UNDER_WAY
                            || !underWay.isEmpty() && underWay.peek().outcomes().isDone()) {
                        underWay.poll().settle(rejects);
                    }
                    underWay.add(hand(batch, survey, format));
                    count += batch.size();
                    batch = new ArrayList<>(settings.batch());
                    bytes = 0;
                    if (closing && row != null) {
                        return false;
                    }
                }
            } while (row != null);
            while (!underWay.isEmpty()) {
                underWay.poll().settle(rejects);
            }
            // A folder of this machine is read where the file lies: that finds what keeps size and time.
            if (!Survey.of(content).sha256().equals(survey.sha256())) {
                changed(file);
                return false;
            }
            rejects.publish();
            if (!move(visit, file, free(visit, "done/" + safe(file.name()), survey))) {
                return false;
            }
            log.info("Spoke {}: file {} is done: {} rows, {} of them rejected or parked", settings.spoke(),
                    safe(file.name()), count, rejects.count());
            return true;
        }
    }

    /** Rows on their way into the hub. */
    private record Handed(List<Row> rows, CompletableFuture<List<Outcome>> outcomes) {

        void settle(Rejects rejects) throws Exception {
            List<Outcome> all;
            try {
                all = outcomes.get();
            } catch (ExecutionException notStored) {
                throw notStored.getCause() instanceof Exception cause ? cause : notStored;
            }
            requireOneFor(rows.size(), all);
            for (int i = 0; i < rows.size(); i++) {
                Outcome outcome = all.get(i);
                if (outcome.state() == Outcome.State.REJECTED || outcome.state() == Outcome.State.PARKED) {
                    rejects.add(rows.get(i), column(outcome.field()), reason(outcome));
                }
            }
        }
    }

    private Handed hand(List<Row> batch, Survey survey, Format format) {
        List<Item> items = batch.stream()
                .map(row -> new Item(row.body(), survey.sha256() + ":" + row.number(), row.received(),
                        format.contentType(), "file", row.number(), clock.instant(), null, refusal(row.flaw())))
                .toList();
        return new Handed(batch, sink.submit(items));
    }

    private static void requireOneFor(int rows, List<Outcome> outcomes) {
        if (outcomes.size() != rows) {
            throw new IllegalStateException(
                    "The route answered " + outcomes.size() + " outcomes for " + rows + " rows");
        }
    }

    private Refusal refusal(Row.Flaw flaw) {
        return flaw == null ? null : new Refusal(settings.step(), flaw.field(), flaw.problem(), flaw.code());
    }

    private static String column(String field) {
        return field == null ? "" : field.startsWith("/") ? field.substring(1) : field;
    }

    private static String reason(Outcome outcome) {
        String problem = outcome.problem() == null ? "No reason was given." : outcome.problem();
        return outcome.state() == Outcome.State.PARKED ? problem + " A person has to look at it." : problem;
    }

    /** The file goes to {@code rejected/} with its reason beside it, once the journal has it. */
    private boolean rejectWhole(DropFolder.Visit visit, DropFolder.Dropped file, String hash, byte[] received,
            String contentType, UnreadableFile reason) throws Exception {
        requireOneFor(1, sink.accept(List.of(new Item(null, hash, received, contentType, "file", null, clock.instant(),
                null, new Refusal(settings.step(), null, reason.getMessage(), reason.code())))));
        String target = "rejected/" + safe(file.name());
        if (visit.exists(target)) {
            target += "." + STAMP.format(clock.instant().truncatedTo(ChronoUnit.SECONDS)) + "-" + hash.substring(0, 8);
        }
        Path draft = visit.draft(target + ".reason.txt");
        Files.writeString(draft, reason.getMessage() + System.lineSeparator());
        visit.publish(draft, target + ".reason.txt");
        if (!move(visit, file, target)) {
            visit.remove(target + ".reason.txt");
            return false;
        }
        log.warn("Spoke {}: file {} is rejected: {}", settings.spoke(), safe(file.name()), reason.getMessage());
        return true;
    }

    /** Moves the file that was read. One that was written on or put in its place since then stays; false then. */
    private boolean move(DropFolder.Visit visit, DropFolder.Dropped file, String target) throws IOException {
        if (!visit.look(file.name()).equals(Optional.of(file))) {
            changed(file);
            return false;
        }
        visit.move(file.name(), target);
        return true;
    }

    private void changed(DropFolder.Dropped file) {
        log.warn("Spoke {}: file {} changed while it was read; it is read again", settings.spoke(), safe(file.name()));
    }

    private String free(DropFolder.Visit visit, String target, Survey survey) throws IOException {
        return visit.exists(target)
                ? target + "." + STAMP.format(clock.instant()) + "-" + survey.sha256().substring(0, 8)
                : target;
    }

    private Optional<Format> format(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return settings.formats().stream().filter(format -> lower.endsWith("." + format.suffix())).findFirst();
    }

    private static byte[] sample(Path content) throws IOException {
        try (var in = Files.newInputStream(content)) {
            return in.readNBytes(SAMPLE);
        }
    }

    /** The name in letters that no file system and no log takes for something else. */
    static String safe(String name) {
        String safe = name.replaceAll("[^A-Za-z0-9._-]", "_").replaceAll("^\\.+", "_");
        return safe.length() > 120 ? safe.substring(safe.length() - 120) : safe;
    }
}
