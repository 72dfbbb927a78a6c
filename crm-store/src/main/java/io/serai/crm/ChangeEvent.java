package io.serai.crm;

/**
 * A change on its way to a subscriber.
 *
 * @param id the same whenever this change is told. It holds a piece of the change's hash: after a restore of an older backup
 *        a number is given to another change, which then has another id
 */
public record ChangeEvent(String id, Change change) {}
