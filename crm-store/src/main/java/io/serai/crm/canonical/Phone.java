package io.serai.crm.canonical;

/**
 * @param number E.164
 * @param use home, work, mobile, billing or other; null when unknown
 */
public record Phone(String number, String use) {}
