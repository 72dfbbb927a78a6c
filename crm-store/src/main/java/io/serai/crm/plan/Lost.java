package io.serai.crm.plan;

/** A value that lost against another, and who had said it. */
public record Lost(Object value, Source source) {}
