/** Queues: messages of a JMS broker become items, deliveries become messages. */
package io.serai.connector.queue;
