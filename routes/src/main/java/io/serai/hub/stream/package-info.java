/**
 * The change stream: everybody who follows the change log is told of every change, in order and at least once, by webhook, by
 * topic or by Kafka, as a CloudEvent.
 */
package io.serai.hub.stream;
