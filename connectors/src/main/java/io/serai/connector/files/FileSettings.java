package io.serai.connector.files;

import java.time.Duration;
import java.util.List;

/**
 * What a spoke's files look like and how they are picked up.
 *
 * @param spoke name of the spoke
 * @param entity singular: customer, order, …
 * @param formats one for each suffix that is accepted
 * @param every pause between two looks into the folder
 * @param settle how long size and time of a file must stay the same before it is taken
 * @param largestFile in bytes; a larger file is rejected whole
 * @param largestRow in bytes; a longer row is rejected
 * @param batch rows handed over at once
 */
public record FileSettings(String spoke, String entity, List<Format> formats, Duration every, Duration settle,
        long largestFile, int largestRow, int batch) {
    public static final Duration EVERY = Duration.ofSeconds(1);
    public static final Duration SETTLE = Duration.ofSeconds(1);
    public static final long LARGEST_FILE = 1L << 30;
    public static final int LARGEST_ROW = 64 << 10;
    public static final int BATCH = 512;

    public FileSettings {
        formats = List.copyOf(formats);
        if (batch < 1 || largestRow < 1 || largestFile < 1) {
            throw new IllegalArgumentException("Limits of files must be positive");
        }
    }

    public FileSettings(String spoke, String entity, List<Format> formats) {
        this(spoke, entity, formats, EVERY, SETTLE, LARGEST_FILE, LARGEST_ROW, BATCH);
    }

    String step() {
        return "connector:" + spoke + "/" + entity;
    }
}
