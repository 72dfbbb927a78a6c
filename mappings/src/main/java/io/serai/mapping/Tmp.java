package io.serai.mapping;

/** Tmp. */
public record Tmp(int a, int b) {}
