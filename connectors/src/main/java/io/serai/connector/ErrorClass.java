package io.serai.connector;

/** What kind of failure a spoke's answer is; decides between retry, pause, re-merge and park. */
public enum ErrorClass {
    /** Too many requests: wait, and do not count an attempt. */
    THROTTLED,
    /** May pass by itself: back off, same idempotency key. */
    TRANSIENT,
    /** The request may have been carried out although no answer came: read back before sending again. */
    UNKNOWN,
    /** Credentials refused: pause the spoke. */
    AUTH,
    /** Somebody else changed the record: re-read, re-merge, write again. */
    CONFLICT_VERSION,
    /** The record exists already: adopt it or send it to matching. */
    CONFLICT_DUPLICATE,
    /** The record is gone from the spoke. */
    GONE,
    /** The change cursor is too old: read everything again. */
    CURSOR_EXPIRED,
    /** The spoke refuses the content: park with the field messages. */
    INVALID,
    /** The daily quota is used up: pause until it resets. */
    QUOTA_DAY
}
