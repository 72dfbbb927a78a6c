package io.serai.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What the kernel knows of processes. */
final class Running {
    /** The kernel counts CPU time for programs in hundredths of a second, whatever its own clock is. */
    private static final double TICKS = 100;

    private Running() {}

    /** CPU seconds that a process has used so far; 0 when it has ended. */
    static double cpuSeconds(long pid) {
        String[] fields = stat(pid);
        return fields == null ? 0 : (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS;
    }

    /** CPU seconds of a process and all of its children, those included that have ended. */
    static double cpuSecondsOfFamily(long pid) {
        String[] fields = stat(pid);
        if (fields == null) {
            return 0;
        }
        double seconds = cpuSeconds(pid) + cpuSecondsOfEndedChildren(fields);
        for (long child : children(pid)) {
            seconds += cpuSecondsOfFamily(child);
        }
        return seconds;
    }

    /** CPU seconds of our own children that have ended. */
    static double cpuSecondsOfEndedChildren() {
        return cpuSecondsOfEndedChildren(stat(ProcessHandle.current().pid()));
    }

    private static double cpuSecondsOfEndedChildren(String[] fields) {
        return (Long.parseLong(fields[13]) + Long.parseLong(fields[14])) / TICKS;
    }

    /** Resident memory in MiB, now and at its highest. */
    static double[] residentMebibytes(long pid) throws IOException {
        double[] mebibytes = new double[2];
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
            if (line.startsWith("VmRSS:")) {
                mebibytes[0] = Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
            } else if (line.startsWith("VmHWM:")) {
                mebibytes[1] = Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0;
            }
        }
        return mebibytes;
    }

    /** The words a process was started with. */
    static List<String> commandLine(long pid) throws IOException {
        return List.of(Files.readString(Path.of("/proc/" + pid + "/cmdline")).split("\0"));
    }

    private static List<Long> children(long pid) {
        try (Stream<ProcessHandle> children = ProcessHandle.of(pid).stream().flatMap(ProcessHandle::children)) {
            return children.map(ProcessHandle::pid).toList();
        }
    }

    /** From the third field on: the second, the name, may hold blanks. */
    private static String[] stat(long pid) {
        try {
            String line = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return line.substring(line.lastIndexOf(')') + 2).split(" ");
        } catch (NoSuchFileException ended) {
            return null;
        } catch (IOException ended) {
            return null;
        }
    }
}
