package io.serai.connector;

/** What a delivery asks of a spoke. {@link #LOOKUP} finds a record by the hub's own reference and writes nothing. */
public enum Operation {
    CREATE, UPDATE, DELETE, LOOKUP
}
