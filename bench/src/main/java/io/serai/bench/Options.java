package io.serai.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What the caller wants measured.
 *
 * @param rounds how often; the median counts
 * @param seconds of each measurement
 * @param warmUp seconds of load that each hub gets before it is measured
 * @param rows of the bulk file
 * @param fanOutRows of the file that three spokes hear of
 * @param json where the figures go as well; null for nowhere
 * @param work folder for databases and files; it must not exist yet
 * @param check whether a missed goal is a failure
 * @param keep whether the folder stays
 * @param jvm further options of the hub's JVM, for profiling
 */
record Options(int rounds, int seconds, int warmUp, int rows, int fanOutRows, Set<Part> parts, Path json, Path work,
        boolean check, boolean keep, List<String> jvm) {

    /** What can be measured on its own. */
    enum Part {
        /** REST with nobody listening. */
        REST,
        /** SOAP with nobody listening, beside REST. */
        SOAP,
        /** A file of new customers. */
        BULK,
        /** REST while one spoke is kept in step. */
        LIVE,
        /** From accepted to delivered, at 50 messages a second. */
        LATENCY,
        /** Three spokes at once. */
        FANOUT,
        /** From the process to the first answer. */
        START
    }

    static final String HELP = """
            ./serai bench [options]
              --rounds N       measure everything N times and take the median (3)
              --seconds N      length of one measurement (8)
              --warm-up N      seconds of load before a hub is measured (60)
              --rows N         rows of the bulk file (20000)
              --only A,B       of rest, soap, bulk, live, latency, fanout, start
              --json FILE      write the figures there as well
              --check          exit with 1 when a goal is missed
              --work DIR       where databases and files go (bench/target/work); must be on a real disk
              --keep           leave that folder behind
              --jvm OPTION     further option of the hub's JVM, may be repeated
            """;

    /** @throws IllegalArgumentException with what is wrong, for the caller to read */
    static Options of(String[] arguments) {
        int rounds = 3;
        int seconds = 8;
        int warmUp = 60;
        int rows = 20_000;
        Set<Part> parts = EnumSet.allOf(Part.class);
        Path json = null;
        Path work = Path.of("bench/target/work");
        boolean check = false;
        boolean keep = false;
        List<String> jvm = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--check" -> check = true;
                case "--keep" -> keep = true;
                case "--rounds" -> rounds = number(arguments, ++i);
                case "--seconds" -> seconds = number(arguments, ++i);
                case "--warm-up" -> warmUp = number(arguments, ++i);
                case "--rows" -> rows = number(arguments, ++i);
                case "--only" -> parts = parts(value(arguments, ++i));
                case "--json" -> json = Path.of(value(arguments, ++i));
                case "--work" -> work = Path.of(value(arguments, ++i));
                case "--jvm" -> jvm.add(value(arguments, ++i));
                default -> throw new IllegalArgumentException("There is no option " + arguments[i] + ".\n" + HELP);
            }
        }
        return new Options(rounds, seconds, warmUp, rows, rows / 2, parts, json, work.toAbsolutePath().normalize(),
                check, keep, List.copyOf(jvm));
    }

    boolean wants(Part... any) {
        for (Part part : any) {
            if (parts.contains(part)) {
                return true;
            }
        }
        return false;
    }

    private static Set<Part> parts(String list) {
        Set<Part> parts = EnumSet.noneOf(Part.class);
        for (String name : list.split(",")) {
            try {
                parts.add(Part.valueOf(name.strip().toUpperCase(Locale.ROOT)));
            } catch (IllegalArgumentException unknown) {
                throw new IllegalArgumentException("There is no part " + name + ".\n" + HELP, unknown);
            }
        }
        return parts;
    }

    private static int number(String[] arguments, int i) {
        String value = value(arguments, i);
        if (!value.matches("[1-9][0-9]{0,6}")) {
            throw new IllegalArgumentException(arguments[i - 1] + " wants a number, not " + value + ".");
        }
        return Integer.parseInt(value);
    }

    private static String value(String[] arguments, int i) {
        if (i == arguments.length) {
            throw new IllegalArgumentException(arguments[i - 1] + " wants a value.\n" + HELP);
        }
        return arguments[i];
    }
}
