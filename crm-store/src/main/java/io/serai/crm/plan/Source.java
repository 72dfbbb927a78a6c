package io.serai.crm.plan;

import java.time.Instant;
import java.util.UUID;

/**
 * Who said something, when, and how it was read.
 *
 * @param mapping name and version of the mapping; null when none was used
 * @param at when the hub received it
 */
public record Source(String spoke, UUID message, String mapping, Instant at) {}
