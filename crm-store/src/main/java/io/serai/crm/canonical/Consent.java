package io.serai.crm.canonical;

import java.time.Instant;

/** @param at when it was given or withdrawn */
public record Consent(String purpose, Boolean granted, Instant at) {}
