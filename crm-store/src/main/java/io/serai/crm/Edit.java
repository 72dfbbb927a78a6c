package io.serai.crm;

import java.util.UUID;

/**
 * Names the golden record that an arrival edits directly; the document is then a merge patch (RFC 7396).
 *
 * @param expectedVersion the version the editor saw; null to edit whatever is there
 */
public record Edit(UUID id, Long expectedVersion) {}
