package io.serai.crm.canonical;

import java.util.UUID;

/**
 * The organization that a person belongs to.
 *
 * @param id its golden id; null while only the sender's own id is known
 * @param externalId its id in the sending spoke
 */
public record Membership(UUID id, String externalId) {}
