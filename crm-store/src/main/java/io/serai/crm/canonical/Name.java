package io.serai.crm.canonical;

/** A person's name, in the parts that systems keep apart. */
public record Name(String prefix, String given, String middle, String family, String suffix) {}
