package io.serai.hub.parked;

import java.io.InputStream;
import java.io.PrintStream;
import java.util.Map;

/** The command, for tests that tell a story from elsewhere. */
public final class ParkedCommandAccess {
    private ParkedCommandAccess() {}

    /** Both outputs go to {@code out}. */
    public static int run(Map<String, String> environment, InputStream in, PrintStream out, String... arguments) {
        return new ParkedCommand(environment, in, out, out).run(arguments);
    }
}
