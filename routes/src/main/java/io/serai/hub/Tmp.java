package io.serai.hub;

/** Tmp. */
public record Tmp(int a, int b) {}
