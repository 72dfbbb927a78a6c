package io.serai.faults;

import java.time.Duration;

/**
 * Something bad that happens to a company at work.
 *
 * @param row its row in the table of faults
 * @param name by which it is asked for
 * @param says what happens, for the report
 * @param points how often it happens unless told otherwise
 * @param quiet how long it may take afterwards until all is in step again
 */
record Scenario(String row, String name, String says, int points, Duration quiet, Story story) {

    /** The same, with less patience: a mutant may never come to rest. */
    Scenario of(Duration longest) {
        return new Scenario(row, name, says, points, quiet.compareTo(longest) > 0 ? longest : quiet, story);
    }

    /** Makes it happen; what must hold afterwards is looked at when it has returned. */
    interface Story {
        void tell(Play play) throws Exception;
    }
}
