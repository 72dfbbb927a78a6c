package io.serai.crm;

import java.util.List;

/** @param next give this as {@code after} to read on; null at the end */
public record Page<T>(List<T> items, String next) {}
