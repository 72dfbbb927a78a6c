package io.serai.sandbox;

/** Tmp. */
public record Tmp(int a, int b) {}
