package io.serai.crm.canonical;

/** @param use home, work, mobile, billing or other; null when unknown */
public record Email(String address, String use) {}
