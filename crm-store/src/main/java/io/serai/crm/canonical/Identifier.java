package io.serai.crm.canonical;

/** A number that an authority gave. @param scheme vat, duns, … */
public record Identifier(String scheme, String value) {}
