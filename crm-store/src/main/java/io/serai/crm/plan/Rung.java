package io.serai.crm.plan;

import java.util.Locale;

/** How a word of a spoke was known to be no news: the rungs of the echo ladder that the store itself can tell. */
public enum Rung {
    /** Its revision is not newer than what is known. */
    REVISION,
    /** It says what the spoke is known to hold. */
    VALUES,
    /** It may be older than the hub's last write, and repeats what was held before that. */
    EARLIER_WORDS,
    /** It is what the spoke has made of what the hub wrote. */
    OWN_WORDS,
    /** It repeats a value of others that was written to it, or may have been. */
    VALUE_OF_OTHERS;

    /** For people. */
    public String words() {
        return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
}
