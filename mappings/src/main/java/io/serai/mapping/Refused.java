package io.serai.mapping;

import com.dashjoin.jsonata.JException;

/** A function of a mapping refuses a value; the sentence is for the people who sent it. */
final class Refused extends JException {
    private static final long serialVersionUID = 1;
    /** JSONata's own code for an error whose message is given as it stands. */
    private static final String AS_IT_STANDS = "D3137";

    private final transient Object value;
    private final String field;

    Refused(Object value, String sentence) {
        this(value, null, sentence);
    }

    /** With the pointer of the value, for one that cannot be found again because it is empty. */
    Refused(Object value, String field, String sentence) {
        super(AS_IT_STANDS, -1, sentence);
        this.value = value;
        this.field = field;
    }

    /** Where the value stands in a record; null when that cannot be said. */
    String fieldIn(Object record) {
        return field == null ? Pointers.to(value, record) : field;
    }
}
