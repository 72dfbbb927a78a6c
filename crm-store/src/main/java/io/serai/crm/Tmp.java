package io.serai.crm;

/** Tmp. */
public record Tmp(int a, int b) {}
