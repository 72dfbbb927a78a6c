package io.serai.connector;

/** Tmp. */
public record Tmp(int a, int b) {}
